//! What is run, in which order, and that it is run once.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::world::World;

const MARKS: &str = "CREATE TABLE marks (id serial, mark text);";

fn mark(name: &str) -> String {
    format!("INSERT INTO marks (mark) VALUES ('{name}');")
}

#[test]
fn files_run_in_the_order_of_their_versions_and_once() {
    let world = World::with(&[
        ("0001_marks.sql", MARKS),
        ("10_ten.sql", &mark("ten")),
        ("9_nine.sql", &mark("nine")),
    ]);
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(mark("two").as_bytes()).unwrap();
    world.file("002_two.sql.gz", packed.finish().unwrap());
    let args = ["--detailed-exitcode", "--revision=abc", "--runner=pod-1"];
    let first = world.exec(&args).with(0);
    assert_eq!(first.applied(), [1, 2, 9, 10]);
    assert_eq!(first.report["applied"], serde_json::json!([1, 2, 9, 10]));
    // Nothing to do: told apart from done only for who asks.
    assert_eq!(world.exec(&[]).with(0).applied(), [0_u64; 0]);
    assert_eq!(world.exec(&args).with(10).report["message"], "nothing to do");
    assert_eq!(world.query("SELECT mark FROM marks ORDER BY id"), ["two", "nine", "ten"]);
    let sql = "SELECT version, name, phase, statements, statements_done, runner, revision FROM portfolio.schema_history \
               ORDER BY finished LIMIT 1";
    assert_eq!(world.query(sql), ["1|marks|expand|1|1|pod-1|abc"]);
    assert_eq!(world.history(), ["1", "2", "9", "10"]);
}

#[test]
fn a_file_that_comes_later_with_a_lower_version_runs_with_a_warning() {
    let world = World::with(&[("1_marks.sql", MARKS), ("3_three.sql", &mark("three"))]);
    world.exec(&[]).with(0);
    world.file("2_two.sql", mark("two"));
    let late = world.exec(&[]).with(0);
    assert_eq!((late.applied(), late.one("late")["highest"].as_u64()), (vec![2], Some(3)));
}

#[test]
fn backfills_and_contracts_wait() {
    let world = World::with(&[
        ("1_marks.sql", MARKS),
        ("2_fill.backfill.sql", &mark("fill")),
        ("3_drop.contract.sql", "DROP TABLE marks;"),
        ("4_four.sql", &mark("four")),
    ]);
    let ended = world.exec(&[]).with(0);
    assert_eq!(ended.applied(), [1, 4]);
    let waiting: Vec<_> = ended.all("waiting").iter().map(|event| event["phase"].clone()).collect();
    assert_eq!(waiting, ["backfill", "contract"]);
    assert_eq!(world.query("SELECT mark FROM marks"), ["four"]);
}

#[test]
fn a_file_without_a_statement_is_applied_once_like_any_other() {
    let world = World::with(&[("1_empty.sql", ""), ("2_comment.sql", "-- nothing; yet\n/* ; */ ;;\n")]);
    assert_eq!(world.exec(&[]).with(0).applied(), [1, 2]);
    world.exec(&["--detailed-exitcode"]).with(10);
}

#[test]
fn files_of_other_editors_are_read() {
    let world = World::with(&[(
        "1_marks.sql",
        "\u{feff}CREATE TABLE marks (mark text);\r\n\r\nINSERT INTO marks\r\nVALUES ('ü;');\r\n",
    )]);
    world.exec(&[]).with(0);
    assert_eq!(world.query("SELECT mark FROM marks"), ["ü;"]);
}

#[test]
fn statements_with_semicolons_inside_are_whole() {
    let sql = "CREATE TABLE marks (mark text);
CREATE FUNCTION add(text) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
  INSERT INTO marks VALUES ($1 || ';');
  EXECUTE $q$ INSERT INTO marks VALUES ('$$;$$'); $q$;
END;
$f$;
CREATE FUNCTION size() RETURNS bigint BEGIN ATOMIC
  SELECT 1; SELECT count(*) FROM marks;
END;
CREATE RULE twice AS ON DELETE TO marks DO ALSO (SELECT 1; SELECT 2);
DO $$ BEGIN PERFORM add('a'); END $$;
INSERT INTO marks SELECT E'it\\'s;' WHERE (SELECT size()) = 2;";
    let world = World::with(&[("1_functions.sql", sql)]);
    let ended = world.exec(&[]).with(0);
    assert_eq!(ended.one("applied")["statements"], 6);
    assert_eq!(world.query("SELECT mark FROM marks"), ["a;", "$$;$$", "it's;"]);
}
