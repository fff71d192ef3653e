//! JSON Schemas of the documents, for editors: `# yaml-language-server: $schema=…`.
//!
//! They are made from the types that documents are decoded into, so they cannot fall behind. What people write
//! differs from the types in two ways: nothing is null, and `environments` holds partial copies of the `spec`
//! in which everything may be left out and null takes a field away.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{API_VERSION, AppSpec, DocumentKind, MigrationSpec};

/// The JSON Schema (draft 2020-12) of a kind of document.
pub fn schema(kind: DocumentKind) -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let (spec, schema) = match kind {
        DocumentKind::PortfolioApp => ("AppSpec", generator.into_root_schema_for::<AppSpec>()),
        DocumentKind::DatabaseMigration => {
            ("MigrationSpec", generator.into_root_schema_for::<MigrationSpec>())
        }
    };
    let mut root = schema.to_value();
    let mut definitions = take_object(&mut root, "$defs");
    if let Value::Object(root) = &mut root {
        root.remove("$schema");
        root.remove("title");
    }
    definitions.insert(spec.to_owned(), root);
    for definition in definitions.values_mut() {
        without_null(definition);
        within_int32(definition);
    }
    // What has no fields is the same in an overlay.
    let whole = |schema: &Value| schema.get("properties").is_none() && !schema.to_string().contains("$ref");
    let partial: BTreeSet<String> =
        definitions.iter().filter(|(_, schema)| !whole(schema)).map(|(name, _)| name.clone()).collect();
    let overlays: Vec<(String, Value)> = partial
        .iter()
        .filter_map(|name| Some((overlay_name(name), overlay(definitions.get(name)?, &partial))))
        .collect();
    definitions.extend(overlays);
    let overlay = overlay_name(spec);
    add_property(
        &mut definitions,
        &overlay,
        "enabled",
        json!({
            "type": "boolean",
            "description": "`false` takes the document away in this environment."
        }),
    );
    add_property(
        &mut definitions,
        spec,
        "environments",
        json!({
            "type": "object",
            "description": "What differs by environment; merged onto `spec` by RFC 7396.",
            "additionalProperties": {"$ref": format!("#/$defs/{overlay}")}
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name(),
        "type": "object",
        "required": ["apiVersion", "kind", "metadata", "spec"],
        "additionalProperties": false,
        "properties": {
            "apiVersion": {"const": API_VERSION, "description": "Version of the document's schema."},
            "kind": {"const": kind.name(), "description": "What the document describes."},
            "metadata": metadata(kind),
            "spec": {"$ref": format!("#/$defs/{spec}")}
        },
        "$defs": definitions
    })
}

fn metadata(kind: DocumentKind) -> Value {
    let first = match kind {
        DocumentKind::PortfolioApp => "a-z",
        DocumentKind::DatabaseMigration => "a-z0-9",
    };
    let texts = |description: &str| {
        json!({
            "description": description,
            "type": "object",
            "additionalProperties": {"type": ["string", "number", "boolean"]}
        })
    };
    json!({
        "description": "What the document is called, and what is carried to its objects.",
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": {
                "description": "Name of the document, from which the names of its objects are made.",
                "type": "string",
                "maxLength": 63,
                "pattern": format!("^[{first}]([-a-z0-9]*[a-z0-9])?$")
            },
            "namespace": {
                "description": "Namespace of its objects; it must exist.",
                "type": "string",
                "maxLength": 63,
                "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
                "default": "default"
            },
            "labels": texts("Labels carried to every object, not to pods."),
            "annotations": texts("Annotations carried to every object, not to pods.")
        }
    })
}

fn take_object(value: &mut Value, key: &str) -> Map<String, Value> {
    match value.as_object_mut().and_then(|object| object.remove(key)) {
        Some(Value::Object(object)) => object,
        Some(_) | None => Map::new(),
    }
}

fn add_property(definitions: &mut Map<String, Value>, definition: &str, name: &str, schema: Value) {
    let properties = definitions.get_mut(definition).and_then(|schema| schema.get_mut("properties"));
    if let Some(Value::Object(properties)) = properties {
        properties.insert(name.to_owned(), schema);
    }
}

/// Numbers end where Kubernetes stops to count, which is at 32 bits with a sign.
fn within_int32(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("format").is_some_and(|format| format == "uint32") {
                object.insert("maximum".to_owned(), i32::MAX.into());
            }
            object.values_mut().for_each(within_int32);
        }
        Value::Array(items) => items.iter_mut().for_each(within_int32),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes away null, which the types allow for what is optional but people do not write.
pub(crate) fn without_null(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
                if let [Value::Object(only)] = choices.as_slice() {
                    let only = only.clone();
                    object.remove("anyOf");
                    object.extend(only);
                }
            }
            object.values_mut().for_each(without_null);
        }
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn overlay_name(name: &str) -> String {
    format!("{name}Overlay")
}

