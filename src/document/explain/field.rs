//! [`fields`]: what the JSON Schema of a kind of document says of a field, for people.

use serde_json::Value;

use super::shape::{constants, scalar, shape};
use super::topic::NoSuchTopic;
use super::walk::{Place, Schema, element};
use crate::document::decode::unknown_field;
use crate::document::diagnostic::shown;
use crate::document::{Code, DocumentKind, Span, schema};

/// A field, as a person asks about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// `PortfolioApp.spec.rollout.deadline`; `<name>` stands for a key of a map, `[]` for an item of a list.
    pub path: String,
    /// What may be written: `duration`, `list of texts`.
    pub shape: String,
    /// The document is in error without it.
    pub required: bool,
    /// What holds where it is left out, as far as the schema says so.
    pub default: Option<String>,
    /// What it is for.
    pub description: String,
    /// The texts that are possible, where they are few.
    pub choices: Vec<Choice>,
    /// Values that could be written.
    pub examples: Vec<Value>,
    /// The fields in it.
    pub children: Vec<Child>,
}

/// One of a few possible texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What to write.
    pub text: String,
    /// What it means.
    pub description: String,
}

/// A field of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Its name.
    pub name: String,
    /// What may be written.
    pub shape: String,
    /// The document is in error without it.
    pub required: bool,
    /// What it is for, on one line.
    pub description: String,
}

/// The fields at a path such as `app.rollout.deadline`, `spec.rollout`, `migration.dir` or `replicas`. Without a kind
/// both are looked at; a path that begins with no field of the document is one below `spec`.
pub fn fields(path: &str) -> Result<Vec<Field>, NoSuchTopic> {
    let mut segments: Vec<&str> = path.split('.').map(|segment| segment.trim_end_matches("[]")).collect();
    let kind = segments.first().and_then(|first| kind(first));
    if kind.is_some() {
        segments.remove(0);
    }
    let mut found = Vec::new();
    let mut missed: Option<Missed> = None;
    for kind in DocumentKind::ALL.into_iter().filter(|one| kind.is_none_or(|kind| kind == *one)) {
        match field(kind, &segments) {
            Ok(field) => found.push(field),
            // What leads further is what was probably meant.
            Err(other) if missed.as_ref().is_some_and(|first| first.depth >= other.depth) => {}
            Err(other) => missed = Some(other),
        }
    }
    match missed {
        Some(missed) if found.is_empty() => Err(missed.unknown),
        Some(_) | None => Ok(found),
    }
}

fn kind(name: &str) -> Option<DocumentKind> {
    let short = |kind: DocumentKind| match kind {
        DocumentKind::PortfolioApp => "app",
        DocumentKind::DatabaseMigration => "migration",
    };
    let is_kind = |kind: &DocumentKind| {
        name.eq_ignore_ascii_case(kind.name()) || name.eq_ignore_ascii_case(short(*kind))
    };
    DocumentKind::ALL.into_iter().find(is_kind)
}

/// A path that ends where there is no such field, after `depth` steps.
struct Missed {
    depth: usize,
    unknown: NoSuchTopic,
}

fn field(kind: DocumentKind, segments: &[&str]) -> Result<Field, Missed> {
    let root = schema(kind);
    let schema = Schema { root: &root };
    let mut place = Place { node: &root, required: true, path: vec![kind.name().to_owned()] };
    let is_of_document =
        |segment: &&str| root.get("properties").is_some_and(|fields| fields.get(segment).is_some());
    if !segments.first().is_some_and(is_of_document)
        && let Some(spec) = schema.step(&place, "spec")
    {
        place = spec;
    }
    for (depth, segment) in segments.iter().enumerate() {
        let next = schema.step(&place, segment);
        place = next.ok_or_else(|| Missed { depth, unknown: unknown(schema, &place, segment) })?;
    }
    Ok(describe(schema, &place))
}

