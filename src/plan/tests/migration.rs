//! Migrations: a Job an attempt, apps that wait, and never twice what succeeded.

use jiff::SignedDuration;

use super::jobs::NO_EXIT;
use super::world::{Look, World};
use crate::document::{DocumentId, DocumentKind};
use crate::object::{Kind, ObjectRef};
use crate::record::{Phase, Reason, Record};

const NEEDS_DB: &str = "migrations: [shop-db]\nport: 8080";

fn id() -> DocumentId {
    DocumentId { kind: DocumentKind::DatabaseMigration, namespace: "shop".into(), name: "shop-db".into() }
}

fn document(what: &str) -> String {
    format!(
        "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {{name: shop-db, namespace: shop}}\nspec:\n  \
         database: {{host: pg, name: shop, secretRef: {{name: shop-db}}}}\n  {what}\n"
    )
}

fn sql(sql: &str) -> String {
    document(&format!("migrations: [{{version: 1, name: a, sql: \"{sql}\"}}]"))
}

fn command(argument: &str) -> String {
    document(&format!("command: {{image: \"example.com/tool:1\", command: [migrate, {argument}]}}"))
}

fn push(world: &mut World, text: &str) {
    world.push_text("db.yaml", text);
}

fn record(world: &World) -> &Record {
    &world.memory[&id()]
}

fn jobs(world: &World) -> Vec<ObjectRef> {
    world.live.keys().filter(|reference| reference.kind == Kind::Job).cloned().collect()
}

/// An app that runs on its migrated database.
fn running() -> World {
    let mut world = World::new();
    push(&mut world, &sql("SELECT 1"));
    world.push("web", NEEDS_DB);
    world.settle();
    assert_eq!((record(&world).phase, world.phase("web")), (Phase::Ready, Phase::Ready));
    world
}

#[test]
fn an_app_starts_only_once_its_migration_ran() {
    let mut world = World::new();
    push(&mut world, &sql("SELECT 1"));
    world.push("web", NEEDS_DB);
    world.run(3);
    assert_eq!((record(&world).phase, world.phase("web")), (Phase::Progressing, Phase::Waiting));
    assert!(world.object(Kind::Deployment, "web").is_none());
    world.settle();
    assert_eq!((record(&world).phase, world.phase("web")), (Phase::Ready, Phase::Ready));
    assert_eq!(world.jobs.names().len(), 1);
}

#[test]
fn a_new_version_waits_for_the_migration_that_came_with_it() {
    let mut world = running();
    world.files.insert("db.yaml".to_owned(), sql("SELECT 2"));
    world.push("web", &format!("image: example.com/web:2\n{NEEDS_DB}"));
    world.run(3);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Waiting, "example.com/web:1"));
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
    assert_eq!(jobs(&world).len(), 1, "the Job of the content before is gone");
}

#[test]
fn a_migration_that_failed_holds_the_app_back_until_it_is_mended() {
    let mut world = running();
    world.jobs.exits.push_back(20);
    world.files.insert("db.yaml".to_owned(), sql("SELEC 2"));
    world.push("web", &format!("image: example.com/web:2\n{NEEDS_DB}"));
    world.run(120);
    assert_eq!((record(&world).phase, world.phase("web")), (Phase::Failed, Phase::Waiting));
    let message = &record(&world).message;
    assert!(message.starts_with("0002_b.sql:3:14: syntax error (42601); nothing was changed"), "{message}");
    assert!(world.record("web").message.contains("0002_b.sql:3:14"), "{}", world.record("web").message);
    assert_eq!((world.image("web").as_str(), world.jobs.names().len()), ("example.com/web:1", 2));
    push(&mut world, &sql("SELECT 2"));
    world.settle();
    assert_eq!((record(&world).phase, world.phase("web")), (Phase::Ready, Phase::Ready));
    assert_eq!((world.image("web").as_str(), world.jobs.names().len()), ("example.com/web:2", 3));
}

#[test]
fn a_database_that_is_away_is_tried_again_with_growing_pauses() {
    let mut world = World::new();
    world.jobs.exits.extend([11, 21, 11]);
    push(&mut world, &sql("SELECT 1"));
    world.run(8);
    let run = record(&world).migration.clone().unwrap();
    assert_eq!((record(&world).phase, run.attempt), (Phase::Progressing, 2));
    assert!(record(&world).message.contains("attempt 2 begins at"), "{}", record(&world).message);
    let begun = world.now;
    world.settle();
    assert_eq!(record(&world).phase, Phase::Ready);
    assert!(begun + SignedDuration::from_secs(60) < world.now);
    let names = world.jobs.names();
    assert!(names.len() == 4 && names[3].ends_with("-4"), "{names:?}");
    assert_eq!(jobs(&world).len(), 1);
}

