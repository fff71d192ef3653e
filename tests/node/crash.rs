//! SIGKILL between any two writes of a push that changes an app and its database: the next start goes on, each
//! migration has run once, by one Job, and the app runs on what it needs.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use super::World;
use super::world::{ORDERS, SOON};
use crate::support::{ApiProxy, AuditLog, Daemon, Side, eventually};

/// More make nothing quicker on two cores.
const WORLDS: usize = 2;

#[test]
fn a_daemon_killed_at_any_write_of_a_migration_goes_on() {
    let next = AtomicU32::new(1);
    let done = AtomicU32::new(0);
    thread::scope(|scope| {
        let work = || {
            let Some(mut crash) = Crash::new() else { return };
            // Before the server hears of it and after it has done it, in turns.
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let side = if number.is_multiple_of(2) { Side::After } else { Side::Before };
                if !crash.cycle(number, side) {
                    done.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
        };
        let workers: Vec<_> = (0..WORLDS)
            .map(|_| thread::Builder::new().name("nodecrash".to_owned()).spawn_scoped(scope, work).unwrap())
            .collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    // The SQL, its Job, the app, and what is recorded before and after each.
    let crashes = next.into_inner();
    assert!(done.into_inner() == 0 || crashes > 8, "{crashes} crashes are not all");
}

struct Crash {
    daemon: Daemon,
    proxy: ApiProxy,
    world: World,
    pushes: u32,
}

impl Crash {
    fn new() -> Option<Self> {
        let world = World::new()?;
        world.write_sql("0001_create.sql", &format!("{ORDERS}CREATE TABLE runs (number integer);\n"));
        let proxy = ApiProxy::start(&world.sandbox);
        let config = format!("leaderElection: false\n{}", world.config());
        let daemon = Daemon::start_through(&world.sandbox, proxy.kubeconfig(), "portfolio", &config);
        let mut crash = Self { daemon, proxy, world, pushes: 0 };
        let revision = crash.push();
        crash.world.until_ready("shop", &revision);
        Some(crash)
    }

    /// A push with a crash at this write; whether it has so many.
    fn cycle(&mut self, number: u32, side: Side) -> bool {
        let audit = AuditLog::of(self.world.sandbox.cluster());
        let start = audit.mark();
        self.proxy.stop_at(number, side);
        let revision = self.push();
        let settled = || self.is_settled(&revision);
        eventually(SOON, &format!("the push is done, or at its write {number}"), || {
            if self.proxy.has_stopped() { Ok(()) } else { settled() }
        });
        let hit = self.proxy.disarm();
        if hit {
            self.daemon.kill();
            self.proxy.release();
            self.daemon.restart();
        }
        eventually(SOON, &format!("the push is done after a crash at write {number}, {side:?}"), || {
            self.is_settled(&revision)
        });
        let what = format!("write {number}, {side:?}");
        let runs = format!("SELECT count(*) FROM runs WHERE number = {}", self.pushes);
        assert_eq!(self.world.ask(&runs), "1", "{what}");
        let history = "SELECT count(*) || ' ' || count(finished) FROM portfolio.schema_history";
        assert_eq!(self.world.ask(history), format!("{0} {0}", self.pushes + 1), "{what}");
        let jobs = audit
            .requests(&self.world.sandbox.source, start)
            .into_iter()
            .filter(|request| request.resource == "jobs" && request.verb == "patch" && request.code == 201);
        assert_eq!(jobs.count(), 1, "{what}");
        hit
    }

    fn push(&mut self) -> String {
        self.pushes += 1;
        let file = format!("{:04}_run.sql", self.pushes + 1);
        self.world.write_sql(&file, &format!("INSERT INTO runs VALUES ({});\n", self.pushes));
        self.world.write_migration("");
        let more = format!(
            "replicas: 1\nmigrations: [shop-db]\nrestart: \"{}\"\nrollout: {{drain: 0s, grace: 1s}}\n",
            self.pushes
        );
        self.world.write_shop("1", &more);
        self.world.sandbox.repo.publish(&format!("Push {}", self.pushes))
    }

    /// Ready, and of the last push there is one Job and one set of SQL files: no earlier ones.
    fn is_settled(&self, revision: &str) -> Result<(), String> {
        let record = self.world.sandbox.record("shop");
        if record["phase"] != "Ready" || record["applied"]["revision"] != *revision {
            return Err(format!("{} {}", record["phase"], record["message"]));
        }
        let sandbox = &self.world.sandbox;
        let ours = format!("--selector=portfolio.dev/source={}", sandbox.source);
        let left = sandbox.kubectl(&["get", "jobs,configmaps", &ours, "--output=name"]);
        if left.lines().count() == 2 { Ok(()) } else { Err(left) }
    }
}
