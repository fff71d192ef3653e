//! On a real node: an app, its database and the migrations between them, while people use it.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use xtask::load::{Load, Tally};

use super::super::narrator::Narrator;
use super::super::stage::Stage;
use super::Scene;

/// In order.
pub(crate) const ALL: [Scene; 6] = [open, migrate, slip, crash, remove, status];

const SHOP: &str = "apps/shop.yaml";
const HISTORY: &str = "SELECT version, name, runner, to_char(finished, 'HH24:MI:SS') \
                       FROM portfolio.schema_history ORDER BY version";
const CREATE: &str = "\
CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item text NOT NULL
);
INSERT INTO orders (item) VALUES ('tea'), ('cake');
";
const ADD: &str = "ALTER TABLE orders ADD COLUMN quantity integer NOT NULL DEFAULT 1;\n";
const SLIP: &str = "-- People order in boxes now.\nALTER TABLE orders ADD COLUMN boxes integer;\n\
                    UPDATE orders SET boxes = quantty / 12;\n";

fn open(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a push: an app, and the migration that it waits for");
    let (shop, migration) = (stage.ground()?.shop("1", ""), stage.ground()?.migration());
    stage.repository().write(SHOP, &shop)?;
    stage.repository().write("apps/shop-db.yaml", &migration)?;
    stage.repository().write("apps/migrations/0001_create_orders.sql", CREATE)?;
    for (file, text) in [(SHOP, shop), ("apps/shop-db.yaml", migration)] {
        narrator.command(&format!("cat {file}"));
        Narrator::output(&text);
    }
    let since = stage.push("the shop and its database", narrator)?;
    stage.wait_phase("shop-db", "Ready")?;
    narrator.seen("0001_create_orders.sql is applied", since);
    stage.wait_phase("shop", "Ready")?;
    narrator.seen("PortfolioApp/shop/shop is Ready", since);
    stage.show_kubectl(narrator, &["get", "pods,jobs", "-n", "shop"])?;
    stage.show_rows(narrator, HISTORY)
}

fn migrate(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("version 2 needs a column, and people go on ordering");
    stage.repository().write("apps/migrations/0002_add_quantity.sql", ADD)?;
    stage.repository().write(SHOP, &stage.ground()?.shop("2", ""))?;
    let tally = with_people(stage, |stage| {
        let since = stage.push("quantities", narrator)?;
        stage.wait_phase("shop-db", "Ready")?;
        narrator.seen("0002_add_quantity.sql is applied, all pods are still version 1", since);
        stage.wait_phase("shop", "Ready")?;
        narrator.seen("version 2 is live", since);
        Ok(())
    })?;
    tell(&tally)?;
    ensure!(tally.refused == 0, "{} connections were refused", tally.refused);
    stage.show_rows(narrator, HISTORY)
}

fn slip(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a migration with a slip: nothing is changed, and the old version goes on");
    stage.repository().write("apps/migrations/0003_add_boxes.sql", SLIP)?;
    stage.repository().write(SHOP, &stage.ground()?.shop("2", "  restart: boxes\n"))?;
    let tally = with_people(stage, |stage| {
        let since = stage.push("boxes", narrator)?;
        stage.wait_phase("shop-db", "Failed")?;
        narrator.seen("shop-db is Failed, and says where", since);
        stage.wait_phase("shop", "Waiting")?;
        stage.show_portfolio(narrator, &["status", "shop-db"])
    })?;
    tell(&tally)?;
    stage.repository().write("apps/migrations/0003_add_boxes.sql", &SLIP.replace("quantty", "quantity"))?;
    let since = stage.push("mend the slip", narrator)?;
    stage.wait_phase("shop-db", "Ready")?;
    stage.wait_phase("shop", "Ready")?;
    narrator.seen("applied, and the shop goes on to its new version", since);
    Ok(())
}

fn crash(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("a version that crashes: its pods say why, and the last good one stays");
    let shop = stage.ground()?.shop("2", "  restart: boxes\n");
    stage.repository().write(SHOP, &shop.replace("env: {", "env: {PGSSLMODE: requre, "))?;
    let since = stage.push("encrypt, with a typo", narrator)?;
    stage.wait_for_cause("shop", "CrashLoopBackOff")?;
    stage.show_portfolio(narrator, &["status", "shop"])?;
    stage.wait_phase("shop", "RolledBack")?;
    narrator.seen("rolled back after the rollout's deadline of 15 s", since);
    stage.repository().revert(narrator)?;
    stage.wait_phase("shop", "Ready")
}

fn remove(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("the app is deleted while it is used, and brought back");
    let since = Instant::now();
    let tally = with_people(stage, |stage| {
        stage.repository().remove(SHOP)?;
        stage.push("close the shop", narrator)?;
        stage.wait_forgotten("shop")
    })?;
    narrator.seen("nothing of the shop is left but its database", since);
    tell(&tally)?;
    stage.repository().revert(narrator)?;
    let since = Instant::now();
    stage.wait_phase("shop", "Ready")?;
    narrator.seen("open again; no migration ran twice", since);
    stage.show_rows(narrator, HISTORY)
}

fn status(stage: &mut Stage, narrator: &Narrator) -> Result<()> {
    narrator.scene("what the daemon says");
    stage.show_portfolio(narrator, &["status"])?;
    stage.show_kubectl(narrator, &["get", "pods", "-n", "shop", "-o", "wide"])
}

/// Two people who ask for the orders all the time.
fn with_people(stage: &Stage, work: impl FnOnce(&Stage) -> Result<()>) -> Result<Tally> {
    let load =
        Load { to: stage.address_of("shop")?, path: "/orders", users: 2, pause: Duration::from_millis(10) };
    let (worked, tally) = load.during(stage.node()?, |_| work(stage));
    worked.map(|()| tally)
}

fn tell(tally: &Tally) -> Result<()> {
    let Tally { answered, failed, .. } = tally;
    Narrator::say(&format!("meanwhile {answered} requests were answered, {} failed", failed.len()));
    ensure!(failed.is_empty(), "requests failed: {failed:?}");
    Ok(())
}
