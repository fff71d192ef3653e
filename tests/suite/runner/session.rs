//! Each file finds the session that it would find in a run of its own.

use super::world::World;

#[test]
fn nothing_that_a_file_leaves_in_the_session_is_there_for_the_next() {
    let leaves = "SET search_path = pg_catalog;
SET standard_conforming_strings = off;
SET timezone = 'Asia/Tokyo';
SET lock_timeout = 0;
CREATE TEMPORARY TABLE scratch (a int);
PREPARE one AS SELECT 1;
DECLARE held CURSOR WITH HOLD FOR SELECT 1;
SELECT pg_catalog.set_config('statement_timeout', '1h', false);";
    let looks = "CREATE TABLE seen AS SELECT name, setting FROM pg_settings
  WHERE name IN ('search_path', 'TimeZone', 'lock_timeout', 'statement_timeout', 'standard_conforming_strings');
CREATE TEMPORARY TABLE scratch (a int);
PREPARE one AS SELECT 1;
DECLARE held CURSOR WITH HOLD FOR SELECT 1;";
    let world = World::with(&[
        ("1_leaves.sql", leaves),
        ("2_looks.sql", looks),
        ("3_again.sql", "PREPARE one AS SELECT 2;"),
    ]);
    world.exec(&["--runner=it's \\"]).with(0);
    assert_eq!(
        world.query("SELECT name, setting FROM public.seen ORDER BY lower(name)"),
        [
            "lock_timeout|300",
            "search_path|public",
            "standard_conforming_strings|on",
            "statement_timeout|0",
            "TimeZone|UTC"
        ]
    );
    assert_eq!(world.query("SELECT DISTINCT runner FROM portfolio.schema_history"), ["it's \\"]);
}

#[test]
fn a_role_that_a_file_takes_is_given_back_before_the_history_is_written() {
    let world = World::new();
    let role = format!("{}_app", world.database.name);
    world.execute(&format!("CREATE ROLE {role}; GRANT {role} TO {}", world.database.name));
    world.execute(&format!("GRANT USAGE, CREATE ON SCHEMA public TO {role}"));
    world.file("1_as_app.sql", format!("SET ROLE {role}; CREATE TABLE orders (id bigint);"));
    world.file("2_as_ourselves.sql", "CREATE TABLE items (id bigint);");
    world.exec(&[]).with(0);
    let owners = "SELECT tableowner FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename";
    assert_eq!(world.query(owners), [world.database.name.clone(), role.clone()]);
    world.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn the_schema_of_the_document_is_where_names_without_one_are() {
    let world = World::with(&[("1_orders.sql", "CREATE TABLE orders (id bigint);")]);
    let missing = world.exec(&["--schema=app"]).with(20);
    missing.says("CREATE SCHEMA app");
    world.file("1_orders.sql", "CREATE SCHEMA app; CREATE TABLE orders (id bigint);");
    world.exec(&["--schema=app"]).with(0);
    assert_eq!(world.query("SELECT schemaname FROM pg_tables WHERE tablename = 'orders'"), ["app"]);
}

#[test]
fn what_the_server_says_beside_its_answers_is_told() {
    let sql = "DO $$ BEGIN RAISE NOTICE 'half of it: %', 'größer'; RAISE WARNING 'odd'; END $$;";
    let world = World::with(&[("1_talks.sql", sql)]);
    let ended = world.exec(&[]).with(0);
    let said: Vec<_> = ended
        .all("notice")
        .iter()
        .map(|event| (event["severity"].clone(), event["message"].clone()))
        .collect();
    assert_eq!(said, [("notice".into(), "half of it: größer".into()), ("warning".into(), "odd".into())]);
}
