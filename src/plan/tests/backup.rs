//! `backup.onDelete`: what is deleted is copied first. That nothing goes before is checked by the world at each deletion,
//! and that no pod of the app is there when its backup begins.

use super::jobs::NO_EXIT;
use super::world::World;
use crate::object::Kind;
use crate::record::{BackupState, Phase};

const WIKI: &str = "port: 8080\nreplicas: 1\nstorage: {data: {size: 1Gi, mountPath: /data}}\n\
                    backup: {onDelete: true, command: [/bin/backup], volumes: [data]}";

/// `wiki` and `api` run, and `wiki` has just left the branch; its backups end with these codes, then with 0.
fn leaving(exits: &[i32]) -> World {
    let mut world = World::running("wiki", WIKI);
    world.push("api", "port: 8080");
    world.settle();
    world.jobs.exits.extend(exits);
    world.log.clear();
    world.remove("wiki");
    world
}

fn is_removed(world: &World) -> bool {
    !world.memory.contains_key(&World::id("wiki"))
        && world.live.keys().all(|key| key.name == "api" || key.kind == Kind::PersistentVolumeClaim)
}

fn held(world: &World) -> String {
    let record = world.record("wiki");
    assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Held, "BackupFailed"));
    record.message.clone()
}

#[test]
fn an_app_is_backed_up_after_its_last_pod_and_before_anything_is_deleted_that_it_needs() {
    let mut world = leaving(&[]);
    while world.jobs.names().is_empty() {
        world.run(1);
    }
    assert_eq!(world.object(Kind::Deployment, "wiki").unwrap().replicas.count, 0);
    let record = world.record("wiki");
    assert_eq!((record.phase, record.reason.to_string().as_str()), (Phase::Deleting, "BackingUp"));
    assert!(
        record.message.starts_with("waiting for the backup, Job/shop/wiki-backup-"),
        "{}",
        record.message
    );
    for kind in [Kind::Deployment, Kind::ServiceAccount, Kind::NetworkPolicy, Kind::PersistentVolumeClaim] {
        assert!(world.live.keys().any(|key| key.kind == kind && key.name.starts_with("wiki")), "{kind}");
    }
    world.settle();
    assert!(is_removed(&world), "{:#?}", world.live.keys());
    assert_eq!(world.jobs.names().len(), 1);
}

#[test]
fn what_an_app_lives_on_outlives_its_last_pod_and_its_backup() {
    let objects = "objects: [{apiVersion: postgresql.cnpg.io/v1, kind: Cluster, metadata: {name: wiki}, spec: {}}, \
                   {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: wiki}, spec: {}}, \
                   {apiVersion: keda.sh/v1alpha1, kind: ScaledObject, metadata: {name: wiki}, spec: {}}]";
    let mut world = World::running("wiki", &format!("{WIKI}\n{objects}"));
    world.push("api", "port: 8080");
    world.settle();
    world.remove("wiki");
    while world.object(Kind::Deployment, "wiki").unwrap().replicas.count > 0 {
        world.run(1);
    }
    for early in ["HTTPRoute.v1.gateway.networking.k8s.io", "ScaledObject.v1alpha1.keda.sh"] {
        assert!(!world.live.contains_key(&World::further(early, "wiki")), "{early}");
    }
    while world.record("wiki").removal.as_ref().unwrap().backup.is_none() || world.jobs.names().is_empty() {
        world.run(1);
    }
    assert!(world.live.contains_key(&World::further("Cluster.v1.postgresql.cnpg.io", "wiki")));
    world.settle();
    assert!(is_removed(&world), "{:#?}", world.live.keys());
}

#[test]
fn a_job_of_the_app_that_is_still_running_is_waited_for() {
    let mut world = leaving(&[]);
    world.busy.insert("wiki".to_owned(), world.now + jiff::SignedDuration::from_secs(40));
    world.run(38);
    assert_eq!(world.object(Kind::Deployment, "wiki").unwrap().replicas.count, 0);
    assert_eq!(world.jobs.names().len(), 0);
    world.settle();
    assert!(is_removed(&world), "{:#?}", world.live.keys());
    assert_eq!(world.jobs.names().len(), 1);
}

#[test]
fn an_entrance_that_does_not_go_away_lets_no_backup_begin_before_the_last_pod_has_ended() {
    let mut world = World::running("wiki", &format!("{WIKI}\ningress: {{host: wiki.example.com}}"));
    world.push("api", "port: 8080");
    world.settle();
    world.stuck.insert(Kind::Ingress);
    world.remove("wiki");
    world.run(180);
    assert_eq!(world.jobs.names().len(), 1);
    assert!(world.record("wiki").message.contains("Ingress/shop/wiki to be gone"));
    world.lose(&World::reference(Kind::Ingress, "wiki"));
    world.settle();
    assert!(is_removed(&world), "{:#?}", world.live.keys());
}

#[test]
fn a_daemon_that_stood_still_for_longer_than_the_grace_scales_down_before_the_backup() {
    for looks in 0..4 {
        let mut world = leaving(&[]);
        for _ in 0..looks {
            world.look(&World::id("wiki"));
        }
        world.tick(300);
        world.settle();
        assert!(is_removed(&world), "{:#?}", world.live.keys());
        assert_eq!(world.jobs.names().len(), 1);
    }
}

