//! One broken document holds back nobody but itself.

use crate::support::{Daemon, Sandbox};

/// `cart` and `shop`, live.
fn two_apps() -> (Sandbox, Daemon) {
    let sandbox = Sandbox::new();
    sandbox.write_app("cart", "image: registry.test/cart:1, replicas: 1");
    sandbox.write_app("shop", "image: registry.test/shop:1, replicas: 1");
    let revision = sandbox.repo.publish("Add cart and shop");
    let daemon = sandbox.daemon();
    sandbox.until_ready("cart", &revision);
    sandbox.until_ready("shop", &revision);
    (sandbox, daemon)
}

fn image(sandbox: &Sandbox, app: &str) -> String {
    let image = "--output=jsonpath={.spec.template.spec.containers[0].image}";
    sandbox.kubectl(&["get", &format!("deployment/{app}"), image])
}

#[test]
fn the_good_documents_of_a_push_go_live_and_the_broken_one_stays_as_it_is() {
    let (sandbox, _daemon) = two_apps();
    sandbox.write_app("cart", "image: registry.test/cart:2, replicas: 1");
    sandbox.write_app("shop", "image: registry.test/shop:2, replcas: 1");
    sandbox.write_app("web", "image: registry.test/web:1, replicas: 1");
    let revision = sandbox.repo.publish("Change all, one with a typo");

    sandbox.until_ready("cart", &revision);
    sandbox.until_ready("web", &revision);
    let held = sandbox.until_phase("shop", "Held");

    assert_eq!(held["reason"], "DocumentInvalid");
    let message = held["message"].as_str().unwrap();
    assert!(message.contains("apps/shop.yaml:4:"), "{message}");
    assert!(message.contains("replcas"), "{message}");
    assert_eq!(image(&sandbox, "cart"), "registry.test/cart:2");
    assert_eq!(image(&sandbox, "shop"), "registry.test/shop:1");
    let summary = sandbox.until_summary("one is Held", |summary| summary["counts"]["Held"] == 1);
    assert_eq!(summary["state"], "Incomplete");
    assert!(summary["findings"][0]["place"].as_str().unwrap().starts_with("apps/shop.yaml:4:"));
}

#[test]
fn a_broken_documents_last_good_state_is_held_against_drift() {
    let (sandbox, _daemon) = two_apps();
    sandbox
        .repo
        .write("apps/shop.yaml", "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\n  metadata:");
    sandbox.repo.publish("Break the shop");
    sandbox.until_phase("shop", "Held");

    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=3"]);

    sandbox.until_object("deployment/shop", "one replica", |live| live["spec"]["replicas"] == 1);
    let told = |record: &serde_json::Value| record["lastDrift"]["field"] == "spec.replicas";
    let record = sandbox.until_record("shop", "tells the drift", told);
    assert_eq!(record["phase"], "Held");
}

#[test]
fn a_mended_document_goes_on() {
    let (sandbox, _daemon) = two_apps();
    sandbox.write_app("shop", "image: [], replicas: 1");
    sandbox.repo.publish("Break the shop");
    sandbox.until_phase("shop", "Held");

    sandbox.write_app("shop", "image: registry.test/shop:2, replicas: 1");
    let revision = sandbox.repo.publish("Mend the shop");

    sandbox.until_ready("shop", &revision);
    assert_eq!(image(&sandbox, "shop"), "registry.test/shop:2");
    sandbox.until_summary("all in order", |summary| {
        summary["state"] == "Ready" && summary["counts"]["Ready"] == 2 && summary["findings"].is_null()
    });
}

#[test]
fn a_document_for_a_namespace_that_is_not_allowed_holds_back_only_itself() {
    let (sandbox, _daemon) = two_apps();
    let elsewhere = sandbox.app("web", "image: registry.test/web:1").replace(&sandbox.namespace, "default");
    sandbox.repo.write("apps/web.yaml", &elsewhere);
    sandbox.write_app("cart", "image: registry.test/cart:2, replicas: 1");
    let revision = sandbox.repo.publish("Add a web elsewhere");

    sandbox.until_ready("cart", &revision);

    let missing = sandbox.try_kubectl(&["get", "deployment/web", "--namespace=default"]).unwrap_err();
    assert!(missing.contains("not found"), "{missing}");
    sandbox.until_summary("one is Held", |summary| summary["counts"]["Held"] == 1);
}
