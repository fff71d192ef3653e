//! What somebody else made is theirs until a document says `adopt`.

use serde_json::{Value, json};

use crate::support::{SOON, Sandbox, eventually};

/// A Deployment `shop` that a person applied, with one pod that runs.
fn foreign_deployment(sandbox: &Sandbox) -> Value {
    sandbox.apply(
        "
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {team: theirs}}
spec:
  replicas: 1
  selector: {matchLabels: {run: shop}}
  template:
    metadata: {labels: {run: shop}}
    spec: {containers: [{name: main, image: 'registry.test/theirs:1', env: [{name: THEIRS, value: x}]}]}
",
    );
    sandbox.until_object("deployment/shop", "its controller is done", |live| {
        let done = live["status"]["conditions"].as_array().is_some_and(|conditions| {
            conditions.iter().any(|condition| condition["reason"] == "NewReplicaSetAvailable")
        });
        done && live["status"]["availableReplicas"] == 1
    })
}

#[test]
fn a_deployment_of_somebody_else_is_left_alone_and_named() {
    let sandbox = Sandbox::new();
    let before = foreign_deployment(&sandbox);
    sandbox.write_app("shop", "image: registry.test/shop:1, port: 8080");
    sandbox.write_app("web", "image: registry.test/web:1");
    let revision = sandbox.repo.publish("Add two apps, one of a name that is taken");

    let _daemon = sandbox.daemon();

    let record = sandbox.until_record("shop", "Held", |record| record["phase"] == "Held");
    sandbox.until_ready("web", &revision);
    assert_eq!(record["reason"], "NotOurs");
    let message = record["message"].as_str().unwrap();
    let named = format!("Deployment/{}/shop", sandbox.namespace);
    for expected in [named.as_str(), "kubectl-client-side-apply", "adopt: true"] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    assert_eq!(record["inventory"][&named]["uid"], json!(null), "nothing of it is ours");
    let after = sandbox.get("deployment/shop").unwrap();
    assert_eq!(after["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"]);
}

#[test]
fn a_document_that_failed_for_it_goes_on_when_the_name_is_free() {
    let sandbox = Sandbox::new();
    foreign_deployment(&sandbox);
    sandbox.write_app("shop", "image: registry.test/shop:1");
    let revision = sandbox.repo.publish("Add the shop");
    let _daemon = sandbox.daemon();
    sandbox.until_phase("shop", "Held");

    sandbox.kubectl(&["delete", "deployment/shop"]);

    sandbox.until_ready("shop", &revision);
}

#[test]
fn an_adopted_deployment_stays_the_same_object() {
    let sandbox = Sandbox::new();
    let before = foreign_deployment(&sandbox);
    let spec = "image: registry.test/shop:1, port: 8080, replicas: 1, adopt: true, selector: {run: shop}";
    sandbox.write_app("shop", spec);
    let revision = sandbox.repo.publish("Take the shop over");

    let _daemon = sandbox.daemon();

    sandbox.until_ready("shop", &revision);
    let json = sandbox.kubectl(&["get", "deployment/shop", "--output=json", "--show-managed-fields"]);
    let after: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(after["spec"]["selector"], before["spec"]["selector"]);
    let containers = &after["spec"]["template"]["spec"]["containers"];
    assert_eq!(containers[0]["image"], "registry.test/shop:1");
    assert_eq!(containers.as_array().unwrap().len(), 1, "{containers:#}");
    assert_eq!(after["metadata"]["labels"]["team"], json!(null), "what git does not say is gone");
    let managers = after["metadata"]["managedFields"].as_array().unwrap();
    assert!(managers.iter().all(|entry| entry["manager"] != "kubectl-client-side-apply"), "{managers:#?}");
    let service = sandbox.get("service/shop").unwrap();
    assert_eq!(service["spec"]["selector"], json!({"run": "shop"}));
    eventually(SOON, "only pods of the document are left", || {
        let image = "--output=jsonpath={.items[*].spec.containers[0].image}";
        let images = sandbox.kubectl(&["get", "pods", "--selector=run=shop", image]);
        if images == "registry.test/shop:1" { Ok(()) } else { Err(images) }
    });
}
