//! Migrations by SQL, from the push to the pods: what runs when, and what people read when it does not.

use std::time::Duration;

use serde_json::Value;
use xtask::load::Load;

use super::World;
use super::world::{ORDERS, SOON};
use crate::support::{AuditLog, Daemon, eventually};

const ADD: &str = "ALTER TABLE orders ADD COLUMN quantity integer NOT NULL DEFAULT 1;\n";

/// The orders, and one of them.
fn open() -> String {
    format!("{ORDERS}INSERT INTO orders (item) VALUES ('tea');\n")
}

/// Version 1 of the shop, on its database.
fn running(replicas: u32) -> Option<(World, Daemon)> {
    let world = World::new()?;
    world.write_sql("0001_create_orders.sql", &open());
    world.write_migration("");
    write_shop(&world, "1", replicas);
    let revision = world.sandbox.repo.publish("Open the shop");
    let daemon = world.daemon();
    world.until_ready("shop", &revision);
    Some((world, daemon))
}

fn write_shop(world: &World, version: &str, replicas: u32) {
    world.write_shop(
        version,
        &format!("replicas: {replicas}\nmigrations: [shop-db]\nrollout: {{drain: 2s}}\n"),
    );
}

fn image_of_shop(world: &World) -> String {
    let deployment = world.sandbox.get("deployment/shop").unwrap();
    deployment["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned()
}

#[test]
fn what_a_version_needs_is_in_the_database_before_its_first_pod() {
    let Some((world, _daemon)) = running(2) else { return };
    world.write_sql("0002_add_quantity.sql", ADD);
    write_shop(&world, "2", 2);
    let revision = world.sandbox.repo.publish("Count");
    world.until_ready("shop", &revision);
    // RFC 3339 in UTC, to the second: in the order of time.
    let migrated = world.ask(
        "SELECT to_char(date_trunc('second', max(finished)) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
         FROM portfolio.schema_history",
    );
    let pods = world.pods("app.kubernetes.io/component=app");
    let new: Vec<&Value> = pods
        .iter()
        .filter(|pod| pod["spec"]["containers"][0]["image"].as_str().unwrap().ends_with(":2"))
        .collect();
    assert_eq!(new.len(), 2);
    for pod in new {
        assert!(*pod["metadata"]["creationTimestamp"].as_str().unwrap() >= *migrated, "{migrated}: {pod}");
        // It would end at once if its column were missing.
        assert_eq!(pod["status"]["containerStatuses"][0]["restartCount"], 0, "{pod}");
    }
    assert_eq!(
        world.ask("SELECT string_agg(version::text, ' ' ORDER BY version) FROM portfolio.schema_history"),
        "1 2"
    );
}

#[test]
fn a_failing_migration_leaves_the_old_version_serving_and_says_where_it_failed() {
    let Some((world, _daemon)) = running(2) else { return };
    let load =
        Load { to: world.address_of("shop"), path: "/orders", users: 2, pause: Duration::from_millis(20) };
    let ((), tally) = load.during(world.node(), |_| {
        let slip = format!("{ADD}UPDATE orders SET quantty = 2;\n");
        world.write_sql("0002_add_quantity.sql", &slip);
        write_shop(&world, "2", 2);
        world.sandbox.repo.publish("Count, with a slip");
        let status = world.until_status("shop-db", &["Failed", "0002_add_quantity.sql:2:19"]);
        for line in [
            "column \"quantty\" of relation \"orders\" does not exist",
            "2 | UPDATE orders SET quantty = 2;",
            "  |                   ^",
        ] {
            assert!(status.contains(line), "{line:?} is not in\n{status}");
        }
        let shop = world.until_status("shop", &["Waiting", "shop-db"]);
        assert!(shop.contains("DatabaseMigration"), "{shop}");
        assert!(image_of_shop(&world).ends_with(":1"));
        assert_eq!(world.ask("SELECT count(*) FROM portfolio.schema_history"), "1");
        world.write_sql("0002_add_quantity.sql", ADD);
        let revision = world.sandbox.repo.publish("Mend the slip");
        world.until_ready("shop", &revision);
    });
    assert!(image_of_shop(&world).ends_with(":2"));
    assert!(tally.failed.is_empty() && tally.refused == 0, "{tally:#?}");
    assert!(tally.answered > 50, "{} requests", tally.answered);
}

#[test]
fn a_job_never_runs_twice_for_one_content() {
    let Some((world, mut daemon)) = running(1) else { return };
    let audit = AuditLog::of(world.sandbox.cluster());
    let start = audit.mark();
    world.sandbox.kubectl(&["delete", "jobs", "--all"]);
    daemon.restart();
    // The same content from another revision, and in another place.
    world.sandbox.repo.mv("apps/shop-db.yaml", "apps/database/shop-db.yaml");
    world.sandbox.repo.mv("apps/migrations", "apps/database/migrations");
    world.write_shop("1", "replicas: 1\nmigrations: [shop-db]\nrestart: again\n");
    let revision = world.sandbox.repo.publish("Move the migrations");
    world.until_ready("shop", &revision);
    let made: Vec<_> = audit
        .requests(&world.sandbox.source, start)
        .into_iter()
        .filter(|request| request.resource == "jobs" && request.code == 201)
        .collect();
    assert!(made.is_empty(), "{made:?}");
    assert_eq!(world.ask("SELECT count(*) FROM portfolio.schema_history"), "1");
    assert_eq!(world.ask("SELECT count(*) FROM orders"), "1");
}

#[test]
fn a_runner_that_is_killed_is_followed_by_another() {
    let Some(world) = World::new() else { return };
    world.write_sql("0001_create_orders.sql", &open());
    world.write_sql("0002_slow.sql", "SELECT pg_sleep(5);\nINSERT INTO orders (item) VALUES ('cake');\n");
    world.write_migration("");
    write_shop(&world, "1", 1);
    let revision = world.sandbox.repo.publish("Open the shop, slowly");
    let _daemon = world.daemon();
    let runner = "app.kubernetes.io/component=migration";
    eventually(SOON, "the slow statement runs", || {
        let busy =
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%' AND state = 'active'";
        world.ask(busy) == "1"
    });
    let pod = world.pods(runner)[0]["metadata"]["name"].as_str().unwrap().to_owned();
    world.sandbox.kubectl(&["delete", "pod", &pod, "--grace-period=0", "--force"]);
    world.until_ready("shop", &revision);
    let items = "SELECT string_agg(item, ' ' ORDER BY id) FROM orders";
    assert_eq!(world.ask(items), "tea cake");
    assert_eq!(world.ask("SELECT count(*) FROM portfolio.schema_history"), "2");
}

#[test]
fn a_database_that_is_away_is_tried_again_and_at_once_when_somebody_asks() {
    let Some(world) = World::new() else { return };
    world.write_sql("0001_create_orders.sql", &open());
    // Port 1 is reserved: nobody listens.
    world.write_migration_at(1, "dir: ./migrations\nretries: 0\n");
    world.sandbox.repo.publish("A database that is not there");
    let _daemon = world.daemon();
    world.until_status("shop-db", &["Progressing", "attempt 2 begins at"]);
    let jobs = || world.sandbox.kubectl(&["get", "jobs", "--output=name"]);
    // Twenty and more attempts later the pause is ten minutes: nobody has to wait for it.
    world.sandbox.portfolio(&["reconcile", "--timeout", "0s"]).status().unwrap();
    eventually(SOON, "the second attempt", || if jobs().contains("-2\n") { Ok(()) } else { Err(jobs()) });
    world.write_migration("retries: 0\n");
    world.sandbox.repo.publish("The right port");
    world.until_status("shop-db", &["shop-db  Ready"]);
    assert_eq!(world.ask("SELECT count(*) FROM portfolio.schema_history"), "1");
}

#[test]
fn two_migrations_of_one_database_keep_apart_by_their_schemas() {
    let Some(world) = World::new() else { return };
    world.write_sql("0001_create_orders.sql", &open());
    world.write_migration("");
    let bills = "schema: billing\nmigrations: [{version: 1, name: create_bills, sql: \"CREATE TABLE bills (id int);\"}]\n";
    let second = world.migration_called("bills-db", bills);
    world.sandbox.repo.write("apps/bills-db.yaml", &second);
    world.execute("CREATE SCHEMA billing; GRANT ALL ON SCHEMA billing TO PUBLIC");
    world.sandbox.repo.publish("Orders and bills");
    let _daemon = world.daemon();
    for name in ["shop-db", "bills-db"] {
        world.until_status(name, &[&format!("{name}  Ready")]);
    }
    let history =
        "SELECT string_agg(schema || ' ' || name, ', ' ORDER BY schema) FROM portfolio.schema_history";
    assert_eq!(world.ask(history), "billing create_bills, public create_orders");
}
