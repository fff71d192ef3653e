//! The space of options that the judges see: every field of a `PortfolioApp`, and every word that a field can be, is in
//! some generated document. A new field fails here until `crates/any-app` has it.

use std::collections::BTreeSet;

use any_app::AnyApp;
use portfolio::document::{DocumentKind, schema};
use proptest::strategy::ValueTree as _;
use serde_json::Value;

use super::batch::{COUNT, tree};

#[test]
fn every_field_and_every_word_is_in_some_document() {
    let schema = schema(DocumentKind::PortfolioApp);
    let spec = &schema["$defs"]["AppSpec"];
    let walk = Walk { schema: &schema };
    let mut known = BTreeSet::new();
    walk.known(spec, "", &mut known);
    assert!(known.len() > 150, "{known:?}");
    let mut seen = BTreeSet::new();
    for number in 0..COUNT {
        let AnyApp { spec: written, .. } = tree(number).current();
        walk.seen(spec, &Value::Object(written), "", &mut seen);
    }
    let missing: Vec<_> = known.difference(&seen).collect();
    assert!(missing.is_empty(), "crates/any-app never writes {missing:#?}");
}

/// Walks over a JSON schema, along the values that it describes or without them.
struct Walk<'s> {
    schema: &'s Value,
}

impl Walk<'_> {
    /// The schemas that this one stands for.
    fn forms<'a>(&'a self, schema: &'a Value) -> Vec<&'a Value> {
        if let Some(target) = schema["$ref"].as_str() {
            let target = self.schema.pointer(target.trim_start_matches('#')).unwrap();
            return self.forms(target);
        }
        let of = |name: &str| schema[name].as_array().into_iter().flatten().flat_map(|one| self.forms(one));
        let forms: Vec<_> = of("anyOf").chain(of("oneOf")).collect();
        if forms.is_empty() { vec![schema] } else { forms }
    }

    /// Every path of a field, and of a word that it can be.
    fn known(&self, schema: &Value, path: &str, found: &mut BTreeSet<String>) {
        for form in self.forms(schema) {
            words(form, path, found);
            for (name, field) in form["properties"].as_object().into_iter().flatten() {
                let path = format!("{path}.{name}");
                // Overlays are of the same fields as what they are laid over.
                if found.insert(path.clone()) && name != "environments" {
                    self.known(field, &path, found);
                }
            }
            for (field, part) in [("additionalProperties", "{}"), ("items", "[]")] {
                if form[field].is_object() {
                    self.known(&form[field], &format!("{path}{part}"), found);
                }
            }
        }
    }

    /// Those of a value.
    fn seen(&self, schema: &Value, value: &Value, path: &str, found: &mut BTreeSet<String>) {
        for form in self.forms(schema) {
            if let Some(word) = value.as_str() {
                let mut known = BTreeSet::new();
                words(form, path, &mut known);
                found.extend(known.into_iter().filter(|known| *known == format!("{path} = {word}")));
            }
            for (name, value) in value.as_object().into_iter().flatten() {
                if let Some(field) = form["properties"].get(name) {
                    let path = format!("{path}.{name}");
                    self.seen(field, value, &path, found);
                    found.insert(path);
                } else if form["additionalProperties"].is_object() {
                    self.seen(&form["additionalProperties"], value, &format!("{path}{{}}"), found);
                }
            }
            for item in value.as_array().into_iter().flatten() {
                self.seen(&form["items"], item, &format!("{path}[]"), found);
            }
        }
    }
}

/// The words that a schema names.
fn words(schema: &Value, path: &str, found: &mut BTreeSet<String>) {
    let all = schema["enum"].as_array().into_iter().flatten().chain(schema.get("const"));
    found.extend(all.filter_map(Value::as_str).map(|word| format!("{path} = {word}")));
}
