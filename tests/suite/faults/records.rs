//! Somebody touches what the daemon remembers. Nothing is deleted for it, and it is written again.

use super::{SOON, Scene};
use crate::support::eventually;

const APPS: [&str; 2] = ["web", "wiki"];

/// Replaces the record of the web app in the first shard.
fn garble(scene: &Scene) {
    let (source, namespace) = (&scene.sandbox.source, &scene.sandbox.namespace);
    let map = format!("portfolio-{source}-records-0");
    let key = format!("portfolioapp.{namespace}.web");
    assert!(scene.observer.status().contains_key(&key));
    let patch = format!(r#"{{"data": {{"{key}": "{{rubbish"}}}}"#);
    let daemon_namespace = scene.sandbox.daemon_namespace.as_str();
    scene.sandbox.kubectl(&["patch", "configmap", &map, "--namespace", daemon_namespace, "--patch", &patch]);
}

fn delete_status(scene: &Scene) {
    let label = format!("portfolio.dev/status={}", scene.sandbox.source);
    let daemon_namespace = scene.sandbox.daemon_namespace.as_str();
    scene.sandbox.kubectl(&["delete", "configmap", "--selector", &label, "--namespace", daemon_namespace]);
}

fn is_written_again(scene: &Scene) {
    eventually(SOON, "the record is written again", || scene.observer.records().contains_key("web"));
    scene.becomes_ready(&APPS, 1, SOON);
}

#[test]
fn a_record_garbled_under_a_running_daemon_is_written_again() {
    let scene = Scene::new(&APPS, |_| {});
    scene.becomes_ready(&APPS, 1, SOON);
    let before = scene.uids();

    garble(&scene);

    is_written_again(&scene);
    assert_eq!(scene.uids(), before);
}

#[test]
fn a_record_garbled_while_no_daemon_runs_is_made_again_from_the_branch() {
    let mut scene = Scene::new(&APPS, |_| {});
    scene.becomes_ready(&APPS, 1, SOON);
    let before = scene.uids();
    scene.daemon.stop();
    garble(&scene);

    scene.daemon.restart();

    is_written_again(&scene);
    assert_eq!(scene.uids(), before);
}

#[test]
fn records_deleted_under_a_running_daemon_are_written_again() {
    let scene = Scene::new(&APPS, |_| {});
    scene.becomes_ready(&APPS, 1, SOON);
    let (before, status) = (scene.uids(), scene.observer.status().len());

    delete_status(&scene);

    eventually(SOON, "all is written again", || scene.observer.status().len() == status);
    scene.becomes_ready(&APPS, 1, SOON);
    assert_eq!(scene.uids(), before);
}

#[test]
fn records_deleted_while_no_daemon_runs_are_made_again_from_the_branch() {
    let mut scene = Scene::new(&APPS, |_| {});
    scene.becomes_ready(&APPS, 1, SOON);
    let before = scene.uids();
    scene.daemon.kill();
    delete_status(&scene);

    scene.daemon.restart();

    is_written_again(&scene);
    assert_eq!(scene.uids(), before);
}

/// What leaves the branch when nothing is remembered of it may be anybody's.
#[test]
fn objects_that_no_record_knows_are_not_deleted() {
    let mut scene = Scene::new(&APPS, |_| {});
    scene.becomes_ready(&APPS, 1, SOON);
    let before = scene.uids();
    scene.daemon.kill();
    delete_status(&scene);
    scene.sandbox.repo.remove("wiki.yaml");
    let head = scene.sandbox.repo.publish("no wiki");

    scene.daemon.restart();

    eventually(SOON, "the new revision is observed", || scene.observer.summary()["observedRevision"] == head);
    scene.becomes_ready(&["web"], 1, SOON);
    assert_eq!(scene.uids(), before);
}
