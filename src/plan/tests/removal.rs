//! Documents that left the branch.

use super::world::World;
use crate::object::Kind;
use crate::record::Phase;

/// `web` and `api` run, and `web` has just left the branch.
fn leaving() -> World {
    let mut world = World::running("web", "port: 8080\ningress: {host: shop.example.com}");
    world.push("api", "port: 8080");
    world.settle();
    world.remove("web");
    world
}

fn web_is_whole(world: &World) -> bool {
    world.object(Kind::Ingress, "web").is_some()
        && world.value(Kind::Deployment, "web", "/spec/replicas") != 0
        && world.live.values().all(|live| live.deleting.is_none())
}

#[test]
fn a_document_that_left_is_closed_then_drained_then_removed() {
    let mut world = leaving();
    while world.value(Kind::Deployment, "web", "/spec/replicas") != 0 {
        assert_eq!(world.value(Kind::Deployment, "web", "/spec/replicas"), 2);
        world.run(1);
    }
    assert_eq!(world.phase("web"), Phase::Deleting);
    for entrance in [Kind::Ingress, Kind::Service] {
        assert!(world.object(entrance, "web").is_none(), "{entrance:?} leads to pods that end");
    }
    let deleted: Vec<_> = world.deleted.iter().map(|reference| reference.kind).collect();
    assert_eq!(deleted, [Kind::Ingress, Kind::Service], "its pods are still there");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
    assert!(world.live.keys().all(|reference| reference.name == "api"), "{:?}", world.live.keys());
}

#[test]
fn a_service_that_does_not_go_away_keeps_no_pods() {
    let mut world = leaving();
    world.stuck.insert(Kind::Service);
    while world.object(Kind::Service, "web").is_none_or(|live| live.deleting.is_none()) {
        world.run(1);
    }
    world.run(25);
    assert_eq!(world.value(Kind::Deployment, "web", "/spec/replicas"), 2, "it has half of the grace to go");
    world.run(7);
    assert_eq!(world.value(Kind::Deployment, "web", "/spec/replicas"), 0);
    world.run(15);
    assert!(world.object(Kind::Deployment, "web").is_none());
    let record = world.record("web");
    assert_eq!(record.phase, Phase::Deleting);
    assert!(record.message.contains("Service/shop/web to be gone"), "{}", record.message);
    world.lose(&World::reference(Kind::Service, "web"));
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
}

#[test]
fn pods_have_their_grace_from_the_moment_they_are_told_to_end() {
    let mut world = leaving();
    world.look(&World::id("web"));
    // Nobody looks for longer than the grace.
    world.tick(300);
    world.look(&World::id("web"));
    assert_eq!(world.value(Kind::Deployment, "web", "/spec/replicas"), 0);
    for kind in [Kind::Ingress, Kind::Service] {
        assert!(world.object(kind, "web").is_none(), "{kind} leads to pods that end");
    }
    world.look(&World::id("web"));
    assert!(world.object(Kind::Deployment, "web").unwrap().deleting.is_none(), "its pods are ending");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
}

#[test]
fn a_scale_down_that_is_refused_holds_up_a_removal_no_longer_than_the_grace() {
    let mut world = leaving();
    world.denied.insert(Kind::Deployment);
    world.run(40);
    assert!(world.object(Kind::Deployment, "web").unwrap().deleting.is_none());
    world.run(60);
    assert!(!world.memory.contains_key(&World::id("web")));
}

#[test]
fn a_document_that_comes_back_while_it_is_drained_runs_again() {
    let mut world = leaving();
    world.run(1);
    assert!(!web_is_whole(&world));
    world.push("web", "port: 8080\ningress: {host: shop.example.com}");
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    assert!(web_is_whole(&world));
}

#[test]
fn a_document_that_comes_back_half_removed_is_made_whole() {
    let mut world = leaving();
    while world.object(Kind::Ingress, "web").is_some() {
        world.run(1);
    }
    world.push("web", "port: 8080\ningress: {host: shop.example.com}");
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    assert!(web_is_whole(&world));
}

#[test]
fn a_document_that_comes_back_broken_is_made_whole_too() {
    let mut world = leaving();
    while world.object(Kind::Ingress, "web").is_some() {
        world.run(1);
    }
    world.push("web", "port: nonsense");
    world.settle();
    assert_eq!(world.phase("web"), Phase::Held);
    assert!(web_is_whole(&world));
}

