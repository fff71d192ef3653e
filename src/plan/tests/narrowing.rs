//! Ports that go away, go once the new version is healthy.

use super::world::{BAD, World};
use crate::object::Kind;
use crate::record::Phase;

const BOTH: &str = "ports: {http: 8080, metrics: 9090}";
const HTTP: &str = "ports: {http: 8080}\nimage: example.com/web:2";

fn service_ports(world: &World) -> Vec<String> {
    names(&world.value(Kind::Service, "web", "/spec/ports"), "name")
}

fn policy_ports(world: &World) -> Vec<String> {
    names(&world.value(Kind::NetworkPolicy, "web", "/spec/ingress/0/ports"), "port")
}

fn names(ports: &serde_json::Value, key: &str) -> Vec<String> {
    ports.as_array().into_iter().flatten().map(|port| port[key].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_port_that_goes_is_served_until_the_new_version_is_healthy() {
    let mut world = World::running("web", BOTH);
    world.push("web", HTTP);
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Progressing);
    assert_eq!((service_ports(&world).len(), policy_ports(&world).len()), (2, 2));
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    assert_eq!(
        (service_ports(&world), policy_ports(&world)),
        (vec!["http".to_owned()], vec!["http".to_owned()])
    );
    assert!(world.record("web").inventory.items.values().all(|item| !item.wide));
    world.log.clear();
    world.run(5);
    assert_eq!(world.log, Vec::<String>::new());
}

#[test]
fn what_is_wide_stays_as_it_is_through_drift_restarts_and_broken_files() {
    let mut world = World::running("web", BOTH);
    world.push("web", HTTP);
    world.run(1);
    world.edit(&World::reference(Kind::Service, "web"));
    world.run(1);
    assert_eq!(service_ports(&world).len(), 2);
    world.log.clear();
    world.push("web", "port: nonsense");
    world.run(1);
    world.restart();
    world.run(1);
    assert_eq!((service_ports(&world).len(), world.log.as_slice()), (2, &["restart".to_owned()][..]));
    world.push("web", HTTP);
    world.settle();
    assert_eq!(service_ports(&world), ["http"]);
}

#[test]
fn a_rollback_narrows_to_the_good_version() {
    let mut world = World::running("web", "ports: {http: 8080}");
    world.push("web", &format!("ports: {{grpc: 9000}}\nimage: example.com/web:{BAD}"));
    world.run(2);
    assert_eq!(service_ports(&world), ["grpc", "http"]);
    world.settle();
    assert_eq!((world.phase("web"), service_ports(&world)), (Phase::RolledBack, vec!["http".to_owned()]));
}

#[test]
fn a_version_that_only_adds_ports_is_written_once() {
    let mut world = World::running("web", "ports: {http: 8080}");
    world.log.clear();
    world.push("web", BOTH);
    world.settle();
    let writes = world.log.iter().filter(|line| line.ends_with("update Service/shop/web")).count();
    assert_eq!((writes, service_ports(&world).len()), (1, 2), "{:?}", world.log);
}

#[test]
fn narrowing_does_not_show_as_a_new_rollout() {
    let mut world = World::running("web", BOTH);
    world.push("web", HTTP);
    world.look(&World::id("web"));
    while world.phase("web") != Phase::Ready {
        world.look(&World::id("web"));
        world.tick(1);
    }
    for _ in 0..5 {
        world.look(&World::id("web"));
        assert_eq!(world.phase("web"), Phase::Ready);
    }
    assert_eq!(service_ports(&world), ["http"]);
}
