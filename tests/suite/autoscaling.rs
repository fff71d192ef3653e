//! Autoscaling on a real API server, with its real autoscaler: the number of pods passes from one hand into the other,
//! and no watch ever sees it fall back to 1. Nobody measures load here; the autoscaler keeps its bounds all the same.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::{Daemon, Sandbox, Watched, eventually};

const SPEC: &str = "image: registry.test/shop:1, port: 8080";

/// A live app `shop` with this field beside its image and port.
fn shop(field: &str) -> (Sandbox, Daemon) {
    let sandbox = Sandbox::new();
    push(&sandbox, field);
    let daemon = sandbox.daemon();
    let head = sandbox.repo.git(&["rev-parse", "HEAD"]);
    sandbox.until_ready("shop", head.trim());
    (sandbox, daemon)
}

/// Pushes the shop with this field; the revision.
fn push(sandbox: &Sandbox, field: &str) -> String {
    sandbox.write_app("shop", &format!("{SPEC}, {field}"));
    sandbox.repo.publish(field)
}

fn watch(sandbox: &Sandbox) -> Watched {
    Watched::start(sandbox, "deployment/shop", "{.spec.replicas}")
}

/// The managers that hold the replicas of the shop, and how many they are.
fn holders(sandbox: &Sandbox) -> (BTreeSet<String>, u64) {
    let json = sandbox.kubectl(&["get", "deployment/shop", "--output=json", "--show-managed-fields"]);
    let live: Value = serde_json::from_str(&json).unwrap();
    let entries = live["metadata"]["managedFields"].as_array().unwrap();
    let holds = |entry: &&Value| entry.pointer("/fieldsV1/f:spec/f:replicas").is_some();
    let managers = entries.iter().filter(holds).map(|entry| entry["manager"].as_str().unwrap().to_owned());
    (managers.collect(), live["spec"]["replicas"].as_u64().unwrap())
}

#[track_caller]
fn until_held(sandbox: &Sandbox, manager: &str, replicas: u64) {
    let wanted = (BTreeSet::from([manager.to_owned()]), replicas);
    eventually(crate::support::SOON, &format!("{wanted:?}"), || {
        let held = holders(sandbox);
        if held == wanted { Ok(()) } else { Err(held) }
    });
}

#[test]
fn a_switch_to_autoscaling_keeps_every_pod_and_the_autoscaler_takes_over() {
    let (sandbox, _daemon) = shop("replicas: 5");
    let watched = watch(&sandbox);
    let revision = push(&sandbox, "autoscaling: {min: 2, max: 10}");
    sandbox.until_ready("shop", &revision);
    // Nothing is to be scaled, so nobody has taken it yet.
    until_held(&sandbox, "portfolio-reconciler-scale", 5);
    assert!(sandbox.get("horizontalpodautoscaler/shop").is_some());

    let revision = push(&sandbox, "autoscaling: {min: 6, max: 10}");
    until_held(&sandbox, "kube-controller-manager", 6);
    sandbox.until_ready("shop", &revision);
    let seen: BTreeSet<_> = watched.seen().into_iter().collect();
    assert_eq!(seen, BTreeSet::from(["5".to_owned(), "6".to_owned()]));
}

#[test]
fn what_the_autoscaler_does_is_no_drift_and_outlives_the_next_version() {
    let (sandbox, _daemon) = shop("autoscaling: {min: 3, max: 10}");
    until_held(&sandbox, "portfolio-reconciler-scale", 3);
    let watched = watch(&sandbox);
    let start = sandbox.audit_log().mark();
    // As the autoscaler does when it can measure.
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=7"]);
    sandbox.until_object("deployment/shop", "seven pods", |live| live["status"]["availableReplicas"] == 7);
    sandbox.until_phase("shop", "Ready");
    let writes = sandbox.audit_log().writes(&sandbox.source, start);
    assert!(writes.iter().all(|write| write.resource != "deployments"), "{writes:#?}");

    let revision = push(&sandbox, "autoscaling: {min: 3, max: 10}, env: {A: b}");
    sandbox.until_ready("shop", &revision);
    assert_eq!(holders(&sandbox), (BTreeSet::from(["kubectl".to_owned()]), 7));
    let record = sandbox.record("shop");
    assert_eq!(record["lastDrift"], Value::Null);
    let seen: BTreeSet<_> = watched.seen().into_iter().collect();
    assert_eq!(seen, BTreeSet::from(["3".to_owned(), "7".to_owned()]));
}