#[test]
fn a_removal_stands_still_until_the_branch_is_read_again() {
    let mut world = leaving();
    world.run(1);
    world.restart();
    world.log.clear();
    world.run(90);
    assert_eq!((world.phase("web"), world.log.len()), (Phase::Deleting, 0));
    world.read();
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
}

#[test]
fn a_removal_stands_still_while_a_file_is_in_error() {
    let mut world = leaving();
    world.run(1);
    world.push_text("other.yaml", "a: [");
    world.log.clear();
    world.run(90);
    assert_eq!((world.phase("web"), world.log.len()), (Phase::Held, 0));
    world.remove("other");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
}

#[test]
fn a_removal_never_scales_or_deletes_what_is_another_documents() {
    let mut world = leaving();
    let deployment = World::reference(Kind::Deployment, "web");
    let live = world.live.get_mut(&deployment).unwrap();
    (live.uid, live.document) = ("made-again".to_owned(), Some(World::id("api")));
    world.sweep();
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
    assert_eq!(world.value(Kind::Deployment, "web", "/spec/replicas"), 2);
}

#[test]
fn an_approval_releases_exactly_its_set_however_long_it_takes() {
    let mut world = World::running("web", "port: 8080");
    world.push("api", "port: 8080");
    world.push("cart", "port: 8080");
    world.settle();
    world.policy.min_objects = 1;
    world.policy.max_percent = 0;
    world.remove("web");
    world.remove("api");
    world.settle();
    assert_eq!((world.phase("web"), world.phase("api")), (Phase::Held, Phase::Held));
    assert!(world.deleted.is_empty());
    world.approve();
    while world.memory.contains_key(&World::id("web")) {
        world.look(&World::id("web"));
        world.tick(1);
    }
    world.restart();
    world.read();
    world.settle();
    assert!(!world.memory.contains_key(&World::id("api")), "it was approved with the other one");
}

#[test]
fn an_approval_of_another_set_releases_nothing() {
    let mut world = World::running("web", "port: 8080");
    world.push("api", "port: 8080");
    world.push("cart", "port: 8080");
    world.settle();
    world.policy.min_objects = 1;
    world.policy.max_percent = 0;
    world.remove("web");
    world.approved = world.prune.approval.clone().map(|approval| approval.hash);
    world.remove("api");
    world.settle();
    assert_eq!((world.phase("web"), world.phase("api")), (Phase::Held, Phase::Held));
    assert!(world.deleted.is_empty());
}

#[test]
fn what_a_daemon_made_again_just_before_it_died_is_removed_too() {
    let mut world = World::running("web", "port: 8080");
    world.push("api", "port: 8080");
    world.settle();
    world.lose(&World::reference(Kind::ServiceAccount, "web"));
    world.fuse = Some(0);
    world.look(&World::id("web"));
    world.remove("web");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
    assert!(world.live.keys().all(|reference| reference.name == "api"), "{:?}", world.live.keys());
}

/// What is kept of `web` was written by a later version, which knows fields that this one does not.
fn written_by_a_later_version(world: &mut World) {
    for records in [&mut world.memory, &mut world.durable] {
        let record = records.get_mut(&World::id("web")).unwrap();
        record.applied.as_mut().unwrap().document = serde_json::from_value("!".into()).unwrap();
    }
    world.guard();
}

#[test]
fn a_document_that_cannot_be_read_back_keeps_its_objects_until_it_can() {
    let mut world = leaving();
    written_by_a_later_version(&mut world);
    world.run(120);
    let record = world.record("web");
    assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Held, "StoredUnreadable"));
    for part in ["cannot be read back", "Run the version", "bring the document back"] {
        assert!(record.message.contains(part), "{}", record.message);
    }
    assert!(web_is_whole(&world));
    world.push("web", "port: 8080");
    world.settle();
    world.remove("web");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
}

#[test]
fn a_removal_that_has_begun_stands_still_when_its_document_cannot_be_read_back() {
    let mut world = leaving();
    while world.object(Kind::Ingress, "web").is_some() {
        world.run(1);
    }
    written_by_a_later_version(&mut world);
    let deleted = world.deleted.len();
    world.run(120);
    let record = world.record("web");
    assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Held, "StoredUnreadable"));
    assert_eq!(world.deleted.len(), deleted);
}

