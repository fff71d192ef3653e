//! `drift.mode: report` and `drift.ignore` on a real API server: what people change stays where the document lets it, and
//! is taken back where it does not.

use serde_json::{Value, json};

use crate::support::{Daemon, SOON, Sandbox, eventually};

const SPEC: &str = "image: registry.test/shop:1, port: 8080, replicas: 2, env: {A: b}";

fn shop(drift: &str) -> (Sandbox, Daemon) {
    let sandbox = Sandbox::new();
    let revision = push(&sandbox, drift);
    let daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    (sandbox, daemon)
}

/// Pushes the shop with this further field.
fn push(sandbox: &Sandbox, more: &str) -> String {
    sandbox.write_app("shop", &format!("{SPEC}, {more}"));
    sandbox.repo.publish(more)
}

fn ignoring(path: &str) -> String {
    format!("drift: {{ignore: [{{target: Deployment, path: {path}}}]}}")
}

fn deployment(sandbox: &Sandbox) -> Value {
    sandbox.get("deployment/shop").unwrap()
}

fn env(live: &Value) -> &Value {
    &live["spec"]["template"]["spec"]["containers"][0]["env"]
}

/// Somebody labels the Service, which nothing ignores: once that is taken back, everything before was seen.
fn provoke(sandbox: &Sandbox) {
    sandbox.kubectl(&["label", "service/shop", "provoked=yes"]);
    sandbox.until_object("service/shop", "without the label", |live| {
        live["metadata"]["labels"].get("provoked").is_none()
    });
}

#[test]
fn an_ignored_number_of_pods_is_whoevers_took_it_through_edits_and_restarts() {
    let (sandbox, mut daemon) = shop(&ignoring("/spec/replicas"));
    assert_eq!(deployment(&sandbox)["spec"]["replicas"], 2);
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    provoke(&sandbox);
    assert_eq!(deployment(&sandbox)["spec"]["replicas"], 4);

    let revision = push(&sandbox, &format!("{}, args: [serve]", ignoring("/spec/replicas")));
    sandbox.until_ready("shop", &revision);
    let live = deployment(&sandbox);
    assert_eq!(
        (&live["spec"]["replicas"], &live["spec"]["template"]["spec"]["containers"][0]["args"]),
        (&json!(4), &json!(["serve"]))
    );
    daemon.restart();
    provoke(&sandbox);
    assert_eq!(deployment(&sandbox)["spec"]["replicas"], 4);
    assert_ne!(sandbox.record("shop")["lastDrift"]["field"], "spec.replicas");

    let start = sandbox.audit_log().mark();
    provoke(&sandbox);
    let writes = sandbox.audit_log().writes(&sandbox.source, start);
    assert!(writes.iter().all(|write| write.resource != "deployments"), "{writes:#?}");
}

#[test]
fn what_is_not_ignored_any_more_is_repaired() {
    let (sandbox, _daemon) = shop(&ignoring("/spec/replicas"));
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    let revision = push(&sandbox, "args: [serve]");
    sandbox.until_ready("shop", &revision);
    assert_eq!(deployment(&sandbox)["spec"]["replicas"], 2);
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    sandbox.until_object("deployment/shop", "two again", |live| live["spec"]["replicas"] == 2);
}

#[test]
fn an_ignored_variable_stays_and_the_one_beside_it_goes() {
    let (sandbox, _daemon) = shop(&ignoring("/spec/template/spec/containers/0/env/name=A"));
    sandbox.kubectl(&["set", "env", "deployment/shop", "A=theirs", "EXTRA=1"]);
    sandbox.until_object("deployment/shop", "without the other variable", |live| {
        *env(live) == json!([{"name": "A", "value": "theirs"}])
    });
    let more = format!("{}, args: [serve]", ignoring("/spec/template/spec/containers/0/env/name=A"));
    let revision = push(&sandbox, &more);
    sandbox.until_ready("shop", &revision);
    assert_eq!(*env(&deployment(&sandbox)), json!([{"name": "A", "value": "theirs"}]));
}

#[test]
fn an_ignored_annotation_stays_and_is_not_folded_into_ours() {
    let path = "/metadata/annotations/example.com~1note";
    let (sandbox, _daemon) = shop(&ignoring(path));
    sandbox.kubectl(&["annotate", "deployment/shop", "example.com/note=theirs", "other=1"]);
    let annotation = |name: &'static str| {
        move |live: &Value| live["metadata"]["annotations"].get(name).cloned().unwrap_or_default()
    };
    sandbox.until_object("deployment/shop", "without the other annotation", |live| {
        annotation("other")(live).is_null()
    });
    assert_eq!(annotation("example.com/note")(&deployment(&sandbox)), "theirs");
    let revision = push(&sandbox, &format!("{}, args: [serve]", ignoring(path)));
    sandbox.until_ready("shop", &revision);
    assert_eq!(annotation("example.com/note")(&deployment(&sandbox)), "theirs");
}

#[test]
fn drift_that_is_only_reported_is_told_and_stays_until_the_next_edit() {
    let (sandbox, _daemon) = shop("drift: {mode: report}");
    let start = sandbox.audit_log().mark();
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    sandbox.kubectl(&["delete", "networkpolicy/shop"]);
    let object = |kind: &str| format!("{kind}/{}/shop", sandbox.namespace);
    let told = [
        format!("{} is gone or lost its label", object("NetworkPolicy")),
        format!("{}: spec.replicas was changed by kubectl", object("Deployment")),
    ];
    let record = sandbox.until_record("shop", "tells both", |record| record["drifted"] == json!(told));
    let conditions = record["conditions"].as_array().unwrap();
    let drifted = conditions.iter().find(|one| one["type"] == "Drifted").unwrap();
    assert_eq!((&drifted["status"], &drifted["message"]), (&json!(true), &json!(told.join("; "))));
    eventually(SOON, "events tell it too", || {
        let events = sandbox.kubectl(&["get", "events"]);
        if events.matches("Drifted").count() >= 2 { Ok(()) } else { Err(events) }
    });
    let status = sandbox.portfolio(&["status", "shop"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("spec.replicas was changed by kubectl; left as it is"), "{status}");
    let writes = sandbox.audit_log().writes(&sandbox.source, start);
    assert!(writes.iter().all(|write| write.namespace != sandbox.namespace), "{writes:#?}");

    let revision = push(&sandbox, "drift: {mode: report}, args: [serve]");
    sandbox.until_ready("shop", &revision);
    assert_eq!(deployment(&sandbox)["spec"]["replicas"], 2);
    assert!(sandbox.get("networkpolicy/shop").is_some());
    assert!(sandbox.record("shop").get("drifted").is_none());
}

#[test]
fn drift_that_is_only_reported_is_taken_back_by_order() {
    let (sandbox, _daemon) = shop("drift: {mode: report}");
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    sandbox.until_record("shop", "tells it", |record| record["drifted"].is_array());
    let ordered = sandbox.portfolio(&["reconcile"]).output().unwrap();
    assert!(ordered.status.success(), "{}", String::from_utf8_lossy(&ordered.stderr));
    sandbox.until_object("deployment/shop", "two again", |live| live["spec"]["replicas"] == 2);
    sandbox.until_record("shop", "tells nothing more", |record| record.get("drifted").is_none());
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    sandbox.until_record("shop", "tells it again", |record| record["drifted"].is_array());
    assert_eq!(deployment(&sandbox)["spec"]["replicas"], 4);
}
