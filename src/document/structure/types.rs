//! [`Structure`]: what Kubernetes' objects consist of, read once from `kubernetes.json` when something asks.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

/// All kinds and types of all supported versions.
pub(super) struct Structure {
    types: Vec<Type>,
    by_name: HashMap<String, TypeId>,
    /// By `apiVersion/Kind`.
    kinds: HashMap<String, Kind>,
    /// The oldest supported minor version.
    pub(super) oldest: u16,
}

/// Where a type is among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TypeId(usize);

/// A map of known fields.
#[derive(Default)]
pub(super) struct Type {
    /// Such as `core.v1.Container`.
    name: String,
    pub(super) fields: BTreeMap<String, Field>,
}

/// A field of a type.
pub(super) struct Field {
    pub(super) shape: Shape,
    pub(super) required: bool,
    /// The fields that tell the items of a list apart.
    pub(super) keys: Vec<String>,
    /// A list without doubles.
    pub(super) set: bool,
    /// What a key is when it is left out.
    pub(super) default: Option<String>,
    /// What a text may be; empty: anything.
    pub(super) values: Vec<(String, Range)>,
    pub(super) range: Range,
}

/// What a value must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Boolean,
    Int32,
    Int64,
    /// Base64.
    Bytes,
    /// RFC 3339.
    Time,
    Quantity,
    IntOrText,
    /// A map of anything.
    Any,
    /// What Kubernetes writes.
    Status,
    List(Box<Shape>),
    Map(Box<Shape>),
    Of(TypeId),
}

/// The minor versions that have something; `None` where they all do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    #[serde(default)]
    pub(super) since: Option<u16>,
    #[serde(default)]
    pub(super) until: Option<u16>,
}

/// A kind of object that is built into Kubernetes.
pub struct Kind {
    /// `apps/v1`.
    pub api_version: String,
    /// `Deployment`.
    pub name: String,
    /// Its name in URLs and in rules of RBAC: `deployments`.
    pub plural: String,
    /// Whether its objects belong to a namespace.
    pub namespaced: bool,
    pub(super) of: Option<TypeId>,
    pub(super) range: Range,
}

static STRUCTURE: LazyLock<Structure> = LazyLock::new(|| {
    let text = include_str!("kubernetes.json");
    #[allow(clippy::expect_used, reason = "the text is compiled in, and every test of this module reads it")]
    serde_json::from_str::<File>(text)
        .expect("kubernetes.json is what `cargo xtask openapi` writes")
        .resolved()
});

/// All that is known; read on the first call.
pub(super) fn structure() -> &'static Structure {
    &STRUCTURE
}

impl Structure {
    /// The type of this name, such as `core.v1.Container`.
    pub(super) fn type_id(&self, name: &str) -> Option<TypeId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn get(&self, id: TypeId) -> &Type {
        // Ids come from this structure only.
        &self.types[id.0]
    }

    pub(super) fn kind(&self, api_version: &str, kind: &str) -> Option<&Kind> {
        self.kinds.get(&format!("{api_version}/{kind}"))
    }

    /// In no order.
    pub(super) fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values()
    }
}

impl Type {
    /// As it is looked up: `core.v1.Container`.
    pub(super) fn full_name(&self) -> &str {
        &self.name
    }

    /// As it is called in messages: `Container`.
    pub(super) fn name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}

#[derive(Deserialize)]
struct File {
    releases: Vec<Release>,
    kinds: Vec<FileKind>,
    types: BTreeMap<String, BTreeMap<String, FileField>>,
}

#[derive(Deserialize)]
struct Release {
    minor: u16,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileKind {
    api_version: String,
    kind: String,
    plural: String,
    namespaced: bool,
    is: Option<String>,
    since: Option<u16>,
    until: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FileField {
    is: String,
    required: Option<Range>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    set: bool,
    default: Option<String>,
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    values_in: BTreeMap<String, Range>,
    since: Option<u16>,
    until: Option<u16>,
}

impl File {
    fn resolved(self) -> Structure {
        let by_name: HashMap<String, TypeId> =
            self.types.keys().enumerate().map(|(at, name)| (name.clone(), TypeId(at))).collect();
        let types = self.types.into_iter().map(|(name, fields)| {
            let fields = fields.into_iter().map(|(name, field)| (name, field.resolved(&by_name)));
            Type { name, fields: fields.collect() }
        });
        let kinds = self.kinds.into_iter().map(|kind| {
            let of = kind.is.as_deref().and_then(|name| by_name.get(name)).copied();
            let key = format!("{}/{}", kind.api_version, kind.kind);
            let FileKind { api_version, kind: name, plural, namespaced, since, until, .. } = kind;
            (key, Kind { api_version, name, plural, namespaced, of, range: Range { since, until } })
        });
        Structure {
            types: types.collect(),
            kinds: kinds.collect(),
            oldest: self.releases.iter().map(|release| release.minor).min().unwrap_or_default(),
            by_name,
        }
    }
}

impl FileField {
    fn resolved(self, types: &HashMap<String, TypeId>) -> Field {
        let values = self.values.into_iter().map(|value| {
            let range = self.values_in.get(&value).copied().unwrap_or_default();
            (value, range)
        });
        Field {
            shape: shape(&self.is, types),
            // What the newest version does without, the older ones fill in: they only said otherwise.
            required: self.required.is_some_and(|required| required.until.is_none()),
            keys: self.keys,
            set: self.set,
            default: self.default,
            values: values.collect(),
            range: Range { since: self.since, until: self.until },
        }
    }
}

fn shape(word: &str, types: &HashMap<String, TypeId>) -> Shape {
    let within = |open, close| word.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
    if let Some(items) = within('[', ']') {
        return Shape::List(Box::new(shape(items, types)));
    }
    if let Some(values) = within('{', '}') {
        return Shape::Map(Box::new(shape(values, types)));
    }
    match word {
        "string" => Shape::Text,
        "boolean" => Shape::Boolean,
        "int32" => Shape::Int32,
        "int64" => Shape::Int64,
        "bytes" => Shape::Bytes,
        "time" | "micro-time" => Shape::Time,
        "quantity" => Shape::Quantity,
        "int-or-string" => Shape::IntOrText,
        "status" => Shape::Status,
        name => types.get(name).map_or(Shape::Any, |id| Shape::Of(*id)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_file_is_known() {
        let file: File = serde_json::from_str(include_str!("kubernetes.json")).unwrap();
        let types: HashMap<String, TypeId> =
            file.types.keys().map(|name| (name.clone(), TypeId(0))).collect();
        for (of, fields) in &file.types {
            for (name, field) in fields {
                let mut shape = shape(&field.is, &types);
                while let Shape::List(inner) | Shape::Map(inner) = shape {
                    shape = *inner;
                }
                assert_eq!(shape == Shape::Any, field.is.contains("object"), "{of}.{name}: {}", field.is);
                assert!(field.values_in.keys().all(|value| field.values.contains(value)), "{of}.{name}");
            }
        }
        assert!(file.kinds.iter().all(|kind| kind.is.as_ref().is_none_or(|name| types.contains_key(name))));
    }

    #[test]
    fn the_versions_are_those_that_are_supported() {
        assert_eq!(structure().oldest, 31);
        let container = structure().get(structure().type_id("core.v1.Container").unwrap());
        assert_eq!(container.name(), "Container");
        assert_eq!(container.fields["restartPolicyRules"].range, Range { since: Some(34), until: None });
    }
}