/// The same words as a diagnostic has for a document that says it.
fn unknown(schema: Schema<'_>, place: &Place<'_>, segment: &str) -> NoSuchTopic {
    let path = place.path.join(".");
    let Some(properties) = schema.properties(place.node) else {
        let shape = shape(schema, place.node, false);
        return NoSuchTopic { message: format!("`{path}` has no fields: it is a {shape}"), help: None };
    };
    let names: Vec<&str> = properties.fields.keys().map(String::as_str).collect();
    let diagnostic = unknown_field(properties.name, segment, &names, Span::START);
    let message = if diagnostic.code == Code::UnknownField {
        format!("`{path}` has no field `{}`", shown(segment))
    } else {
        diagnostic.message
    };
    let all = || format!("`portfolio explain {path}` lists its fields");
    NoSuchTopic { message, help: Some(diagnostic.help.unwrap_or_else(all)) }
}

fn describe(schema: Schema<'_>, place: &Place<'_>) -> Field {
    let (resolved, _) = schema.resolve(place.node);
    let says = |key: &str| place.node.get(key).or_else(|| resolved.get(key));
    let (description, default) = split_default(&text(says("description")));
    let default = default.or_else(|| says("default").and_then(scalar));
    let children = schema.properties(place.node).map(|properties| {
        let child = |(name, node): (&String, &Value)| {
            let (resolved, _) = schema.resolve(node);
            Child {
                name: name.clone(),
                shape: shape(schema, node, false),
                required: properties.is_required(name),
                description: text(node.get("description").or_else(|| resolved.get("description"))),
            }
        };
        properties.fields.iter().map(child).collect()
    });
    Field {
        path: place.path.join("."),
        shape: shape(schema, place.node, false),
        required: place.required,
        default,
        description,
        choices: choices(schema, place.node),
        examples: says("examples").and_then(Value::as_array).cloned().unwrap_or_default(),
        children: children.unwrap_or_default(),
    }
}

