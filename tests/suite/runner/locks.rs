//! Others who hold a table, and other runs.

use super::world::{PATIENCE, World, within};

/// A table that a reader holds within a transaction.
const READER: &str = "SET application_name = 'long report'; BEGIN; SELECT count(*) FROM orders";
const ALTER: [(&str, &str); 2] = [
    ("1_orders.sql", "CREATE TABLE orders (id bigint);"),
    ("2_total.sql", "INSERT INTO orders VALUES (1);\nALTER TABLE orders ADD COLUMN total numeric;"),
];

fn with_orders() -> World {
    let world = World::with(&ALTER[..1]);
    world.exec(&[]).with(0);
    world.file(ALTER[1].0, ALTER[1].1);
    world
}

#[test]
fn a_reader_in_the_way_is_waited_for_without_blocking_others() {
    let world = with_orders();
    let reader = world.hold(READER);
    let mut run = world.start(&["--lock-timeout=200ms"]);
    // It steps back and tries again, and can say who is in the way.
    run.until("retrying");
    let blocker = loop {
        let event = run.until("retrying");
        if event["blocker"] != "" {
            break event["blocker"].as_str().unwrap().to_owned();
        }
    };
    assert!(blocker.starts_with("pid ") && blocker.contains("long report"), "{blocker}");
    // While it does, the table is there for others.
    within(PATIENCE / 2, "another reader", || world.query("SELECT count(*) FROM orders"));
    drop(reader);
    run.end().with(0);
    assert_eq!(world.query("SELECT id, total FROM orders"), ["1|"]);
}

#[test]
fn who_is_in_the_way_is_named_when_it_gives_up() {
    let world = with_orders();
    let reader = world.hold(READER);
    let ended = world.exec(&["--lock-timeout=300ms", "--lock-wait=3s"]).with(11);
    ended.says("2_total.sql");
    ended.says("long report");
    assert!(ended.report["message"].as_str().unwrap().contains("long report"), "{:?}", ended.report);
    assert_eq!(world.history(), ["1"]);
    drop(reader);
    world.exec(&[]).with(0);
    assert_eq!(world.query("SELECT count(*) FROM orders"), ["1"]);
}

#[test]
fn two_runs_at_once_apply_each_file_once() {
    // The gate keeps the first run within its transaction while the second one comes.
    let world = World::with(&[
        ("1_marks.sql", "CREATE TABLE marks (mark text); SELECT pg_advisory_xact_lock(1);"),
        ("2_a.sql", "INSERT INTO marks VALUES ('a');"),
        ("3_b.sql", "INSERT INTO marks VALUES ('b');"),
    ]);
    let gate = world.hold("SELECT pg_advisory_lock(1)");
    let mut first = world.start(&["--lock-timeout=0s"]);
    first.until("statement");
    world.until_waiting_for("advisory");
    let mut second = world.start(&["--document=shop/db"]);
    let waiting = second.until("waiting-for-lock");
    assert!(waiting["holder"].as_str().unwrap().contains("portfolio-migrate"), "{waiting}");
    drop(gate);
    assert_eq!(first.end().with(0).applied(), [1, 2, 3]);
    assert_eq!(second.end().with(0).applied(), [0_u64; 0]);
    assert_eq!(world.query("SELECT mark FROM marks ORDER BY mark"), ["a", "b"]);
}

#[test]
fn many_runs_from_nothing_are_one_after_the_other() {
    let world = World::with(&[
        ("1_marks.sql", "CREATE TABLE marks (mark text);"),
        ("2_a.sql", "INSERT INTO marks VALUES ('a');"),
        ("3_b.sql", "INSERT INTO marks VALUES ('b');"),
    ]);
    let runs: Vec<_> = (0..5).map(|_| world.start(&[])).collect();
    let mut applied: Vec<u64> = runs.into_iter().flat_map(|run| run.end().with(0).applied()).collect();
    applied.sort_unstable();
    assert_eq!(applied, [1, 2, 3]);
    assert_eq!(world.query("SELECT mark FROM marks ORDER BY mark"), ["a", "b"]);
}

#[test]
fn a_run_that_does_not_get_the_lock_changes_nothing_and_names_the_other() {
    let world = World::with(&[("1_a.sql", "SELECT pg_advisory_xact_lock(1);")]);
    let gate = world.hold("SELECT pg_advisory_lock(1)");
    let mut first = world.start(&["--lock-timeout=0s", "--document=shop/first"]);
    first.until("statement");
    let ended = world.exec(&["--lock-wait=1s"]).with(11);
    ended.says("another run did not end within 1 s");
    ended.says("portfolio-migrate/shop/first");
    drop(gate);
    first.end().with(0);
}

#[test]
fn histories_of_two_schemas_do_not_wait_for_each_other() {
    let world = World::with(&[("1_a.sql", "SELECT pg_advisory_xact_lock(1);")]);
    let gate = world.hold("SELECT pg_advisory_lock(1)");
    let mut first = world.start(&["--lock-timeout=0s"]);
    first.until("statement");
    world.file("1_a.sql", "SELECT 1;");
    world.exec(&["--history-schema=other"]).with(0);
    drop(gate);
    first.end().with(0);
}
