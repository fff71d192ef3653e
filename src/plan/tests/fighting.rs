//! Somebody keeps changing a field back.

use super::world::World;
use crate::object::Kind;
use crate::record::Phase;

/// The Service was repaired three times and has been changed once more.
fn fight() -> World {
    let mut world = World::running("web", "port: 8080");
    for _ in 0..4 {
        world.edit(&World::reference(Kind::Service, "web"));
        world.run(2);
    }
    assert_eq!(world.phase("web"), Phase::Fighting);
    world
}

#[test]
fn a_field_that_is_changed_back_again_and_again_is_left_alone_and_named() {
    let mut world = fight();
    let message = &world.record("web").message;
    assert!(message.starts_with("kubectl-edit keeps changing spec of Service/shop/web"), "{message}");
    world.log.clear();
    world.run(200);
    assert_eq!(world.log, Vec::<String>::new());
    world.run(120);
    assert_eq!(
        world.object(Kind::Service, "web").unwrap().foreign,
        0,
        "it is tried again after five minutes"
    );
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}

#[test]
fn the_other_objects_are_repaired_while_one_is_fought_over() {
    let mut world = fight();
    world.lose(&World::reference(Kind::NetworkPolicy, "web"));
    world.run(2);
    assert!(world.object(Kind::NetworkPolicy, "web").is_some());
    assert_eq!(world.phase("web"), Phase::Fighting);
}

#[test]
fn a_new_version_does_not_wait_for_the_fight_to_end() {
    let mut world = fight();
    world.push("web", "image: example.com/web:2\nport: 8080");
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
}