/// A text of the schema on one line.
fn text(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentence `Default …` apart from the rest of a description.
fn split_default(description: &str) -> (String, Option<String>) {
    let starts = |at: &usize| *at == 0 || description.get(..*at).is_some_and(|before| before.ends_with(". "));
    let default = description.match_indices("Default").map(|(at, _)| at).find(starts);
    let Some(at) = default else { return (description.to_owned(), None) };
    let (before, sentence) = description.split_at(at);
    let (sentence, after) = sentence.split_once(". ").unwrap_or((sentence, ""));
    let default = sentence.trim_start_matches("Default").trim_start_matches(':').trim().trim_end_matches('.');
    (format!("{before}{after}").trim().to_owned(), Some(default.to_owned()))
}

fn choices(schema: Schema<'_>, node: &Value) -> Vec<Choice> {
    let forms = schema.forms(node);
    let elements = forms.iter().filter_map(|(form, _)| element(form)).flat_map(|node| schema.forms(node));
    let mut choices = Vec::new();
    for (form, _) in forms.iter().copied().chain(elements) {
        let is_one = form.get("const").is_some();
        let description = if is_one { text(form.get("description")) } else { String::new() };
        let texts = constants(form).into_iter();
        choices.extend(texts.map(|text| Choice { text, description: description.clone() }));
    }
    choices
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(path: &str) -> Field {
        let mut found = fields(path).unwrap();
        assert_eq!(found.len(), 1, "{path}");
        found.remove(0)
    }

    #[test]
    fn a_field_goes_by_short_and_by_full_paths() {
        for path in [
            "app.rollout.deadline",
            "spec.rollout.deadline",
            "PortfolioApp.spec.rollout.deadline",
            "rollout.deadline",
        ] {
            let field = one(path);
            assert_eq!(field.path, "PortfolioApp.spec.rollout.deadline", "{path}");
            assert_eq!((field.shape.as_str(), field.default.as_deref()), ("duration", Some("10m")));
            assert_eq!(field.description, "The longest a rollout may take.");
            assert_eq!(field.examples, ["30s", "10m", "1h30m"]);
        }
        assert_eq!(one("migration.dir").path, "DatabaseMigration.spec.dir");
        assert_eq!(one("app").path, "PortfolioApp.spec");
        assert!(one("app.metadata.name").required);
    }

    #[test]
    fn a_path_without_a_kind_may_be_of_both() {
        let paths: Vec<String> =
            fields("metadata.name").unwrap().into_iter().map(|field| field.path).collect();
        assert_eq!(paths, ["PortfolioApp.metadata.name", "DatabaseMigration.metadata.name"]);
    }

    #[test]
    fn maps_and_lists_may_be_left_out_of_a_path() {
        for (path, full) in [
            ("app.storage.size", "PortfolioApp.spec.storage.<name>.size"),
            ("app.storage.data.size", "PortfolioApp.spec.storage.data.size"),
            ("app.storage.data", "PortfolioApp.spec.storage.data"),
            ("app.ports.port", "PortfolioApp.spec.ports.<name>.port"),
            ("app.ingress.hosts.paths", "PortfolioApp.spec.ingress.hosts[].paths"),
            ("app.ingress.hosts[].paths", "PortfolioApp.spec.ingress.hosts[].paths"),
            ("app.ingress.hosts.0.paths", "PortfolioApp.spec.ingress.hosts[].paths"),
            ("app.environments.prod.replicas", "PortfolioApp.spec.environments.prod.replicas"),
            ("app.env.LOG_LEVEL", "PortfolioApp.spec.env.LOG_LEVEL"),
        ] {
            assert_eq!(one(path).path, full);
        }
    }

    #[test]
    fn shapes_are_said_in_words() {
        for (path, shape) in [
            ("app.image", "text"),
            ("app.command", "list of texts"),
            ("app.env", "map of scalars by name"),
            ("app.port", "whole number, 0 to 65535"),
            ("app.replicas", "whole number, 0 or more"),
            ("app.rollout.maxSurge", "int or percent"),
            ("app.rollout", "map"),
            ("app.rollout.rollback", "`automatic` or `manual`"),
            ("app.dependsOn", "list of maps"),
            ("app.storage", "map of maps by name"),
            ("app.sidecars", "list of anything"),
            ("app.environments.prod.replicas", "whole number, 0 or more or null to take it away"),
        ] {
            assert_eq!(one(path).shape, shape, "{path}");
        }
    }

    #[test]
    fn a_field_tells_its_own_fields_and_its_choices() {
        let storage = one("app.storage");
        let names: Vec<&str> = storage.children.iter().map(|child| child.name.as_str()).collect();
        assert_eq!(names, ["accessMode", "class", "mountPath", "size"]);
        assert!(storage.children[3].required && !storage.children[0].required);
        let mode = one("app.storage.accessMode");
        assert_eq!(mode.default.as_deref(), Some("`ReadWriteOnce`"));
        assert_eq!(mode.choices.len(), 4);
        assert!(!mode.choices[0].description.is_empty());
    }

    #[test]
    fn what_has_no_fields_says_so() {
        let unknown = fields("app.image.tag").unwrap_err();
        assert_eq!(unknown.message, "`PortfolioApp.spec.image` has no fields: it is a text");
    }

    #[test]
    fn every_field_of_every_kind_is_described() {
        fn below(path: &str, depth: usize, count: &mut usize) {
            let field = one(path);
            assert!(!field.shape.is_empty(), "{path}");
            for child in field.children {
                *count += 1;
                assert!(!child.shape.is_empty(), "{path}.{}", child.name);
                assert!(!child.description.is_empty(), "{path}.{}", child.name);
                if depth < 4 && child.name != "environments" {
                    below(&format!("{path}.{}", child.name), depth + 1, count);
                }
            }
        }
        let mut count = 0;
        for kind in DocumentKind::ALL {
            below(&format!("{kind}.spec"), 0, &mut count);
            below(&format!("{kind}.metadata"), 0, &mut count);
            for field in ["apiVersion", "kind"] {
                assert!(!one(&format!("{kind}.{field}")).description.is_empty(), "{kind}.{field}");
            }
        }
        assert!(count > 80, "{count}");
    }
}
