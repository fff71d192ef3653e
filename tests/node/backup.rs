//! The backup before an app is deleted, by a real process: it runs when the last pod has ended, its last words are in the
//! status, and what it says with its exit code decides.

use serde_json::Value;

use super::World;
use super::world::{BUSYBOX, ORDERS, SOON};
use crate::support::eventually;

/// The shop with a backup that runs this script before the shop is deleted.
fn write_shop(world: &World, script: &str) {
    let backup = format!("{{onDelete: true, image: \"{BUSYBOX}\", command: [/bin/sh, -c, {script:?}]}}");
    world.write_shop("1", &format!("replicas: 1\nrollout: {{drain: 1s}}\nbackup: {backup}\n"));
}

#[test]
fn a_backup_that_fails_says_its_last_words_and_one_that_succeeds_lets_the_app_go() {
    let Some(world) = World::new() else { return };
    world.execute(ORDERS);
    world.execute("GRANT ALL ON orders TO PUBLIC");
    write_shop(&world, "echo reading; echo the bucket is gone; exit 3");
    let keep = world.document(
        "PortfolioApp",
        "keep",
        &format!("image: \"{BUSYBOX}\"\ncommand: [/bin/sleep, \"600\"]\nreplicas: 1\n"),
    );
    world.sandbox.repo.write("apps/keep.yaml", &keep);
    let revision = world.sandbox.repo.publish("Open the shop");
    let _daemon = world.daemon();
    world.until_ready("shop", &revision);
    world.until_ready("keep", &revision);

    world.sandbox.repo.remove("apps/shop.yaml");
    world.sandbox.repo.publish("Close the shop");
    world.until_status("shop", &["Held", "the backup failed: the bucket is gone (code 3)"]);
    assert_eq!(world.names_of_pods("app.kubernetes.io/component=app,app.kubernetes.io/name=shop"), [""; 0]);
    let backups = world.pods("app.kubernetes.io/component=backup");
    // One that failed may fail by accident, so there are two.
    assert_eq!(backups.len(), 2, "{backups:#?}");
    assert!(world.sandbox.get("deployment/shop").is_some());

    write_shop(&world, "echo done");
    let revision = world.sandbox.repo.publish("Mend the backup");
    world.until_ready("shop", &revision);
    world.sandbox.repo.remove("apps/shop.yaml");
    world.sandbox.repo.publish("Close the shop");
    eventually(SOON, "the shop is gone", || {
        let record = world.sandbox.record("shop");
        if record.is_null() { Ok(()) } else { Err(record["message"].clone()) }
    });
    let left: Option<Value> = world.sandbox.get("deployment/shop");
    assert!(left.is_none(), "{left:?}");
    assert_eq!(world.names_of_pods("app.kubernetes.io/name=shop"), [""; 0]);
}
