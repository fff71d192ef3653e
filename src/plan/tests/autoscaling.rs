//! `autoscaling`: who says how many pods there are, from the first to the last. That the number never falls back to 1 is
//! checked by the world at each apply.

use super::world::{BAD, World};
use crate::object::{Kind, ReplicasHeld};
use crate::record::Phase;

const FIXED: &str = "port: 8080\nreplicas: 5";
const SCALED: &str = "port: 8080\nautoscaling: {min: 3, max: 10}";

fn pods(world: &World) -> u32 {
    world.object(Kind::Deployment, "web").unwrap().replicas.count
}

fn held(world: &World) -> ReplicasHeld {
    world.object(Kind::Deployment, "web").unwrap().replicas.held
}

/// The places of these steps in the log, each the first of its kind.
fn order(world: &World, steps: &[&str]) -> Vec<usize> {
    let place = |step: &&str| {
        let found = world.log.iter().position(|line| line.contains(*step));
        found.unwrap_or_else(|| panic!("{step} in {:#?}", world.log))
    };
    steps.iter().map(place).collect()
}

#[test]
fn an_app_that_begins_with_an_autoscaler_has_its_fewest_pods_and_lets_go_of_them() {
    let mut world = World::running("web", SCALED);
    assert_eq!((pods(&world), held(&world).ours), (3, false));
    world.load.insert("web".to_owned(), 7);
    world.run(2);
    assert_eq!(pods(&world), 7);
    assert_eq!(held(&world), ReplicasHeld { others: true, ..ReplicasHeld::default() });
}

#[test]
fn switching_an_autoscaler_on_keeps_every_pod() {
    let mut world = World::running("web", FIXED);
    world.log.clear();
    world.push("web", SCALED);
    world.settle();
    assert_eq!((world.phase("web"), pods(&world)), (Phase::Ready, 5));
    assert_eq!(held(&world), ReplicasHeld { keeper: true, ..ReplicasHeld::default() });
    let steps = ["hand over spec.replicas", "update Deployment", "create HorizontalPodAutoscaler"];
    assert!(order(&world, &steps).is_sorted(), "{:#?}", world.log);
    world.load.insert("web".to_owned(), 4);
    world.run(2);
    assert_eq!((pods(&world), held(&world).keeper), (4, false));
}

#[test]
fn what_the_autoscaler_does_is_neither_drift_nor_work() {
    let mut world = World::running("web", SCALED);
    let before = world.memory.clone();
    world.log.clear();
    for load in [9, 2, 6] {
        world.load.insert("web".to_owned(), load);
        world.run(1);
        assert_eq!(world.phase("web"), Phase::Ready, "its fewest pods are there");
        world.run(3);
    }
    world.scale("web", 8);
    world.load.insert("web".to_owned(), 8);
    world.run(3);
    assert_eq!((pods(&world), world.log.as_slice()), (8, &[][..]));
    assert_eq!(world.memory, before);
    assert_eq!(world.record("web").last_drift, None);
}

#[test]
fn a_new_version_under_an_autoscaler_keeps_the_number_of_pods() {
    let mut world = World::running("web", SCALED);
    world.load.insert("web".to_owned(), 8);
    world.run(2);
    world.push("web", &format!("image: example.com/web:2\n{SCALED}"));
    world.settle();
    assert_eq!((world.phase("web"), world.image("web").as_str()), (Phase::Ready, "example.com/web:2"));
    assert_eq!(pods(&world), 8);
    world.push("web", "port: 8080\nimage: example.com/web:2\nautoscaling: {min: 4, max: 10}");
    world.settle();
    assert_eq!((world.phase("web"), pods(&world)), (Phase::Ready, 8));
}

#[test]
fn switching_it_off_removes_the_autoscaler_before_the_number_is_written() {
    let mut world = World::running("web", SCALED);
    world.load.insert("web".to_owned(), 9);
    world.run(2);
    world.log.clear();
    world.push("web", FIXED);
    world.settle();
    assert_eq!((world.phase("web"), pods(&world), held(&world).ours), (Phase::Ready, 5, true));
    assert!(world.object(Kind::HorizontalPodAutoscaler, "web").is_none());
    assert!(order(&world, &["delete HorizontalPodAutoscaler", "update Deployment"]).is_sorted());
    world.log.clear();
    world.run(5);
    assert_eq!(world.log, Vec::<String>::new());
    world.scale("web", 1);
    world.run(2);
    assert_eq!(pods(&world), 5, "it is drift again");
}

