//! Where the documents come from, and what becomes of them when that does not answer or says something else.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::{Access, Daemon, GitHttp, GitSsh, Sandbox};

fn shop(replicas: u32) -> String {
    format!("image: registry.test/shop:1, replicas: {replicas}")
}

/// A sandbox whose branch has a shop, not followed yet.
fn with_a_shop() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop(1));
    let revision = sandbox.repo.publish("Add the shop");
    (sandbox, revision)
}

/// A directory with these files, as a mounted Secret is.
fn auth_dir(sandbox: &Sandbox, files: &[(&str, &str)]) -> PathBuf {
    let folder = sandbox.path().join("auth");
    fs::create_dir_all(&folder).unwrap();
    for (name, text) in files {
        fs::write(folder.join(name), text).unwrap();
    }
    folder
}

fn replicas(sandbox: &Sandbox) -> Value {
    sandbox.get("deployment/shop").unwrap()["spec"]["replicas"].clone()
}

fn ann() -> Access {
    Access::Basic { user: "ann".into(), password: "secret".into() }
}

#[test]
fn the_environments_overlay_is_merged() {
    let sandbox = Sandbox::new();
    let overlays = "environments: {prod: {replicas: 3, env: {LEVEL: warn}}, dev: {enabled: false}}";
    sandbox.write_app("shop", &format!("{}, env: {{LEVEL: info, A: b}}, {overlays}", shop(1)));
    let revision = sandbox.repo.publish("Add a shop for two environments");

    let _daemon = Daemon::start(&sandbox, &sandbox.config(&sandbox.repo.url(), "environment: prod"));

    sandbox.until_ready("shop", &revision);
    assert_eq!(replicas(&sandbox), 3);
    let env = "--output=jsonpath={range .spec.template.spec.containers[0].env[*]}{.name}={.value} {end}";
    assert_eq!(sandbox.kubectl(&["get", "deployment/shop", env]).trim(), "A=b LEVEL=warn");
    assert_eq!(sandbox.summary()["environment"], "prod");
}

#[test]
fn a_document_that_is_switched_off_in_its_environment_is_absent() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &format!("{}, environments: {{dev: {{enabled: false}}}}", shop(1)));
    sandbox.write_app("web", "image: registry.test/web:1");
    let revision = sandbox.repo.publish("Add a shop that is not for dev");

    let _daemon = Daemon::start(&sandbox, &sandbox.config(&sandbox.repo.url(), "environment: dev"));

    sandbox.until_ready("web", &revision);
    assert!(sandbox.record("shop").is_null());
    assert!(sandbox.get("deployment/shop").is_none());
}

#[test]
fn a_changed_file_of_the_configuration_rolls_and_the_old_one_goes() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", "image: registry.test/shop:1, configFrom: ./config");
    sandbox.repo.write("apps/config/app.toml", "level = 1\n");
    let revision = sandbox.repo.publish("Add the shop with its configuration");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    let names = || {
        let selector = format!("--selector=portfolio.dev/source={}", sandbox.source);
        sandbox.kubectl(&["get", "configmaps", &selector, "--output=name"])
    };
    let before = names();
    assert_eq!(before.lines().count(), 1, "{before}");

    sandbox.repo.write("apps/config/app.toml", "level = 2\n");
    let revision = sandbox.repo.publish("Raise the level");

    sandbox.until_ready("shop", &revision);
    let inventory = |record: &Value| record["inventory"].to_string().matches("ConfigMap/").count();
    sandbox.until_record("shop", "the old one is gone", |record| inventory(record) == 1);
    let after = names();
    assert_eq!(after.lines().count(), 1, "{after}");
    assert_ne!(after, before);
    let map = sandbox.get(after.trim()).unwrap();
    assert_eq!(map["data"]["app.toml"], "level = 2\n");
    let deployment = sandbox.get("deployment/shop").unwrap().to_string();
    assert!(deployment.contains(after.trim().trim_start_matches("configmap/")), "{deployment}");
}

