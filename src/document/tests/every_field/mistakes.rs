//! What can be done wrong with a field, whatever it is for: derived from its schema.

use serde_json::Value;

use super::walk::{Field, Form, Step};

/// A change of a document that makes it wrong.
pub(super) enum Mistake {
    /// This is written in the place of the value.
    Value(String),
    /// This key is written besides those of the map.
    Key(String),
    /// The first of the names that people give in this map is this one.
    Name(String),
    /// The field is written a second time.
    Twice,
    /// The first item of the list is written a second time.
    ItemTwice,
}

/// What a form wants to see.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Scalar,
    List,
    Map,
    /// Kubernetes' own, of which only the outermost level is looked at here.
    Raw,
}

/// Longer than any name may be.
const LONG: usize = 300;

/// Everything that can be done wrong with this field.
pub(super) fn mistakes(field: &Field) -> Vec<Mistake> {
    let wanted: Vec<Wanted> = field.forms.iter().map(wanted).collect();
    let wants = |form: Wanted| wanted.contains(&form);
    let mut values: Vec<String> = vec!["null".to_owned()];
    if !wants(Wanted::Map) && !wants(Wanted::Raw) {
        values.push("{some: thing}".to_owned());
    }
    if !wants(Wanted::List) {
        values.push("[thing]".to_owned());
    }
    if !wants(Wanted::Scalar) {
        values.push("thing".to_owned());
    }
    values.extend(field.forms.iter().flat_map(bad_values));
    let mut mistakes: Vec<Mistake> = values.into_iter().map(Mistake::Value).collect();
    for form in &field.forms {
        mistakes.extend(bad_keys(form));
        if form.schema["items"].is_object() {
            mistakes.push(Mistake::ItemTwice);
        }
    }
    if let Some(Step::Key(_) | Step::AnyKey) = field.steps.last() {
        mistakes.push(Mistake::Twice);
    }
    mistakes
}

fn types(form: &Form) -> Vec<&str> {
    match &form.schema["type"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ if !choices(form).is_empty() => vec!["string"],
        _ => Vec::new(),
    }
}

/// The values of an enumeration.
fn choices(form: &Form) -> Vec<&str> {
    let all = form.schema["oneOf"].as_array().into_iter().flatten();
    all.chain([&form.schema]).filter_map(|choice| choice["const"].as_str()).collect()
}

fn wanted(form: &Form) -> Wanted {
    match types(form).as_slice() {
        ["object"] => Wanted::Map,
        ["array"] => Wanted::List,
        [] => Wanted::Raw,
        _ => Wanted::Scalar,
    }
}

/// Values of the type that is wanted, or nearly, which are empty, beyond a limit, or no such value.
fn bad_values(form: &Form) -> Vec<String> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    if let Some(first) = choices(form).first() {
        let other_case: String = first
            .chars()
            .map(
                |char| {
                    if char.is_uppercase() { char.to_ascii_lowercase() } else { char.to_ascii_uppercase() }
                },
            )
            .collect();
        return [texts(&["\"\"", "Nonsense", "7"]), vec![other_case]].concat();
    }
    match form.type_name.as_deref() {
        Some("Duration" | "Milliseconds") => {
            return texts(&[
                "\"\"",
                "soon",
                "0s",
                "10",
                "-5s",
                "1.5h",
                "10 m",
                "300ms",
                "2147483648s",
                "99999d",
            ]);
        }
        Some("Quantity") => {
            return texts(&[
                "\"\"",
                "lots",
                "0",
                "-1",
                "1.5",
                "64MB",
                "64 Mi",
                "1e30",
                "2147483648",
                "9223372036854775808",
            ]);
        }
        Some("IntOrPercent") => {
            return texts(&["\"\"", "half", "0", "-1", "2.5", "101%", "25 %", "-5%", "70000", "2147483648"]);
        }
        _ => {}
    }
    match types(form).as_slice() {
        ["object"] | [] => texts(&["{}"]),
        ["array"] => texts(&["[]"]),
        ["integer"] => {
            texts(&["many", "\"3\"", "1.5", "-1", "0", "2147483648", "4294967296", "18446744073709551616"])
        }
        ["boolean"] => texts(&["perhaps", "yes", "\"true\"", "1"]),
        _ => [texts(&["\"\"", "\" \"", "\"a\\nb\""]), vec!["x".repeat(LONG)]].concat(),
    }
}

/// Keys that a map cannot have: nearly one of its own, nothing like it, none at all.
fn bad_keys(form: &Form) -> Vec<Mistake> {
    if form.schema["additionalProperties"].is_object() {
        return ["\"\"", "\"a b\""].map(|key| Mistake::Name(key.to_owned())).into();
    }
    let Some(properties) = form.schema["properties"].as_object() else { return Vec::new() };
    let near = properties.keys().filter(|name| name.len() > 2).find_map(|name| {
        let near = name.get(..name.len() - 1)?;
        (!properties.contains_key(near)).then(|| near.to_owned())
    });
    near.into_iter().chain(["nonsense".to_owned()]).map(Mistake::Key).collect()
}
