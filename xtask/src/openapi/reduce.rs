//! The `OpenAPI` documents of one version, reduced to the kinds and to the types that can be written into an object
//! of a namespace: no descriptions, no operations, no status.
//!
//! Sources: `OpenAPI` 3.0, and Kubernetes' extensions of it
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy> for the keys of lists).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::enums::Enums;

/// What is left of one version.
#[derive(Default)]
pub(super) struct Reduced {
    /// By `apiVersion` and kind.
    pub(super) kinds: BTreeMap<(String, String), Kind>,
    /// By short name, each its fields by name.
    pub(super) types: BTreeMap<String, BTreeMap<String, Field>>,
}

/// A kind that the API server stores.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) plural: String,
    pub(super) namespaced: bool,
    /// Its type, if it is a stable kind of a namespace: those are what documents may have.
    pub(super) of: Option<String>,
}

/// A field of a type.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// `string`, `[core.v1.Container]`, `{quantity}` and so on.
    pub(super) is: String,
    pub(super) required: bool,
    /// The fields that tell the items of this list apart.
    pub(super) keys: Vec<String>,
    /// A list that has each value once.
    pub(super) set: bool,
    /// What a key is when it is left out.
    pub(super) default: Option<String>,
    /// What a text may be; empty: anything.
    pub(super) values: BTreeSet<String>,
}

/// Types that are no maps of fields.
const SCALARS: [(&str, &str); 4] = [
    ("io.k8s.apimachinery.pkg.api.resource.Quantity", "quantity"),
    ("io.k8s.apimachinery.pkg.util.intstr.IntOrString", "int-or-string"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.Time", "time"),
    ("io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime", "micro-time"),
];

impl Reduced {
    pub(super) fn of(documents: &[Value]) -> Result<Self> {
        let mut reduced = Self::default();
        let mut schemas: BTreeMap<&str, &Value> = BTreeMap::new();
        for document in documents {
            let theirs = document.pointer("/components/schemas").and_then(Value::as_object);
            schemas.extend(theirs.into_iter().flatten().map(|(name, schema)| (name.as_str(), schema)));
            for (path, operations) in document.get("paths").and_then(Value::as_object).into_iter().flatten() {
                reduced.kind(path, operations)?;
            }
        }
        let roots: Vec<String> = reduced.kinds.values().filter_map(|kind| kind.of.clone()).collect();
        let mut names = by_short_name(&schemas);
        let mut waiting = roots;
        while let Some(name) = waiting.pop() {
            // Taken out, so that each type is read once.
            let Some((full, schema)) = names.remove(&name) else { continue };
            let fields = fields(schema, &schemas).with_context(|| format!("reading {full}"))?;
            waiting.extend(fields.values().map(|field| inner(&field.is).to_owned()));
            reduced.types.insert(name, fields);
        }
        Ok(reduced)
    }

    /// A kind is what can be patched at a path of its own.
    fn kind(&mut self, path: &str, operations: &Value) -> Result<()> {
        let (Some(place), Some(patch)) = (Place::of(path), operations.get("patch")) else { return Ok(()) };
        let gvk = patch.get("x-kubernetes-group-version-kind").context("a patch of no kind")?;
        let text = |key: &str| gvk.get(key).and_then(Value::as_str).unwrap_or_default();
        let (group, version) = (text("group"), text("version"));
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        let body = operations.pointer("/put/requestBody/content/*~1*/schema/$ref").and_then(Value::as_str);
        let of = body.and_then(short_reference).with_context(|| format!("{path} takes no body"))?;
        let stable = version.strip_prefix('v').is_some_and(|number| number.parse::<u32>().is_ok());
        let of = (stable && place.namespaced).then_some(of);
        let kind = Kind { plural: place.plural.to_owned(), namespaced: place.namespaced, of };
        self.kinds.insert((api_version, text("kind").to_owned()), kind);
        Ok(())
    }

    /// Adds the values that texts may have.
    pub(super) fn add_values(&mut self, enums: &Enums) {
        for (name, fields) in &mut self.types {
            for (field_name, field) in fields {
                if let Some(values) = enums.get(&(name.clone(), field_name.clone())) {
                    field.values.clone_from(values);
                }
            }
        }
    }
}

/// Where objects of a kind are.
struct Place<'p> {
    plural: &'p str,
    namespaced: bool,
}

