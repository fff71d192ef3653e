//! The fields of a kind of document, as its JSON Schema has them.

use std::fmt;

use serde_json::Value;

use crate::document::{DocumentKind, schema};

/// A field, or the items of one, or what is under its names.
pub(super) struct Field {
    pub steps: Vec<Step>,
    /// What it may be: one form, but for what has a short one and a full one.
    pub forms: Vec<Form>,
}

/// One step on the way from the document to a field.
#[derive(Clone)]
pub(super) enum Step {
    Key(String),
    /// Whatever name people give it.
    AnyKey,
    Item,
}

/// A schema without references at its top, and the type it is of.
pub(super) struct Form {
    pub type_name: Option<String>,
    pub schema: Value,
}

/// `spec.ingress.hosts[].paths`; `*` stands for names that people give.
impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let dot = if at == 0 { "" } else { "." };
            match step {
                Step::Key(name) => write!(f, "{dot}{name}")?,
                Step::AnyKey => write!(f, "{dot}*")?,
                Step::Item => f.write_str("[]")?,
            }
        }
        Ok(())
    }
}

/// Every field of this kind of document, each before those below it. Overlays have the same fields once more, so of
/// them there is only what is their own.
pub(super) fn fields(kind: DocumentKind) -> Vec<Field> {
    let root = schema(kind);
    let mut fields = Vec::new();
    walk(&root, &root, &mut Vec::new(), &mut fields);
    fields
}

fn walk(root: &Value, schema: &Value, steps: &mut Vec<Step>, fields: &mut Vec<Field>) {
    let forms = forms(root, schema);
    let below: Vec<(Step, Value)> = forms.iter().flat_map(below).collect();
    if !steps.is_empty() {
        fields.push(Field { steps: steps.clone(), forms });
    }
    for (step, schema) in below {
        steps.push(step);
        walk(root, &schema, steps, fields);
        steps.pop();
    }
}

fn forms(root: &Value, schema: &Value) -> Vec<Form> {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        let mut forms = forms(root, &root["$defs"][name]);
        if let [form] = forms.as_mut_slice() {
            form.type_name = Some(name.to_owned());
        }
        return forms;
    }
    match schema["anyOf"].as_array() {
        Some(choices) => choices.iter().flat_map(|choice| self::forms(root, choice)).collect(),
        None => vec![Form { type_name: None, schema: schema.clone() }],
    }
}

fn below(form: &Form) -> Vec<(Step, Value)> {
    let is_overlay = form.type_name.as_ref().is_some_and(|name| name.ends_with("SpecOverlay"));
    let named = form.schema["properties"].as_object().into_iter().flatten();
    let mut below: Vec<(Step, Value)> = named
        .filter(|(name, _)| !is_overlay || *name == "enabled")
        .map(|(name, schema)| (Step::Key(name.clone()), schema.clone()))
        .collect();
    for (keyword, step) in [("additionalProperties", Step::AnyKey), ("items", Step::Item)] {
        if form.schema[keyword].is_object() {
            below.push((step, form.schema[keyword].clone()));
        }
    }
    below
}

impl Field {
    /// Where a document has this field, by keys and numbers; of one with a short form, where it is in full.
    pub(super) fn place_in(&self, document: &Value) -> Option<Vec<String>> {
        let in_full = self.forms.len() > 1;
        place(document, &self.steps, &|value| !in_full || value.is_object())
    }

    /// Whether nothing is below it.
    pub(super) fn is_leaf(&self) -> bool {
        self.forms.iter().all(|form| below(form).is_empty())
    }
}

fn place(value: &Value, steps: &[Step], is_good: &dyn Fn(&Value) -> bool) -> Option<Vec<String>> {
    let Some((step, rest)) = steps.split_first() else { return is_good(value).then(Vec::new) };
    let choices: Vec<(String, &Value)> = match (step, value) {
        (Step::Key(name), Value::Object(map)) => {
            map.get(name).map(|value| (name.clone(), value)).into_iter().collect()
        }
        (Step::AnyKey, Value::Object(map)) => map.iter().map(|(name, value)| (name.clone(), value)).collect(),
        (Step::Item, Value::Array(items)) => {
            items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
        }
        _ => return None,
    };
    choices.into_iter().find_map(|(part, value)| {
        let mut path = place(value, rest, is_good)?;
        path.insert(0, part);
        Some(path)
    })
}
