//! [`fields`]: which fields of an object differ, by path, as people name them.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde_json::Value;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, serde::Serialize, JsonSchema)]
pub(super) struct FieldChange {
    /// `spec.template.spec.containers[app].image`
    pub(super) path: String,
    /// Its value before; null where it was not there.
    pub(super) before: Option<Value>,
    /// Its value after; null where it is not there any more.
    pub(super) after: Option<Value>,
}

/// The fields that differ, in order of their paths.
pub(super) fn fields(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut found = Vec::new();
    compare("", Some(before), Some(after), &mut found);
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<FieldChange>) {
    match (before, after) {
        (one, other) if one == other => {}
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let quoted = key.contains(['.', '/', '[']);
                let below = match (quoted, path.is_empty()) {
                    (true, _) => format!("{path}[{key}]"),
                    (false, true) => key.clone(),
                    (false, false) => format!("{path}.{key}"),
                };
                compare(&below, one.get(key), other.get(key), found);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => arrays(path, one, other, found),
        (before, after) => {
            found.push(FieldChange { path: path.to_owned(), before: before.cloned(), after: after.cloned() });
        }
    }
}

/// Items are matched by name where all have one of their own, else by place.
fn arrays(path: &str, one: &[Value], other: &[Value], found: &mut Vec<FieldChange>) {
    let names = |items: &[Value]| -> Option<Vec<String>> {
        let names: Vec<String> = items.iter().map(name).collect::<Option<_>>()?;
        let unique: BTreeSet<&String> = names.iter().collect();
        (unique.len() == names.len()).then(|| names.clone())
    };
    if let (Some(before), Some(after)) = (names(one), names(other)) {
        let all: BTreeSet<&String> = before.iter().chain(&after).collect();
        for key in all {
            let item = |names: &[String], items: &'_ [Value]| {
                names.iter().position(|name| name == key).and_then(|at| items.get(at)).cloned()
            };
            let (one, other) = (item(&before, one), item(&after, other));
            compare(&format!("{path}[{key}]"), one.as_ref(), other.as_ref(), found);
        }
        return;
    }
    for at in 0..one.len().max(other.len()) {
        compare(&format!("{path}[{at}]"), one.get(at), other.get(at), found);
    }
}

fn name(item: &Value) -> Option<String> {
    item.get("name").and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(before: &Value, after: &Value) -> Vec<String> {
        fields(before, after).into_iter().map(|field| field.path).collect()
    }

    #[test]
    fn items_with_names_are_matched_by_name() {
        let before =
            json!({"spec": {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "1"}]}});
        let after =
            json!({"spec": {"containers": [{"name": "b", "image": "1"}, {"name": "a", "image": "2"}]}});
        assert_eq!(paths(&before, &after), ["spec.containers[a].image"]);
    }

    #[test]
    fn what_comes_and_goes_is_named_once() {
        let before = json!({"metadata": {"labels": {"app.kubernetes.io/version": "1"}}, "args": ["a"]});
        let after = json!({"metadata": {"labels": {}}, "args": ["a", "b"], "spec": {"replicas": 1}});
        assert_eq!(paths(&before, &after), ["args[1]", "metadata.labels[app.kubernetes.io/version]", "spec"]);
        assert_eq!(fields(&before, &before), []);
    }
}
