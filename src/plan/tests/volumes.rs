//! Volumes: never lost, never smaller.

use super::world::{BAD, World};
use crate::object::Kind;
use crate::record::Phase;

fn with(size: &str, more: &str) -> String {
    format!("replicas: 1\nstorage: {{data: {{size: {size}, mountPath: /data}}}}\n{more}")
}

fn claims(world: &World) -> Vec<(String, String)> {
    let claims = world.live.values().filter(|live| live.object.reference.kind == Kind::PersistentVolumeClaim);
    claims
        .map(|live| {
            let size = live.object.content.pointer("/spec/resources/requests/storage").unwrap();
            (live.object.reference.name.clone(), size.as_str().unwrap().to_owned())
        })
        .collect()
}

#[test]
fn storage_that_leaves_the_spec_keeps_its_volume() {
    for volumes in ["retain", "delete"] {
        let policy = format!("deletion: {{volumes: {volumes}}}");
        let mut world = World::running("web", &with("10Gi", &policy));
        world.push("web", &format!("replicas: 1\n{policy}"));
        world.settle();
        assert_eq!((world.phase("web"), claims(&world).len()), (Phase::Ready, 1), "{volumes}");
        world.push("web", &with("10Gi", &policy));
        world.settle();
        assert_eq!((world.phase("web"), claims(&world).len()), (Phase::Ready, 1), "{volumes}");
    }
}

#[test]
fn a_rollback_leaves_a_grown_volume_as_it_is() {
    let mut world = World::running("web", &with("10Gi", ""));
    world.push("web", &with("20Gi", &format!("image: example.com/web:{BAD}")));
    world.settle();
    assert_eq!(world.phase("web"), Phase::RolledBack, "{}", world.record("web").message);
    assert!(world.record("web").is_whole());
    assert_eq!(claims(&world)[0].1, "20Gi");
    let claim = world.live.keys().find(|key| key.kind == Kind::PersistentVolumeClaim).unwrap().clone();
    world.edit(&claim);
    world.settle();
    assert_eq!((world.phase("web"), world.live[&claim].foreign), (Phase::RolledBack, 0));
    world.push("web", &with("10Gi", ""));
    world.settle();
    assert_eq!((world.phase("web"), claims(&world)[0].1.as_str()), (Phase::Ready, "20Gi"));
}

#[test]
fn a_removed_app_keeps_its_volume_and_takes_it_up_again() {
    let mut world = World::running("web", &with("10Gi", ""));
    world.push("api", "");
    world.settle();
    world.remove("web");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
    assert_eq!(claims(&world).len(), 1);
    let uid = world.live.values().find(|live| live.object.reference.kind == Kind::PersistentVolumeClaim);
    let uid = uid.unwrap().uid.clone();
    world.push("web", &with("10Gi", ""));
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    assert!(world.live.values().any(|live| live.uid == uid));
}

#[test]
fn volumes_go_with_their_app_only_when_a_person_approves() {
    let mut world = World::running("web", &with("10Gi", "deletion: {volumes: delete}"));
    world.push("api", "");
    world.settle();
    world.remove("web");
    world.settle();
    assert_eq!((world.phase("web"), claims(&world).len()), (Phase::Held, 1));
    world.approve();
    world.settle();
    assert_eq!(claims(&world).len(), 0);
}
