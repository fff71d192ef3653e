//! Golden files, in `tests/golden`: the objects of the smallest app in full, and for each option the difference
//! that it makes. A change of these files is a change of everybody's objects: see [`RendererVersion`].
//!
//! [`RendererVersion`]: crate::render::RendererVersion

use std::collections::BTreeMap;

use serde_json::{Value, json};
use similar::TextDiff;

use super::{app, find, owner, rendered, spec};
use crate::document::{DocumentId, DocumentKind, Migration, MigrationPhase, MigrationStep};
use crate::object::Kind;
use crate::render::subject::Subject;
use crate::render::{Content, RendererVersion, Run, backup, render_migration, to_yaml};

fn golden(name: &str, content: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../../../tests/golden");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, content));
}

/// What these fields change in the objects of the smallest app.
fn option(name: &str, fields: Value) {
    let before = to_yaml(&rendered(&app(spec(json!({})))));
    let after = to_yaml(&rendered(&app(spec(fields))));
    golden(name, &TextDiff::from_lines(&before, &after).unified_diff().context_radius(2).to_string());
}

#[test]
fn the_smallest_app() {
    golden("smallest", &to_yaml(&rendered(&app(spec(json!({}))))));
}

/// A migration with these fields in its specification; `sql` are its steps by file.
fn migration(fields: &Value, sql: &[(&str, &str)]) -> Migration {
    let mut spec = json!({"database": {"host": "pg.data", "name": "shop", "secretRef": {"name": "shop-db"}}});
    if let (Some(spec), Value::Object(fields)) = (spec.as_object_mut(), fields) {
        spec.extend(fields.clone());
    }
    let steps = sql.iter().zip(1..).map(|((file, sql), version)| MigrationStep {
        version,
        name: "a".to_owned(),
        phase: MigrationPhase::Expand,
        file: (*file).to_owned(),
        sql: (*sql).to_owned(),
        down: None,
    });
    Migration {
        id: DocumentId {
            kind: DocumentKind::DatabaseMigration,
            namespace: "shop".to_owned(),
            name: "shop-db".to_owned(),
        },
        labels: [("team".to_owned(), "web".to_owned())].into(),
        annotations: BTreeMap::new(),
        spec: serde_json::from_value(spec).unwrap(),
        steps: steps.collect(),
    }
}

fn run(migration: &Migration, attempt: u32) -> String {
    let run = Run { image: "registry.example.com/portfolio:1", attempt, revision: "", content: None };
    to_yaml(&render_migration(migration, &owner(), run, RendererVersion::V1))
}

