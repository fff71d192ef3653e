//! SIGKILL, as of a node that is gone: the next run finds nothing half done, nothing done twice and no stuck lock.

use std::time::Duration;

use super::world::{World, within};

const FILES: [&str; 3] = ["1_one.sql", "2_two.sql", "3_three.sql"];
const STATEMENTS: usize = 3;
/// The server sees within a second that nobody is there; a stuck lock would be waited for in vain.
const PROMPTLY: [&str; 1] = ["--lock-wait=20s"];

/// Three files of three statements, each of which adds a mark of its own and passes a gate of its own.
fn world() -> World {
    let world = World::new();
    for (index, file) in FILES.iter().enumerate() {
        let mut sql = String::new();
        for number in index * STATEMENTS..(index + 1) * STATEMENTS {
            let gate = number + 1;
            sql += &format!("INSERT INTO marks SELECT {gate} FROM pg_advisory_xact_lock({gate});\n");
        }
        world.file(file, sql);
    }
    // No key: what is run twice is seen.
    world.execute("CREATE TABLE marks (mark int)");
    world.execute(&format!("ALTER TABLE marks OWNER TO {}", world.database.name));
    world
}

#[track_caller]
fn is_whole(world: &World) {
    let expected: Vec<String> = (1..=FILES.len() * STATEMENTS).map(|mark| format!("{mark}|1")).collect();
    assert_eq!(world.query("SELECT mark, count(*) FROM marks GROUP BY mark ORDER BY mark"), expected);
    assert_eq!(world.history(), ["1", "2", "3"]);
}

#[test]
fn killed_within_each_statement_a_run_leaves_only_whole_files() {
    for gate in 1..=FILES.len() * STATEMENTS {
        let world = world();
        let held = world.hold(&format!("SELECT pg_advisory_lock({gate})"));
        let mut run = world.start(&["--lock-timeout=0s"]);
        world.until_waiting_for("advisory");
        run.kill();
        drop(run);
        // The gate stays shut: the server has to end a statement that waits, for nobody.
        let whole = (gate - 1) / STATEMENTS;
        within(Duration::from_secs(30), "taking the lock of a killed run", || {
            let mut next = world.start(&["--lock-timeout=0s", PROMPTLY[0]]);
            next.until("locked");
            assert_eq!(
                world.query("SELECT count(*) FROM marks"),
                [(whole * STATEMENTS).to_string()],
                "killed at statement {gate}"
            );
            drop(held);
            let pending: Vec<u64> = (whole as u64 + 1..=3).collect();
            assert_eq!(next.end().with(0).applied(), pending, "killed at statement {gate}");
        });
        is_whole(&world);
    }
}

#[test]
fn killed_after_whatever_it_told_a_run_can_be_run_again() {
    let told = world().exec(&[]).with(0).events.len();
    assert!(told > 15, "{told} events");
    for count in 1..=told {
        let world = world();
        let mut run = world.start(&[]);
        for _ in 0..count {
            run.next();
        }
        run.kill();
        drop(run);
        world.exec(&PROMPTLY).with(0);
        is_whole(&world);
        world.exec(&["--detailed-exitcode"]).with(10);
    }
}

#[test]
fn killed_again_and_again_on_one_database_a_run_comes_to_its_end() {
    let world = world();
    for _ in 0..FILES.len() {
        let mut run = world.start(&PROMPTLY);
        // The first file that it applies is the last.
        while run.next().is_some_and(|event| event["event"] != "applied") {}
        run.kill();
    }
    world.exec(&PROMPTLY).with(0);
    is_whole(&world);
}
