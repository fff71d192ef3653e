//! `dependsOn`.

use super::world::{BAD, World};
use crate::object::Kind;
use crate::record::Phase;

const NEEDS_API: &str = "dependsOn: [{app: api}]\nport: 8080";

/// `api` runs, and `web` which waits for it.
fn both() -> World {
    let mut world = World::running("api", "port: 8080");
    world.push("web", NEEDS_API);
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    world
}

#[test]
fn a_rollout_waits_for_the_new_version_of_its_dependency() {
    let mut world = both();
    world.push("api", "image: example.com/api:2");
    world.push("web", &format!("image: example.com/web:2\n{NEEDS_API}"));
    world.run(2);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Waiting, "example.com/web:1"));
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
}

#[test]
fn a_gate_holds_back_neither_repair_nor_a_return_from_removal() {
    let mut world = both();
    world.push("api", &format!("image: example.com/api:{BAD}"));
    world.settle();
    assert_eq!(world.phase("api"), Phase::RolledBack);
    let deployment = World::reference(Kind::Deployment, "web");
    world.edit(&deployment);
    world.run(1);
    assert_eq!((world.phase("web"), world.live[&deployment].foreign), (Phase::Ready, 0));
    world.remove("web");
    world.run(1);
    world.push("web", NEEDS_API);
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    assert_eq!(world.value(Kind::Deployment, "web", "/spec/replicas"), 2);
}

#[test]
fn a_rollout_that_has_begun_is_not_taken_back_when_its_dependency_changes() {
    let mut world = both();
    world.denied.insert(Kind::Ingress);
    world.push("web", &format!("image: example.com/web:2\ningress: {{host: shop.example.com}}\n{NEEDS_API}"));
    world.run(1);
    world.push("api", "image: example.com/api:2");
    world.run(1);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Failed, "example.com/web:2"));
}

#[test]
fn waiting_goes_on_after_a_restart() {
    let mut world = both();
    world.push("api", &format!("image: example.com/api:{BAD}"));
    world.push("web", &format!("image: example.com/web:2\n{NEEDS_API}"));
    world.settle();
    assert_eq!(world.phase("web"), Phase::Waiting);
    world.restart();
    world.run(3);
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Waiting, "example.com/web:1"));
}
