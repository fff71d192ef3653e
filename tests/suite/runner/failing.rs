//! A file that the database refuses changes nothing, and people are shown where and why.

use serde_json::Value;

use super::world::{Ended, World};

/// Line, column and SQLSTATE in the report, and the same on stdout.
#[track_caller]
fn place(ended: &Ended) -> (u64, u64, &str) {
    let (failure, event) = (&ended.report["failure"], ended.one("failed"));
    assert_eq!((&failure["file"], &failure["line"]), (&event["file"], &event["line"]));
    assert_eq!(failure["column"], event["column"]);
    let number = |name: &str| failure[name].as_u64().unwrap();
    (number("line"), number("column"), failure["sqlState"].as_str().unwrap_or_default())
}

fn exists(world: &World, table: &str) -> bool {
    world.query(&format!("SELECT to_regclass('public.{table}') IS NOT NULL")) == ["t"]
}

#[test]
fn nothing_of_the_file_that_fails_is_in_the_database_and_earlier_files_are() {
    let world = World::with(&[
        ("1_a.sql", "CREATE TABLE a (id bigint);"),
        (
            "2_b.sql",
            "CREATE TABLE b (id bigint);\nINSERT INTO a VALUES (1);\n\n-- Größe\n  SELECT 'äöü', fehlt;\nSELECT 1;\n",
        ),
        ("3_c.sql", "CREATE TABLE c (id bigint);"),
    ]);
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (5, 17, "42703"));
    assert_eq!(ended.report["applied"], serde_json::json!([1]));
    assert_eq!(ended.report["failure"]["excerpt"], "  SELECT 'äöü', fehlt;");
    assert!(
        ended.report["message"]
            .as_str()
            .unwrap()
            .starts_with("2_b.sql:5:17: column \"fehlt\" does not exist")
    );
    ended.says("5 |   SELECT 'äöü', fehlt;\n  |                 ^^^^^\n");
    assert_eq!([exists(&world, "a"), exists(&world, "b"), exists(&world, "c")], [true, false, false]);
    assert_eq!(
        (world.history(), world.query("SELECT count(*) FROM a")),
        (vec!["1".to_owned()], vec!["0".to_owned()])
    );
    // Once it is mended, the rest goes on.
    world.file("2_b.sql", "CREATE TABLE b (id bigint);");
    assert_eq!(world.exec(&[]).with(0).applied(), [2, 3]);
}

#[test]
fn the_place_is_right_behind_characters_of_any_width_and_at_the_end() {
    let world = World::with(&[("1_a.sql", "\u{feff}SELECT 1;\r\nSELECT '漢字😀é',\r\n\t'é' , nix;\r\n")]);
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (3, 8, "42703"));
    assert_eq!(ended.report["failure"]["excerpt"], "\t'é' , nix;");
    world.file("1_a.sql", "SELECT 'é', (1 +");
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (1, 17, "42601"));
    ended.says("1 | SELECT 'é', (1 +\n  |                 ^\n");
}

#[test]
fn what_is_put_off_until_the_end_fails_with_the_file() {
    let sql = "CREATE TABLE a (id bigint PRIMARY KEY);
CREATE TABLE b (a bigint REFERENCES a DEFERRABLE INITIALLY DEFERRED);
INSERT INTO b VALUES (7);
SELECT 1;";
    let world = World::with(&[("1_a.sql", sql)]);
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (4, 1, "23503"));
    ended.says("deferred constraints");
    ended.says("(a)=(7)");
    // Rows are for whoever sees the run: what the daemon keeps quotes none.
    assert!(!ended.report.to_string().contains("(7)"), "{}", ended.report);
    assert!(!exists(&world, "a"));
}

#[test]
fn what_fails_within_a_function_shows_the_call_and_the_query() {
    let function =
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM nix FROM pg_class; END $$;";
    let world = World::with(&[("1_f.sql", function), ("2_call.sql", "SELECT 1;\n SELECT f();")]);
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (2, 2, "42703"));
    ended.says("SELECT nix FROM pg_class");
    ended.says("PL/pgSQL function f() line 1");
}

#[test]
fn what_cannot_run_in_a_transaction_is_refused_with_its_place_before_anything_runs() {
    let world = World::with(&[
        ("1_a.sql", "CREATE TABLE a (id bigint);"),
        ("2_b.sql", "-- é\nSELECT 1; CREATE INDEX CONCURRENTLY i ON a (id);\n"),
    ]);
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (2, 11, ""));
    ended.says("`CREATE INDEX CONCURRENTLY` cannot run in a transaction");
    assert!(!exists(&world, "a"));
    // What only the server knows to be one is refused by it.
    world.file("2_b.sql", "CREATE TABLE p (id bigint) PARTITION BY RANGE (id);\nCLUSTER;");
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (2, 1, "25001"));
    assert_eq!([exists(&world, "a"), exists(&world, "p")], [true, false]);
}

#[test]
fn what_ends_the_transaction_is_refused() {
    for sql in [
        "SELECT 1; COMMIT;",
        "BEGIN; SELECT 1",
        "DO $$ BEGIN COMMIT; END $$",
        "\\i other.sql\n",
        "COPY a FROM STDIN;\n1\n\\.\n",
    ] {
        let world = World::with(&[("1_a.sql", sql)]);
        let ended = world.exec(&[]).with(20);
        assert_eq!(ended.report["failure"]["file"], "1_a.sql", "{sql}");
        assert_eq!(world.query("SELECT count(*) FROM portfolio.schema_history"), ["0"], "{sql}");
    }
}

#[test]
fn a_comment_without_an_end_does_not_hide_the_rest_of_the_file() {
    let world =
        World::with(&[("1_a.sql", "CREATE TABLE a (id bigint);\n/* later:\nCREATE TABLE b (id bigint);\n")]);
    let ended = world.exec(&[]).with(20);
    assert_eq!(place(&ended), (2, 1, "42601"));
    assert!(!exists(&world, "a"));
}

#[test]
fn an_error_of_the_file_is_no_lost_connection_whatever_its_state() {
    for state in ["08006", "57P01"] {
        let sql = format!("DO $$ BEGIN RAISE EXCEPTION 'far away' USING ERRCODE = '{state}'; END $$");
        let world = World::with(&[("1_a.sql", &sql)]);
        let ended = world.exec(&[]).with(20);
        assert_eq!(place(&ended), (1, 1, state));
        ended.says("far away");
    }
}

#[test]
fn a_statement_that_takes_too_long_is_rolled_back() {
    let world = World::with(&[("1_a.sql", "CREATE TABLE a (id bigint);\nSELECT pg_sleep(600);")]);
    let ended = world.exec(&["--statement-timeout=500ms"]).with(20);
    assert_eq!(place(&ended), (2, 1, "57014"));
    ended.says("--statement-timeout");
    assert!(!exists(&world, "a"));
}

#[test]
fn a_report_of_any_size_fits_and_is_json() {
    let raise = format!(
        "DO $$ BEGIN /* {} */ RAISE EXCEPTION '%', repeat(E'ü\\n\"', 9000); END $$",
        "ä".repeat(9000)
    );
    let world = World::with(&[("1_a.sql", &raise)]);
    // That it fits and is JSON is looked at for every run.
    let ended = world.exec(&[]).with(20);
    assert!(ended.report["failure"]["message"].as_str().unwrap().starts_with("ü\n\"ü"), "{:?}", ended.report);
    assert_eq!(ended.report["failure"]["sqlState"], Value::from("P0001"));
}
