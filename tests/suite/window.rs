//! `window`, by the clock of this machine: outside of it nothing new is written, and what runs is kept.

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use crate::support::Sandbox;

/// Lines of a window that opened an hour ago, or opens in three, for two hours.
fn window(is_open: bool) -> String {
    let hours = if is_open { -1 } else { 3 };
    let at = (Timestamp::now() + hours.hours()).to_zoned(TimeZone::UTC);
    format!("window: {{allow: [\"{} {} * * * for 2h\"]}}", at.minute(), at.hour())
}

fn push(sandbox: &Sandbox, image: &str, window: &str) -> String {
    sandbox.write_app("shop", &format!("image: registry.test/{image}, port: 8080, {window}"));
    sandbox.repo.publish(image)
}

fn image(sandbox: &Sandbox) -> Value {
    sandbox.get("deployment/shop").unwrap()["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

#[test]
fn a_push_outside_the_window_waits_is_said_at_once_and_drift_is_repaired_meanwhile() {
    let sandbox = Sandbox::new();
    let revision = push(&sandbox, "shop:1", &window(true));
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);

    let revision = push(&sandbox, "shop:2", &window(false));
    let record = sandbox.until_phase("shop", "Waiting");
    assert_eq!(record["reason"], "WindowClosed");
    assert!(record["message"].as_str().unwrap().contains("its window, which opens on "), "{record:#}");
    // CI that asks whether its commit is live does not wait for hours.
    let wait = ["status", "--wait", "--revision", &revision, "--timeout", "5m"];
    let answer = sandbox.portfolio(&wait).output().unwrap();
    let said = String::from_utf8(answer.stderr).unwrap();
    assert_eq!(answer.status.code(), Some(1), "{said}");
    assert!(said.contains("which opens on"), "{said}");

    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=5"]);
    sandbox.until_object("deployment/shop", "two again", |live| live["spec"]["replicas"] == 2);
    assert_eq!(image(&sandbox), "registry.test/shop:1");
    // An order opens no window.
    let ordered = sandbox.portfolio(&["reconcile"]).output().unwrap();
    assert_eq!(ordered.status.code(), Some(1), "{}", String::from_utf8_lossy(&ordered.stderr));
    assert_eq!(image(&sandbox), "registry.test/shop:1");

    let revision = push(&sandbox, "shop:2", &window(true));
    sandbox.until_ready("shop", &revision);
    assert_eq!(image(&sandbox), "registry.test/shop:2");
}

#[test]
fn a_new_app_waits_for_its_window_and_a_removed_one_does_not() {
    let sandbox = Sandbox::new();
    sandbox.write_app("keep", "image: registry.test/keep:1");
    push(&sandbox, "shop:1", &window(false));
    let _daemon = sandbox.daemon();
    sandbox.until_phase("shop", "Waiting");
    sandbox.until_phase("keep", "Ready");
    assert!(sandbox.get("deployment/shop").is_none());

    let revision = push(&sandbox, "shop:1", &window(true));
    sandbox.until_ready("shop", &revision);
    push(&sandbox, "shop:2", &window(false));
    sandbox.until_phase("shop", "Waiting");
    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");
    sandbox.until_record("shop", "is gone", Value::is_null);
    sandbox.until_summary("one is left", |summary| summary["counts"] == json!({"Ready": 1}));
}