#[test]
fn a_tag_is_followed_and_the_branch_is_not() {
    let (sandbox, revision) = with_a_shop();
    sandbox.repo.annotated_tag("v1");
    sandbox.write_app("shop", &shop(2));
    sandbox.repo.publish("Scale the shop");
    let server = GitHttp::http(&sandbox.repo, Access::Anybody);

    let config = sandbox.config(&server.url(), "").replace("branch: main", "tag: v1");
    let _daemon = Daemon::start(&sandbox, &config);

    sandbox.until_ready("shop", &revision);
    server.until_polled(2);
    assert_eq!(replicas(&sandbox), 1);
    assert_eq!(sandbox.summary()["observedRevision"], revision);
}

#[test]
fn a_commit_stays_what_it_is() {
    let (sandbox, revision) = with_a_shop();
    sandbox.write_app("shop", &shop(2));
    sandbox.repo.publish("Scale the shop");

    let config =
        sandbox.config(&sandbox.repo.url(), "").replace("branch: main", &format!("commit: {revision}"));
    let _daemon = Daemon::start(&sandbox, &config);

    sandbox.until_ready("shop", &revision);
    assert_eq!(replicas(&sandbox), 1);
}

#[test]
fn a_password_and_a_private_authority_open_the_door() {
    let (sandbox, revision) = with_a_shop();
    let server = GitHttp::https(&sandbox.repo, ann());
    let authority = fs::read_to_string(server.ca().unwrap()).unwrap();
    let files = [("username", "ann"), ("password", "secret"), ("ca.crt", &authority)];
    let auth = format!("auth: {{dir: {}}}", auth_dir(&sandbox, &files).display());

    let daemon = Daemon::start(&sandbox, &sandbox.config(&server.url(), &auth));

    sandbox.until_ready("shop", &revision);
    assert!(!daemon.log().contains("secret"), "{}", daemon.log());
}

#[test]
fn an_authority_that_nobody_knows_is_named_as_the_reason() {
    let (sandbox, _) = with_a_shop();
    let server = GitHttp::https(&sandbox.repo, Access::Anybody);

    let _daemon = sandbox.daemon_of(&server.url());

    let summary = sandbox.until_summary("Unreachable", |summary| summary["state"] == "Unreachable");
    let message = summary["message"].as_str().unwrap();
    assert!(message.contains("certificate") && message.contains("ca.crt"), "{message}");
}

#[test]
fn a_wrong_password_is_told_and_a_new_one_taken_up() {
    let (sandbox, revision) = with_a_shop();
    let server = GitHttp::http(&sandbox.repo, ann());
    let folder = auth_dir(&sandbox, &[("username", "ann"), ("password", "guess-3141")]);
    let auth = format!("auth: {{dir: {}}}", folder.display());

    let daemon = Daemon::start(&sandbox, &sandbox.config(&server.url(), &auth));

    let summary = sandbox.until_summary("Unreachable", |summary| summary["state"] == "Unreachable");
    let message = summary["message"].as_str().unwrap();
    for expected in [server.url().as_str(), "authentication failed", "`ann`"] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    assert!(!message.contains("guess-3141") && !daemon.log().contains("guess-3141"));

    fs::write(folder.join("password"), "secret").unwrap();
    sandbox.until_ready("shop", &revision);
}

