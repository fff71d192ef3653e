//! Migrations, with pods that are played: which Job is made when, and who waits for it. What real pods do to a
//! real database is shown on the node.

use std::time::Duration;

use serde_json::Value;

use crate::support::{AuditLog, Daemon, Sandbox, eventually};

const SOON: Duration = Duration::from_mins(1);

/// A migration by the team's own tool; the image's path decides how it ends.
fn write_migration(sandbox: &Sandbox, image: &str, further: &str) {
    let text = format!(
        "apiVersion: portfolio.dev/v1alpha1\n\
         kind: DatabaseMigration\n\
         metadata: {{name: shop-db, namespace: {}}}\n\
         spec:\n  database: {{host: pg.data, name: shop, secretRef: {{name: shop-db}}}}\n  \
         command: {{image: {image}, command: [migrate]}}\n  {further}\n",
        sandbox.namespace
    );
    sandbox.repo.write("apps/shop-db.yaml", &text);
}

fn write_shop(sandbox: &Sandbox, version: u32) {
    let spec = format!("image: registry.test/shop:{version}, port: 8080, migrations: [shop-db]");
    sandbox.write_app("shop", &spec);
}

fn jobs(sandbox: &Sandbox) -> Vec<Value> {
    let list: Value = serde_json::from_str(&sandbox.kubectl(&["get", "jobs", "--output=json"])).unwrap();
    list["items"].as_array().unwrap().clone()
}

fn image_of_shop(sandbox: &Sandbox) -> Value {
    sandbox.get("deployment/shop").unwrap()["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

/// A shop that runs, version 1, its database migrated.
fn running() -> (Sandbox, Daemon) {
    let sandbox = Sandbox::new();
    write_migration(&sandbox, "registry.test/migrate:1", "retries: 0");
    write_shop(&sandbox, 1);
    let revision = sandbox.repo.publish("Add a shop and its database");
    let daemon = Daemon::start(&sandbox, &sandbox.config(&sandbox.repo.url(), ""));
    sandbox.until_ready("shop", &revision);
    (sandbox, daemon)
}

#[test]
fn the_app_is_made_after_its_migration_is_complete() {
    let (sandbox, _daemon) = running();
    let jobs = jobs(&sandbox);
    assert_eq!(jobs.len(), 1);
    let completed = jobs[0]["status"]["completionTime"].as_str().unwrap().to_owned();
    let deployment = sandbox.get("deployment/shop").unwrap();
    // RFC 3339 in UTC: in the order of time.
    assert!(*deployment["metadata"]["creationTimestamp"].as_str().unwrap() >= *completed);
    let env = &deployment["spec"]["template"]["spec"]["containers"][0]["env"][0];
    assert_eq!(
        (env["name"].as_str(), env["valueFrom"]["fieldRef"]["fieldPath"].as_str()),
        (Some("PGAPPNAME"), Some("metadata.name"))
    );
}

#[test]
fn a_failing_migration_leaves_the_old_version_and_the_next_push_goes_on() {
    let (sandbox, _daemon) = running();
    write_migration(&sandbox, "registry.test/failing/migrate:2", "retries: 0");
    write_shop(&sandbox, 2);
    let broken = sandbox.repo.publish("Break the migration");
    eventually(SOON, "the migration has failed and the shop waits", || {
        let status = sandbox.portfolio(&["status"]).output().unwrap();
        let text = String::from_utf8(status.stdout).unwrap();
        if text.contains("Failed") && text.contains("Waiting") { Ok(()) } else { Err(text) }
    });
    assert_eq!(image_of_shop(&sandbox), "registry.test/shop:1");
    // CI asks whether its commit is live: it is told at once, and why not.
    let wait = ["status", "--wait", "--revision", &broken, "--timeout", "5m"];
    let asked = std::time::Instant::now();
    let answer = sandbox.portfolio(&wait).output().unwrap();
    let said = String::from_utf8(answer.stderr).unwrap();
    assert_eq!(answer.status.code(), Some(1), "{said}");
    assert!(asked.elapsed() < SOON && said.contains("DatabaseMigration"), "{said}");
    let detail = sandbox.portfolio(&["status", "shop-db"]).output().unwrap();
    let detail = String::from_utf8(detail.stdout).unwrap() + &String::from_utf8(detail.stderr).unwrap();
    assert!(detail.contains("portfolio reconcile"), "{detail}");
    write_migration(&sandbox, "registry.test/migrate:3", "retries: 0");
    let revision = sandbox.repo.publish("Mend the migration");
    sandbox.until_ready("shop", &revision);
    assert_eq!(image_of_shop(&sandbox), "registry.test/shop:2");
    eventually(SOON, "the failed Job is gone", || {
        if jobs(&sandbox).len() == 1 { Ok(()) } else { Err(jobs(&sandbox)) }
    });
}

#[test]
fn a_finished_run_that_somebody_removes_is_made_again_by_nobody() {
    let (sandbox, mut daemon) = running();
    let audit = AuditLog::of(sandbox.cluster());
    let start = audit.mark();
    sandbox.kubectl(&["delete", "jobs", "--all"]);
    // Another version of the app needs another look at everything, and so does a restart.
    daemon.restart();
    write_shop(&sandbox, 2);
    let revision = sandbox.repo.publish("Another version");
    sandbox.until_ready("shop", &revision);
    let requests = audit.requests(&sandbox.source, start);
    assert!(
        requests.iter().all(|request| request.resource != "jobs" || request.verb != "patch"),
        "{requests:?}"
    );
}

#[test]
fn a_person_can_order_another_attempt() {
    let (sandbox, _daemon) = running();
    write_migration(&sandbox, "registry.test/failing/migrate:2", "retries: 0");
    sandbox.repo.publish("Break the migration");
    let ended = |attempt: &str| {
        eventually(SOON, attempt, || {
            let jobs = jobs(&sandbox);
            let names = jobs.iter().map(|job| job["metadata"]["name"].as_str().unwrap().to_owned());
            let names: Vec<_> = names.collect();
            let failed = jobs.iter().any(|job| job["status"]["failed"] == 1);
            if failed && names.iter().any(|name| name.ends_with(attempt)) { Ok(()) } else { Err(names) }
        });
    };
    ended("-1");
    eventually(SOON, "the failure is on record", || {
        let text = String::from_utf8(sandbox.portfolio(&["status"]).output().unwrap().stdout).unwrap();
        if text.contains("Failed") { Ok(()) } else { Err(text) }
    });
    let done = sandbox.portfolio(&["reconcile"]).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    // It fails again, and says so.
    assert!(!done.status.success() && said.contains("ended with code 1"), "{said}");
    ended("-2");
    let status = sandbox.portfolio(&["status", "shop-db"]).output().unwrap();
    let status = String::from_utf8(status.stdout).unwrap();
    assert!(status.contains("attempt 2"), "{status}");
}
