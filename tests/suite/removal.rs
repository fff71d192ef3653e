//! What left the branch goes, in order and only when that is certain; what people must decide waits for them.

use serde_json::{Value, json};

use crate::support::{Daemon, Marker, SOON, Sandbox, eventually};

/// `cart`, `shop` and `web`, live, under these limits of pruning.
fn three_apps(prune: &str) -> (Sandbox, Daemon) {
    let sandbox = Sandbox::new();
    for app in ["cart", "shop", "web"] {
        sandbox.write_app(app, &format!("image: registry.test/{app}:1, replicas: 1"));
    }
    let revision = sandbox.repo.publish("Add three apps");
    let daemon =
        Daemon::start(&sandbox, &format!("{}prune: {prune}\n", sandbox.config(&sandbox.repo.url(), "")));
    for app in ["cart", "shop", "web"] {
        sandbox.until_ready(app, &revision);
    }
    (sandbox, daemon)
}

/// The objects that the daemon deleted, or scaled down, since then.
fn effects(sandbox: &Sandbox, start: Marker) -> Vec<String> {
    let writes = sandbox.audit_log().writes(&sandbox.source, start).into_iter();
    // A deletion that met a newer version of its object was refused, and is tried again.
    let ours = writes.filter(|request| request.namespace == sandbox.namespace && request.code < 300);
    ours.map(|request| format!("{} {}/{}", request.verb, request.resource, request.name)).collect()
}

/// A revision that leaves nobody certain what is to go: everything stays.
#[track_caller]
fn everything_stays(change: impl Fn(&Sandbox), app: &str, reason: &str) -> Value {
    let (sandbox, _daemon) = three_apps("{}");
    let start = sandbox.audit_log().mark();

    change(&sandbox);
    let revision = sandbox.repo.publish("Change");

    let record = sandbox.until_phase(app, "Held");
    sandbox.until_summary("the new revision", |summary| summary["observedRevision"] == revision);
    assert_eq!(record["reason"], reason, "{}", record["message"]);
    assert_eq!(effects(&sandbox, start), [""; 0]);
    for app in ["cart", "shop", "web"] {
        assert!(sandbox.get(&format!("deployment/{app}")).is_some(), "{app}");
    }
    record
}

#[test]
fn a_removed_app_is_closed_then_drained_then_deleted_in_order() {
    let sandbox = Sandbox::new();
    sandbox.write_app(
        "shop",
        "image: registry.test/shop:1, port: 8080, config: {a.toml: x = 1}, ingress: {host: shop.test}",
    );
    sandbox.write_app("web", "image: registry.test/web:1");
    let revision = sandbox.repo.publish("Add shop and web");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    sandbox.until_ready("web", &revision);
    let start = sandbox.audit_log().mark();

    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");

    sandbox.until_record("shop", "is gone", Value::is_null);
    let mut effects = effects(&sandbox, start);
    assert_eq!(effects.len(), 8, "{effects:#?}");
    for stage in [4..6, 6..8] {
        effects[stage].sort();
    }
    // Named after its content, too.
    effects[6].truncate("delete configmaps/shop-config".len());
    let expected = [
        "delete ingresses/shop",
        "delete services/shop",
        "patch deployments/shop",
        "delete deployments/shop",
        "delete networkpolicies/shop",
        "delete poddisruptionbudgets/shop",
        "delete configmaps/shop-config",
        "delete serviceaccounts/shop",
    ];
    assert_eq!(effects, expected);
    let pods = sandbox.kubectl(&[
        "get",
        "pods,replicasets",
        "--selector=app.kubernetes.io/name=shop",
        "--output=name",
    ]);
    assert_eq!(pods, "");
    assert_eq!(sandbox.record("web")["phase"], "Ready");
    sandbox.until_summary("one is left", |summary| summary["counts"] == json!({"Ready": 1}));
}

#[test]
fn pods_have_ended_before_their_deployment_is_deleted() {
    let (sandbox, _daemon) = three_apps("{}");
    let start = sandbox.audit_log().mark();

    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");

    sandbox.until_record("shop", "is gone", Value::is_null);
    let requests = sandbox.audit_log().work(&sandbox.source, start);
    let place = |verb: &str, resource: &str| {
        let found = requests.iter().rposition(|one| one.verb == verb && one.resource == resource);
        found.unwrap_or_else(|| panic!("{verb} {resource} in {requests:#?}"))
    };
    assert!(place("patch", "deployments") < place("list", "pods"));
    assert!(place("list", "pods") < place("delete", "deployments"));
}