#[test]
fn a_push_goes_live_over_ssh_and_another_host_key_is_not_believed() {
    let (sandbox, revision) = with_a_shop();
    let server = GitSsh::start(&sandbox.repo);
    let files = [("identity", server.identity()), ("known_hosts", &server.known_hosts())];
    let folder = auth_dir(&sandbox, &files);
    let auth = format!("auth: {{dir: {}}}", folder.display());
    let daemon = Daemon::start(&sandbox, &sandbox.config(&server.url(), &auth));
    sandbox.until_ready("shop", &revision);
    sandbox.write_app("shop", &shop(2));
    let second = sandbox.repo.publish("Scale the shop");
    sandbox.until_ready("shop", &second);

    fs::write(folder.join("known_hosts"), server.known_hosts_of_another()).unwrap();
    let summary = sandbox.until_summary("Unreachable", |summary| summary["state"] == "Unreachable");
    assert_eq!(summary["observedRevision"], second);
    let message = summary["message"].as_str().unwrap();
    for expected in [server.url().as_str(), "host key is not the expected one", "known_hosts:1", "SHA256:"] {
        assert!(message.contains(expected), "{expected}: {message}");
    }
    // Neither is the new revision taken nor the last good one let go.
    sandbox.write_app("shop", &shop(3));
    let third = sandbox.repo.publish("Scale the shop again");
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=7"]);
    sandbox.until_object("deployment/shop", "is repaired", |live| live["spec"]["replicas"] == 2);

    fs::write(folder.join("known_hosts"), server.known_hosts()).unwrap();
    sandbox.until_ready("shop", &third);
    assert_eq!(replicas(&sandbox), 3);
    let inside = server.identity().lines().nth(3).unwrap();
    assert!(!daemon.log().contains(inside), "{}", daemon.log());
}

#[test]
fn a_server_that_was_away_is_followed_again() {
    let (sandbox, revision) = with_a_shop();
    let server = GitHttp::http(&sandbox.repo, Access::Anybody);
    let _daemon = sandbox.daemon_of(&server.url());
    sandbox.until_ready("shop", &revision);

    server.break_down(true);
    let summary = sandbox.until_summary("Unreachable", |summary| summary["state"] == "Unreachable");
    assert_eq!(summary["observedRevision"], revision);
    assert!(summary["since"].is_string(), "{summary:#}");
    sandbox.write_app("shop", &shop(2));
    let revision = sandbox.repo.publish("Scale the shop");
    server.break_down(false);

    sandbox.until_ready("shop", &revision);
    let summary = sandbox.until_summary("Ready", |summary| summary["state"] == "Ready");
    assert_eq!(summary["message"], Value::Null);
}

#[test]
fn a_rewritten_history_that_lacks_a_document_waits_for_a_person() {
    let (sandbox, first) = with_a_shop();
    sandbox.write_app("web", "image: registry.test/web:1");
    let second = sandbox.repo.publish("Add web");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &second);
    sandbox.until_ready("web", &second);
    let start = sandbox.audit_log().mark();

    sandbox.repo.reset(&first);
    sandbox.write_app("shop", &shop(2));
    let rewritten = sandbox.repo.commit("Scale the shop");
    sandbox.repo.force_push();

    sandbox.until_ready("shop", &rewritten);
    let held = sandbox.until_phase("web", "Held");
    assert_eq!(held["reason"], "HistoryRewritten");
    let summary = sandbox.until_summary("asks for a person", |summary| summary["approval"].is_object());
    assert_eq!(summary["approval"]["reason"], "HistoryRewritten");
    let writes = sandbox.audit_log().writes(&sandbox.source, start);
    assert!(writes.iter().all(|request| request.verb != "delete"), "{writes:#?}");
    assert!(sandbox.get("deployment/web").is_some());
}

#[test]
fn a_deleted_branch_is_told_and_nothing_is_removed() {
    let (sandbox, revision) = with_a_shop();
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);

    let bare = format!("--git-dir={}", sandbox.repo.bare().display());
    sandbox.repo.git(&[&bare, "update-ref", "-d", "refs/heads/main"]);

    let summary = sandbox.until_summary("Unreachable", |summary| summary["state"] == "Unreachable");
    assert!(summary["message"].as_str().unwrap().contains("no branch `main`"), "{summary:#}");
    assert_eq!(sandbox.record("shop")["phase"], "Ready");
    assert_eq!(replicas(&sandbox), 1);
}