#[test]
fn an_app_that_somebody_scales_up_again_is_emptied_again_before_its_backup() {
    let deployment = World::reference(Kind::Deployment, "wiki");
    for seconds in 0..12 {
        let mut world = leaving(&[3]);
        world.run(seconds);
        world.scale("wiki", 3);
        world.settle();
        assert_eq!(world.live[&deployment].replicas.count, 0, "after {seconds} s");
        held(&world);
        // While its failed backup waits for a person.
        world.scale("wiki", 3);
        world.settle();
        assert_eq!(world.live[&deployment].replicas.count, 0, "after {seconds} s");
        held(&world);
    }
}

#[test]
fn an_app_whose_deployment_lost_its_label_is_emptied_before_its_backup() {
    let mut world = leaving(&[]);
    world.strip_label(&World::reference(Kind::Deployment, "wiki"));
    world.settle();
    assert!(is_removed(&world), "{:#?}", world.live.keys());
    assert_eq!(world.jobs.names().len(), 1);
}

#[test]
fn no_backup_begins_while_the_scale_down_is_refused() {
    let mut world = leaving(&[]);
    world.denied.insert(Kind::Deployment);
    world.run(400);
    assert_eq!(world.jobs.names().len(), 0);
    let record = world.record("wiki");
    assert_eq!(record.phase, Phase::Deleting);
    assert!(record.message.contains("Deployment/shop/wiki is denied"), "{}", record.message);
    world.denied.clear();
    world.settle();
    assert!(is_removed(&world), "{:#?}", world.live.keys());
    assert_eq!(world.jobs.names().len(), 1);
}

#[test]
fn a_backup_that_fails_stops_the_removal_and_says_what_to_do() {
    let mut world = leaving(&[3]);
    world.settle();
    let message = held(&world);
    for part in
        ["the backup failed: a migration failed (code 3)", "portfolio reconcile", "portfolio approve "]
    {
        assert!(message.contains(part), "{message}");
    }
    assert!(world.object(Kind::Deployment, "wiki").is_some());
    let before = world.memory.clone();
    world.log.clear();
    world.run(60);
    assert_eq!((&world.memory, world.log.len(), world.jobs.names().len()), (&before, 0, 1));
    world.restart();
    world.read();
    world.run(5);
    assert_eq!(held(&world), message);
}

#[test]
fn a_backup_that_came_to_no_end_has_failed_too() {
    let mut world = leaving(&[NO_EXIT]);
    world.settle();
    assert!(held(&world).contains("longer than specified deadline"), "{}", held(&world));
}

#[test]
fn an_order_makes_it_again_and_the_removal_goes_on() {
    let mut world = leaving(&[3]);
    world.settle();
    let record = world.memory.get_mut(&World::id("wiki")).unwrap();
    record.removal.as_mut().unwrap().backup.as_mut().unwrap().try_again();
    world.settle();
    assert!(is_removed(&world));
    assert_eq!(world.jobs.names().len(), 2);
}

#[test]
fn a_person_can_let_it_go_without_a_backup() {
    let mut world = leaving(&[3]);
    world.settle();
    world.guard();
    let approval = world.prune.without_backup[0].clone();
    assert!(held(&world).contains(&format!("`portfolio approve {}`", approval.hash)));
    assert_eq!(approval.documents, ["PortfolioApp/shop/wiki"]);
    world.approve();
    assert_eq!(
        world.record("wiki").removal.clone().unwrap().backup.map(|backup| backup.state),
        Some(BackupState::Waived)
    );
    world.settle();
    assert!(is_removed(&world));
    assert_eq!(world.jobs.names().len(), 1);
}

#[test]
fn a_document_that_comes_back_runs_again_and_is_backed_up_anew_when_it_leaves_again() {
    for exits in [&[3][..], &[]] {
        let mut world = leaving(exits);
        while world.jobs.names().is_empty() {
            world.run(1);
        }
        // The backup has ended, and nobody has looked.
        world.deaf = true;
        world.tick(10);
        world.push("wiki", WIKI);
        world.deaf = false;
        world.settle();
        assert_eq!(world.phase("wiki"), Phase::Ready);
        assert!(world.live.keys().all(|key| key.kind != Kind::Job), "{:#?}", world.live.keys());
        world.remove("wiki");
        world.settle();
        assert!(is_removed(&world));
        assert_eq!(world.jobs.names().len(), 2);
    }
}

#[test]
fn a_backup_that_somebody_removes_while_it_runs_is_made_again() {
    let mut world = leaving(&[3]);
    while world.jobs.names().is_empty() {
        world.run(1);
    }
    let job = world.live.keys().find(|key| key.kind == Kind::Job).unwrap().clone();
    world.lose(&job);
    world.settle();
    assert!(is_removed(&world));
    assert_eq!(world.jobs.names().len(), 2);
}

#[test]
fn an_app_that_asks_for_none_is_removed_without() {
    let mut world = World::running("wiki", &WIKI.replace("onDelete: true", "schedule: '0 1 * * *'"));
    world.push("api", "port: 8080");
    world.settle();
    world.remove("wiki");
    world.settle();
    assert!(is_removed(&world));
    assert!(world.jobs.names().is_empty());
}

#[test]
fn a_daemon_that_dies_anywhere_makes_no_backup_twice_and_deletes_nothing_without() {
    for step in 0..24 {
        let mut world = leaving(&[]);
        world.fuse = Some(step);
        world.settle();
        world.fuse = None;
        world.restart();
        world.read();
        world.settle();
        assert!(is_removed(&world), "a crash at {step}: {:#?}", world.live.keys());
        assert_eq!(world.jobs.names().len(), 1, "a crash at {step}");
    }
}
