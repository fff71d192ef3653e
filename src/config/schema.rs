//! The JSON Schema of the configuration file, for editors: `# yaml-language-server: $schema=…`.
//!
//! It is made from the types that the file is read into, so it cannot fall behind: fields, descriptions and defaults are
//! theirs, and what [`super::forms`] adds is tested against the reader.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use super::Config;
use crate::document::without_null;

/// The JSON Schema (draft 2020-12) of the configuration.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Config>().to_value();
    without_null(&mut schema);
    for_each_property(&mut schema, &mut |property| {
        // That of what no variable overrides, which is nothing to who writes the file.
        property.remove("writeOnly");
        tell_default(property);
    });
    schema
}

/// Editors show what a description says, not what `default` holds.
fn tell_default(property: &mut Map<String, Value>) {
    let told = match property.get("default") {
        Some(Value::String(text)) if !text.is_empty() => format!("`{text}`"),
        Some(Value::Array(items)) if !items.is_empty() => items
            .iter()
            .filter_map(Value::as_str)
            .map(|item| format!("`{item}`"))
            .collect::<Vec<_>>()
            .join(", "),
        Some(plain @ (Value::Bool(_) | Value::Number(_))) => plain.to_string(),
        // Nothing, whose meaning the description tells, or a section, whose fields have theirs.
        Some(Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Null) | None => return,
    };
    if let Some(Value::String(description)) = property.get_mut("description") {
        description.push_str(&format!(" Default {told}."));
    }
}

