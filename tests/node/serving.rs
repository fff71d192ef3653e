//! People go on using an app while it is changed and removed: readiness, preStop and grace do their work.

use std::time::Duration;

use xtask::load::Load;

use super::World;
use super::world::{ORDERS, SOON};
use crate::support::eventually;

fn write_shop(world: &World, more: &str) {
    world.write_shop(
        "1",
        &format!("replicas: 4\nmigrations: [shop-db]\nrollout: {{drain: 3s, grace: 10s}}\n{more}"),
    );
}

fn running() -> Option<(World, crate::support::Daemon)> {
    let world = World::new()?;
    world.write_sql("0001_create_orders.sql", ORDERS);
    world.write_migration("");
    write_shop(&world, "");
    let revision = world.sandbox.repo.publish("Open the shop");
    let daemon = world.daemon();
    world.until_ready("shop", &revision);
    Some((world, daemon))
}

#[test]
fn a_rolling_update_of_four_replicas_fails_no_request() {
    let Some((world, _daemon)) = running() else { return };
    let old = world.names_of_pods("app.kubernetes.io/component=app");
    assert_eq!(old.len(), 4);
    let load =
        Load { to: world.address_of("shop"), path: "/orders", users: 4, pause: Duration::from_millis(10) };
    let ((), tally) = load.during(world.node(), |answered| {
        eventually(SOON, "people are served", || answered() > 20);
        write_shop(&world, "restart: again\n");
        let revision = world.sandbox.repo.publish("Start the shop again");
        world.until_ready("shop", &revision);
        eventually(SOON, "the old pods are gone", || {
            let pods = world.names_of_pods("app.kubernetes.io/component=app");
            if pods.len() == 4 && pods.iter().all(|pod| !old.contains(pod)) { Ok(()) } else { Err(pods) }
        });
        let so_far = answered();
        eventually(SOON, "people are served by the new ones", || answered() > so_far + 20);
    });
    assert!(tally.failed.is_empty() && tally.refused == 0, "{} answered, {tally:#?}", tally.answered);
    assert!(tally.answered > 200, "{} requests", tally.answered);
}

#[test]
fn a_removal_answers_every_request_that_was_accepted() {
    let Some((world, _daemon)) = running() else { return };
    // Slow ones, so that some are under way whenever a pod is told to end.
    let load = Load {
        to: world.address_of("shop"),
        path: "/slow?ms=700",
        users: 8,
        pause: Duration::from_millis(10),
    };
    let ((), tally) = load.during(world.node(), |answered| {
        eventually(SOON, "people are served", || answered() > 8);
        world.sandbox.repo.remove("apps/shop.yaml");
        world.sandbox.repo.publish("Close the shop");
        eventually(SOON, "nothing of the shop is left", || {
            let left = world.sandbox.kubectl(&[
                "get",
                "deployments,services,pods",
                "--selector=app.kubernetes.io/component=app",
                "--output=name",
            ]);
            if left.is_empty() { Ok(()) } else { Err(left) }
        });
    });
    assert!(tally.failed.is_empty(), "{} answered, {tally:#?}", tally.answered);
    assert!(tally.answered > 16, "{} requests", tally.answered);
}
