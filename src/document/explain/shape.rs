//! [`shape`]: what may be written for a field, in words.

use serde_json::Value;

use super::walk::{Schema, element, is_null};
use crate::document::diagnostic::one_of;

/// What may be written, in words.
pub(super) fn shape(schema: Schema<'_>, node: &Value, plural: bool) -> String {
    let (resolved, name) = schema.resolve(node);
    let forms = schema.forms(node);
    let texts: Vec<String> = forms.iter().flat_map(|(form, _)| constants(form)).collect();
    if !texts.is_empty() && forms.iter().all(|(form, _)| !constants(form).is_empty()) {
        return one_of(texts.iter().map(String::as_str));
    }
    if let Some(choices) = ["anyOf", "oneOf"].iter().find_map(|key| resolved.get(key)?.as_array()) {
        let some = choices.iter().filter(|choice| !is_null(choice)).map(|one| shape(schema, one, plural));
        let none = choices.iter().filter(|choice| is_null(choice)).map(|_| "null to take it away".to_owned());
        return some.chain(none).collect::<Vec<_>>().join(" or ");
    }
    let types: Vec<&str> = match resolved.get("type") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    };
    if types.is_empty() {
        return "anything".to_owned();
    }
    let is_scalar = !types.iter().any(|name| matches!(*name, "object" | "array"));
    if let Some(name) = name.filter(|_| is_scalar) {
        return format!("{}{}", spaced(name), if plural { "s" } else { "" });
    }
    let types = types.iter().map(|name| typed(schema, resolved, name, plural));
    types.collect::<Vec<_>>().join(" or ")
}

fn typed(schema: Schema<'_>, node: &Value, name: &str, plural: bool) -> String {
    let s = if plural { "s" } else { "" };
    match (name, element(node)) {
        ("array", Some(item)) => format!("list{s} of {}", shape(schema, item, true)),
        ("object", Some(value)) => format!("map{s} of {} by name", shape(schema, value, true)),
        ("object", None) => format!("map{s}"),
        ("array", None) => format!("list{s}"),
        ("string", _) => format!("text{s}"),
        ("integer", _) if plural => "whole numbers".to_owned(),
        ("integer", _) => {
            let bound = |key: &str| node.get(key).and_then(Value::as_i64);
            match (bound("minimum"), bound("maximum")) {
                (Some(least), Some(most)) if most < i64::from(i32::MAX) => {
                    format!("whole number, {least} to {most}")
                }
                (Some(least), Some(_) | None) => format!("whole number, {least} or more"),
                (None, _) => "whole number".to_owned(),
            }
        }
        (other, _) => format!("{other}{s}"),
    }
}

/// `IntOrPercent` as words: `int or percent`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(char.to_lowercase());
    }
    words
}

/// The texts that a form consists of.
pub(super) fn constants(form: &Value) -> Vec<String> {
    let several = form.get("enum").and_then(Value::as_array).into_iter().flatten();
    form.get("const").into_iter().chain(several).filter_map(scalar).collect()
}

/// A value as it is written.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
