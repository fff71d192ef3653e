//! What the daemon needs is in its records: it may stop, crash or lose its clone and git at any time.

use std::fs;
use std::time::{Duration, Instant};

use crate::support::{Access, Daemon, GitHttp, Request, SOON, Sandbox, eventually};

/// How long a stop may take.
const STOPPED: Duration = Duration::from_secs(25);

fn shop(replicas: u32) -> String {
    format!("image: registry.test/shop:1, port: 8080, replicas: {replicas}")
}

/// Waits until a line was logged so often, over all starts.
#[track_caller]
fn logged(daemon: &Daemon, line: &str, times: usize) {
    eventually(SOON, &format!("`{line}` is logged {times} times"), || {
        let count = daemon.log().matches(line).count();
        if count >= times { Ok(()) } else { Err(count) }
    });
}

#[test]
fn a_restart_writes_nothing() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop(1));
    let revision = sandbox.repo.publish("Add the shop");
    let server = GitHttp::http(&sandbox.repo, Access::Anybody);
    let mut daemon = sandbox.daemon_of(&server.url());
    sandbox.until_ready("shop", &revision);
    assert!(daemon.stop().success());
    let log = sandbox.audit_log();
    let start = log.mark();

    daemon.restart();

    logged(&daemon, "cluster listed", 2);
    server.until_polled(3);
    assert!(daemon.stop().success());
    let writes = log.writes(&sandbox.source, start);
    assert_eq!(writes.iter().map(Request::to_string).collect::<Vec<_>>(), [""; 0]);
    let work = log.work(&sandbox.source, start);
    let of_apps: Vec<_> = work
        .iter()
        .filter(|request| request.namespace == sandbox.namespace)
        .map(Request::to_string)
        .collect();
    assert_eq!(of_apps, [""; 0], "no object is read by itself");
}

#[test]
fn what_was_pushed_while_it_was_down_is_brought() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop(1));
    let revision = sandbox.repo.publish("Add the shop");
    let mut daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    daemon.kill();
    sandbox.write_app("shop", &shop(3));
    let revision = sandbox.repo.publish("Scale the shop");
    sandbox.kubectl(&["delete", "service/shop"]);

    daemon.restart();

    sandbox.until_ready("shop", &revision);
    sandbox.until_object("service/shop", "is back", |live| !live.is_null());
    assert_eq!(sandbox.get("deployment/shop").unwrap()["spec"]["replicas"], 3);
}

#[test]
fn a_lost_clone_is_made_again() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop(1));
    let revision = sandbox.repo.publish("Add the shop");
    let mut daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    assert!(daemon.stop().success());
    fs::remove_dir_all(daemon.cache()).unwrap();
    let log = sandbox.audit_log();
    let start = log.mark();

    daemon.restart();
    logged(&daemon, "cluster listed", 2);
    sandbox.write_app("shop", &shop(2));
    let revision = sandbox.repo.publish("Scale the shop");

    sandbox.until_ready("shop", &revision);
    let writes = log.writes(&sandbox.source, start).into_iter();
    let of_apps: Vec<_> = writes.filter(|request| request.namespace == sandbox.namespace).collect();
    let shown: Vec<_> = of_apps.iter().map(Request::to_string).collect();
    assert!(of_apps.iter().all(|request| request.verb == "patch" && request.name == "shop"), "{shown:#?}");
}

#[test]
fn drift_is_repaired_out_of_the_records_while_git_is_away() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop(1));
    let revision = sandbox.repo.publish("Add the shop");
    let mut daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    daemon.kill();
    fs::remove_dir_all(daemon.cache()).unwrap();
    let (bare, away) = (sandbox.repo.bare(), sandbox.repo.bare().with_extension("away"));
    fs::rename(bare, &away).unwrap();
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);

    daemon.restart();

    sandbox.until_object("deployment/shop", "is scaled back", |live| live["spec"]["replicas"] == 1);
    let summary = sandbox.until_summary("says so", |summary| summary["state"] == "Unreachable");
    assert!(summary["message"].as_str().unwrap().contains(&sandbox.repo.url()), "{summary:#}");
    assert_eq!(summary["observedRevision"], revision);

    fs::rename(&away, bare).unwrap();
    sandbox.until_summary("is read again", |summary| summary["state"] == "Ready");
    assert_eq!(sandbox.record("shop")["phase"], "Ready");
}

#[test]
fn it_stops_in_the_middle_of_a_rollout_and_goes_on_after() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", "image: registry.test/unready/shop:1, replicas: 1");
    let revision = sandbox.repo.publish("Add a shop that is never ready");
    let mut daemon = sandbox.daemon();
    sandbox.until_phase("shop", "Progressing");
    let began = Instant::now();

    let status = daemon.stop();

    assert!(status.success(), "{status}");
    assert!(began.elapsed() < STOPPED, "{:?}", began.elapsed());
    daemon.restart();
    logged(&daemon, "cluster listed", 2);
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=3"]);
    sandbox.until_object("deployment/shop", "is scaled back", |live| live["spec"]["replicas"] == 1);
    assert_eq!(sandbox.record("shop")["rollout"]["revision"], revision);
}

#[test]
fn records_that_somebody_deleted_are_written_again() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", &shop(1));
    let revision = sandbox.repo.publish("Add the shop");
    let _daemon = sandbox.daemon();
    sandbox.until_ready("shop", &revision);
    let selector = format!("portfolio.dev/status={}", sandbox.source);
    let namespace = &sandbox.daemon_namespace;

    sandbox.kubectl(&["delete", "configmaps", "--namespace", namespace, "--selector", &selector]);

    sandbox.until_ready("shop", &revision);
    let summary = sandbox.until_summary("is back", |summary| !summary.is_null());
    assert_eq!(summary["observedRevision"], revision);
}