#[test]
fn a_finished_job_that_somebody_removes_is_missed_by_nobody() {
    let mut world = running();
    world.lose(&jobs(&world)[0]);
    world.settle();
    assert_eq!((world.jobs.names().len(), record(&world).phase), (1, Phase::Ready));
}

#[test]
fn a_daemon_that_hashes_otherwise_runs_nothing_again() {
    let mut world = World::new();
    push(&mut world, &command("one"));
    world.settle();
    for records in [&mut world.memory, &mut world.durable] {
        let run = records.get_mut(&id()).unwrap().migration.as_mut().unwrap();
        run.content = serde_json::from_value("0123456789".into()).unwrap();
    }
    world.restart();
    world.read();
    world.settle();
    assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Ready, 1));
}

#[test]
fn a_content_that_comes_back_is_not_run_again() {
    let mut world = World::new();
    for argument in ["one", "two", "one"] {
        push(&mut world, &command(argument));
        world.settle();
        assert_eq!(record(&world).phase, Phase::Ready);
    }
    assert_eq!(world.jobs.names().len(), 2);
}

#[test]
fn a_run_of_sql_that_somebody_removes_is_made_again_and_one_of_a_tool_is_asked_about() {
    for (text, phase, made) in [(sql("SELECT 1"), Phase::Ready, 2), (command("one"), Phase::Failed, 1)] {
        let mut world = World::new();
        world.jobs.exits.extend([20]);
        push(&mut world, &text);
        world.run(2);
        let job = jobs(&world).remove(0);
        world.lose(&job);
        world.settle();
        assert_eq!(record(&world).phase, phase, "{}", record(&world).message);
        assert_eq!(world.jobs.names(), vec![job.name.as_str(); made]);
    }
}

#[test]
fn a_push_of_anything_about_it_tries_a_failed_migration_again() {
    for exits in [vec![20], vec![NO_EXIT, NO_EXIT]] {
        let mut world = World::new();
        world.jobs.exits.extend(&exits);
        push(&mut world, &sql("SELECT 1"));
        world.settle();
        assert_eq!(record(&world).phase, Phase::Failed, "{}", record(&world).message);
        let made = world.jobs.names().len();
        push(&mut world, &(sql("SELECT 1") + "  deadline: 2h\n"));
        world.settle();
        assert_eq!(record(&world).phase, Phase::Ready, "{}", record(&world).message);
        assert_eq!(world.jobs.names().len(), made + 1);
    }
}

#[test]
fn a_push_after_a_tool_was_lost_runs_it_again() {
    let mut world = World::new();
    world.jobs.exits.extend([1]);
    push(&mut world, &command("one"));
    world.run(2);
    world.lose(&jobs(&world)[0]);
    world.settle();
    assert_eq!(record(&world).reason, Reason::of("RunLost"));
    push(&mut world, &(command("one") + "  deadline: 2h\n"));
    world.settle();
    assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Ready, 2));
}

#[test]
fn a_run_that_leaves_no_exit_code_twice_has_failed() {
    let mut world = World::new();
    world.jobs.exits.extend([NO_EXIT, 11, NO_EXIT, NO_EXIT]);
    push(&mut world, &sql("SELECT 1"));
    world.settle();
    assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Failed, 4));
    assert!(record(&world).message.contains("longer than specified deadline"), "{}", record(&world).message);
}

#[test]
fn a_tool_that_failed_is_run_again_by_nobody() {
    for exit in [1, 11, 20, 21, NO_EXIT] {
        let mut world = World::new();
        world.jobs.exits.extend([exit]);
        push(&mut world, &command("one"));
        world.settle();
        assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Failed, 1), "{exit}");
    }
}

#[test]
fn going_back_to_what_is_done_waits_for_the_tool_that_runs_and_remembers_it() {
    let mut world = World::new();
    push(&mut world, &command("one"));
    world.push("web", NEEDS_DB);
    world.settle();
    push(&mut world, &command("two"));
    world.run(3);
    world.files.insert("db.yaml".to_owned(), command("one"));
    world.push("web", &format!("image: example.com/web:2\n{NEEDS_DB}"));
    world.run(1);
    assert_eq!((record(&world).phase, world.phase("web")), (Phase::Progressing, Phase::Waiting));
    world.settle();
    assert_eq!((record(&world).phase, world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
    // It succeeded meanwhile: the world in memory refuses to run it again.
    push(&mut world, &command("two"));
    world.settle();
    assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Ready, 2));
}

#[test]
fn a_tool_that_ends_well_when_it_is_no_longer_wanted_is_not_run_again() {
    let mut world = World::new();
    for argument in ["one", "two"] {
        push(&mut world, &command(argument));
        world.run(2);
    }
    world.settle();
    push(&mut world, &command("one"));
    world.settle();
    assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Ready, 2));
}