impl<'p> Place<'p> {
    /// Of `/api/v1/namespaces/{namespace}/pods/{name}` and its like; nothing of subresources and collections.
    fn of(path: &'p str) -> Option<Self> {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (["api", _version, rest @ ..] | ["apis", _, _version, rest @ ..]) = parts.as_slice() else {
            return None;
        };
        match rest {
            ["namespaces", "{namespace}", plural, "{name}"] => Some(Self { plural, namespaced: true }),
            [plural, "{name}"] => Some(Self { plural, namespaced: false }),
            _ => None,
        }
    }
}

fn by_short_name<'s>(schemas: &BTreeMap<&'s str, &'s Value>) -> BTreeMap<String, (&'s str, &'s Value)> {
    schemas.iter().filter_map(|(full, schema)| Some((short_name(full)?, (*full, *schema)))).collect()
}

/// `core.v1.Pod` for `io.k8s.api.core.v1.Pod`, `meta.v1.ObjectMeta` for
/// `io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta`.
fn short_name(full: &str) -> Option<String> {
    let rest = full
        .strip_prefix("io.k8s.api.")
        .or_else(|| full.strip_prefix("io.k8s.apimachinery.pkg.apis."))
        .or_else(|| full.strip_prefix("io.k8s."))?;
    Some(rest.to_owned())
}

fn short_reference(reference: &str) -> Option<String> {
    short_name(reference.strip_prefix("#/components/schemas/")?)
}

/// The type in the middle of lists and maps.
pub(super) fn inner(is: &str) -> &str {
    is.trim_matches(|char| matches!(char, '[' | ']' | '{' | '}'))
}

fn fields(schema: &Value, schemas: &BTreeMap<&str, &Value>) -> Result<BTreeMap<String, Field>> {
    let required: BTreeSet<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    // A kind's own status is nobody's to write.
    let is_kind = schema.get("x-kubernetes-group-version-kind").is_some();
    let mut fields = BTreeMap::new();
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let is = if is_kind && name == "status" {
            "status".to_owned()
        } else {
            word(property, schemas).with_context(|| format!("reading the field {name}"))?
        };
        let list = property.get("x-kubernetes-list-type").and_then(Value::as_str);
        let keys = property.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
        let field = Field {
            is,
            required: required.contains(name.as_str()),
            keys: keys.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            set: list == Some("set"),
            default: text_default(property),
            values: BTreeSet::new(),
        };
        if (list == Some("map")) == field.keys.is_empty() {
            bail!("the list {name} is of type {list:?}, with the keys {:?}", field.keys);
        }
        fields.insert(name.clone(), field);
    }
    Ok(fields)
}

fn text_default(property: &Value) -> Option<String> {
    property.get("default").and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// What a property is, in one word.
fn word(property: &Value, schemas: &BTreeMap<&str, &Value>) -> Result<String> {
    let reference =
        property.get("$ref").or_else(|| property.pointer("/allOf/0/$ref")).and_then(Value::as_str);
    if let Some(reference) = reference {
        let full = reference.strip_prefix("#/components/schemas/").unwrap_or(reference);
        if let Some((_, scalar)) = SCALARS.iter().find(|(name, _)| *name == full) {
            return Ok((*scalar).to_owned());
        }
        let schema = schemas.get(full).with_context(|| format!("{full} is not there"))?;
        if schema.get("properties").is_none() {
            // Raw JSON, or a type that says by being there.
            return Ok("object".to_owned());
        }
        return short_name(full).with_context(|| format!("{full} has a name unlike the others"));
    }
    let text = |key: &str| property.get(key).and_then(Value::as_str);
    Ok(match (text("type"), text("format")) {
        (Some("string"), Some("byte")) => "bytes".to_owned(),
        (Some("string"), None) => "string".to_owned(),
        (Some("boolean"), None) => "boolean".to_owned(),
        (Some("integer"), Some(format @ ("int32" | "int64"))) => format.to_owned(),
        (Some("array"), None) => {
            let items = property.get("items").context("a list of nothing")?;
            format!("[{}]", word(items, schemas)?)
        }
        (Some("object"), None) => match property.get("additionalProperties") {
            Some(values) => format!("{{{}}}", word(values, schemas)?),
            None => "object".to_owned(),
        },
        other => bail!("of a type {other:?} that nothing is known of"),
    })
}
