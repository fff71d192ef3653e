//! A new version comes when what it needs is there, and goes when it does not get well.

use std::fs;

use serde_json::Value;

use crate::support::{SOON, Sandbox, eventually};

/// One pod. An image of the path `unready` runs and never gets ready.
fn shop(image: &str, deadline: &str) -> String {
    format!("image: {image}, port: 8080, replicas: 1, rollout: {{deadline: {deadline}, drain: 0s}}")
}

fn image(live: &Value) -> &Value {
    &live["spec"]["template"]["spec"]["containers"][0]["image"]
}

#[test]
fn an_app_waits_for_what_it_depends_on() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", "image: registry.test/unready/shop:1, replicas: 1");
    sandbox.write_app("web", "image: registry.test/web:1, replicas: 1, dependsOn: [{app: shop}]");
    sandbox.repo.publish("Add a shop that is never ready, and web");
    let _daemon = sandbox.daemon();

    sandbox.until_phase("shop", "Progressing");
    let record = sandbox.until_phase("web", "Waiting");
    assert_eq!(record["reason"], "DependencyNotReady");
    let message = record["message"].as_str().unwrap();
    assert!(message.contains(&format!("PortfolioApp/{}/shop", sandbox.namespace)), "{message}");
    assert!(sandbox.get("deployment/web").is_none());

    sandbox.write_app("shop", "image: registry.test/shop:1, replicas: 1");
    let revision = sandbox.repo.publish("Mend the shop");
    sandbox.until_ready("shop", &revision);
    sandbox.until_phase("web", "Ready");
}

#[test]
fn a_dependency_does_not_hold_back_the_repair_of_drift() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", "image: registry.test/shop:1, replicas: 1");
    sandbox.write_app("web", "image: registry.test/web:1, replicas: 1, dependsOn: [{app: shop}]");
    sandbox.repo.publish("Add shop and web");
    let _daemon = sandbox.daemon();
    sandbox.until_phase("web", "Ready");
    sandbox.write_app("shop", "image: registry.test/unready/shop:2, replicas: 1");
    sandbox.write_app("web", "image: registry.test/web:2, replicas: 1, dependsOn: [{app: shop}]");
    sandbox.repo.publish("Bring a shop that does not get ready");
    sandbox.until_phase("web", "Waiting");

    sandbox.kubectl(&["scale", "deployment/web", "--replicas=3"]);

    let live = sandbox.until_object("deployment/web", "is scaled back", |live| live["spec"]["replicas"] == 1);
    assert_eq!(image(&live), "registry.test/web:1");
}

#[test]
fn a_version_that_does_not_get_ready_is_rolled_back() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop("registry.test/shop:1", "10m"));
    let good = sandbox.repo.publish("Add the shop");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &good);

    sandbox.write_app("shop", &shop("registry.test/unready/shop:2", "6s"));
    let bad = sandbox.repo.publish("Bring shop 2");
    sandbox.until_object("deployment/shop", "has the new image", |live| {
        image(live) == "registry.test/unready/shop:2"
    });

    let record = sandbox.until_phase("shop", "RolledBack");
    assert_eq!(record["reason"], "RolloutDeadlineExceeded");
    let message = record["message"].as_str().unwrap();
    assert!(message.contains(&bad[..10]) && message.contains(&good[..10]), "{message}");
    assert_eq!(record["good"]["revision"], good);
    let attempts = record["attempts"].as_array().unwrap();
    let failed = attempts.iter().find(|attempt| attempt["outcome"] == "Failed").unwrap();
    assert_eq!(failed["revision"], bad);
    sandbox.until_object("deployment/shop", "is the good one, and well", |live| {
        image(live) == "registry.test/shop:1"
            && live["status"]["updatedReplicas"] == 1
            && live["status"]["replicas"] == 1
            && live["status"]["availableReplicas"] == 1
    });
}

#[test]
fn a_rolled_back_app_is_held_against_drift_and_takes_the_next_push() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop("registry.test/shop:1", "10m"));
    let good = sandbox.repo.publish("Add the shop");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &good);
    sandbox.write_app("shop", &shop("registry.test/unready/shop:2", "6s"));
    sandbox.repo.publish("Bring shop 2");
    sandbox.until_phase("shop", "RolledBack");

    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=3"]);
    sandbox.until_object("deployment/shop", "is scaled back", |live| live["spec"]["replicas"] == 1);
    sandbox.repo.write("README.md", "Nothing of the shop.\n");
    let revision = sandbox.repo.publish("Explain");
    sandbox.until_summary("the new revision", |summary| summary["observedRevision"] == revision);
    assert_eq!(sandbox.record("shop")["phase"], "RolledBack", "what failed is not tried again");

    sandbox.write_app("shop", &shop("registry.test/shop:3", "60s"));
    let revision = sandbox.repo.publish("Bring shop 3");
    let record = sandbox.until_ready("shop", &revision);
    assert!(record["quarantined"].is_null(), "{}", record["quarantined"]);
}