/// `web` never came so far that all of it was written, and left the branch; its pods run.
fn leaving_half_written(spec: &str) -> World {
    let mut world = World::new();
    world.push("api", "port: 8080");
    world.settle();
    world.denied.insert(Kind::Ingress);
    world.push("web", &format!("port: 8080\ningress: {{host: shop.example.com}}\n{spec}"));
    world.run(20);
    assert!(world.record("web").applied.is_none());
    assert!(world.object(Kind::Deployment, "web").is_some());
    world.remove("web");
    world
}

#[test]
fn a_first_rollout_that_was_never_complete_is_removed_as_its_document_says() {
    for (field, reason) in [("protect: true", "Protected"), ("confirm: true", "ConfirmationNeeded")] {
        let mut world = leaving_half_written(&format!("deletion: {{{field}}}"));
        world.run(60);
        let record = world.record("web");
        assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Held, reason));
        assert!(world.deleted.is_empty(), "{:?}", world.deleted);
    }
    let mut world = leaving_half_written("backup: {onDelete: true, command: [/bin/backup]}");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
    assert_eq!(world.jobs.names().len(), 1);
    let mut world = leaving_half_written("");
    world.settle();
    assert!(world.log.iter().any(|step| step.contains("update Deployment/shop/web")), "it is drained");
    assert!(!world.memory.contains_key(&World::id("web")));
}

const DATABASE: &str =
    "objects: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: db}, spec: {}}]";

#[test]
fn an_object_of_a_protected_kind_that_an_edit_drops_stays_until_a_person_approves() {
    let cluster = World::further("Cluster.v1.postgresql.cnpg.io", "db");
    let mut world = World::running("web", DATABASE);
    // Named in another version than it is written in.
    world.policy.protect_kinds.insert("Cluster.v1beta1.postgresql.cnpg.io".parse().unwrap());
    for dropped in ["port: 8080", &DATABASE.replace("db", "other")] {
        world.push("web", dropped);
        world.settle();
        let record = world.record("web");
        assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Ready, "ProtectedKind"));
        let approve = "Cluster.v1.postgresql.cnpg.io/shop/db; `portfolio approve ";
        assert!(record.message.contains(approve), "{}", record.message);
        assert!(world.live.contains_key(&cluster));
    }
    // It is in use again: an approval of before is none of what comes after.
    world.approve();
    world.push("web", DATABASE);
    world.settle();
    assert!(world.live.contains_key(&cluster));
    world.push("web", "port: 8080");
    world.settle();
    assert!(world.live.contains_key(&cluster));
    world.approve();
    world.settle();
    let record = world.record("web");
    assert_eq!((record.phase, record.message.as_str()), (Phase::Ready, ""));
    assert!(!world.live.contains_key(&cluster));
}

#[test]
fn an_edit_drops_no_more_objects_at_once_than_a_removal_may() {
    let mut world =
        World::running("web", &format!("port: 8080\ningress: {{host: shop.example.com}}\n{DATABASE}"));
    (world.policy.min_objects, world.policy.max_percent) = (2, 0);
    world.push("web", "env: {A: b}");
    world.settle();
    let record = world.record("web");
    assert_eq!(record.reason.to_string(), "TooMuchAtOnce", "{}", record.message);
    assert!(world.object(Kind::Ingress, "web").is_some() && world.object(Kind::Service, "web").is_some());
    assert!(world.deleted.is_empty(), "{:?}", world.deleted);
    world.approve();
    world.settle();
    assert!(world.object(Kind::Ingress, "web").is_none() && world.object(Kind::Service, "web").is_none());
    assert_eq!(world.record("web").message, "");
}

#[test]
fn a_kind_is_protected_in_whatever_version_it_is_written() {
    let mut world = World::running("web", DATABASE);
    world.push("api", "port: 8080");
    world.settle();
    world.policy.protect_kinds.insert("Cluster.v1beta1.postgresql.cnpg.io".parse().unwrap());
    world.remove("web");
    world.settle();
    assert_eq!(world.record("web").reason.to_string(), "ProtectedKind");
}
