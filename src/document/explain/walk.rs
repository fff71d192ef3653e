//! From the root of a JSON Schema to the field at a path, through references, maps and lists.

use serde_json::{Map, Value};

/// A JSON Schema with the definitions that it refers to.
#[derive(Clone, Copy)]
pub(super) struct Schema<'s> {
    pub root: &'s Value,
}

/// A place in the schema.
#[derive(Clone)]
pub(super) struct Place<'s> {
    /// As it stands where it is used: a description there is of this use.
    pub node: &'s Value,
    pub required: bool,
    /// How it is called, step by step.
    pub path: Vec<String>,
}

impl<'s> Schema<'s> {
    /// What a node is, and the name of the type that says so, once references are followed.
    pub(super) fn resolve(self, node: &'s Value) -> (&'s Value, Option<&'s str>) {
        let (mut node, mut name) = (node, None);
        while let Some(reference) = node.get("$ref").and_then(Value::as_str) {
            let Some(target) = reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer))
            else {
                break;
            };
            (node, name) = (target, reference.rsplit('/').next());
        }
        (node, name)
    }

    /// The forms that a value may have, without null.
    pub(super) fn forms(self, node: &'s Value) -> Vec<(&'s Value, Option<&'s str>)> {
        let (resolved, name) = self.resolve(node);
        let choices = ["anyOf", "oneOf"].iter().find_map(|key| resolved.get(key)?.as_array());
        match choices {
            Some(choices) => choices
                .iter()
                .filter(|choice| !is_null(choice))
                .flat_map(|choice| self.forms(choice))
                .map(|(form, inner)| (form, inner.or(name)))
                .collect(),
            None => vec![(resolved, name)],
        }
    }

    /// The fields of a value, or of each value where it is a map or a list, with the type that has them.
    pub(super) fn properties(self, node: &'s Value) -> Option<Properties<'s>> {
        let forms = self.forms(node);
        let own = forms.iter().find_map(|(form, name)| {
            let fields = form.get("properties")?.as_object()?;
            Some(Properties { fields, owner: form, name: name.unwrap_or_default() })
        });
        own.or_else(|| {
            forms.iter().filter_map(|(form, _)| element(form)).find_map(|element| self.properties(element))
        })
    }

    /// One step down: a field, a key of a map, an item of a list. Maps and lists need not be mentioned.
    pub(super) fn step(self, place: &Place<'s>, segment: &str) -> Option<Place<'s>> {
        let forms = self.forms(place.node);
        let below = |node, required, step: &str| {
            let path = place.path.iter().cloned().chain([step.to_owned()]).collect();
            Place { node, required, path }
        };
        for (form, _) in &forms {
            if let Some(field) = form.get("properties").and_then(|fields| fields.get(segment)) {
                return Some(below(field, is_required(form, segment), segment));
            }
        }
        for (form, _) in &forms {
            if let Some(item) = form.get("items") {
                let mut path = place.path.clone();
                if let Some(last) = path.last_mut() {
                    last.push_str("[]");
                }
                let item = Place { node: item, required: false, path };
                let is_item = segment.is_empty() || segment.bytes().all(|byte| byte.is_ascii_digit());
                return if is_item { Some(item) } else { self.step(&item, segment) };
            }
            if let Some(value) = form.get("additionalProperties").filter(|value| value.is_object()) {
                let named = below(value, false, "<name>");
                let is_field = self.properties(value).is_some_and(|of| of.fields.contains_key(segment));
                return if is_field {
                    self.step(&named, segment)
                } else {
                    Some(below(value, false, segment))
                };
            }
        }
        None
    }
}

/// The fields of a type.
#[derive(Clone, Copy)]
pub(super) struct Properties<'s> {
    pub fields: &'s Map<String, Value>,
    pub owner: &'s Value,
    /// Name of the type; empty where it has none.
    pub name: &'s str,
}

impl Properties<'_> {
    pub(super) fn is_required(&self, field: &str) -> bool {
        is_required(self.owner, field)
    }
}

fn is_required(owner: &Value, field: &str) -> bool {
    let required = owner.get("required").and_then(Value::as_array);
    required.is_some_and(|required| required.iter().any(|name| name == field))
}

/// What a list has items of, or a map values.
pub(super) fn element(form: &Value) -> Option<&Value> {
    form.get("items").or_else(|| form.get("additionalProperties").filter(|value| value.is_object()))
}

pub(super) fn is_null(choice: &Value) -> bool {
    choice.get("type").is_some_and(|name| name == "null")
}
