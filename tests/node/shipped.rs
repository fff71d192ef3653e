//! The daemon in the cluster, out of `deploy/` as it is shipped: its own pods, its own rights, one active of two.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::World;
use super::world::{ORDERS, SOON};
use crate::support::{GitDaemon, eventually};

const IMAGE: &str = "registry.example.com/portfolio:0.1.0";
const URL: &str = "https://git.example.com/team/apps.git";

/// What is shipped, for this test's names.
fn apply_deploy(world: &World, url: &str) {
    let sandbox = &world.sandbox;
    for file in ["namespace.yaml", "rbac.yaml", "config.yaml", "deployment.yaml"] {
        let shipped =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(file)).unwrap();
        let adapted = shipped
            .replace("portfolio-system", &sandbox.daemon_namespace)
            .replace("portfolio-apps", &role(world))
            .replace(IMAGE, "docker.io/local/portfolio:1")
            .replace(URL, url)
            .replace("- name: main", &format!("- name: {}", sandbox.source))
            .replace("poll: 10s", "poll: 1s");
        let path = sandbox.path().join(file);
        fs::write(&path, adapted).unwrap();
        let (path, namespace) = (path.to_str().unwrap(), &sandbox.daemon_namespace);
        sandbox.kubectl(&["apply", "--filename", path, "--namespace", namespace]);
    }
}

fn role(world: &World) -> String {
    format!("portfolio-apps-{}", world.sandbox.source)
}

#[test]
fn the_shipped_daemon_migrates_rolls_and_hands_over_in_the_cluster() {
    let Some(world) = World::new() else { return };
    let git = GitDaemon::start_on_node(&world.sandbox.repo, world.sandbox.cluster());
    world.write_sql("0001_create_orders.sql", ORDERS);
    world.write_migration("");
    world.write_shop("1", "replicas: 1\nmigrations: [shop-db]\n");
    let revision = world.sandbox.repo.publish("Open the shop");
    apply_deploy(&world, &git.url());
    world.until_ready("shop", &revision);
    eventually(SOON, "both replicas are ready, the one that stands by too", || {
        let daemon = world.daemon_object("deployment/portfolio");
        if daemon["status"]["readyReplicas"] == 2 { Ok(()) } else { Err(daemon["status"].clone()) }
    });

    let leader = holder(&world);
    let namespace = &world.sandbox.daemon_namespace;
    world.sandbox.kubectl(&["delete", "pod", &leader, "--namespace", namespace, "--wait=false"]);
    world.write_shop("1", "replicas: 1\nmigrations: [shop-db]\nrestart: again\n");
    let revision = world.sandbox.repo.publish("Start the shop again");
    world.until_ready("shop", &revision);
    assert_ne!(holder(&world), leader);
    assert_eq!(world.ask("SELECT count(*) FROM portfolio.schema_history"), "1");

    for kind in ["clusterrolebinding", "clusterrole"] {
        world.sandbox.kubectl(&["delete", kind, &role(&world)]);
    }
}

/// The pod that leads.
fn holder(world: &World) -> String {
    let lease = world.daemon_object("lease/portfolio-reconciler-main");
    let holder = lease["spec"]["holderIdentity"].as_str().unwrap().to_owned();
    let pods = world.daemon_pods();
    let leads = |pod: &&String| holder.starts_with(pod.as_str());
    pods.iter().find(leads).unwrap_or_else(|| panic!("{holder} is none of {pods:?}")).clone()
}

impl World {
    fn daemon_object(&self, object: &str) -> Value {
        let namespace = &self.sandbox.daemon_namespace;
        let json = self.sandbox.kubectl(&["get", object, "--namespace", namespace, "--output=json"]);
        serde_json::from_str(&json).unwrap()
    }

    fn daemon_pods(&self) -> Vec<String> {
        let pods = self.daemon_object("pods");
        let name = |pod: &Value| pod["metadata"]["name"].as_str().unwrap().to_owned();
        pods["items"].as_array().unwrap().iter().map(name).collect()
    }
}