#[test]
fn switching_it_off_removes_the_autoscaler_and_then_writes_the_number() {
    let (sandbox, _daemon) = shop("autoscaling: {min: 4, max: 10}");
    let (watched, start) = (watch(&sandbox), sandbox.audit_log().mark());
    let revision = push(&sandbox, "replicas: 3");
    sandbox.until_ready("shop", &revision);
    assert!(sandbox.get("horizontalpodautoscaler/shop").is_none());
    until_held(&sandbox, "portfolio-reconciler", 3);
    let writes = sandbox.audit_log().writes(&sandbox.source, start);
    let deleted = writes.iter().position(|one| one.verb == "delete").unwrap();
    assert_eq!(writes[deleted].resource, "horizontalpodautoscalers");
    let patched =
        writes.iter().rposition(|one| one.verb == "patch" && one.resource == "deployments").unwrap();
    assert!(deleted < patched, "{writes:#?}");
    let seen: BTreeSet<_> = watched.seen().into_iter().collect();
    assert_eq!(seen, BTreeSet::from(["3".to_owned(), "4".to_owned()]));
}

#[test]
fn a_rollback_brings_the_autoscaler_back_with_as_many_pods() {
    let (sandbox, _daemon) = shop("autoscaling: {min: 4, max: 10}");
    let watched = watch(&sandbox);
    let bad = "image: registry.test/unready/shop:2, port: 8080, replicas: 5, rollout: {deadline: 5s}";
    sandbox.write_app("shop", bad);
    sandbox.repo.publish("A bad one, without an autoscaler");
    sandbox.until_phase("shop", "RolledBack");
    sandbox.until_object("horizontalpodautoscaler/shop", "is back", Value::is_object);
    sandbox.until_record("shop", "is written", |record| record["mixed"] != json!(true));
    let held = holders(&sandbox);
    assert!(!held.0.contains("portfolio-reconciler"), "{held:?}");
    let seen: BTreeSet<_> = watched.seen().into_iter().collect();
    assert_eq!(seen, BTreeSet::from(["4".to_owned(), "5".to_owned()]));
}

#[test]
fn an_adopted_deployment_keeps_its_pods() {
    let sandbox = Sandbox::new();
    let labels = "{app: shop}";
    sandbox.apply(&format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: shop}}, spec: {{replicas: 6, selector: {{matchLabels: {labels}}}, \
         template: {{metadata: {{labels: {labels}}}, spec: {{containers: [{{name: app, image: 'registry.test/shop:0'}}]}}}}}}}}"
    ));
    let watched = watch(&sandbox);
    let revision = push(&sandbox, "adopt: true, selector: {app: shop}, autoscaling: {min: 2, max: 10}");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    assert_eq!(holders(&sandbox).1, 6);
    let seen: BTreeSet<_> = watched.seen().into_iter().collect();
    assert_eq!(seen, BTreeSet::from(["6".to_owned()]));
}

#[test]
fn what_makes_pods_goes_before_the_app_is_drained() {
    let (sandbox, _daemon) =
        shop("autoscaling: {min: 2, max: 5}, jobs: {tidy: {schedule: '0 3 * * *', command: [tidy]}}");
    sandbox.write_app("keep", "image: registry.test/keep:1");
    let revision = sandbox.repo.publish("Another app");
    sandbox.until_ready("keep", &revision);
    let start = sandbox.audit_log().mark();
    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");
    sandbox.until_record("shop", "is gone", Value::is_null);
    let writes = sandbox.audit_log().writes(&sandbox.source, start);
    let place = |verb: &str, resource: &str| {
        let found = writes.iter().position(|one| one.verb == verb && one.resource == resource);
        found.unwrap_or_else(|| panic!("{verb} {resource} in {writes:#?}"))
    };
    for maker in ["cronjobs", "horizontalpodautoscalers"] {
        assert!(place("delete", maker) < place("patch", "deployments"));
    }
}