#[test]
fn a_tool_that_runs_is_waited_for_when_its_document_leaves() {
    let mut world = World::new();
    push(&mut world, &command("one"));
    world.push("web", "port: 8080");
    world.run(3);
    world.files.remove("db.yaml");
    world.read();
    world.run(1);
    assert_eq!(record(&world).phase, Phase::Deleting);
    assert!(record(&world).message.contains("still running"), "{}", record(&world).message);
    world.settle();
    assert!(!world.memory.contains_key(&id()) && jobs(&world).is_empty());
}

#[test]
fn a_run_that_is_in_no_record_is_taken_up_and_not_made_again() {
    let mut world = World::new();
    push(&mut world, &command("one"));
    world.settle();
    (world.memory, world.durable) = Default::default();
    world.restart();
    world.read();
    world.settle();
    assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Ready, 1));
}

#[test]
fn an_app_whose_migration_is_nowhere_waits_and_says_so() {
    let mut world = World::new();
    world.push("web", NEEDS_DB);
    world.run(3);
    let web = world.record("web");
    assert_eq!((web.phase, &web.reason), (Phase::Waiting, &Reason::DEPENDENCY_FAILED));
    assert!(web.is_settled() && web.message.contains("which this source does not have"), "{}", web.message);
    push(&mut world, &sql("SELECT 1"));
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}

#[test]
fn two_apps_wait_for_one_migration() {
    let mut world = World::new();
    push(&mut world, &sql("SELECT 1"));
    world.push("web", NEEDS_DB);
    world.push("api", NEEDS_DB);
    world.run(3);
    assert_eq!((world.phase("web"), world.phase("api")), (Phase::Waiting, Phase::Waiting));
    world.settle();
    assert_eq!((world.phase("web"), world.phase("api")), (Phase::Ready, Phase::Ready));
    assert_eq!(world.jobs.names().len(), 1);
}

#[test]
fn a_run_under_way_is_stopped_for_other_sql_and_waited_for_when_it_is_still_wanted_or_a_tool() {
    let more = document(
        "migrations: [{version: 1, name: a, sql: \"SELECT 1\"}, {version: 2, name: b, sql: \"SELECT 2\"}]",
    );
    for (first, second, took) in [
        (sql("SELECT 1"), sql("SELECT 2"), 1..6),
        (sql("SELECT 1"), more, 4..20),
        (command("one"), command("two"), 4..20),
    ] {
        let mut world = World::new();
        push(&mut world, &first);
        world.run(2);
        push(&mut world, &second);
        let begun = world.now;
        while world.jobs.names().len() < 2 {
            world.run(1);
        }
        let waited = (world.now - begun).get_seconds();
        assert!(took.contains(&waited), "{waited} s");
        world.settle();
        assert_eq!(record(&world).phase, Phase::Ready);
    }
}

#[test]
fn a_daemon_that_dies_at_any_step_runs_nothing_twice() {
    for exits in [vec![], vec![11], vec![20]] {
        for fuse in 0..14 {
            let mut world = World::new();
            world.jobs.exits.extend(&exits);
            push(&mut world, &sql("SELECT 1"));
            world.push("web", NEEDS_DB);
            world.fuse = Some(fuse);
            world.settle();
            world.fuse = None;
            world.read();
            world.settle();
            if exits == [20] {
                assert_eq!(record(&world).phase, Phase::Failed, "fuse {fuse}");
                push(&mut world, &sql("SELECT 2"));
                world.settle();
            }
            assert_eq!(
                (record(&world).phase, world.phase("web")),
                (Phase::Ready, Phase::Ready),
                "fuse {fuse}: {}",
                record(&world).message
            );
            assert_eq!(world.look(&id()), Look::Idle);
            assert_eq!(jobs(&world).len(), 1, "fuse {fuse}");
        }
    }
}

#[test]
fn a_migration_that_leaves_the_branch_takes_its_objects_along() {
    let mut world = running();
    world.push("web", "port: 8080");
    world.settle();
    world.files.remove("db.yaml");
    world.read();
    world.settle();
    assert!(!world.memory.contains_key(&id()));
    assert!(
        world.live.keys().all(|reference| !reference.name.starts_with("shop-db")),
        "{:?}",
        world.live.keys()
    );
}

#[test]
fn a_suspended_migration_runs_nothing() {
    let mut world = World::new();
    push(&mut world, &document("suspend: true\n  migrations: [{version: 1, name: a, sql: SELECT 1}]"));
    world.settle();
    assert_eq!((record(&world).phase, world.jobs.names().len()), (Phase::Suspended, 0));
}