#[test]
fn a_volume_is_kept_and_taken_up_again() {
    let sandbox = Sandbox::new();
    let spec = "image: registry.test/wiki:1, replicas: 1, storage: {data: {size: 1Gi, mountPath: /data}}";
    sandbox.write_app("wiki", spec);
    sandbox.write_app("web", "image: registry.test/web:1");
    let revision = sandbox.repo.publish("Add wiki and web");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("web", &revision);
    // Nothing provisions volumes here, so the wiki comes no further than this.
    sandbox.until_phase("wiki", "Progressing");
    let volume = sandbox.get("persistentvolumeclaim/wiki-data").unwrap();
    assert!(volume["metadata"]["annotations"]["portfolio.dev/keep"].is_string(), "{volume:#}");

    sandbox.repo.remove("apps/wiki.yaml");
    sandbox.repo.publish("Remove the wiki");
    sandbox.until_record("wiki", "is gone", Value::is_null);
    assert!(sandbox.get("deployment/wiki").is_none());
    let kept = sandbox.get("persistentvolumeclaim/wiki-data").unwrap();
    assert_eq!(kept["metadata"]["annotations"], volume["metadata"]["annotations"]);

    sandbox.write_app("wiki", spec);
    sandbox.repo.publish("Bring the wiki back");
    let record = sandbox.until_phase("wiki", "Progressing");
    let claim = format!("PersistentVolumeClaim/{}/wiki-data", sandbox.namespace);
    assert_eq!(record["inventory"][&claim]["uid"], volume["metadata"]["uid"]);
}

#[test]
fn what_a_daemon_made_again_just_before_it_died_goes_too() {
    let (sandbox, mut daemon) = three_apps("{}");
    daemon.stop();
    // As it does when somebody deletes an object of an app, but that its record tells of the one before.
    let mut account = sandbox.get("serviceaccount/shop").unwrap();
    sandbox.kubectl(&["delete", "serviceaccount/shop"]);
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        account["metadata"].as_object_mut().unwrap().remove(field);
    }
    let file = sandbox.path().join("account.json");
    std::fs::write(&file, account.to_string()).unwrap();
    let manager = "--field-manager=portfolio-reconciler";
    sandbox.kubectl(&["apply", "--server-side", manager, "--filename", file.to_str().unwrap()]);

    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");
    daemon.restart();
    sandbox.until_record("shop", "is gone", Value::is_null);
    assert!(sandbox.get("serviceaccount/shop").is_none());
}

#[test]
fn nothing_is_deleted_when_the_last_document_left() {
    let record = everything_stays(|sandbox| sandbox.repo.remove("apps"), "shop", "EmptySource");
    assert!(record["message"].as_str().unwrap().contains("portfolio approve"), "{}", record["message"]);
}

#[test]
fn nothing_is_deleted_when_only_other_files_are_left() {
    let readme = |sandbox: &Sandbox| {
        sandbox.repo.remove("apps");
        sandbox.repo.write("README.md", "There were apps once.\n");
        sandbox.repo.write("other.yaml", "a: b\n");
    };
    everything_stays(readme, "web", "EmptySource");
}

#[test]
fn nothing_is_deleted_when_the_followed_folder_is_gone() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", "image: registry.test/shop:1, replicas: 1");
    sandbox.repo.write("README.md", "Apps.\n");
    let revision = sandbox.repo.publish("Add the shop");
    let _daemon = Daemon::start(&sandbox, &sandbox.config(&sandbox.repo.url(), "path: apps"));
    sandbox.until_ready("shop", &revision);
    let start = sandbox.audit_log().mark();

    sandbox.repo.git(&["rm", "-r", "--quiet", "apps"]);
    sandbox.repo.publish("Remove the folder");

    let record = sandbox.until_phase("shop", "Held");
    assert_eq!(record["reason"], "EmptySource");
    assert_eq!(effects(&sandbox, start), [""; 0]);
}

