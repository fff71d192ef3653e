//! The history in the database is the truth: what it does not agree with is told or refused.

use super::world::World;

fn two_applied() -> World {
    let world = World::with(&[
        ("1_a.sql", "CREATE TABLE a (id bigint);"),
        ("2_b.sql", "CREATE TABLE b (id bigint);"),
    ]);
    world.exec(&[]).with(0);
    world
}

#[test]
fn an_applied_file_that_was_changed_is_refused_by_its_name() {
    let world = two_applied();
    world.file("1_a.sql", "CREATE TABLE a (id bigint, name text);");
    world.file("3_c.sql", "CREATE TABLE c (id bigint);");
    let refused = world.exec(&[]).with(20);
    refused.says("`1_a.sql` was changed after it was applied");
    assert!(refused.report["message"].as_str().unwrap().contains("1_a.sql"), "{:#?}", refused.report);
    assert_eq!(world.history(), ["1", "2"]);
    assert_eq!(world.query("SELECT to_regclass('public.c') IS NULL"), ["t"]);
}

#[test]
fn an_applied_file_that_is_gone_is_told_and_blocks_nothing() {
    let world = two_applied();
    std::fs::remove_file(world.dir().join("1_a.sql")).unwrap();
    world.file("3_c.sql", "CREATE TABLE c (id bigint);");
    let ended = world.exec(&[]).with(0);
    let missing = ended.one("missing");
    assert_eq!((missing["version"].as_u64(), missing["name"].as_str()), (Some(1), Some("a")));
    assert_eq!(ended.applied(), [3]);
}

#[test]
fn a_version_that_was_left_part_way_needs_a_person() {
    let world = two_applied();
    world.execute(
        "UPDATE portfolio.schema_history SET finished = NULL, statements_done = 0 WHERE version = 2",
    );
    world.file("3_c.sql", "CREATE TABLE c (id bigint);");
    world.exec(&[]).with(22).says("version 2 (b) was left part-way: 0 of 1 statements");
    // Even when its file is gone.
    std::fs::remove_file(world.dir().join("2_b.sql")).unwrap();
    world.exec(&[]).with(22);
    assert_eq!(world.query("SELECT to_regclass('public.c') IS NULL"), ["t"]);
}

#[test]
fn who_may_not_make_the_history_is_told_the_grant_that_helps() {
    let world = World::with(&[("1_a.sql", "CREATE TABLE a (id bigint);")]);
    let name = &world.database.name;
    world.execute(&format!("ALTER DATABASE {name} OWNER TO postgres"));
    // Without the schema, and with one that is somebody else's.
    for schema in ["portfolio", "ops"] {
        world.execute("CREATE SCHEMA ops");
        world.execute(&format!("GRANT USAGE ON SCHEMA ops TO {name}"));
        let option = format!("--history-schema={schema}");
        let refused = world.exec(&[&option]).with(20);
        let grant = refused.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap();
        assert!(grant.starts_with("GRANT CREATE ON "), "{grant}");
        world.execute(grant);
        world.exec(&[&option]).with(0);
        world.execute(&format!(
            "DROP TABLE a; DROP SCHEMA ops CASCADE; REVOKE CREATE ON DATABASE {name} FROM {name}"
        ));
    }
}

#[test]
fn a_table_of_another_tool_is_no_history() {
    for columns in [
        "installed_rank int",
        "version text, name text, sha256 int, statements int, statements_done int, finished int",
    ] {
        let world = World::with(&[("1_a.sql", "CREATE TABLE a (id bigint);")]);
        let name = &world.database.name;
        world.execute(&format!("CREATE SCHEMA portfolio AUTHORIZATION {name}"));
        world.execute(&format!("CREATE TABLE portfolio.schema_history ({columns})"));
        world.execute("INSERT INTO portfolio.schema_history DEFAULT VALUES");
        world.execute(&format!("ALTER TABLE portfolio.schema_history OWNER TO {name}"));
        let refused = world.exec(&[]).with(20);
        refused.says("is not a history table");
        refused.says("--history-schema");
        world.exec(&["--history-schema=ours"]).with(0);
    }
}

#[test]
fn a_history_that_may_not_be_read_is_said_so() {
    let world = two_applied();
    world.execute("ALTER TABLE portfolio.schema_history OWNER TO postgres");
    let refused = world.exec(&[]).with(20);
    refused.says("permission denied for table schema_history");
    refused.says("grant the migrator's role");
}