#[test]
fn a_rolled_back_app_stays_so_through_a_restart_without_git() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop("registry.test/shop:1", "10m"));
    let good = sandbox.repo.publish("Add the shop");
    let mut daemon = sandbox.daemon();
    sandbox.until_ready("shop", &good);
    sandbox.write_app("shop", &shop("registry.test/unready/shop:2", "6s"));
    sandbox.repo.publish("Bring shop 2");
    sandbox.until_phase("shop", "RolledBack");
    assert!(daemon.stop().success());
    fs::rename(sandbox.repo.bare(), sandbox.repo.bare().with_extension("away")).unwrap();
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=3"]);
    let start = sandbox.audit_log().mark();

    daemon.restart();

    sandbox.until_object("deployment/shop", "is scaled back", |live| live["spec"]["replicas"] == 1);
    sandbox.until_summary("Unreachable", |summary| summary["state"] == "Unreachable");
    assert_eq!(image(&sandbox.get("deployment/shop").unwrap()), "registry.test/shop:1");
    assert_eq!(sandbox.record("shop")["phase"], "RolledBack");
    let writes = sandbox.audit_log().writes(&sandbox.source, start).into_iter();
    let of_app: Vec<_> = writes.filter(|request| request.namespace == sandbox.namespace).collect();
    assert!(of_app.iter().all(|request| request.resource == "deployments"), "{of_app:#?}");
}

#[test]
fn a_first_version_that_does_not_get_ready_has_failed() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop("registry.test/unready/shop:1", "4s"));
    let bad = sandbox.repo.publish("Add a shop that is never ready");
    let _daemon = sandbox.daemon();

    let record = sandbox.until_phase("shop", "Failed");

    assert_eq!(record["reason"], "RolloutDeadlineExceeded");
    assert_eq!(record["rollout"]["revision"], bad);
    assert!(sandbox.get("deployment/shop").is_some(), "it stays to be looked at");
}

#[test]
fn manual_rollback_leaves_the_failed_version_in_place() {
    let sandbox = Sandbox::new();
    let manual = |image: &str, deadline: &str| {
        shop(image, deadline).replace("drain: 0s", "drain: 0s, rollback: manual")
    };
    sandbox.write_app("shop", &manual("registry.test/shop:1", "10m"));
    let good = sandbox.repo.publish("Add the shop");
    let _daemon = sandbox.daemon();
    sandbox.until_phase("shop", "Ready");

    sandbox.write_app("shop", &manual("registry.test/unready/shop:2", "4s"));
    sandbox.repo.publish("Bring shop 2");

    let record = sandbox.until_phase("shop", "Failed");
    assert_eq!(record["good"]["revision"], good);
    assert_eq!(image(&sandbox.get("deployment/shop").unwrap()), "registry.test/unready/shop:2");
}

#[test]
fn a_new_push_supersedes_a_rollout_that_is_going_on() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop("registry.test/unready/shop:1", "10m"));
    sandbox.repo.publish("Add a shop that is never ready");
    let _daemon = sandbox.daemon();
    sandbox.until_phase("shop", "Progressing");

    sandbox.write_app("shop", &shop("registry.test/shop:2", "10m"));
    let revision = sandbox.repo.publish("Bring shop 2");

    sandbox.until_ready("shop", &revision);
    eventually(SOON, "only the new pod is left", || {
        let images = "--output=jsonpath={.items[*].spec.containers[0].image}";
        let images = sandbox.kubectl(&["get", "pods", images]);
        if images == "registry.test/shop:2" { Ok(()) } else { Err(images) }
    });
}

#[test]
fn a_service_that_is_to_become_headless_stays_and_says_what_to_do() {
    let sandbox = Sandbox::new();
    let plain = "image: registry.test/shop:1, port: 8080, replicas: 1";
    sandbox.write_app("shop", plain);
    let good = sandbox.repo.publish("Add the shop");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &good);
    let service = sandbox.get("service/shop").unwrap();

    sandbox.write_app("shop", &format!("{plain}, service: {{headless: true}}"));
    sandbox.repo.publish("Make the Service headless");

    let record = sandbox.until_phase("shop", "Failed");
    assert_eq!(record["reason"], "ImmutableField");
    let message = record["message"].as_str().unwrap();
    assert!(message.contains("cannot become headless") && message.contains("`objects`"), "{message}");
    let held = sandbox.get("service/shop").unwrap();
    assert_eq!(held["spec"]["clusterIP"], service["spec"]["clusterIP"]);
    sandbox.write_app("shop", plain);
    sandbox.repo.publish("Put it back");
    sandbox.until_phase("shop", "Ready");
}