#[test]
fn an_autoscaler_that_does_not_go_away_holds_back_the_number_and_nothing_else() {
    let mut world = World::running("web", SCALED);
    world.load.insert("web".to_owned(), 9);
    world.run(2);
    world.stuck.insert(Kind::HorizontalPodAutoscaler);
    world.push("web", &format!("image: example.com/web:2\n{FIXED}"));
    world.run(20);
    assert_eq!((world.image("web").as_str(), pods(&world)), ("example.com/web:2", 9));
    let record = world.record("web");
    assert_eq!((record.phase, record.is_whole()), (Phase::Applying, false));
    assert!(record.message.contains("HorizontalPodAutoscaler/shop/web to be gone"), "{}", record.message);
    world.lose(&World::reference(Kind::HorizontalPodAutoscaler, "web"));
    world.settle();
    assert_eq!((world.phase("web"), pods(&world)), (Phase::Ready, 5));
}

#[test]
fn a_rollback_across_the_switch_goes_either_way() {
    for (good, bad, there) in [(FIXED, SCALED, false), (SCALED, FIXED, true)] {
        let mut world = World::running("web", good);
        world.load.insert("web".to_owned(), 6);
        world.run(2);
        world.log.clear();
        world.push("web", &format!("image: example.com/web:{BAD}\n{bad}"));
        world.settle();
        assert_eq!(world.phase("web"), Phase::RolledBack, "{}", world.record("web").message);
        assert_eq!(world.object(Kind::HorizontalPodAutoscaler, "web").is_some(), there);
        assert_eq!((pods(&world), held(&world).ours), if there { (6, false) } else { (5, true) });
    }
}

#[test]
fn an_autoscaler_goes_before_its_app_is_drained_and_an_app_that_comes_back_has_pods_again() {
    let mut world =
        World::running("web", &format!("{SCALED}\njobs: {{a: {{schedule: '* * * * *', command: [a]}}}}"));
    world.push("api", "port: 8080");
    world.settle();
    world.load.insert("web".to_owned(), 9);
    world.run(2);
    world.log.clear();
    world.remove("web");
    while pods(&world) > 0 {
        world.run(1);
    }
    let steps = ["delete CronJob", "delete HorizontalPodAutoscaler", "update Deployment"];
    let places = order(&world, &steps);
    assert!(places[0].max(places[1]) < places[2], "{:#?}", world.log);
    world.push("web", SCALED);
    world.settle();
    assert_eq!((world.phase("web"), pods(&world), held(&world).ours), (Phase::Ready, 9, false));
}

#[test]
fn an_app_without_ports_loses_its_autoscaler_first_too() {
    let mut world = World::running("web", "autoscaling: {max: 4}");
    world.push("api", "port: 8080");
    world.settle();
    world.log.clear();
    world.remove("web");
    world.settle();
    assert!(!world.memory.contains_key(&World::id("web")));
    assert!(order(&world, &["delete HorizontalPodAutoscaler", "update Deployment"]).is_sorted());
}

#[test]
fn a_daemon_that_dies_anywhere_loses_no_pod_by_the_switch() {
    for step in 0..12 {
        let mut world = World::running("web", FIXED);
        for (spec, expected) in [(SCALED, (6, false)), (FIXED, (5, true)), (SCALED, (6, false))] {
            world.load.insert("web".to_owned(), 6);
            world.push("web", spec);
            world.fuse = Some(step);
            world.run(3);
            world.fuse = None;
            assert!(pods(&world) >= 3, "{} pods after a crash at {step}", pods(&world));
            world.restart();
            world.read();
            world.settle();
            let seen = (pods(&world), held(&world).ours);
            assert_eq!((world.phase("web"), seen), (Phase::Ready, expected), "a crash at {step}");
        }
    }
}