/// The partial copy of a schema. Items of lists stay whole, because a list is replaced as a whole.
fn overlay(schema: &Value, partials: &BTreeSet<String>) -> Value {
    let Value::Object(object) = schema else { return schema.clone() };
    let mut partial = Map::new();
    for (key, value) in object {
        match (key.as_str(), value) {
            ("required", _) => {}
            ("properties", Value::Object(properties)) => {
                let properties =
                    properties.iter().map(|(name, schema)| (name.clone(), or_null(schema, partials)));
                partial.insert(key.clone(), Value::Object(properties.collect()));
            }
            ("additionalProperties", Value::Object(_)) => {
                partial.insert(key.clone(), or_null(value, partials));
            }
            ("anyOf" | "oneOf", Value::Array(choices)) => {
                partial.insert(key.clone(), choices.iter().map(|choice| overlay(choice, partials)).collect());
            }
            ("$ref", Value::String(target))
                if target.rsplit('/').next().is_some_and(|name| partials.contains(name)) =>
            {
                partial.insert(key.clone(), Value::String(overlay_name(target)));
            }
            _ => {
                partial.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(partial)
}

fn or_null(schema: &Value, partials: &BTreeSet<String>) -> Value {
    let mut partial = overlay(schema, partials);
    let description = partial.as_object_mut().and_then(|object| object.remove("description"));
    let mut choice = json!({"anyOf": [partial, {"type": "null"}]});
    if let (Some(description), Value::Object(choice)) = (description, &mut choice) {
        choice.insert("description".to_owned(), description);
    }
    choice
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_schemas_are_the_ones_that_are_generated() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
        for kind in DocumentKind::ALL {
            let path = folder.join(format!("{}.json", kind.name().to_lowercase()));
            let generated = schema(kind);
            if std::env::var_os("UPDATE_SCHEMAS").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&generated).unwrap())).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
            assert_eq!(committed, generated, "stale: UPDATE_SCHEMAS=1 cargo test --lib schema");
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(object) => {
                    found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
                    object.values().for_each(|value| references(value, found));
                }
                Value::Array(items) => items.iter().for_each(|item| references(item, found)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        for kind in DocumentKind::ALL {
            let schema = schema(kind);
            let mut found = Vec::new();
            references(&schema, &mut found);
            assert!(found.len() > 10);
            for reference in found {
                let target = reference.strip_prefix('#').and_then(|pointer| schema.pointer(pointer));
                assert!(target.is_some(), "{reference}");
            }
        }
    }

    #[test]
    fn descriptions_are_for_people_who_write_documents() {
        for kind in DocumentKind::ALL {
            let schema = schema(kind).to_string();
            assert!(schema.contains("\"description\""));
            let links: Vec<&str> =
                schema.split('"').filter(|text| text.contains("::") || text.contains("[`")).collect();
            assert!(links.is_empty(), "links into the source: {links:?}");
        }
    }

    #[test]
    fn overlays_are_partial_and_nothing_else_is_null() {
        let schema = schema(DocumentKind::PortfolioApp);
        let definitions = &schema["$defs"];
        assert_eq!(definitions["AppSpec"]["required"], json!(["image"]));
        assert_eq!(definitions["AppSpecOverlay"].get("required"), None);
        assert_eq!(definitions["AppSpec"]["properties"]["replicas"]["type"], "integer");
        assert_eq!(definitions["AppSpecOverlay"]["properties"]["replicas"]["anyOf"][1]["type"], "null");
        assert_eq!(definitions["AppSpec"]["properties"]["probes"]["$ref"], "#/$defs/Probes");
        assert!(
            definitions["AppSpecOverlay"]["properties"]["probes"]
                .to_string()
                .contains("#/$defs/ProbesOverlay")
        );
        assert_eq!(definitions["AppSpecOverlay"]["properties"]["enabled"]["type"], "boolean");
    }

    #[test]
    fn every_example_of_a_field_is_one_that_is_taken() {
        let schema = schema(DocumentKind::PortfolioApp);
        let mut taken = 0;
        for (name, property) in schema["$defs"]["AppSpec"]["properties"].as_object().unwrap() {
            for example in property["examples"].as_array().into_iter().flatten() {
                let mut spec = json!({"image": "shop:1"});
                spec[name] = example.clone();
                let read = serde_json::from_value::<AppSpec>(spec.clone());
                // Scalars are read from YAML, where every one is a text.
                if let Err(error) = read.as_ref().map_err(ToString::to_string) {
                    assert!(error.contains("expected a string"), "{spec}: {error}");
                }
                taken += 1;
            }
        }
        assert!(taken >= 18, "{taken}");
    }
}
