//! Whatever portfolio renders is imported as a document that renders the same, without a patch.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{imported, objects, owner, said};
use crate::document::{Document, Policy};
use crate::import::{Fate, Options, render};
use crate::render::{RendererVersion, render as render_app, to_yaml};

/// Fields of a specification with values that they may have, as JSON.
const FIELDS: &[(&str, &[&str])] = &[
    ("command", &[r#"["/bin/web", "--x"]"#]),
    (
        "secrets",
        &[r#"{"TOKEN": {"secret": "s", "key": "k"}, "KEY": {"secret": "s", "key": "l", "optional": true}}"#],
    ),
    ("secretFiles", &[r#"{"tls": {"secret": "web-tls", "path": "/etc/tls"}}"#]),
    ("resources", &[r#"{"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}}"#]),
    ("scratch", &[r#"{"/tmp": "128Mi", "/var/cache": "1Gi"}"#]),
    (
        "rollout",
        &[
            r#"{"maxSurge": 1, "maxUnavailable": "50%", "minReady": "5s"}"#,
            r#"{"grace": "1m", "drain": "0s"}"#,
            r#"{"deadline": "30m", "drain": "9s"}"#,
        ],
    ),
    ("disruption", &[r#"{"maxUnavailable": "30%"}"#]),
    (
        "network",
        &[
            r#"{"from": [{"namespace": "ingress"}, {"app": "cart"}, {"cidr": "10.0.0.0/8"}]}"#,
            r#"{"to": [{"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"], "ports": [5432]}]}"#,
        ],
    ),
    (
        "serviceAccount",
        &[r#"{"name": "robot"}"#, r#"{"annotations": {"example.com/role": "a"}, "token": true}"#],
    ),
    (
        "security",
        &[
            r#"{"root": true}"#,
            r#"{"user": 1000, "group": 2000, "readOnly": false}"#,
            r#"{"capabilities": ["NET_BIND_SERVICE"]}"#,
        ],
    ),
    (
        "placement",
        &[
            r#"{"nodeSelector": {"a": "b"}, "priorityClass": "high"}"#,
            r#"{"tolerations": [{"key": "a", "value": "b", "effect": "NoSchedule"}], "spread": ["node"]}"#,
        ],
    ),
    ("pull", &[r#"{"policy": "Always", "secrets": ["registry"]}"#]),
    ("podLabels", &[r#"{"tier": "front"}"#]),
    ("podAnnotations", &[r#"{"example.com/scrape": "true"}"#]),
    ("restart", &[r#""2026-01-01""#]),
    (
        "jobs",
        &[
            r#"{"cleanup": {"schedule": "0 3 * * *", "command": ["/bin/clean"], "env": {"DRY": "run"}}}"#,
            r#"{"a": {"schedule": "*/5 * * * *", "timeZone": "Europe/Berlin", "image": "registry.example.com/a:1",
                "retries": 2, "history": 1, "deadline": "5m", "concurrency": "Replace", "suspend": true}}"#,
        ],
    ),
    (
        "sidecars",
        &[
            r#"[{"name": "logs", "image": "logs:1", "volumeMounts": [{"name": "scratch-tmp", "mountPath": "/tmp"}]}]"#,
        ],
    ),
];

/// Fields that make sense only with a port.
const WITH_PORT: &[(&str, &[&str])] = &[
    (
        "probes",
        &[
            r#"{"ready": {"path": "/ready"}, "live": {"tcp": true, "period": "7s"}}"#,
            r#"{"startup": {"command": ["/bin/check"], "timeout": "3s"}, "ready": {"path": "/x", "failures": 9}}"#,
        ],
    ),
    (
        "ingress",
        &[
            r#"{"host": "shop.example.com"}"#,
            r#"{"host": "shop.example.com", "path": "/v1", "className": "nginx", "tls": "shop-tls"}"#,
            r#"{"hosts": [{"host": "a.example.com"}, {"host": "b.example.com", "paths": ["/x", "/y"]}], "tls": "t"}"#,
        ],
    ),
    (
        "service",
        &[
            r#"{"port": 8000, "type": "LoadBalancer"}"#,
            r#"{"headless": true, "annotations": {"example.com/a": "b"}}"#,
        ],
    ),
];

type Fields = BTreeMap<&'static str, Value>;

/// Each field of a table, perhaps.
fn perhaps(table: &'static [(&'static str, &'static [&'static str])]) -> impl Strategy<Value = Fields> {
    let one = |(key, values): &(&'static str, &'static [&'static str])| {
        let key = *key;
        let value =
            proptest::sample::select(*values).prop_map(|text| serde_json::from_str::<Value>(text).unwrap());
        option::of(value.prop_map(move |value| (key, value))).boxed()
    };
    let all: Vec<_> = table.iter().map(one).collect();
    all.prop_map(|fields| fields.into_iter().flatten().collect())
}

/// Fields of a specification.
fn fields() -> impl Strategy<Value = Fields> {
    let scaling = prop_oneof![
        (0_u32..9).prop_map(|count| ("replicas", json!(count))),
        (2_u32..5, 5_u32..9)
            .prop_map(|(min, max)| ("autoscaling", json!({"min": min, "max": max, "cpu": 70}))),
        (2_u32..9).prop_map(|max| ("autoscaling", json!({"max": max, "memory": 60}))),
    ];
    let ports = prop_oneof![
        (1024_u16..).prop_map(|port| ("port", json!(port))),
        Just(("ports", json!({"grpc": 50051, "metrics": 9090}))),
        Just(("ports", json!({"dns": {"port": 53, "protocol": "UDP"}, "http": 8080}))),
    ];
    let texts = (
        option::of(proptest::collection::vec("[ -~]{0,9}", 1..3)),
        option::of(btree_map("[A-Z]{1,2}", "[ -~é]{0,9}", 1..5)),
        option::of(btree_map("[a-z]{1,6}\\.toml", "[ -~\n]{0,30}", 1..3)),
    );
    let with_port = option::of((ports, perhaps(WITH_PORT)));
    (perhaps(FIELDS), option::of(scaling), with_port, texts, any::<bool>()).prop_map(
        |(mut fields, scaling, with_port, (args, env, config), storage)| {
            fields.extend(scaling);
            if let Some((port, further)) = with_port {
                fields.extend([port]);
                fields.extend(further);
            }
            fields.extend(args.map(|args| ("args", json!(args))));
            fields.extend(env.map(|env| ("env", json!(env))));
            fields.extend(config.map(|config| ("config", json!(config))));
            if storage {
                let is_one = fields.get("replicas") == Some(&json!(1));
                let mode = if is_one { "ReadWriteOnce" } else { "ReadWriteMany" };
                let data = json!({"size": "10Gi", "mountPath": "/data", "class": "fast", "accessMode": mode});
                fields.insert("storage", json!({"data": data}));
            }
            fields
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_rendered_is_imported_as_what_renders_the_same(fields in fields()) {
        let mut spec = json!({"image": "registry.example.com/web:1.4.2"});
        spec.as_object_mut().unwrap().extend(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
        let document = json!({"apiVersion": "portfolio.dev/v1alpha1", "kind": "PortfolioApp",
            "metadata": {"name": "web", "namespace": "shop", "labels": {"team": "web"}}, "spec": spec});
        let loaded = render::read(&[("a.yaml", &document.to_string())], Policy::default());
        // A few of the combinations are refused, such as a budget for no pod.
        prop_assume!(loaded.documents.len() == 1);
        let (id, found) = loaded.documents.iter().next().unwrap();
        let Document::App(app) = &found.document else { panic!("not an app") };
        let before = render_app(app, &owner(), RendererVersion::CURRENT);

        let imported = imported("a.yaml", &to_yaml(&before), &Options::default());
        prop_assert_eq!(&imported.errors, &[]);
        prop_assert!(imported.is_complete(), "{:#?}", imported);
        prop_assert_eq!(imported.apps.len(), 1);
        let again = &imported.apps[0];
        prop_assert_eq!(&again.id, id);
        prop_assert_eq!(said(&objects(again)), said(&before), "{}", again.text);
        prop_assert!(!again.text.contains("patches:") && !again.text.contains("objects:"), "{}\n{}", document, again.text);
        let added: Vec<_> = again.findings.iter().filter(|finding| finding.fate == Fate::Added).collect();
        prop_assert!(added.is_empty(), "{:#?}", added);
    }
}
