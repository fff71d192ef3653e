//! What is done about changes by others: `drift.mode` and `drift.ignore`.

use super::world::{BAD, World};
use crate::object::Kind;
use crate::record::{ConditionType, Phase};

const REPORT: &str = "port: 8080\ndrift: {mode: report}";
const IGNORE: &str = "port: 8080\ndrift: {ignore: [{target: Deployment/web, path: /spec/replicas}]}";

fn drifted(world: &World) -> Option<String> {
    let conditions = &world.record("web").conditions;
    let drifted = conditions.iter().find(|one| one.kind == ConditionType::Drifted);
    drifted.filter(|one| one.status).map(|one| one.message.clone())
}

fn pods(world: &World) -> u32 {
    world.object(Kind::Deployment, "web").unwrap().replicas.count
}

/// `web` only reports, and somebody has changed its Service.
fn changed() -> World {
    let mut world = World::running("web", REPORT);
    world.log.clear();
    world.edit(&World::reference(Kind::Service, "web"));
    world.run(3);
    world
}

#[test]
fn a_change_that_is_only_reported_stays_and_is_told_once() {
    let mut world = changed();
    assert_eq!(world.object(Kind::Service, "web").unwrap().foreign, 1);
    assert_eq!(world.log, Vec::<String>::new());
    assert_eq!(world.phase("web"), Phase::Ready);
    let message = drifted(&world).unwrap();
    assert_eq!(message, "Service/shop/web: spec was changed by kubectl-edit");
    assert!(world.record("web").message.starts_with(&message), "{}", world.record("web").message);
    let before = world.memory.clone();
    world.run(60);
    assert_eq!((&world.memory, world.log.len()), (&before, 0));
    world.restart();
    world.read();
    world.run(3);
    assert_eq!(world.object(Kind::Service, "web").unwrap().foreign, 1);
    assert_eq!(drifted(&world), Some(message));
}

#[test]
fn the_next_edit_of_the_document_takes_it_back() {
    let mut world = changed();
    world.push("web", &format!("{REPORT}\nenv: {{A: b}}"));
    world.settle();
    assert_eq!(world.object(Kind::Service, "web").unwrap().foreign, 0);
    assert_eq!((world.phase("web"), drifted(&world)), (Phase::Ready, None));
    assert_eq!(world.record("web").message, "");
}

#[test]
fn an_order_takes_it_back_once() {
    let mut world = changed();
    let record = world.memory.get_mut(&World::id("web")).unwrap();
    record.correct = true;
    world.run(3);
    assert_eq!((world.object(Kind::Service, "web").unwrap().foreign, drifted(&world)), (0, None));
    assert!(!world.record("web").correct);
    world.edit(&World::reference(Kind::Service, "web"));
    world.run(3);
    assert_eq!(world.object(Kind::Service, "web").unwrap().foreign, 1);
    assert!(drifted(&world).is_some());
}

#[test]
fn what_somebody_undoes_is_not_told_any_more() {
    let mut world = changed();
    world.live.get_mut(&World::reference(Kind::Service, "web")).unwrap().foreign = 0;
    world.run(3);
    assert_eq!((drifted(&world), world.record("web").message.as_str()), (None, ""));
}

#[test]
fn an_object_that_is_gone_is_told_and_not_made_again() {
    let mut world = World::running("web", REPORT);
    world.log.clear();
    let deployment = World::reference(Kind::Deployment, "web");
    world.lose(&deployment);
    world.run(3);
    assert_eq!((world.live.contains_key(&deployment), world.log.len()), (false, 0));
    let record = world.record("web");
    assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Degraded, "Drifted"));
    assert_eq!(drifted(&world).unwrap(), "Deployment/shop/web is gone or lost its label");
    world.push("web", &format!("{REPORT}\nenv: {{A: b}}"));
    world.settle();
    assert_eq!((world.phase("web"), world.live.contains_key(&deployment)), (Phase::Ready, true));
}

#[test]
fn a_rollout_that_fails_is_rolled_back_whatever_is_reported() {
    let mut world = changed();
    world.push("web", &format!("image: example.com/web:{BAD}\n{REPORT}"));
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::RolledBack, "example.com/web:1"));
}

#[test]
fn a_field_that_is_ignored_is_somebody_elses_once_they_took_it() {
    let mut world = World::running("web", IGNORE);
    assert_eq!(pods(&world), 2, "until then it is what git says");
    world.log.clear();
    world.scale("web", 6);
    world.run(5);
    assert_eq!((pods(&world), world.log.len(), world.phase("web")), (6, 0, Phase::Ready));
    // Nor does anything else that is written take it back.
    world.push("web", &format!("image: example.com/web:2\nreplicas: 3\n{IGNORE}"));
    world.settle();
    assert_eq!((pods(&world), world.image("web").as_str()), (6, "example.com/web:2"));
    world.edit(&World::reference(Kind::Deployment, "web"));
    world.run(3);
    assert_eq!((pods(&world), world.object(Kind::Deployment, "web").unwrap().foreign), (6, 0));
    world.log.clear();
    world.run(3);
    assert_eq!(world.log, Vec::<String>::new());
}

#[test]
fn what_is_not_ignored_any_more_is_taken_back() {
    let mut world = World::running("web", IGNORE);
    world.scale("web", 6);
    world.run(2);
    world.push("web", "port: 8080");
    world.settle();
    assert_eq!((world.phase("web"), pods(&world)), (Phase::Ready, 2));
    world.scale("web", 6);
    world.run(2);
    assert_eq!(pods(&world), 2);
}

#[test]
fn a_field_that_was_repaired_so_far_is_ignored_from_the_next_edit_on() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", IGNORE);
    world.settle();
    world.scale("web", 6);
    world.run(5);
    assert_eq!((pods(&world), world.phase("web")), (6, Phase::Ready));
    world.restart();
    world.run(5);
    assert_eq!(pods(&world), 6, "before the branch is read too");
}

#[test]
fn an_app_that_leaves_is_drained_whatever_is_ignored() {
    let mut world = World::running("web", IGNORE);
    world.push("api", "port: 8080");
    world.settle();
    world.scale("web", 6);
    world.run(2);
    world.remove("web");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
}