#[test]
fn nothing_is_deleted_while_any_file_cannot_be_read() {
    let broken = |sandbox: &Sandbox| {
        sandbox.repo.remove("apps/shop.yaml");
        sandbox.repo.write("apps/new.yaml", "kind: PortfolioApp\n  spec: {");
    };
    let record = everything_stays(broken, "shop", "SourceIncomplete");
    assert!(record["message"].as_str().unwrap().contains("apps/new.yaml:"), "{}", record["message"]);
}

#[test]
fn nothing_is_deleted_for_a_typo_in_the_api_version() {
    let typo = |sandbox: &Sandbox| {
        let shop = sandbox.app("shop", "image: registry.test/shop:1, replicas: 1");
        sandbox.repo.write("apps/shop.yaml", &shop.replace("portfolio.dev/", "portfolo.dev/"));
    };
    let record = everything_stays(typo, "shop", "DocumentInvalid");
    assert!(record["message"].as_str().unwrap().contains("apps/shop.yaml:1:"), "{}", record["message"]);
}

#[test]
fn nothing_is_deleted_when_a_moved_file_is_broken() {
    let moved = |sandbox: &Sandbox| {
        sandbox.repo.mv("apps/shop.yaml", "apps/front/shop.yaml");
        sandbox
            .repo
            .write("apps/front/shop.yaml", "apiVersion: portfolio.dev/v1alpha1\nkind: [PortfolioApp\n");
    };
    everything_stays(moved, "shop", "SourceIncomplete");
}

#[test]
fn a_document_that_moves_changes_nothing() {
    let (sandbox, _daemon) = three_apps("{}");
    let start = sandbox.audit_log().mark();

    sandbox.repo.mv("apps/shop.yaml", "front/shop.yaml");
    let revision = sandbox.repo.publish("Move the shop");

    sandbox.until_summary("the new revision", |summary| summary["observedRevision"] == revision);
    assert_eq!(effects(&sandbox, start), [""; 0]);
    assert_eq!(sandbox.record("shop")["phase"], "Ready");
}

#[test]
fn an_approval_releases_what_it_names_and_nothing_else() {
    let (sandbox, _daemon) = three_apps("{minObjects: 1, maxPercent: 1}");
    let start = sandbox.audit_log().mark();
    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");
    let held = sandbox.until_phase("shop", "Held");
    assert_eq!(held["reason"], "TooMuchAtOnce");
    let asked = sandbox.until_summary("asks for a person", |summary| summary["approval"].is_object());
    let hash = asked["approval"]["hash"].as_str().unwrap();
    assert!(held["message"].as_str().unwrap().contains(&format!("portfolio approve {hash}")), "{held:#}");

    sandbox.order("portfolio.dev/approve", "0123456789ab");
    assert_eq!(effects(&sandbox, start), [""; 0]);
    assert_eq!(sandbox.record("shop")["phase"], "Held");

    sandbox.order("portfolio.dev/approve", hash);
    sandbox.until_record("shop", "is gone", Value::is_null);
    let others = |effect: &String| !effect.contains("/shop");
    assert_eq!(effects(&sandbox, start).into_iter().filter(others).collect::<Vec<_>>(), [""; 0]);
    eventually(SOON, "the Deployment is gone", || sandbox.get("deployment/shop").is_none());
}

#[test]
fn an_approval_does_not_cover_a_set_that_has_grown() {
    let (sandbox, _daemon) = three_apps("{minObjects: 1, maxPercent: 1}");
    let start = sandbox.audit_log().mark();
    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");
    let asked = sandbox.until_summary("asks for a person", |summary| summary["approval"].is_object());
    let hash = asked["approval"]["hash"].as_str().unwrap();
    sandbox.repo.remove("apps/web.yaml");
    sandbox.repo.publish("Remove web too");
    sandbox.until_phase("web", "Held");

    sandbox.order("portfolio.dev/approve", hash);

    assert_eq!(effects(&sandbox, start), [""; 0]);
    let both =
        |summary: &Value| summary["approval"]["documents"].as_array().is_some_and(|all| all.len() == 2);
    let asked = sandbox.until_summary("asks for both", both);
    assert_ne!(asked["approval"]["hash"], hash);
}
