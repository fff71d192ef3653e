//! Patches: the way out for what no field says. They change rendered objects, never which object it is or whose.
//!
//! Sources: RFC 7396 (merge), RFC 6902 (operations).

use json_patch::{PatchErrorKind, PatchOperation};
use serde_json::{Value, json};

use crate::document::{Patch, Reserved, reserved_change};
use crate::object::{Kind, Manifest, Object};

/// A `copy` into itself doubles what is there: more than any object holds, and deeper, is not made.
const MOST_VALUES: usize = 100_000;
const DEEPEST: usize = 100;

/// Why a patch was not applied to an object, or to any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// Number of the patch, from 0.
    pub(super) patch: usize,
    /// Number of the operation that failed, from 0.
    pub(super) operation: Option<usize>,
    pub(super) problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// There is no such object; what there is.
    NoTarget(Vec<String>),
    /// The object is not as the patch wants it.
    Refused { object: String, message: String },
    /// It would be another object, or not ours, or have what only the cluster sets: which field changed.
    Reserved { object: String, field: String, why: Reserved },
    /// Its selector would not be met by its own pods: which label they lack.
    Unselected { object: String, label: String },
}

/// Applies the patches in their order. What fails leaves its object as it was.
pub(super) fn apply(objects: &mut [Object], patches: &[Patch]) -> Vec<Failure> {
    let mut failures = Vec::new();
    let mut changed = vec![false; objects.len()];
    for (number, patch) in patches.iter().enumerate() {
        let mut found = false;
        for (object, changed) in objects.iter_mut().zip(&mut changed) {
            if !object.reference.is_meant_by(&patch.target) {
                continue;
            }
            found = true;
            match patched(object, patch) {
                Ok(content) => {
                    let content = Manifest::from(content);
                    *changed |= content != object.content;
                    object.content = content;
                }
                Err((operation, problem)) => failures.push(Failure { patch: number, operation, problem }),
            }
        }
        if !found {
            let there = objects.iter().map(name).collect();
            failures.push(Failure { patch: number, operation: None, problem: Problem::NoTarget(there) });
        }
    }
    for (object, _) in objects.iter_mut().zip(changed).filter(|(_, changed)| *changed) {
        *object = Object::new(object.reference.clone(), object.content.clone());
    }
    failures
}

pub(super) fn name(object: &Object) -> String {
    format!("{}/{}", object.reference.kind.name(), object.reference.name)
}

type Wrong = (Option<usize>, Problem);

fn patched(object: &Object, patch: &Patch) -> Result<Value, Wrong> {
    let refused = |message: String| Problem::Refused { object: name(object), message };
    let mut content = Value::clone(&object.content);
    if let Some(merge) = &patch.merge {
        json_patch::merge(&mut content, &merge.0);
    }
    for (number, operation) in patch.json.iter().enumerate() {
        // The same words in the same places: RFC 6902 is what the document is written in.
        let operation: Result<PatchOperation, _> = serde_json::from_value(json!(operation));
        let operation = operation.map_err(|error| (Some(number), refused(error.to_string())))?;
        json_patch::patch(&mut content, &[operation]).map_err(|error| {
            let message = match error.kind {
                PatchErrorKind::TestFailed => format!("`{}` has another value", error.path),
                kind => format!("{kind} at `{}`", error.path),
            };
            (Some(number), refused(message))
        })?;
        if is_out_of_bounds(&content) {
            return Err((Some(number), refused("it would be larger than any object can be".to_owned())));
        }
    }
    if let Some((why, field)) = reserved_change(&object.content, &content) {
        return Err((None, Problem::Reserved { object: name(object), field, why }));
    }
    if object.reference.kind == Kind::Deployment
        && content.pointer(SELECTOR) != object.content.pointer(SELECTOR)
    {
        let (field, why) = ("spec.selector".to_owned(), Reserved::Identity);
        return Err((None, Problem::Reserved { object: name(object), field, why }));
    }
    match unselected(&content) {
        Some(label) if unselected(&object.content).is_none() => {
            Err((None, Problem::Unselected { object: name(object), label }))
        }
        Some(_) | None => Ok(content),
    }
}

/// Kubernetes keeps it for life, and the app's other objects select by it.
const SELECTOR: &str = "/spec/selector";

/// The first label that the selector of a workload wants, and its own pods do not have: the API server would not take it.
fn unselected(content: &Value) -> Option<String> {
    let wanted = content.pointer("/spec/selector/matchLabels").and_then(Value::as_object)?;
    let pods = content.pointer("/spec/template")?;
    let has = |key: &str| pods.get("metadata")?.get("labels")?.get(key);
    wanted.iter().find(|(key, value)| has(key) != Some(value)).map(|(key, _)| key.clone())
}

