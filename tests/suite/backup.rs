//! `backup.onDelete`, with pods that are played; the image's path decides how the backup ends.

use serde_json::Value;

use crate::support::{AuditLog, Daemon, Marker, Sandbox};

/// `wiki`, which is backed up by this image when it goes, and another app, live.
fn running(image: &str) -> (Sandbox, Daemon) {
    let sandbox = Sandbox::new();
    sandbox.write_app("keep", "image: registry.test/keep:1");
    write_wiki(&sandbox, image);
    let revision = sandbox.repo.publish("Add a wiki");
    let daemon = sandbox.daemon();
    sandbox.until_ready("wiki", &revision);
    sandbox.until_ready("keep", &revision);
    (sandbox, daemon)
}

fn write_wiki(sandbox: &Sandbox, image: &str) {
    let backup = format!("{{onDelete: true, image: {image}, command: [/bin/backup]}}");
    sandbox.write_app("wiki", &format!("image: registry.test/wiki:1, port: 8080, backup: {backup}"));
}

fn remove(sandbox: &Sandbox) -> Marker {
    let start = sandbox.audit_log().mark();
    sandbox.repo.remove("apps/wiki.yaml");
    sandbox.repo.publish("Remove the wiki");
    start
}

fn jobs_made(sandbox: &Sandbox, start: Marker) -> usize {
    let requests = AuditLog::of(sandbox.cluster()).requests(&sandbox.source, start).into_iter();
    requests.filter(|one| one.resource == "jobs" && one.verb == "patch" && one.code == 201).count()
}

fn held(sandbox: &Sandbox) -> String {
    let record =
        sandbox.until_record("wiki", "is held for its backup", |record| record["reason"] == "BackupFailed");
    assert_eq!(record["phase"], "Held");
    record["message"].as_str().unwrap().to_owned()
}

#[test]
fn an_app_is_backed_up_once_between_its_last_pod_and_its_first_deletion() {
    let (sandbox, _daemon) = running("registry.test/backup:1");
    let start = remove(&sandbox);
    sandbox.until_record("wiki", "is gone", Value::is_null);
    assert_eq!(jobs_made(&sandbox, start), 1);
    let requests = sandbox.audit_log().work(&sandbox.source, start);
    let last = |verb: &str, resource: &str| {
        let found = requests.iter().rposition(|one| one.verb == verb && one.resource == resource);
        found.unwrap_or_else(|| panic!("{verb} {resource} in {requests:#?}"))
    };
    let backup = last("patch", "jobs");
    assert!(last("list", "pods") < backup, "{requests:#?}");
    for needed in ["deployments", "networkpolicies", "serviceaccounts"] {
        assert!(backup < last("delete", needed), "{requests:#?}");
    }
    assert_eq!(sandbox.kubectl(&["get", "jobs", "--output=name"]), "");
}

#[test]
fn a_backup_that_fails_stops_the_removal_until_it_is_ordered_again_or_waived() {
    let (sandbox, mut daemon) = running("registry.test/failing/backup:1");
    let start = remove(&sandbox);
    let message = held(&sandbox);
    assert!(message.contains("the backup failed: "), "{message}");
    assert!(sandbox.get("deployment/wiki").is_some());
    let made = jobs_made(&sandbox, start);
    daemon.restart();
    assert_eq!(held(&sandbox), message);
    let status = sandbox.portfolio(&["status"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("BackupFailed"), "{status}");

    let ordered = sandbox.portfolio(&["reconcile"]).output().unwrap();
    assert_eq!(ordered.status.code(), Some(1), "{}", String::from_utf8_lossy(&ordered.stderr));
    let again = sandbox.until_record("wiki", "has failed again", |record| {
        record["reason"] == "BackupFailed" && record["message"] != message.as_str()
    });
    assert_eq!((made, jobs_made(&sandbox, start)), (1, 2));

    let words = again["message"].as_str().unwrap().split('`').collect::<Vec<_>>();
    let approve = words.iter().find_map(|word| word.strip_prefix("portfolio approve ")).unwrap();
    sandbox.until_summary("asks for a person", |summary| summary["withoutBackup"][0]["hash"] == approve);
    let approved = sandbox.portfolio(&["approve", approve]).output().unwrap();
    let said = String::from_utf8(approved.stderr).unwrap();
    assert!(approved.status.success() && said.contains("without a backup"), "{said}");
    assert!(sandbox.record("wiki").is_null());
    assert!(sandbox.get("deployment/wiki").is_none());
    assert_eq!(jobs_made(&sandbox, start), 2);
}

#[test]
fn a_document_that_comes_back_with_a_mended_backup_is_removed_after_it() {
    let (sandbox, _daemon) = running("registry.test/failing/backup:1");
    remove(&sandbox);
    held(&sandbox);
    write_wiki(&sandbox, "registry.test/backup:2");
    let revision = sandbox.repo.publish("Mend the backup");
    sandbox.until_ready("wiki", &revision);
    let start = remove(&sandbox);
    sandbox.until_record("wiki", "is gone", Value::is_null);
    assert_eq!(jobs_made(&sandbox, start), 1);
}
