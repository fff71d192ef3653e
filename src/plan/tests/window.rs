//! `window`: when changes may begin. The world begins on a Monday, 12 January 1970, at 13:46:40 UTC.

use super::world::{BAD, World};
use crate::object::Kind;
use crate::record::{ConditionType, Phase};

const TWO_O_CLOCK: &str = "window: {allow: [\"0 14 * * 1-5 for 2h\"]}";
const NOON_IN_BERLIN: &str = "window: {allow: [\"0 12 * * 1-5 for 1h\"], timeZone: Europe/Berlin}";
/// Until the next two o'clock.
const MINUTES: i64 = 13 * 60 + 20;

fn version(image: &str, window: &str) -> String {
    format!("image: example.com/web:{image}\nport: 8080\n{window}")
}

/// `web` runs and has this window, which is closed.
fn closed() -> World {
    let mut world = World::running("web", "port: 8080");
    world.push("web", &version("2", NOON_IN_BERLIN));
    world.run(2);
    world
}

#[test]
fn a_new_version_waits_for_its_window_and_says_when_that_opens() {
    let world = closed();
    let record = world.record("web");
    assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Waiting, "WindowClosed"));
    assert_eq!(
        record.message,
        "waiting for its window, which opens on Tue 1970-01-13 at 12:00 (Europe/Berlin)"
    );
    assert_eq!(world.image("web"), "example.com/web:1");
    // Whoever waits for it is not kept, and it is not stuck either.
    assert!(record.is_settled());
    let conditions: Vec<_> = record.conditions.iter().filter(|one| one.status).map(|one| one.kind).collect();
    assert!(!conditions.contains(&ConditionType::Stalled), "{conditions:?}");
}

#[test]
fn it_begins_once_the_window_opens() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", &version("2", TWO_O_CLOCK));
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Waiting);
    world.tick(MINUTES - 60);
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Waiting);
    world.tick(120);
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
}

#[test]
fn the_first_installation_waits_too() {
    let mut world = World::new();
    world.push("web", &version("1", TWO_O_CLOCK));
    world.run(2);
    assert_eq!((world.phase("web"), world.live.len()), (Phase::Waiting, 0));
    world.tick(MINUTES + 60);
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}

#[test]
fn the_daemon_looks_at_the_clock_again_before_the_window_opens() {
    let world = closed();
    let wait = world.plan(&World::id("web")).wait.unwrap();
    assert!(wait.until.unwrap() <= world.now + jiff::SignedDuration::from_mins(10), "{wait:?}");
}

#[test]
fn what_has_begun_goes_on_after_the_end() {
    let mut world = World::running("web", "port: 8080");
    world.tick(MINUTES + 60);
    world.denied.insert(Kind::Ingress);
    let spec = version("2", &format!("ingress: {{host: a.example.com}}\n{TWO_O_CLOCK}"));
    world.push("web", &spec);
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Failed);
    world.tick(3 * 3600);
    world.denied.clear();
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
}

#[test]
fn a_closed_window_holds_back_neither_repair_nor_rollback_nor_removal() {
    let mut world = World::running("api", "port: 8080");
    world.push("web", "port: 8080");
    world.settle();
    world.tick(MINUTES + 60);
    world.push("web", &version("2", TWO_O_CLOCK));
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    world.push("web", &version(BAD, TWO_O_CLOCK));
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Progressing);
    world.tick(2 * 3600);
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::RolledBack, "example.com/web:2"));
    let service = World::reference(Kind::Service, "web");
    world.lose(&service);
    world.run(2);
    assert!(world.live.contains_key(&service));
    world.remove("web");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
}

#[test]
fn the_window_that_counts_is_the_new_one() {
    let mut world = closed();
    world.push("web", &version("2", "window: {allow: [\"0 13 * * 1-5 for 1h\"]}"));
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
}

#[test]
fn waiting_goes_on_after_a_restart_and_what_runs_is_kept_as_it_is() {
    let mut world = closed();
    world.restart();
    world.read();
    world.edit(&World::reference(Kind::Deployment, "web"));
    world.run(2);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Waiting, "example.com/web:1"));
    assert_eq!(world.object(Kind::Deployment, "web").unwrap().foreign, 0);
}

#[test]
fn a_migration_waits_as_long_as_every_app_that_needs_it() {
    let database = |sql: &str| {
        format!(
            "apiVersion: portfolio.dev/v1alpha1\nkind: DatabaseMigration\nmetadata: {{name: db, namespace: shop}}\n\
             spec:\n  database: {{host: pg, name: shop, secretRef: {{name: db}}}}\n  \
             migrations: [{{version: 1, name: a, sql: \"{sql}\"}}]\n"
        )
    };
    let mut world = World::new();
    world.push_text("db.yaml", &database("SELECT 1;"));
    world.push("web", "port: 8080\nmigrations: [db]");
    world.settle();
    assert_eq!(world.jobs.names().len(), 1);
    world.push("web", &version("2", &format!("migrations: [db]\n{TWO_O_CLOCK}")));
    world.push_text("db.yaml", &database("SELECT 2;"));
    world.run(10);
    let id = world.memory.keys().find(|id| id.name == "db").unwrap().clone();
    let record = &world.memory[&id];
    assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Waiting, "WindowClosed"));
    assert!(record.message.contains("an app that needs it, which opens on"), "{}", record.message);
    assert_eq!(world.jobs.names().len(), 1);
    // One that has none does not wait for the others.
    world.push("api", "port: 8080\nmigrations: [db]");
    world.run(10);
    assert_eq!(world.jobs.names().len(), 2);
    assert_eq!((world.memory[&id].phase, world.phase("web")), (Phase::Ready, Phase::Waiting));
    world.tick(MINUTES + 60);
    world.settle();
    assert_eq!((world.phase("web"), world.phase("api")), (Phase::Ready, Phase::Ready));
}
