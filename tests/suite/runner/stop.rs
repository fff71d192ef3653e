//! SIGTERM, and a server that ends the connection: rolled back, and safe to run again.

use std::time::Duration;

use super::world::{World, within};

/// Less than the grace that a pod has.
const GRACE: Duration = Duration::from_secs(20);

/// Who of the runner's is in the middle of a statement, as a condition on `pg_stat_activity`.
const SLEEPER: &str = "datname = current_database() AND wait_event = 'PgSleep'";

fn asleep() -> World {
    World::with(&[
        ("1_a.sql", "CREATE TABLE a (id bigint);"),
        ("2_b.sql", "CREATE TABLE b (id bigint); SELECT pg_sleep(600);"),
    ])
}

/// Waits until the server sleeps for us.
fn until_asleep(world: &World) {
    crate::support::eventually(super::world::PATIENCE, "the statement runs", || {
        !world.query(&format!("SELECT 1 FROM pg_stat_activity WHERE {SLEEPER}")).is_empty()
    });
}

#[test]
fn a_long_statement_is_cancelled_and_rolled_back() {
    let world = asleep();
    let mut run = world.start(&[]);
    until_asleep(&world);
    run.terminate();
    let ended = within(GRACE, "ending after SIGTERM", || run.end()).with(21);
    assert_eq!(ended.applied(), [1]);
    assert_eq!(ended.report["applied"], serde_json::json!([1]));
    ended.one("cancelling");
    ended.says("2_b.sql: asked to stop; it was rolled back");
    // Not later either: the server works for nobody any more.
    assert_eq!(world.query(&format!("SELECT pid FROM pg_stat_activity WHERE {SLEEPER}")), [""; 0]);
    assert_eq!(
        (world.history(), world.query("SELECT to_regclass('b') IS NULL")),
        (vec!["1".to_owned()], vec!["t".to_owned()])
    );
    world.file("2_b.sql", "CREATE TABLE b (id bigint);");
    assert_eq!(world.exec(&["--lock-wait=5s"]).with(0).applied(), [2]);
}

#[test]
fn a_run_that_waits_can_be_stopped() {
    let world = asleep();
    // For another run.
    let mut first = world.start(&[]);
    first.until("applying");
    let mut second = world.start(&[]);
    second.until("waiting-for-lock");
    second.terminate();
    within(GRACE, "ending while it waits for a run", || second.end()).with(21);
    first.kill();
    // For a table.
    world.file("2_b.sql", "ALTER TABLE a ADD COLUMN b text;");
    world.exec(&["--lock-wait=20s"]).with(0);
    world.file("3_c.sql", "ALTER TABLE a ADD COLUMN c text;");
    let _reader = world.hold("BEGIN; SELECT count(*) FROM a");
    let mut third = world.start(&["--lock-timeout=100ms"]);
    third.until("retrying");
    third.terminate();
    within(GRACE, "ending while it waits for a table", || third.end()).with(21).says("3_c.sql");
    assert_eq!(world.history(), ["1", "2"]);
}

#[test]
fn a_connection_that_the_server_ends_is_an_interruption() {
    let world = asleep();
    let run = world.start(&[]);
    until_asleep(&world);
    world.execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {SLEEPER}"));
    let ended = run.end().with(21);
    ended.says("2_b.sql: the connection was lost");
    assert_eq!(world.query("SELECT to_regclass('b') IS NULL"), ["t"]);
    world.file("2_b.sql", "CREATE TABLE b (id bigint);");
    assert_eq!(world.exec(&[]).with(0).applied(), [2]);
}

#[test]
fn a_statement_that_a_person_cancels_has_failed() {
    let world = asleep();
    let run = world.start(&[]);
    until_asleep(&world);
    world.execute(&format!("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE {SLEEPER}"));
    let ended = run.end().with(20);
    assert_eq!(ended.report["failure"]["sqlState"], "57014");
    // No timeout of ours did that.
    assert!(!ended.stderr.contains("--statement-timeout"), "{}", ended.stderr);
}
