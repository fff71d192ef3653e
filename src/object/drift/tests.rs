//! What is told of each sort of difference.

use serde_json::json;

use super::*;
use crate::object::FIELD_MANAGER;

fn desired() -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"team": "web"}},
        "spec": {"replicas": 2, "template": {"spec": {"containers": [
            {"name": "app", "image": "a:1", "env": [{"name": "A", "value": "1"}]}]}}}})
}

fn owned() -> Value {
    json!({"f:metadata": {"f:labels": {"f:team": {}}},
        "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}":
            {".": {}, "f:name": {}, "f:image": {}, "f:env":
                {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}, "f:value": {}}}}}}}}})
}

fn live() -> Value {
    let mut live = desired();
    live["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = json!("Always");
    live["metadata"]["managedFields"] =
        json!([{"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": owned()}]);
    live
}

fn add(live: &mut Value, manager: &str, time: &str, fields: Value) {
    let list = live.pointer_mut("/metadata/managedFields").unwrap().as_array_mut().unwrap();
    list.push(json!({"manager": manager, "operation": "Update", "time": time, "fieldsV1": fields}));
}

fn told(live: &Value) -> Vec<String> {
    explain(live, &desired(), &Managers::default()).iter().map(ToString::to_string).collect()
}

#[test]
fn an_untouched_object_has_no_drift() {
    assert_eq!(told(&live()), [""; 0]);
}

#[test]
fn a_changed_field_names_its_newest_owner() {
    let mut live = live();
    live["spec"]["replicas"] = json!(5);
    live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"].as_object_mut().unwrap().remove("f:replicas");
    add(&mut live, "old", "2026-01-01T00:00:00Z", json!({"f:spec": {"f:replicas": {}}}));
    add(&mut live, "kubectl", "2026-01-02T00:00:00Z", json!({"f:spec": {"f:replicas": {}}}));
    assert_eq!(told(&live), ["spec.replicas was changed by kubectl"]);
}

#[test]
fn a_removed_field_has_no_owner() {
    let mut live = live();
    live["metadata"]["labels"] = json!({});
    live["metadata"]["managedFields"][0]["fieldsV1"].as_object_mut().unwrap().remove("f:metadata");
    live["spec"]["template"]["spec"]["containers"][0]["env"] = json!([]);
    assert_eq!(
        told(&live),
        [
            "metadata.labels[team] was removed",
            "spec.template.spec.containers[name=app].env[name=A] was removed"
        ]
    );
}

#[test]
fn an_addition_by_a_person_is_told_once_and_one_by_an_injector_is_not() {
    let env = |name: &str| {
        let key = format!("k:{{\"name\":\"{name}\"}}");
        json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}":
            {"f:env": {key: {".": {}, "f:name": {}, "f:value": {}}}}}}}}})
    };
    let mut live = live();
    add(&mut live, "kubectl-set", "", env("B"));
    add(&mut live, "injector", "", env("C"));
    add(
        &mut live,
        "kubectl-rollout",
        "",
        json!({"f:spec": {"f:template": {"f:metadata":
        {"f:annotations": {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}}}}}),
    );
    assert_eq!(told(&live), ["spec.template.spec.containers[name=app].env[name=B] was added by kubectl-set"]);
}

#[test]
fn the_list_of_differences_is_bounded() {
    let mut live = live();
    let many: serde_json::Map<_, _> = (0..99).map(|n| (format!("f:l{n}"), json!({}))).collect();
    add(&mut live, "kubectl-label", "", json!({"f:metadata": {"f:labels": many}}));
    assert_eq!(told(&live).len(), MAX_DRIFTS);
}