/// What migrations can say, with the name of the golden file.
pub(crate) fn migration_options() -> [(&'static str, Value); 2] {
    [
        (
            "migration_options",
            json!({
                "database": {"host": "10.0.0.1", "port": 6432, "name": "shop", "sslMode": "verify-ca",
                    "caSecret": {"name": "pg-ca", "key": "root.pem"},
                    "secretRef": {"name": "login", "usernameKey": "user", "passwordKey": "pass"}},
                "schema": "shop", "lockTimeout": "1s", "statementTimeout": "30s", "deadline": "10m", "retries": 0,
                "runner": {"image": "registry.example.com/mirror:1", "resources": {
                    "requests": {"cpu": "1", "memory": "512Mi", "ephemeral-storage": "1Gi"},
                    "limits": {"cpu": "2", "memory": "1Gi", "ephemeral-storage": "2Gi"}}},
            }),
        ),
        (
            "migration_command",
            json!({"command": {"image": "registry.example.com/tool:1", "command": ["alembic", "upgrade", "head"],
                "env": {"A": "b"},
                "secrets": {"DATABASE_URL": {"secret": "shop-db", "key": "url", "optional": true}}}}),
        ),
    ]
}

#[test]
fn migrations() {
    let files = [("0001_a.sql", "CREATE TABLE a (id int);\n"), ("0002_b.sql", "SELECT 1;")];
    let smallest = run(&migration(&json!({}), &files), 1);
    golden("migration", &smallest);
    let [(options_name, options), (command_name, command)] = migration_options();
    let options = run(&migration(&options, &files), 2);
    golden(
        options_name,
        &TextDiff::from_lines(&smallest, &options).unified_diff().context_radius(2).to_string(),
    );
    golden(command_name, &run(&migration(&command, &[]), 1));
}

#[test]
fn the_content_of_a_migration_is_what_it_does_where() {
    let content = |fields: Value, sql: &str| Content::of(&migration(&fields, &[("0001_a.sql", sql)]));
    let same = content(json!({}), "SELECT 1;");
    assert_eq!(
        content(json!({"retries": 1, "deadline": "1m", "runner": {"image": "x:1"}}), "SELECT 1;"),
        same
    );
    // Nor how to log in there, nor a default that is written out.
    let login = json!({"host": "pg.data", "port": 5432, "name": "shop", "secretRef": {"name": "other"}});
    assert_eq!(content(json!({"database": login, "schema": "public"}), "SELECT 1;"), same);
    for other in [
        content(json!({}), "SELECT 2;"),
        content(json!({"schema": "shop"}), "SELECT 1;"),
        content(
            json!({"database": {"host": "pg.data", "name": "other", "secretRef": {"name": "shop-db"}}}),
            "SELECT 1;",
        ),
    ] {
        assert_ne!(other, same);
    }
}

/// Each option with the name of its golden file.
#[allow(clippy::too_many_lines, reason = "a table")]
pub(crate) fn options() -> Vec<(&'static str, Value)> {
    vec![
        ("image_digest", json!({"image": "registry.example.com/web@sha256:0123456789abcdef"})),
        (
            "selector_of_a_chart",
            json!({"selector": {"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "web"},
                "jobs": {"clean": {"schedule": "0 3 * * *", "command": ["/bin/clean"]}}}),
        ),
        ("selector", json!({"selector": {"app": "old-web"}, "port": 8080})),
        ("restart", json!({"restart": "2026-10-01: new certificate"})),
        ("replicas_none", json!({"replicas": 0})),
        ("replicas_one", json!({"replicas": 1})),
        ("command", json!({"command": ["/bin/web"], "args": ["--port", "8080"]})),
        ("port", json!({"port": 8080})),
        (
            "ports",
            json!({"ports": {"admin": 9000, "http": 8080, "dns": {"port": 53, "protocol": "UDP"}, "grpc": 50051}}),
        ),
        ("port_udp_only", json!({"ports": {"dns": {"port": 53, "protocol": "UDP"}}})),
        (
            "service",
            json!({"port": 8080, "service": {"port": 8000, "type": "LoadBalancer",
                "annotations": {"example.com/lb": "internal", "portfolio.dev/owner": "somebody"}}}),
        ),
        ("migrations", json!({"migrations": ["shop-db"], "env": {"A": "b"}})),
        ("service_headless", json!({"port": 8080, "service": {"headless": true}})),
        ("env", json!({"env": {"LOG_LEVEL": "info", "ON": "on", "EMPTY": ""}})),
        (
            "secrets",
            json!({"env": {"DATABASE_URL": "postgres://$(USER)@db"},
                "secrets": {"USER": {"secret": "db", "key": "user"},
                    "TOKEN": {"secret": "token", "key": "t", "optional": true}}}),
        ),
        ("config", json!({"config": {"app.toml": "level = \"info\"\nport = 1\n", "empty": ""}})),
        ("config_path", json!({"config": {"app.toml": "a = 1\n"}, "configPath": "/app/config"})),
        (
            "resources",
            json!({"resources": {"requests": {"cpu": "0.1", "memory": "1024Mi"},
                "limits": {"cpu": "1000m", "ephemeral-storage": "1Gi"}}}),
        ),
        ("resources_small_limit", json!({"resources": {"limits": {"memory": "32Mi", "cpu": "10m"}}})),
        (
            "probes",
            json!({"ports": {"http": 8080, "admin": 9000}, "probes": {
                "startup": {"path": "/start", "period": "1s", "failures": 30},
                "ready": {"path": "/ready", "port": "admin", "timeout": "5s"},
                "live": {"path": "/live", "port": "8080"}}}),
        ),
        (
            "probes_other",
            json!({"ports": {"grpc": 50051}, "probes": {
                "startup": {"command": ["/bin/check"]}, "ready": {"grpc": true}, "live": {"tcp": true}}}),
        ),
        (
            "ingress",
            json!({"port": 8080, "ingress": {"host": "shop.example.com", "className": "nginx",
                "tls": "shop-tls", "annotations": {"example.com/size": "8m"}}}),
        ),
        (
            "ingress_hosts",
            json!({"port": 8080, "ingress": {"host": "a.example.com", "path": "/v1", "tls": "t", "hosts": [
                {"host": "b.example.com"}, {"host": "a.example.com", "paths": ["/v2", "/v3"]}]}}),
        ),
        (
            "storage",
            json!({"replicas": 1, "storage": {"data": {"size": "10240Mi", "mountPath": "/data", "class": "fast"}}}),
        ),
        (
            "storage_shared",
            json!({"storage": {"media": {"size": "1Ti", "mountPath": "/media", "accessMode": "ReadWriteMany"},
                "books": {"size": "1Gi", "mountPath": "/books", "accessMode": "ReadOnlyMany"}}}),
        ),
        (
            "storage_deleted",
            json!({"replicas": 1, "deletion": {"volumes": "delete"}, "storage": {"data": {"size": "1Gi", "mountPath": "/tmp"}}}),
        ),
        ("scratch", json!({"scratch": {"/tmp": "128Mi", "/var/cache": "1Gi"}})),
        (
            "rollout",
            json!({"port": 8080, "rollout": {"deadline": "30m", "maxSurge": "1", "maxUnavailable": "50%",
                "minReady": "10s", "grace": "60s", "drain": "15s"}}),
        ),
        ("rollout_no_drain", json!({"port": 8080, "rollout": {"drain": "0s"}})),
        ("rollout_short", json!({"rollout": {"deadline": "1m", "minReady": "5m"}})),
        (
            "security",
            json!({"security": {"user": 65534, "group": 65533, "readOnly": false,
                "capabilities": ["NET_BIND_SERVICE"]}}),
        ),
        ("security_root", json!({"security": {"root": true}})),
        ("autoscaling", json!({"port": 8080, "autoscaling": {"min": 3, "max": 12, "cpu": 70, "memory": 80}})),
        ("autoscaling_short", json!({"autoscaling": {"max": 1}})),
        (
            "autoscaling_sidecar",
            json!({"autoscaling": {"max": 5}, "sidecars": [{"name": "log", "image": "log:1"}]}),
        ),
        ("disruption", json!({"replicas": 4, "disruption": {"minAvailable": "50%"}})),
        (
            "jobs",
            json!({"env": {"A": "1", "B": "2"}, "secrets": {"C": {"secret": "s", "key": "c"}},
                "podLabels": {"tier": "front"}, "podAnnotations": {"example.com/a": "b"},
                "jobs": {
                    "cleanup": {"schedule": "0 3 * * *", "timeZone": "Europe/Berlin", "command": ["/bin/clean"],
                        "args": ["--all"], "deadline": "10m", "history": 1, "concurrency": "Replace",
                        "env": {"B": "3"}, "retries": 2, "suspend": true,
                        "resources": {"requests": {"memory": "1Gi"}}},
                    "report": {"schedule": "*/5 * * * *", "image": "report:2", "args": ["x"]}}}),
        ),
        (
            "jobs_volumes",
            json!({"replicas": 1, "selector": {"app": "web"}, "podLabels": {"app": "web", "tier": "front"},
                "config": {"a": "b"},
                "storage": {"data": {"size": "1Gi", "mountPath": "/data"}, "other": {"size": "1Gi", "mountPath": "/other"}},
                "jobs": {"clean": {"schedule": "0 3 * * *", "command": ["/bin/clean"], "volumes": ["data"]}}}),
        ),
        (
            "backup",
            json!({"storage": {"data": {"size": "1Gi", "mountPath": "/data", "accessMode": "ReadWriteMany"}},
                "env": {"NOT": "there"}, "config": {"not": "there"},
                "backup": {"schedule": "0 1 * * *", "image": "backup:1", "command": ["/bin/backup", "/data"],
                    "env": {"TO": "s3://b"}, "secrets": {"KEY": {"secret": "s3", "key": "key"}}, "volumes": ["data"],
                    "deadline": "2h"}}),
        ),
        ("backup_on_delete_only", json!({"backup": {"onDelete": true, "command": ["/bin/backup"]}})),
        (
            "network",
            json!({"ports": {"http": 8080, "metrics": 9090}, "network": {
                "from": [{"namespace": "ingress", "ports": ["http"]}, {"app": "cart"}, {"app": "cart", "namespace": "shop"},
                    {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"], "ports": ["9090"]}],
                "to": [{"app": "db"}, {"cidr": "0.0.0.0/0", "ports": ["443"]}]}}),
        ),
        (
            "network_protocols",
            json!({"ports": {"dns": {"port": 53, "protocol": "UDP"}, "dns-tcp": 53, "metrics": 9090}, "network": {
                "from": [{"app": "cart", "ports": [{"port": 53, "protocol": "UDP"}]}, {"app": "shop", "ports": [53]}],
                "to": [{"app": "statsd", "ports": [{"port": 8125, "protocol": "UDP"}, 443, {"port": 8126}]}]}}),
        ),
        ("network_closed", json!({"port": 8080, "network": {"from": [], "to": []}})),
        (
            "placement",
            json!({"placement": {"nodeSelector": {"disk": "ssd"}, "spread": ["zone"], "priorityClass": "high",
                "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},
                    {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 60}]}}),
        ),
        ("placement_anywhere", json!({"placement": {"spread": []}})),
        ("pull", json!({"pull": {"policy": "Always", "secrets": ["registry"]}})),
        (
            "service_account",
            json!({"serviceAccount": {"name": "shop", "annotations": {"example.com/role": "shop"}, "token": true}}),
        ),
        (
            "secret_files",
            json!({"secretFiles": {"tls": {"secret": "shop-tls", "path": "/etc/tls"},
                "extra": {"secret": "e", "path": "/etc/extra", "optional": true}}}),
        ),
        (
            "containers",
            json!({"sidecars": [{"name": "log", "image": "log:1", "resources": {"requests": {"cpu": 0.05}, "limits": {"memory": "1024Mi"}}}],
                "initContainers": [{"name": "wait", "image": "wait:1"},
                    {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"}]}),
        ),
        (
            "objects",
            json!({"objects": [
                {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                    "metadata": {"name": "web", "labels": {"a": "b", "portfolio.dev/source": "no"}}, "rules": []},
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "extra"}, "data": {"a": "b"}}]}),
        ),
        (
            "patches",
            json!({"port": 8080, "patches": [
                {"target": "Deployment", "merge": {"spec": {"template": {"spec": {"dnsPolicy": "None"}}}}},
                {"target": "Service/web", "json": [
                    {"op": "add", "path": "/spec/ports/0/nodePort", "value": 30080},
                    {"op": "add", "path": "/metadata/labels/example.com~1a", "value": "b"}]},
                {"target": "Nothing", "merge": {"a": "b"}},
                {"target": "Service", "merge": {"metadata": {"name": "other"}}}]}),
        ),
        (
            "pod_labels",
            json!({"podLabels": {"tier": "front"}, "podAnnotations": {"prometheus.io/scrape": "true"}}),
        ),
        ("config_from", json!({"configFrom": "./config"})),
        (
            "service_port",
            json!({"port": 8080, "service": {"port": 8000, "type": "NodePort", "annotations": {"example.com/lb": "internal"}}}),
        ),
        (
            "resources_all",
            json!({"resources": {"requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "2Gi"},
                "limits": {"cpu": "2", "memory": "3Gi", "ephemeral-storage": "4Gi"}}}),
        ),
        (
            "probes_full",
            json!({"ports": {"grpc": 50051, "admin": 9000}, "probes": {
                "startup": {"grpc": true, "port": "admin", "period": "2s", "timeout": "2s", "failures": 5},
                "ready": {"command": ["/bin/check"], "period": "3s", "timeout": "1s", "failures": 2},
                "live": {"grpc": true, "period": "1m", "timeout": "10s", "failures": 4}}}),
        ),
        (
            "probes_tcp",
            json!({"port": 8080, "probes": {"startup": {"tcp": true}, "ready": {"tcp": true},
                "live": {"command": ["/bin/check", "--live"]}}}),
        ),
        ("ingress_path", json!({"port": 8080, "ingress": {"host": "*.example.com", "path": "/shop"}})),
        (
            "ingress_many",
            json!({"port": 8080, "ingress": {"hosts": [
                {"host": "b.example.com"}, {"host": "a.example.com", "paths": ["/v2", "/v3"]}]}}),
        ),
        ("disruption_away", json!({"replicas": 4, "disruption": {"maxUnavailable": "2"}})),
        (
            "jobs_resources",
            json!({"jobs": {"report": {"schedule": "0 3 * * *", "command": ["/bin/report"], "resources": {
                "requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "2Gi"},
                "limits": {"cpu": "2", "memory": "3Gi", "ephemeral-storage": "4Gi"}}}}}),
        ),
        (
            "backup_all",
            json!({"backup": {"schedule": "0 1 * * *", "timeZone": "Europe/Berlin", "command": ["/bin/backup"],
                "args": ["--all"], "history": 7,
                "secrets": {"KEY": {"secret": "s3", "key": "key", "optional": true}}, "resources": {
                "requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "2Gi"},
                "limits": {"cpu": "2", "memory": "3Gi", "ephemeral-storage": "4Gi"}}}}),
        ),
        (
            "network_out",
            json!({"network": {"to": [{"app": "cart", "namespace": "shop"},
                {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}]}}),
        ),
        (
            "objects_role",
            json!({"objects": [{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
                "metadata": {"name": "web", "labels": {"a": "b"}}, "rules": []}]}),
        ),
        (
            "patches_all",
            json!({"port": 8080, "patches": [
                {"target": "Deployment", "merge": {"spec": {"template": {"spec": {"dnsPolicy": "Default"}}}}},
                {"target": "Service/web", "json": [
                    {"op": "test", "path": "/spec/ports/0/port", "value": 80},
                    {"op": "copy", "path": "/metadata/annotations/example.com~1owner",
                        "from": "/metadata/annotations/example.com~1contact"}]}]}),
        ),
    ]
}

/// What the reconciler goes by, of which no object shows anything.
pub(crate) fn reconciler_only() -> Value {
    json!({"suspend": true, "adopt": true,
        "dependsOn": [{"app": "cart"}, {"migration": "shop-db", "namespace": "data"}],
        "rollout": {"rollback": "manual"}, "deletion": {"protect": true, "confirm": true, "grace": "1m"},
        "drift": {"mode": "report", "ignore": [{"target": "Deployment", "path": "/spec/replicas"}]},
        "window": {"allow": ["0 9 * * * for 8h"], "timeZone": "Europe/Berlin"}})
}

#[test]
fn every_option_makes_the_difference_that_its_golden_file_shows() {
    for (name, fields) in options() {
        option(name, fields);
    }
}

#[test]
fn the_backup_before_a_deletion_reads_the_volumes_wherever_they_are() {
    let fields = json!({"replicas": 1, "image": "registry.example.com/wiki:1",
        "storage": {"data": {"size": "1Gi", "mountPath": "/data"}, "other": {"size": "1Gi", "mountPath": "/other"}},
        "backup": {"onDelete": true, "image": "backup:1", "command": ["/bin/backup", "/data"], "volumes": ["data"],
            "env": {"TO": "s3://b"}, "secrets": {"KEY": {"secret": "s3", "key": "key"}}}});
    let app = app(spec(fields));
    let backup = |occasion: &str| backup::render(&Subject::new(&app, &owner()), occasion).unwrap();
    golden("deletion_backup", &to_yaml(&[backup("2026-10-01T00:00:00Z 1")]));
    assert_ne!(backup("2026-10-01T00:00:00Z 1").reference, backup("2026-10-01T00:00:00Z 2").reference);
}

#[test]
fn options_that_concern_only_the_reconciler_change_no_object() {
    let smallest = rendered(&app(spec(json!({}))));
    assert_eq!(rendered(&app(spec(reconciler_only()))), smallest);
}

#[test]
fn scaling_leaves_the_pods_alone() {
    let template = |replicas: u32| {
        let objects = rendered(&app(spec(json!({"port": 8080, "replicas": replicas}))));
        find(&objects, Kind::Deployment).unwrap()["spec"]["template"].clone()
    };
    assert_eq!(template(0), template(1));
    assert_eq!(template(1), template(50));
}
