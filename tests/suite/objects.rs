//! Further objects that a document lists: of kinds that the configuration allows, kept as the rest is.

use serde_json::{Value, json};

use crate::support::{Daemon, SOON, Sandbox, eventually, throughout};

/// The kind of a CRD of this test alone. Its objects are called in URLs as no rule of grammar would have it.
struct Gadgets {
    group: String,
}

impl Gadgets {
    fn of(sandbox: &Sandbox) -> Self {
        Self { group: format!("{}.example.com", sandbox.source) }
    }

    /// As `allow.kinds` names it.
    fn kind(&self) -> String {
        format!("Gadget.v1.{}", self.group)
    }

    /// As kubectl names one.
    fn named(&self, name: &str) -> String {
        format!("gadgetry.{}/{name}", self.group)
    }

    /// An item of `objects`.
    fn item(&self, version: &str, name: &str, size: u32) -> String {
        let group = &self.group;
        format!(
            "{{apiVersion: {group}/{version}, kind: Gadget, metadata: {{name: {name}}}, spec: {{size: {size}}}}}"
        )
    }

    /// Installs the CRD, with these versions served; objects are stored in `v1`.
    fn install(&self, sandbox: &Sandbox, served: &[&str]) {
        let versions = ["v1", "v1beta1"].map(|name| {
            json!({
                "name": name, "served": served.contains(&name), "storage": name == "v1",
                "schema": {"openAPIV3Schema": {
                    "type": "object",
                    "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
                }},
            })
        });
        let crd = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": self.crd()},
            "spec": {
                "group": self.group, "scope": "Namespaced", "versions": versions,
                "names": {"kind": "Gadget", "listKind": "GadgetList", "plural": "gadgetry", "singular": "gadget"},
            },
        });
        sandbox.apply(&crd.to_string());
        let crd = format!("crd/{}", self.crd());
        sandbox.kubectl(&["wait", &crd, "--for=condition=Established", "--timeout=60s"]);
    }

    fn uninstall(&self, sandbox: &Sandbox) {
        sandbox.kubectl(&["delete", "crd", &self.crd()]);
    }

    fn crd(&self) -> String {
        format!("gadgetry.{}", self.group)
    }
}

const ROLE: &str = "{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: 'shop:reader'}, \
                    rules: [{apiGroups: [\"\"], resources: [configmaps], verbs: [get]}]}";
const BINDING: &str = "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: shop}, \
                       roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: 'shop:reader'}, \
                       subjects: [{kind: ServiceAccount, name: shop}]}";

/// An app `shop` with these further objects.
fn write_shop(sandbox: &Sandbox, objects: &[&str]) {
    let objects = objects.join(", ");
    sandbox.write_app("shop", &format!("image: registry.test/shop:1, replicas: 1, objects: [{objects}]"));
}

/// A configuration that allows these kinds.
fn allowing(sandbox: &Sandbox, kinds: &[&str]) -> String {
    format!("allow: {{kinds: [{}]}}\n{}", kinds.join(", "), sandbox.config(&sandbox.repo.url(), ""))
}

fn uid(object: &Value) -> &Value {
    &object["metadata"]["uid"]
}

#[test]
fn further_objects_are_applied_held_and_removed_as_the_rest() {
    let sandbox = Sandbox::new();
    let gadgets = Gadgets::of(&sandbox);
    gadgets.install(&sandbox, &["v1"]);
    sandbox.write_app("keep", "image: registry.test/keep:1, replicas: 1");
    write_shop(&sandbox, &[ROLE, BINDING, &gadgets.item("v1", "big", 3)]);
    let revision = sandbox.repo.publish("Add the shop");
    let config = allowing(&sandbox, &["Role", "RoleBinding", &gadgets.kind()]);
    let _daemon = Daemon::start(&sandbox, &config);
    sandbox.until_ready("shop", &revision);

    let big = gadgets.named("big");
    for object in ["role/shop:reader", "rolebinding/shop", &big] {
        let live = sandbox.get(object).unwrap_or_else(|| panic!("no {object}"));
        let metadata = &live["metadata"];
        assert_eq!(metadata["labels"]["portfolio.dev/source"], *sandbox.source, "{object}");
        let document = format!("PortfolioApp/{}/shop", sandbox.namespace);
        assert_eq!(metadata["annotations"]["portfolio.dev/document"], *document, "{object}");
    }

    // Whoever changes or deletes one by hand sees it put back.
    let edit = r#"{"spec": {"size": 9}}"#;
    sandbox.kubectl(&["patch", &big, "--type=merge", "--patch", edit]);
    sandbox.until_object(&big, "the size of the branch", |live| live["spec"]["size"] == 3);
    let field = "spec.size";
    sandbox.until_record("shop", "tells the drift", |record| {
        record["lastDrift"]["field"] == field && record["phase"] == "Ready"
    });
    let role = sandbox.get("role/shop:reader").unwrap();
    sandbox.kubectl(&["delete", "role", "shop:reader"]);
    sandbox
        .until_object("role/shop:reader", "another one", |live| !live.is_null() && uid(live) != uid(&role));

    // What leaves the list goes, and nothing else does.
    write_shop(&sandbox, &[ROLE, BINDING]);
    let revision = sandbox.repo.publish("Without the gadget");
    sandbox.until_ready("shop", &revision);
    eventually(SOON, "the gadget is gone", || sandbox.get(&big).is_none());
    assert!(sandbox.get("rolebinding/shop").is_some());

    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Without the shop");
    eventually(SOON, "the record is gone", || sandbox.record("shop").is_null());
    for object in ["role/shop:reader", "rolebinding/shop", "deployment/shop"] {
        assert!(sandbox.get(object).is_none(), "{object} is left");
    }
    gadgets.uninstall(&sandbox);
}

