//! Reading `metadata.managedFields`: who wrote which fields of a live object.
//!
//! A set of fields is a `fieldsV1` tree: `f:<name>` for a field, `k:<json>` for a list item by its keys,
//! `v:<json>` for an item of a set, `i:<index>`, and `.` for the thing itself.
//! Source: <https://kubernetes.io/docs/reference/using-api/server-side-apply/>, structured-merge-diff's `fieldpath`.

use serde_json::{Map, Value};

use super::FIELD_MANAGER;

/// A `fieldsV1` tree.
pub(super) type Fields = Map<String, Value>;

/// One entry of `managedFields`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) manager: &'a str,
    pub(super) operation: &'a str,
    pub(super) subresource: &'a str,
    pub(super) time: &'a str,
    pub(super) fields: &'a Fields,
}

impl Entry<'_> {
    /// What our own applies have left behind.
    pub(super) fn is_our_apply(&self) -> bool {
        self.manager == FIELD_MANAGER && self.operation == "Apply" && self.subresource.is_empty()
    }
}

/// The entries of a live object; what is malformed is left out.
pub(super) fn entries(live: &Value) -> impl Iterator<Item = Entry<'_>> {
    let list = live.pointer("/metadata/managedFields").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(entry)
}

/// One element of `managedFields`.
pub(super) fn entry(value: &Value) -> Option<Entry<'_>> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
    Some(Entry {
        manager: text("manager"),
        operation: text("operation"),
        subresource: text("subresource"),
        time: text("time"),
        fields: value.get("fieldsV1")?.as_object()?,
    })
}

/// The fields that our manager applied; `None` when it never did or when the entry was wiped.
pub(super) fn ours(live: &Value) -> Option<&Fields> {
    entries(live).find(Entry::is_our_apply).map(|entry| entry.fields).filter(|fields| !fields.is_empty())
}

/// One step of a path in a `fieldsV1` tree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step<'a> {
    /// `.`: the thing itself.
    This,
    /// `f:`: a field of an object.
    Field(&'a str),
    /// `k:`: the list item that has these values.
    Key(Fields),
    /// `v:`: an item of a set.
    Item(Value),
    /// `i:`: a place in a list.
    Index(usize),
}

impl<'a> Step<'a> {
    /// Reads a key of a tree. A key of an unknown form is taken as a field, which no object has.
    pub(super) fn parse(key: &'a str) -> Self {
        match key.split_once(':') {
            Some(("f", name)) => Step::Field(name),
            Some(("k", json)) => serde_json::from_str(json).map_or(Step::Field(key), Step::Key),
            Some(("v", json)) => serde_json::from_str(json).map_or(Step::Field(key), Step::Item),
            Some(("i", index)) => index.parse().map_or(Step::Field(key), Step::Index),
            _ if key == "." => Step::This,
            _ => Step::Field(key),
        }
    }

    /// What the step leads to.
    pub(super) fn follow<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        match self {
            Step::This => Some(value),
            Step::Field(name) => value.get(*name),
            Step::Key(keys) => value.as_array()?.iter().find(|item| has_keys(item, keys)),
            Step::Item(wanted) => value.as_array()?.iter().find(|item| *item == wanted),
            Step::Index(index) => value.get(*index),
        }
    }
}

impl Step<'_> {
    /// What the step leads to, to be changed.
    pub(super) fn follow_mut<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        match self {
            Step::This => Some(value),
            Step::Field(name) => value.get_mut(*name),
            Step::Key(keys) => value.as_array_mut()?.iter_mut().find(|item| has_keys(item, keys)),
            Step::Item(wanted) => value.as_array_mut()?.iter_mut().find(|item| *item == wanted),
            Step::Index(index) => value.get_mut(*index),
        }
    }

    /// Removes what the step leads to.
    pub(super) fn remove_from(&self, value: &mut Value) {
        match (self, value) {
            (Step::Field(name), Value::Object(map)) => drop(map.remove(*name)),
            (Step::Key(keys), Value::Array(items)) => items.retain(|item| !has_keys(item, keys)),
            (Step::Item(wanted), Value::Array(items)) => items.retain(|item| item != wanted),
            (Step::Index(index), Value::Array(items)) if *index < items.len() => drop(items.remove(*index)),
            (Step::This | Step::Field(_) | Step::Key(_) | Step::Item(_) | Step::Index(_), _) => {}
        }
    }
}

/// Whether an item is the one that these keys name. A key that the item leaves out has its default
/// (`protocol: TCP`), which only the server's answer spells out.
pub(super) fn has_keys(item: &Value, keys: &Fields) -> bool {
    item.is_object() && keys.iter().all(|(key, value)| item.get(key).is_none_or(|found| found == value))
}

/// The subtree below a key, when it has one.
pub(super) fn below<'a>(fields: &'a Fields, key: &str) -> Option<&'a Fields> {
    fields.get(key).and_then(Value::as_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_form_of_key_leads_to_its_value() {
        let live = json!({"ports": [{"containerPort": 80, "protocol": "TCP"}], "set": ["a", "b"]});
        let find = |field: &str, key: &str| Step::parse(key).follow(&live[field]).cloned();
        assert_eq!(
            find("ports", r#"k:{"containerPort":80,"protocol":"TCP"}"#),
            Some(json!({"containerPort": 80, "protocol": "TCP"}))
        );
        assert_eq!(find("set", r#"v:"b""#), Some(json!("b")));
        assert_eq!(find("set", "i:1"), Some(json!("b")));
        assert_eq!(find("set", r#"v:"c""#), None);
        assert_eq!(Step::parse("f:app.kubernetes.io/name"), Step::Field("app.kubernetes.io/name"));
    }

    #[test]
    fn a_malformed_entry_is_left_out() {
        let live = json!({"metadata": {"managedFields": [{}, {"manager": "x", "fieldsV1": "no"}, 7]}});
        assert_eq!(entries(&live).count(), 0);
    }
}
