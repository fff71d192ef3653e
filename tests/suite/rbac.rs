//! The daemon under the RBAC that is shipped, as the ServiceAccount that it runs as.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Daemon, Sandbox, eventually};

/// `deploy/rbac.yaml` for this sandbox; removes the cluster-wide part again.
struct Shipped<'a> {
    sandbox: &'a Sandbox,
    role: String,
}

impl<'a> Shipped<'a> {
    fn apply(sandbox: &'a Sandbox) -> Self {
        let shipped = Self { sandbox, role: format!("portfolio-apps-{}", sandbox.source) };
        shipped.apply_yaml(&Self::text());
        shipped
    }

    /// The example at the end of the file, without the marks that make remarks of it.
    fn apply_further(&self) {
        let text = Self::text();
        let (_, example) = text.split_once("#---\n").unwrap();
        let lines = example.lines().map(|line| line.strip_prefix('#').unwrap());
        self.apply_yaml(&lines.collect::<Vec<_>>().join("\n"));
    }

    fn text() -> String {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/rbac.yaml")).unwrap()
    }

    fn apply_yaml(&self, yaml: &str) {
        let daemon = &self.sandbox.daemon_namespace;
        let yaml = yaml
            .replace("portfolio-apps", &self.role)
            .replace("namespace: portfolio-system", &format!("namespace: {daemon}"));
        let file = self.sandbox.path().join("rbac.yaml");
        fs::write(&file, yaml).unwrap();
        self.sandbox.kubectl(&["apply", "--filename", file.to_str().unwrap(), "--namespace", daemon]);
    }

    fn account(&self) -> String {
        format!("system:serviceaccount:{}:portfolio", self.sandbox.daemon_namespace)
    }

    /// A kubeconfig whose only user is the ServiceAccount.
    fn kubeconfig(&self) -> PathBuf {
        let sandbox = self.sandbox;
        let token =
            sandbox.kubectl(&["create", "token", "portfolio", "--namespace", &sandbox.daemon_namespace]);
        let mut config: Value = serde_json::from_slice(&fs::read(sandbox.kubeconfig()).unwrap()).unwrap();
        config["users"] = json!([{"name": "account", "user": {"token": token.trim()}}]);
        let cluster = config["clusters"][0]["name"].clone();
        config["contexts"] = json!([{"name": "account", "context": {"cluster": cluster, "user": "account"}}]);
        config["current-context"] = json!("account");
        let path = sandbox.path().join("account.kubeconfig");
        fs::write(&path, config.to_string()).unwrap();
        path
    }
}

impl Drop for Shipped<'_> {
    fn drop(&mut self) {
        let further = format!("{}-further", self.role);
        for kind in ["clusterrolebinding", "clusterrole"] {
            // What is left in a cluster that is shared is a nuisance, no failure.
            let _ = self.sandbox.try_kubectl(&["delete", kind, "--ignore-not-found", &self.role, &further]);
        }
    }
}

#[test]
fn the_shipped_rbac_is_enough_to_create_to_repair_and_to_remove() {
    let sandbox = Sandbox::new();
    let shipped = Shipped::apply(&sandbox);
    sandbox.write_app("keep", "image: registry.test/keep:1, replicas: 1");
    sandbox.write_app(
        "shop",
        "image: registry.test/shop:1, port: 8080, ingress: {host: shop.example.com}, config: {a: b}, \
         jobs: {tidy: {schedule: '0 3 * * *', command: [tidy]}}, backup: {onDelete: true, command: [backup]}",
    );
    let revision = sandbox.repo.publish("Add two apps");
    let config = sandbox.config(&sandbox.repo.url(), "");
    let _daemon = Daemon::start_through(&sandbox, &shipped.kubeconfig(), "account", &config);
    sandbox.until_ready("keep", &revision);
    sandbox.until_ready("shop", &revision);

    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=5"]);
    sandbox.until_object("deployment/shop", "two replicas", |live| live["spec"]["replicas"] == 2);
    sandbox.write_app("keep", "image: registry.test/keep:1, autoscaling: {min: 3, max: 4}");
    let revision = sandbox.repo.publish("Scale by load");
    sandbox.until_ready("keep", &revision);

    sandbox.repo.remove("apps/shop.yaml");
    sandbox.repo.publish("Remove the shop");
    eventually(Duration::from_mins(1), "the Deployment is gone", || sandbox.get("deployment/shop").is_none());
    let events = sandbox.kubectl(&["get", "events", "--namespace", &sandbox.daemon_namespace]);
    assert!(events.contains("DriftRepaired") || events.contains("Ready"), "{events}");
}

#[test]
fn a_further_kind_needs_rights_of_its_own_and_without_them_only_its_documents_fail() {
    let sandbox = Sandbox::new();
    let shipped = Shipped::apply(&sandbox);
    sandbox.write_app("other", "image: registry.test/other:1, replicas: 1");
    sandbox.write_app(
        "shop",
        "image: registry.test/shop:1, replicas: 1, objects: [{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, \
         metadata: {name: shop}, rules: [{apiGroups: [\"\"], resources: [configmaps], verbs: [get]}]}]",
    );
    let revision = sandbox.repo.publish("Add two apps");
    let config = format!("allow: {{kinds: [Role]}}\n{}", sandbox.config(&sandbox.repo.url(), ""));
    let _daemon = Daemon::start_through(&sandbox, &shipped.kubeconfig(), "account", &config);
    sandbox.until_ready("other", &revision);
    let record = sandbox.until_record("shop", "is told what is missing", |record| {
        record["phase"] == "Failed" && record["reason"] == "Forbidden"
    });
    let message = record["message"].as_str().unwrap();
    assert!(message.contains("roles.rbac.authorization.k8s.io") && message.contains("grant"), "{message}");
    assert!(sandbox.get("role/shop").is_none());

    shipped.apply_further();
    sandbox.until_ready("shop", &revision);
    assert!(sandbox.get("role/shop").is_some());
}

#[test]
fn the_shipped_rbac_gives_no_way_to_secrets_or_to_more_rights() {
    let sandbox = Sandbox::new();
    let shipped = Shipped::apply(&sandbox);
    for (verb, resource) in [
        ("get", "secrets"),
        ("list", "secrets"),
        ("create", "pods/exec"),
        ("escalate", "clusterroles"),
        ("bind", "clusterroles"),
        ("create", "clusterrolebindings"),
        ("impersonate", "users"),
        ("delete", "namespaces"),
    ] {
        let asked = sandbox.try_kubectl(&["auth", "can-i", verb, resource, "--as", &shipped.account()]);
        assert!(asked.is_err(), "{verb} {resource}: {asked:?}");
    }
    assert_eq!(
        sandbox.kubectl(&["auth", "can-i", "patch", "deployments", "--as", &shipped.account()]).trim(),
        "yes"
    );
}
