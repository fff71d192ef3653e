//! What looks like a secret gets neither into a document nor into what is told about it.

use std::collections::BTreeMap;

use serde_json::json;

use super::{imported, objects};
use crate::import::{Fate, Imported, Options, Restart};

/// Put together here, so that no scanner takes the test for a leak.
fn secrets() -> [String; 4] {
    [
        format!("sk_live_{}", "abcdefghij"),
        format!("ghp_{}", "abcdefghij"),
        "9f86d081884c7d659a2feaa0c55ad015".to_owned(),
        "hunter2".to_owned(),
    ]
}

/// Asserts that no secret is anywhere, and gives where something did not fit.
fn unfit(imported: &Imported) -> Vec<String> {
    assert_eq!(imported.errors, []);
    let all = format!("{imported:?}");
    for secret in secrets() {
        assert!(!all.contains(&secret), "{secret}: {imported:#?}");
    }
    let findings = imported.apps.iter().flat_map(|app| &app.findings).chain(&imported.findings);
    let unfit = findings.filter(|finding| finding.fate == Fate::Unfit);
    let mut unfit: Vec<String> =
        unfit.map(|finding| format!("{} {}", finding.object, finding.path).trim_end().to_owned()).collect();
    unfit.sort();
    unfit
}

#[test]
fn of_a_compose_file_no_secret_is_copied() {
    let [stripe, github, redis, _] = secrets();
    let text = format!(
        "
services:
  web:
    image: web:1.0.0
    entrypoint: [/bin/web, --db-password, hunter2]
    command: serve --token=hunter2 --port 80 --max-tokens 5
    environment:
      STRIPE_KEY: {stripe}
      GH: {github}
      REDIS_AUTH: {redis}
      LOG_LEVEL: info
      MAX_TOKENS: 4096
      KEYBOARD: de
      PUBLIC_URL: https://shop.example.com/
      PASSWORD_MIN_LENGTH: 12
      TOKEN_TTL: 5m
    volumes: [./app.toml:/etc/app.toml, ./plain.toml:/etc/plain.toml]
    configs: [inline]
    healthcheck: {{test: [CMD, check, --token, hunter2]}}
configs: {{inline: {{content: \"url: postgres://shop:hunter2@db\"}}}}
"
    );
    let beside = [("./app.toml", "port = 80\npassword = \"hunter2\"\n"), ("./plain.toml", "port = 80\n")];
    let beside =
        beside.map(|(path, text)| (("compose.yaml".to_owned(), path.to_owned()), text.as_bytes().to_vec()));
    let options = Options { beside: BTreeMap::from(beside), ..Options::default() };
    let imported = imported("compose.yaml", &text, &options);
    assert_eq!(
        unfit(&imported),
        ["web", "web", "web command", "web configs", "web entrypoint", "web healthcheck.test"]
    );
    let text = &imported.apps[0].text;
    for expected in [
        "command: [/bin/web, --db-password, $(SECRET_ARGUMENT_1)]",
        "args: [serve, --token=$(SECRET_ARGUMENT_1), --port, \"80\", --max-tokens, \"5\"]",
        "STRIPE_KEY: {secret: web, key: STRIPE_KEY}",
        "GH: {secret: web, key: GH}",
        "REDIS_AUTH: {secret: web, key: REDIS_AUTH}",
        "SECRET_ARGUMENT_1: {secret: web, key: SECRET_ARGUMENT_1}",
        "LOG_LEVEL: info",
        "MAX_TOKENS: 4096",
        "KEYBOARD: de",
        "PUBLIC_URL: https://shop.example.com/",
        "PASSWORD_MIN_LENGTH: 12",
        "TOKEN_TTL: 5m",
        "plain.toml",
    ] {
        assert!(text.contains(expected), "{expected}:\n{text}");
    }
    let told: String = imported.apps[0].findings.iter().map(|finding| finding.message.as_str()).collect();
    assert!(told.contains("`./app.toml` holds what looks like a secret, in line 2"), "{told}");
    objects(&imported.apps[0]);
}

#[test]
fn of_manifests_no_secret_is_copied() {
    let [stripe, github, redis, _] = secrets();
    let web = json!({"name": "web", "image": "web:1.0.0", "args": ["--db-password", "hunter2"],
        "env": [
            {"name": "STRIPE_KEY", "value": stripe},
            {"name": "GH", "value": github},
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "URL", "value": "http://$(GH)/"},
        ],
        "volumeMounts": [{"name": "files", "mountPath": "/etc/web"}]});
    let side = json!({"name": "side", "image": "side:1.0.0", "command": ["side", "--token=abc", "--password=hunter2"],
        "env": [{"name": "REDIS_AUTH", "value": redis}]});
    let labels = json!({"token": "web"});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop", "annotations": {"note": "see https://u:hunter2@example.com/"}},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": {
            "containers": [web, side], "volumes": [{"name": "files", "configMap": {"name": "files"}}]}}}});
    let files = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "files", "namespace": "shop"},
        "data": {"app.toml": "port = 80\npassword = \"hunter2\"\n"}});
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [deployment, files]});
    let imported = imported("a.json", &list.to_string(), &Options::default());
    let pods = "Deployment/web spec.template.spec.containers";
    assert_eq!(
        unfit(&imported),
        [
            "ConfigMap/files".to_owned(),
            "Deployment/web metadata.annotations.note".to_owned(),
            format!("{pods}[name=side].command"),
            format!("{pods}[name=side].env[name=REDIS_AUTH]"),
            format!("{pods}[name=web].args"),
            format!("{pods}[name=web].env[name=GH]"),
            format!("{pods}[name=web].env[name=STRIPE_KEY]"),
        ]
    );
    let app = &imported.apps[0];
    let Some(Restart::Rollout(why)) = &app.restart else { panic!("{:?}", app.restart) };
    assert!(why.iter().any(|why| why.contains("STRIPE_KEY")), "{why:?}");
    let rendered = objects(app);
    let deployment = rendered.iter().find(|object| object.reference.kind.name() == "Deployment").unwrap();
    let pod = &deployment.content["spec"]["template"]["spec"];
    assert_eq!(pod["containers"][0]["args"], json!(["--db-password", "$(SECRET_ARGUMENT_1)"]));
    assert_eq!(
        pod["containers"][1]["command"],
        json!(["side", "--token=$(SECRET_ARGUMENT_2)", "--password=$(SECRET_ARGUMENT_1)"])
    );
    assert!(pod["volumes"].to_string().contains(r#""configMap":{"name":"files"}"#), "{pod:#}");
    for container in [&pod["containers"][0], &pod["containers"][1]] {
        let from = json!({"secretKeyRef": {"name": "web", "key": "SECRET_ARGUMENT_1"}});
        let variables = container["env"].as_array().unwrap();
        assert!(variables.iter().any(|variable| variable["valueFrom"] == from), "{container:#}");
    }
}
