//! Whoever changes by hand what git says sees it put back within a second, and the record says what and who.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Daemon, SOON, Sandbox, eventually};

/// The promise is one second, and a tenth of it is usual; the rest is for a machine that all tests share. The
/// next thing that would notice is the sweep, minutes later.
const AT_ONCE: Duration = Duration::from_secs(6);

struct Shop {
    sandbox: Sandbox,
    _daemon: Daemon,
}

/// A live app `shop` with one pod and a Service.
fn shop() -> Shop {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", "image: registry.test/shop:1, port: 8080, replicas: 1, env: {A: b}");
    let revision = sandbox.repo.publish("Add the shop");
    let daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    Shop { sandbox, _daemon: daemon }
}

impl Shop {
    /// Somebody changes an object (`deployment/shop`) with kubectl; returns the object once it is `back`.
    #[track_caller]
    fn repaired(&self, kubectl: &[&str], object: &str, back: impl Fn(&Value) -> bool) -> Value {
        let log = self.sandbox.audit_log();
        let start = log.mark();
        self.sandbox.kubectl(kubectl);
        let live = eventually(SOON, &format!("{object} is back"), || {
            let json = self.sandbox.kubectl(&[
                "get",
                object,
                "--output=json",
                "--show-managed-fields",
                "--ignore-not-found",
            ]);
            let live: Value = serde_json::from_str(&json).unwrap_or_default();
            if !live.is_null() && back(&live) { Ok(live) } else { Err(live) }
        });
        let (_, name) = object.split_once('/').unwrap();
        let requests = log.requests("", start).into_iter();
        let of_it = |user: &str, requests: &[crate::support::Request]| {
            let of_it = requests.iter().filter(|one| one.is_write() && one.name == name && one.user == user);
            of_it.map(|request| request.at).collect::<Vec<_>>()
        };
        let requests: Vec<_> =
            requests.filter(|request| request.namespace == self.sandbox.namespace).collect();
        let (changed, repaired) = (of_it("admin", &requests)[0], of_it("portfolio", &requests));
        let took = Duration::try_from(repaired.last().unwrap().duration_since(changed)).unwrap();
        println!("{} was repaired in {took:?}", kubectl.join(" "));
        assert!(took < AT_ONCE, "{took:?}: {requests:#?}");
        live
    }

    /// What the record says of the last drift.
    #[track_caller]
    fn told(&self, object: &str, field: &str, manager: &str) {
        let object = object.replace('/', &format!("/{}/", self.sandbox.namespace));
        self.sandbox.until_record("shop", "tells the drift and is Ready", |record| {
            let drift = &record["lastDrift"];
            let told = drift["object"] == *object && drift["field"] == field && drift["manager"] == manager;
            told && record["phase"] == "Ready"
        });
    }
}

#[test]
fn a_scaled_deployment_is_scaled_back() {
    let shop = shop();
    let one = |live: &Value| live["spec"]["replicas"] == 1;
    shop.repaired(&["scale", "deployment/shop", "--replicas=4"], "deployment/shop", one);
    shop.told("Deployment/shop", "spec.replicas", "kubectl");
}

#[test]
fn a_changed_label_is_changed_back() {
    let shop = shop();
    let label = "app.kubernetes.io/part-of";
    let change = ["label", "--overwrite", "service/shop", &format!("{label}=theirs")];
    shop.repaired(&change, "service/shop", |live| live["metadata"]["labels"][label] != "theirs");
    shop.told("Service/shop", &format!("metadata.labels[{label}]"), "kubectl-label");
}

#[test]
fn a_deleted_service_comes_back() {
    let shop = shop();
    let old = shop.sandbox.get("service/shop").unwrap();
    let other = |live: &Value| live["metadata"]["uid"] != old["metadata"]["uid"];
    shop.repaired(&["delete", "service/shop"], "service/shop", other);
    shop.told("Service/shop", "", "");
}

#[test]
fn an_object_whose_label_was_stripped_gets_it_back() {
    let shop = shop();
    let label = "portfolio.dev/source";
    shop.repaired(&["label", "service/shop", &format!("{label}-")], "service/shop", |live| {
        live["metadata"]["labels"][label] == shop.sandbox.source
    });
    shop.told("Service/shop", &format!("metadata.labels[{label}]"), "");
}

#[test]
fn wiped_managed_fields_become_ours_again() {
    let shop = shop();
    let wipe = json!({"metadata": {"managedFields": [{}]}}).to_string();
    let live =
        shop.repaired(&["patch", "service/shop", "--type=merge", "--patch", &wipe], "service/shop", |live| {
            live.pointer("/metadata/managedFields/0/manager") == Some(&json!("portfolio-reconciler"))
        });
    let fields = live["metadata"]["managedFields"].as_array().unwrap();
    assert!(fields.iter().all(|entry| entry["manager"] != "before-first-apply"), "{fields:#?}");
}

#[test]
fn a_variable_that_a_person_added_is_taken_away() {
    let shop = shop();
    let env = |live: &Value| live["spec"]["template"]["spec"]["containers"][0]["env"].clone();
    let live = shop.repaired(&["set", "env", "deployment/shop", "EXTRA=1"], "deployment/shop", |live| {
        !env(live).to_string().contains("EXTRA")
    });
    assert_eq!(env(&live), json!([{"name": "A", "value": "b"}]));
    let field = "spec.template.spec.containers[name=app].env[name=EXTRA]";
    shop.told("Deployment/shop", field, "kubectl-set");
}

#[test]
fn what_a_controller_adds_stays() {
    let shop = shop();
    let manager = "--field-manager=certificates";
    shop.sandbox.kubectl(&["annotate", "deployment/shop", "certificates.test/issuer=ours", manager]);

    let one = |live: &Value| live["spec"]["replicas"] == 1;
    let live = shop.repaired(&["scale", "deployment/shop", "--replicas=4"], "deployment/shop", one);

    assert_eq!(live["metadata"]["annotations"]["certificates.test/issuer"], "ours");
}

#[test]
fn a_rollout_restart_is_left_alone() {
    let shop = shop();
    shop.sandbox.kubectl(&["rollout", "restart", "deployment/shop"]);
    let restarted = |live: &Value| {
        live["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"].clone()
    };
    let at = restarted(&shop.sandbox.get("deployment/shop").unwrap());
    assert!(at.is_string());

    let one = |live: &Value| live["spec"]["replicas"] == 1;
    let live = shop.repaired(&["scale", "deployment/shop", "--replicas=4"], "deployment/shop", one);

    assert_eq!(restarted(&live), at);
}