#[test]
fn a_document_waits_for_the_crd_of_its_objects_and_no_other_does() {
    let sandbox = Sandbox::new();
    let gadgets = Gadgets::of(&sandbox);
    sandbox.write_app("other", "image: registry.test/other:1, replicas: 1");
    write_shop(&sandbox, &[&gadgets.item("v1", "big", 3)]);
    let revision = sandbox.repo.publish("Two apps");
    let _daemon = Daemon::start(&sandbox, &allowing(&sandbox, &[&gadgets.kind()]));

    sandbox.until_ready("other", &revision);
    let missing = format!("the cluster has no {}; install its CRD", gadgets.kind());
    sandbox.until_record("shop", "says what is missing", |record| {
        record["phase"] == "Failed" && record["reason"] == "KindNotInstalled" && record["message"] == *missing
    });
    assert!(sandbox.get("deployment/shop").is_some(), "what can be applied is");

    gadgets.install(&sandbox, &["v1"]);
    sandbox.until_ready("shop", &revision);
    let first = sandbox.get(&gadgets.named("big")).unwrap();

    // With the CRD its objects go; they come back with it.
    gadgets.uninstall(&sandbox);
    sandbox.until_record("shop", "misses the kind again", |record| record["reason"] == "KindNotInstalled");
    gadgets.install(&sandbox, &["v1"]);
    sandbox.until_ready("shop", &revision);
    let second = sandbox.get(&gadgets.named("big")).unwrap();
    assert_ne!(uid(&first), uid(&second));
    gadgets.uninstall(&sandbox);
}

#[test]
fn a_kind_that_is_not_allowed_any_more_holds_its_document_and_deletes_nothing() {
    let sandbox = Sandbox::new();
    write_shop(&sandbox, &[ROLE]);
    let revision = sandbox.repo.publish("Add the shop");
    let allowed = allowing(&sandbox, &["Role"]);
    let daemon = Daemon::start(&sandbox, &allowed);
    sandbox.until_ready("shop", &revision);
    let role = sandbox.get("role/shop:reader").unwrap();

    std::fs::write(daemon.config_file(), allowed.replace("[Role]", "[]")).unwrap();
    let record = sandbox.until_phase("shop", "Held");
    assert_eq!(record["reason"], "NotAllowed");
    let message = record["message"].as_str().unwrap();
    assert!(message.contains("error[PF0802]") && message.contains("Role"), "{message}");
    assert_eq!(sandbox.summary()["state"], "Ready", "the source is complete");
    throughout(std::time::Duration::from_secs(5), "the Role stays", || {
        sandbox.get("role/shop:reader").is_some_and(|live| uid(&live) == uid(&role))
    });
    // It is still in sight, and held.
    sandbox.kubectl(&["delete", "role", "shop:reader"]);
    sandbox
        .until_object("role/shop:reader", "another one", |live| !live.is_null() && uid(live) != uid(&role));

    std::fs::write(daemon.config_file(), &allowed).unwrap();
    sandbox.until_ready("shop", &revision);
}

#[test]
fn an_object_that_is_written_in_another_version_is_the_same_one() {
    let sandbox = Sandbox::new();
    let gadgets = Gadgets::of(&sandbox);
    gadgets.install(&sandbox, &["v1", "v1beta1"]);
    write_shop(&sandbox, &[&gadgets.item("v1beta1", "big", 3)]);
    let revision = sandbox.repo.publish("Add the shop");
    let old = format!("Gadget.v1beta1.{}", gadgets.group);
    let _daemon = Daemon::start(&sandbox, &allowing(&sandbox, &[&gadgets.kind(), &old]));
    sandbox.until_ready("shop", &revision);
    let before = sandbox.get(&gadgets.named("big")).unwrap();

    write_shop(&sandbox, &[&gadgets.item("v1", "big", 4)]);
    let revision = sandbox.repo.publish("The version that stays");
    let record = sandbox.until_ready("shop", &revision);
    let kept = |record: &Value| {
        let items = record["inventory"].as_object().unwrap();
        items.keys().filter(|key| key.starts_with("Gadget.")).cloned().collect::<Vec<_>>()
    };
    assert_eq!(kept(&record), [format!("{}/{}/big", gadgets.kind(), sandbox.namespace)]);
    throughout(std::time::Duration::from_secs(3), "it stays", || {
        let live = sandbox.get(&gadgets.named("big")).unwrap();
        uid(&live) == uid(&before)
            && live["spec"]["size"] == 4
            && live["metadata"]["deletionTimestamp"].is_null()
    });
    gadgets.uninstall(&sandbox);
}

#[test]
fn an_object_is_deleted_though_its_version_is_not_served_any_more() {
    let sandbox = Sandbox::new();
    let gadgets = Gadgets::of(&sandbox);
    gadgets.install(&sandbox, &["v1", "v1beta1"]);
    sandbox.write_app("keep", "image: registry.test/keep:1, replicas: 1");
    write_shop(&sandbox, &[&gadgets.item("v1beta1", "big", 3)]);
    let revision = sandbox.repo.publish("Add the shop");
    let kind = format!("Gadget.v1beta1.{}", gadgets.group);
    let _daemon = Daemon::start(&sandbox, &allowing(&sandbox, &[&kind]));
    sandbox.until_ready("shop", &revision);

    gadgets.install(&sandbox, &["v1"]);
    sandbox.kubectl(&["annotate", &gadgets.named("big"), "by=hand"]);
    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Without the shop");
    eventually(SOON, "the record is gone", || sandbox.record("shop").is_null());
    assert!(sandbox.get(&gadgets.named("big")).is_none());
    gadgets.uninstall(&sandbox);
}
