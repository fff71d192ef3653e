//! What cannot be followed: broken files, refused changes, suspension, a branch that was not read.

use super::world::World;
use crate::object::Kind;
use crate::record::Phase;

fn drift_is_repaired(world: &mut World) {
    let deployment = World::reference(Kind::Deployment, "web");
    world.edit(&deployment);
    world.run(1);
    assert_eq!(world.live[&deployment].foreign, 0, "{}", world.phase("web"));
}

#[test]
fn a_broken_file_keeps_its_app_as_it_is_and_held_against_drift() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", "port: nonsense");
    world.settle();
    assert_eq!(world.phase("web"), Phase::Held);
    drift_is_repaired(&mut world);
    assert_eq!(world.phase("web"), Phase::Held);
    world.push("web", "port: 8080");
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}

#[test]
fn a_refused_change_holds_the_old_state_against_drift() {
    let mut world = World::running("web", "replicas: 1\nstorage: {data: {size: 10Gi, mountPath: /data}}");
    world
        .push("web", "replicas: 1\nimage: example.com/web:2\nstorage: {data: {size: 5Gi, mountPath: /data}}");
    world.settle();
    assert_eq!(world.phase("web"), Phase::Failed);
    assert!(world.record("web").message.contains("cannot shrink"));
    drift_is_repaired(&mut world);
    assert_eq!(world.image("web"), "example.com/web:1");
    world.restart();
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Failed, "whether that changed is not known");
}

#[test]
fn a_service_that_is_to_become_headless_or_cease_to_be_is_told_of_and_held() {
    for (before, after) in [
        ("port: 80", "port: 80\nservice: {headless: true}"),
        ("port: 80\nservice: {headless: true}", "port: 80"),
    ] {
        let mut world = World::running("web", before);
        world.push("web", after);
        world.settle();
        let record = world.record("web");
        assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Failed, "ImmutableField"));
        assert!(
            record.message.contains("headless") && record.message.contains("`objects`"),
            "{}",
            record.message
        );
        drift_is_repaired(&mut world);
        world.push("web", before);
        world.settle();
        assert_eq!(world.phase("web"), Phase::Ready);
    }
}

#[test]
fn a_suspended_app_is_left_alone_through_restarts_and_broken_files() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", "port: 8080\nsuspend: true");
    world.settle();
    world.log.clear();
    let deployment = World::reference(Kind::Deployment, "web");
    world.edit(&deployment);
    world.run(5);
    assert_eq!((world.phase("web"), world.log.len()), (Phase::Suspended, 0));
    world.restart();
    world.log.clear();
    world.run(5);
    assert_eq!((world.phase("web"), world.log.len()), (Phase::Suspended, 0));
    world.push("web", "port: nonsense\nsuspend: true");
    world.run(5);
    assert_eq!((world.phase("web"), world.log.len()), (Phase::Held, 0));
    world.push("web", "port: 8080");
    world.settle();
    assert_eq!((world.phase("web"), world.live[&deployment].foreign), (Phase::Ready, 0));
}

#[test]
fn the_last_state_is_held_while_the_branch_was_not_read() {
    let mut world = World::running("web", "port: 8080");
    world.restart();
    drift_is_repaired(&mut world);
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
}

#[test]
fn a_document_that_left_the_branch_and_may_not_go_is_held_against_drift() {
    let mut world = World::running("web", "port: 8080");
    world.remove("web");
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Held, "it was the only one");
    drift_is_repaired(&mut world);
    assert!(world.deleted.is_empty());
}

#[test]
fn a_failure_while_held_is_said_once_and_the_phase_stays() {
    let mut world = World::running("web", "port: 8080");
    world.push("web", "port: nonsense");
    world.denied.insert(Kind::Service);
    world.edit(&World::reference(Kind::Service, "web"));
    world.run(3);
    let before = world.memory.clone();
    let message = &world.record("web").message;
    assert!(message.contains("web.yaml") && message.contains("is denied"), "{message}");
    world.run(3);
    assert_eq!((world.phase("web"), &world.memory), (Phase::Held, &before));
}