fn is_out_of_bounds(value: &Value) -> bool {
    fn within(value: &Value, depth: usize, left: &mut usize) -> bool {
        if depth > DEEPEST || *left == 0 {
            return false;
        }
        *left -= 1;
        match value {
            Value::Array(items) => items.iter().all(|item| within(item, depth + 1, left)),
            Value::Object(fields) => fields.values().all(|field| within(field, depth + 1, left)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }
    !within(value, 0, &mut MOST_VALUES.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object::ObjectRef;

    fn deployment() -> Object {
        let content = json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"portfolio.dev/source": "main"}},
            "spec": {"replicas": 2, "selector": {"matchLabels": {"run": "web"}},
                "template": {"metadata": {"labels": {"run": "web", "team": "web"}}, "spec": {"containers": [{"name": "app"}]}}},
        });
        Object::new(ObjectRef::new(Kind::Deployment, "shop", "web"), content)
    }

    fn patches(value: Value) -> Vec<Patch> {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn fields_are_merged_and_operations_follow_each_other() {
        let mut objects = [deployment()];
        let failures = apply(
            &mut objects,
            &patches(json!([
                {"target": "Deployment", "merge": {"spec": {"paused": true, "replicas": null}}},
                {"target": "Deployment/web", "json": [
                    {"op": "add", "path": "/spec/template/spec/containers/-", "value": {"name": "x"}},
                    {"op": "replace", "path": "/spec/template/spec/containers/1/name", "value": "y"}]},
            ])),
        );
        assert_eq!(failures, []);
        let [object] = objects;
        assert_eq!(object.content["spec"]["paused"], true);
        assert_eq!(object.content["spec"].get("replicas"), None);
        assert_eq!(object.content["spec"]["template"]["spec"]["containers"][1]["name"], "y");
        assert_eq!(object.hash, Object::new(object.reference.clone(), object.content.clone()).hash);
    }

    #[test]
    fn what_fails_leaves_the_object_as_it_was() {
        let before = deployment();
        for (patch, operation, expected) in [
            (json!({"target": "Service", "merge": {}}), None, "NoTarget([\"Deployment/web\"])"),
            (json!({"target": "Deployment/other", "merge": {}}), None, "NoTarget"),
            (
                json!({"target": "Deployment", "json": [{"op": "test", "path": "/kind", "value": "Deployment"},
                    {"op": "remove", "path": "/spec/nothing"}]}),
                Some(1),
                "Refused",
            ),
            (json!({"target": "Deployment", "merge": {"metadata": {"name": "b"}}}), None, "metadata.name"),
            (
                json!({"target": "Deployment", "merge": {"metadata": {"labels": {"portfolio.dev/source": null}}}}),
                None,
                "portfolio.dev/source",
            ),
            (
                json!({"target": "Deployment", "merge": {"spec": {"selector": {"a": "b"}}}}),
                None,
                "spec.selector",
            ),
            (
                json!({"target": "Deployment", "json": [{"op": "replace", "path": "", "value": 1}]}),
                None,
                "apiVersion",
            ),
        ] {
            let mut objects = [before.clone()];
            let failures = apply(&mut objects, &patches(json!([patch])));
            let [failure] = failures.as_slice() else { panic!("{patch}: {failures:?}") };
            assert_eq!(failure.operation, operation, "{patch}");
            assert!(format!("{:?}", failure.problem).contains(expected), "{patch}: {failure:?}");
            assert!(objects.iter().eq([&before]), "{patch}");
        }
    }

    #[test]
    fn what_the_cluster_sets_and_what_its_pods_are_selected_by_is_not_patched() {
        let set = |field: &str, value: Value| json!({"metadata": {field: value}});
        let labels = |labels: Value| json!({"spec": {"template": {"metadata": {"labels": labels}}}});
        for (merge, expected) in [
            (set("uid", json!("1")), "metadata.uid"),
            (set("resourceVersion", json!("1")), "metadata.resourceVersion"),
            (set("finalizers", json!(["a/b"])), "metadata.finalizers"),
            (set("annotations", json!({"portfolio.dev/a": "b"})), "portfolio.dev/a"),
            (json!({"status": {"replicas": 1}}), "status"),
            (labels(json!({"run": null})), "Unselected"),
            (labels(json!({"run": "other"})), "Unselected"),
            (json!({"spec": {"template": {"metadata": null}}}), "Unselected"),
        ] {
            let mut objects = [deployment()];
            let failures = apply(&mut objects, &patches(json!([{"target": "Deployment", "merge": merge}])));
            let [failure] = failures.as_slice() else { panic!("{merge}: {failures:?}") };
            assert!(format!("{:?}", failure.problem).contains(expected), "{merge}: {failure:?}");
            assert!(objects.iter().eq([&deployment()]), "{merge}");
        }
        for merge in
            [labels(json!({"team": null})), labels(json!({"tier": "a"})), set("labels", json!({"team": "a"}))]
        {
            let failures =
                apply(&mut [deployment()], &patches(json!([{"target": "Deployment", "merge": merge}])));
            assert_eq!(failures, [], "{merge}");
        }
    }

    #[test]
    fn a_copy_that_doubles_itself_is_stopped() {
        let copies: Vec<_> = (0..64)
            .map(|at| json!({"op": "copy", "from": "/spec", "path": format!("/spec/c{at}")}))
            .collect();
        let mut objects = [deployment()];
        let failures = apply(&mut objects, &patches(json!([{"target": "Deployment", "json": copies}])));
        assert!(failures.iter().any(|failure| failure.operation.is_some_and(|at| at < 20)), "{failures:?}");
    }
}