fn for_each_property(schema: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    let Value::Object(schema) = schema else { return };
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().filter_map(Value::as_object_mut).for_each(&mut *change);
    }
    if let Some(Value::Object(definitions)) = schema.get_mut("$defs") {
        definitions.values_mut().for_each(|definition| for_each_property(definition, change));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use serde_json::json;

    use super::super::samples::{
        EVERYTHING, NOT_YET, NOT_YET_OF_A_SOURCE, REFUSED, REFUSED_BY_THE_READER, TAKEN,
    };
    use super::super::{Overrides, parse};
    use super::*;

    fn root() -> &'static Path {
        Path::new(env!("CARGO_MANIFEST_DIR"))
    }

    fn read(text: &str) -> Result<Config, String> {
        parse("portfolio.yaml", text, &Overrides::default()).map_err(|error| error.to_string())
    }

    /// What the schema has against a text.
    fn objections(text: &str) -> Vec<String> {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        let value: Value = serde_yaml::from_str(text).unwrap();
        validator.iter_errors(&value).map(|error| error.to_string()).collect()
    }

    #[track_caller]
    fn assert_taken(text: &str) {
        let read = read(text).map(|_| ());
        assert_eq!((read, objections(text)), (Ok(()), Vec::new()), "{text}");
    }

    #[test]
    fn the_committed_schema_of_the_configuration_is_the_generated_one() {
        let path = root().join("schemas/config.json");
        let generated = format!("{:#}\n", schema());
        if std::env::var_os("UPDATE_SCHEMAS").is_some() {
            fs::write(&path, &generated).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "stale: UPDATE_SCHEMAS=1 cargo test --lib schema");
    }

    #[test]
    fn what_the_reader_takes_is_valid() {
        assert_taken(EVERYTHING);
        TAKEN.into_iter().for_each(assert_taken);
    }

    #[test]
    fn what_is_shipped_and_shown_is_valid() {
        let shipped = fs::read_to_string(root().join("deploy/config.yaml")).unwrap();
        let shipped: Value = serde_yaml::from_str(&shipped).unwrap();
        let shipped = shipped["data"]["portfolio.yaml"].as_str().unwrap();
        assert_taken(shipped);
        // What stands there to be uncommented: a remark that begins with the name of a field.
        let uncommented = regex::Regex::new(r"(?m)^( *)# (( *)[a-z]\w*:( |$))").unwrap();
        let uncommented = uncommented.replace_all(shipped, "$1$2");
        assert!(uncommented.contains("\n    auth:") && uncommented.contains("\nallow:\n  kinds:"));
        assert_taken(&uncommented);
        let page = fs::read_to_string(root().join("README.md")).unwrap();
        let blocks = page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next());
        let sections: Vec<&str> = blocks.filter(|block| !block.contains("apiVersion:")).collect();
        assert!(!sections.is_empty());
        for section in sections {
            assert_taken(&format!("sources: [{{name: main, url: ./apps}}]\n{section}"));
        }
    }

    #[test]
    fn what_is_refused_for_its_structure_type_or_form_is_invalid() {
        for (text, _) in REFUSED {
            let source = "sources: [{name: main, url: ./apps}]";
            // It is the value that is invalid, not that there is no source.
            let has_no_source = !text.contains("sources") && text.contains(':');
            let whole = if has_no_source { format!("{source}\n{text}") } else { text.to_owned() };
            assert_ne!(objections(&whole), [""; 0], "{text}");
        }
        for field in NOT_YET {
            assert_ne!(objections(&format!("sources: [{{name: a, url: x}}]\n{field}\n")), [""; 0], "{field}");
        }
        for field in NOT_YET_OF_A_SOURCE {
            assert_ne!(
                objections(&format!("sources:\n- name: a\n  url: x\n  {field}\n")),
                [""; 0],
                "{field}"
            );
        }
    }

    #[test]
    fn what_only_the_reader_sees_is_still_only_its_own() {
        for (text, _) in REFUSED_BY_THE_READER {
            if serde_yaml::from_str::<Value>(text).is_ok() {
                assert_eq!(objections(text), [""; 0], "belongs to what both refuse: {text}");
            }
        }
    }

    /// A property that the file can have: where it is, as a JSON pointer, and what is said of it.
    type Property = (String, Value);

    /// All properties, also those of the items of lists.
    fn properties(whole: &Value, schema: &Value, at: &str, found: &mut Vec<Property>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = whole.pointer(reference.trim_start_matches('#')).expect(reference);
            properties(whole, target, at, found);
        }
        if schema["items"].is_object() {
            properties(whole, &schema["items"], &format!("{at}/0"), found);
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let at = format!("{at}/{name}");
            found.push((at.clone(), property.clone()));
            properties(whole, property, &at, found);
        }
    }

    fn all_properties() -> Vec<Property> {
        let schema = schema();
        let mut found = Vec::new();
        properties(&schema, &schema, "", &mut found);
        assert!(found.len() >= 30, "{found:?}");
        found
    }

    /// A configuration with this value in it.
    fn with(pointer: &str, value: &Value) -> String {
        let source = json!({"name": "main", "url": "https://x/y", "auth": {"dir": "/git"}});
        let mut config = json!({"sources": [source], "drift": {}, "prune": {}, "apply": {}, "allow": {},
            "http": {}, "logging": {}});
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        config.pointer_mut(parent).unwrap()[name] = value.clone();
        config.to_string()
    }

    #[test]
    fn every_example_of_a_field_is_one_that_the_reader_takes() {
        let mut taken = 0;
        for (at, property) in all_properties() {
            for example in property["examples"].as_array().into_iter().flatten() {
                assert_taken(&with(&at, example));
                taken += 1;
            }
        }
        assert!(taken >= 20, "{taken}");
    }

    #[test]
    fn every_default_is_what_the_reader_does_without_the_field() {
        let mut told = 0;
        for (at, property) in all_properties() {
            let Some(default) = property.get("default") else { continue };
            let text = with(&at, default);
            let without = with("/drift", &json!({}));
            assert_eq!(read(&text).unwrap(), read(&without).unwrap(), "{at}");
            assert_eq!(objections(&text), [""; 0], "{at}");
            told += 1;
        }
        assert!(told >= 18, "{told}");
    }

    #[test]
    fn every_field_is_described_for_people_who_write_the_file() {
        for (at, property) in all_properties() {
            let description = property["description"].as_str().unwrap_or_default();
            assert!(description.ends_with('.'), "{at}: {description}");
            assert!(!description.contains("::") && !description.contains("[`"), "{at}: {description}");
        }
        let schema = schema();
        let definitions = schema["$defs"].as_object().unwrap();
        for (name, definition) in definitions {
            let description = definition["description"].as_str().unwrap_or_default();
            assert!(name == "Duration" || description.ends_with('.'), "{name}: {description}");
            assert!(!description.contains("::") && !description.contains("[`"), "{name}: {description}");
        }
    }

    #[test]
    fn unknown_fields_are_refused_everywhere_and_nothing_is_null() {
        let schema = schema();
        let definitions = schema["$defs"].as_object().unwrap();
        let with_fields = definitions.values().chain([&schema]).filter(|one| one["properties"].is_object());
        let with_fields: Vec<&Value> = with_fields.collect();
        assert!(with_fields.len() >= 9, "{}", with_fields.len());
        assert!(with_fields.iter().all(|one| one["additionalProperties"] == false));
        assert!(!schema.to_string().contains("null"));
    }
}
