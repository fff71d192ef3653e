//! A migration's pod beside those of the app: it gets no traffic and counts for no disruption budget.

use serde_json::Value;

use super::World;
use super::world::{ORDERS, SOON};
use crate::support::eventually;

#[test]
fn a_migration_gets_no_traffic_and_counts_for_no_budget() {
    let Some(world) = World::new() else { return };
    world.write_sql("0001_create_orders.sql", ORDERS);
    world.write_migration("");
    world.write_shop("1", "replicas: 2\nmigrations: [shop-db]\n");
    let revision = world.sandbox.repo.publish("Open the shop");
    let _daemon = world.daemon();
    world.until_ready("shop", &revision);
    // It listens where the app does, and it is Ready at once: the Service would take it if it could.
    world.write_tool("httpd -p 8080 -h /bin && sleep 20");
    world.sandbox.repo.publish("Migrate by a tool that serves");
    let runner = "app.kubernetes.io/component=migration";
    let ready = |pod: &Value| pod["status"]["containerStatuses"][0]["ready"] == true;
    let address = eventually(SOON, "the migration's pod runs", || {
        let pods = world.pods(runner);
        let pod = pods.iter().find(|pod| ready(pod))?;
        Some(pod["status"]["podIP"].as_str()?.to_owned())
    });
    let apps: Vec<Value> = world
        .pods("app.kubernetes.io/component=app")
        .iter()
        .map(|pod| pod["status"]["podIP"].clone())
        .collect();
    assert_eq!(apps.len(), 2);
    let mut looks = 0;
    eventually(SOON, "the migration has ended", || {
        let slices = world.list("endpointslices", "kubernetes.io/service-name=shop");
        let endpoints: Vec<&Value> = slices
            .iter()
            .flat_map(|slice| slice["endpoints"].as_array().unwrap())
            .flat_map(|endpoint| endpoint["addresses"].as_array().unwrap())
            .collect();
        assert!(endpoints.iter().all(|one| **one != *address), "{address} is in {endpoints:?}");
        assert_eq!(endpoints.len(), 2, "{endpoints:?}");
        let budget = world.sandbox.get("poddisruptionbudget/shop").unwrap();
        assert_eq!(budget["status"]["expectedPods"], 2, "{budget}");
        assert_eq!(budget["status"]["currentHealthy"], 2, "{budget}");
        assert_eq!(budget["status"]["disruptionsAllowed"], 1, "{budget}");
        looks += 1;
        !world.pods(runner).iter().any(ready)
    });
    assert!(looks > 5, "looked {looks} times while it ran");
}
