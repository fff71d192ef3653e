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

/// The rules of the policy, shortened to whom they are for.
fn peers(world: &World, direction: &str, peers: &str) -> Vec<String> {
    let rules = world.value(Kind::NetworkPolicy, "web", &format!("/spec/{direction}"));
    let name = |rule: &serde_json::Value| match rule.get(peers) {
        None if rule.get("ports").is_some() => "ports".to_owned(),
        None => "anybody".to_owned(),
        Some(who) => {
            let app = who.pointer("/0/podSelector/matchLabels/app.kubernetes.io~1name");
            app.and_then(|app| app.as_str()).unwrap_or("other").to_owned()
        }
    };
    rules.as_array().into_iter().flatten().map(name).collect()
}

#[test]
fn whom_pods_of_the_version_before_hear_and_reach_is_cut_off_once_they_are_gone() {
    let mut world = World::running("web", "port: 8080\nnetwork: {from: [{app: cart}, {app: till}]}");
    world
        .push("web", "port: 8080\nimage: example.com/web:2\nnetwork: {from: [{app: cart}], to: [{app: db}]}");
    world.run(2);
    assert_eq!(world.phase("web"), Phase::Progressing);
    assert_eq!(peers(&world, "ingress", "from"), ["cart", "till"]);
    assert!(peers(&world, "egress", "to").contains(&"anybody".to_owned()), "it may reach whomever it did");
    world.settle();
    assert_eq!(world.phase("web"), Phase::Ready);
    assert_eq!(peers(&world, "ingress", "from"), ["cart"]);
    assert_eq!(peers(&world, "egress", "to"), ["ports", "db"]);
    world.push(
        "web",
        "port: 8080\nimage: example.com/web:3\nnetwork: {from: [{app: till}], to: [{app: mail}]}",
    );
    world.run(2);
    assert_eq!(peers(&world, "ingress", "from"), ["till", "cart"]);
    assert_eq!(peers(&world, "egress", "to"), ["ports", "mail", "db"]);
    world.settle();
    assert_eq!(peers(&world, "ingress", "from"), ["till"]);
    assert_eq!(peers(&world, "egress", "to"), ["ports", "mail"]);
}
