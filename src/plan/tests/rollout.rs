//! New versions: applied, judged, taken back.

use super::world::{BAD, World};
use crate::object::Kind;
use crate::record::Phase;

const GOOD_IMAGE: &str = "example.com/web:1";

fn bad() -> String {
    format!("image: example.com/web:{BAD}")
}

#[test]
fn a_new_version_is_ready_once_its_pods_are() {
    let mut world = World::new();
    world.push("web", "port: 8080");
    world.look_at_all();
    assert_eq!(world.phase("web"), Phase::Progressing);
    world.run(5);
    assert_eq!(world.phase("web"), Phase::Ready);
    let record = world.record("web");
    assert!(record.is_whole() && record.is_good_at(&record.applied.as_ref().unwrap().hash));
}

#[test]
fn a_settled_app_has_no_steps() {
    let mut world = World::running("web", "port: 8080");
    let before = world.memory.clone();
    world.log.clear();
    world.run(3);
    assert_eq!(world.log, Vec::<String>::new());
    assert_eq!(world.memory, before, "nothing is to be written either");
}

#[test]
fn a_change_that_renders_the_same_objects_is_ready_without_a_step() {
    let mut world = World::running("web", "port: 8080");
    world.log.clear();
    world.push("web", "port: 8080\ndeletion: {grace: 5s}");
    world.look_at_all();
    assert_eq!((world.phase("web"), world.log.len()), (Phase::Ready, 0));
    let hash = world.reading.as_ref().unwrap().documents[&World::id("web")].document.hash().to_owned();
    assert!(world.record("web").is_whole_at(&hash) && world.record("web").is_good_at(&hash));
}

#[test]
fn a_version_that_fails_is_rolled_back_and_not_tried_again() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", &bad());
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::RolledBack, GOOD_IMAGE));
    let message = world.record("web").message.clone();
    assert!(
        message.contains("no pod came up") && message.ends_with("push a change to try again"),
        "{message}"
    );
    world.log.clear();
    world.run(60);
    assert_eq!(world.log, Vec::<String>::new());
    assert_eq!(world.record("web").message, message);
}

#[test]
fn what_only_the_failed_version_had_goes_again() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", &format!("{}\nport: 8080\ningress: {{host: shop.example.com}}", bad()));
    world.run(2);
    assert!(world.object(Kind::Ingress, "web").is_some());
    world.settle();
    assert_eq!(world.phase("web"), Phase::RolledBack);
    assert!(world.object(Kind::Ingress, "web").is_none());
}

#[test]
fn a_rollback_survives_a_restart_without_the_branch() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", &bad());
    world.settle();
    world.restart();
    world.run(30);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::RolledBack, GOOD_IMAGE));
}

#[test]
fn a_rollback_cut_short_goes_on_after_a_restart_without_the_branch() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", &bad());
    while world.phase("web") != Phase::RolledBack {
        world.look(&World::id("web"));
        world.tick(1);
    }
    assert_ne!(world.image("web"), GOOD_IMAGE, "not taken back yet");
    world.restart();
    world.run(10);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::RolledBack, GOOD_IMAGE));
}

#[test]
fn a_broken_file_after_a_rollback_holds_the_good_version_and_keeps_why() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", &bad());
    world.settle();
    let message = world.record("web").message.clone();
    world.push("web", "port: nonsense");
    world.edit(&World::reference(Kind::Deployment, "web"));
    world.run(10);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Held, GOOD_IMAGE));
    world.push("web", &bad());
    world.settle();
    assert_eq!((world.phase("web"), world.record("web").message.clone()), (Phase::RolledBack, message));
}

#[test]
fn a_revert_of_a_version_that_was_half_written_takes_its_half_back() {
    let mut world = World::running("web", "port: 8080");
    world.denied.insert(Kind::Ingress);
    world.push("web", "image: example.com/web:2\nport: 8080\ningress: {host: shop.example.com}");
    world.run(3);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Failed, "example.com/web:2"));
    world.push("web", "port: 8080");
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, GOOD_IMAGE));
    assert!(world.record("web").inventory.items.keys().all(|key| key.kind != Kind::Ingress));
}

#[test]
fn a_broken_file_takes_back_what_was_half_written() {
    let mut world = World::running("web", "port: 8080");
    world.denied.insert(Kind::Ingress);
    world.push("web", "image: example.com/web:2\nport: 8080\ningress: {host: shop.example.com}");
    world.run(3);
    world.push("web", "port: nonsense");
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Held, GOOD_IMAGE));
}

#[test]
fn a_restart_in_a_rollout_waits_for_the_branch_before_it_takes_anything_back() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", "image: example.com/web:2\nport: 8080\ningress: {host: shop.example.com}");
    world.fuse = Some(0);
    world.look_at_all();
    world.log.clear();
    world.run(60);
    assert_eq!(world.log, Vec::<String>::new());
    world.read();
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
}

#[test]
fn a_failure_that_stays_is_one_attempt() {
    let mut world = World::running("web", "port: 8080");
    let attempts = world.record("web").attempts.len();
    world.denied.insert(Kind::Deployment);
    world.edit(&World::reference(Kind::Deployment, "web"));
    world.run(10);
    assert_eq!(world.record("web").attempts.len(), attempts + 1);
    assert_eq!(world.phase("web"), Phase::Degraded, "it is not what the branch says");
    let before = world.memory.clone();
    world.run(1);
    assert_eq!(world.memory, before, "nothing new is to be written");
    world.denied.clear();
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}

#[test]
fn an_object_of_somebody_else_is_left_alone_and_named() {
    let mut world = World::new();
    let service = World::reference(Kind::Service, "web");
    world.intrude(&service);
    world.push("web", "port: 8080");
    world.run(3);
    assert_eq!(world.phase("web"), Phase::Held);
    assert!(world.record("web").message.contains("Service/shop/web"));
    world.lose(&service);
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}

#[test]
fn an_object_made_again_by_somebody_else_is_not_taken_over() {
    let mut world = World::running("web", "port: 8080");
    let service = World::reference(Kind::Service, "web");
    world.intrude(&service);
    world.live.get_mut(&service).unwrap().labelled = true;
    world.sweep();
    world.run(3);
    assert_eq!(world.phase("web"), Phase::Held);
    assert_eq!(world.object(Kind::Service, "web").unwrap().document, None);
}

#[test]
fn drift_is_repaired() {
    let mut world = World::running("web", "port: 8080");
    for kind in [Kind::Deployment, Kind::Service, Kind::NetworkPolicy] {
        world.edit(&World::reference(kind, "web"));
    }
    world.lose(&World::reference(Kind::ServiceAccount, "web"));
    world.look_at_all();
    assert!(world.live.values().all(|live| live.foreign == 0));
    assert!(world.object(Kind::ServiceAccount, "web").is_some());
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}
