//! Two daemons for the same sources: one acts, the other takes over.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::{SOON, becomes_ready, publish};
use crate::support::{ApiProxy, AuditLog, Daemon, Marker, Observer, Sandbox, control_plane, eventually};

/// Until another daemon acts for one that is lost.
const TAKEOVER: Duration = Duration::from_secs(30);

/// One of two daemons, told apart by the user that it logs in as.
struct Rival {
    user: &'static str,
    daemon: Daemon,
    proxy: ApiProxy,
}

/// Two daemons, each with its own way to the API server.
struct Rivals {
    both: [Rival; 2],
    observer: Observer,
    sandbox: Sandbox,
}

impl Rivals {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        publish(&sandbox, &["web"], 1);
        let both = ["portfolio", "admin"].map(|user| {
            let proxy = ApiProxy::start(&sandbox);
            let config = sandbox.config(&sandbox.repo.url(), "");
            let daemon = Daemon::start_through(&sandbox, proxy.kubeconfig(), user, &config);
            Rival { user, daemon, proxy }
        });
        let observer = Observer::new(&sandbox);
        Self { both, observer, sandbox }
    }

    /// The user of the one that makes the web app ready, which only one of them does.
    fn leader(&self, start: Marker) -> String {
        becomes_ready(&self.observer, &["web"], 1, SOON);
        let writers = self.writers(start);
        assert_eq!(writers.len(), 1, "both write: {writers:?}");
        writers.into_iter().next().unwrap()
    }

    /// Who wrote anything but leases and events since then.
    fn writers(&self, start: Marker) -> BTreeSet<String> {
        let requests = self.sandbox.audit_log().requests(&format!("({})", self.sandbox.source), start);
        requests
            .into_iter()
            .filter(|request| ["create", "update", "patch", "delete"].contains(&request.verb.as_str()))
            .filter(|request| !["leases", "events"].contains(&request.resource.as_str()))
            .map(|request| request.user)
            .collect()
    }

    fn of(&mut self, user: &str) -> &mut Rival {
        self.both.iter_mut().find(|rival| rival.user == user).unwrap()
    }

    fn other_than(&mut self, user: &str) -> &mut Rival {
        self.both.iter_mut().find(|rival| rival.user != user).unwrap()
    }

    /// From here on, until the web app runs in this version.
    #[track_caller]
    fn updates(&self, version: u32, within: Duration) {
        let image = format!("registry.test/web:{version}");
        eventually(within, &format!("version {version} is applied"), || {
            let deployment = self.sandbox.get("deployment/web").unwrap_or_default();
            deployment["spec"]["template"]["spec"]["containers"][0]["image"] == image
        });
    }
}

#[test]
fn of_two_daemons_one_writes_and_the_other_takes_over() {
    let start = AuditLog::of(control_plane()).mark();
    let mut rivals = Rivals::new();
    let first = rivals.leader(start);

    // The leader dies without a farewell.
    rivals.of(&first).daemon.kill();
    let (died, start) = (Instant::now(), rivals.sandbox.audit_log().mark());
    publish(&rivals.sandbox, &["web"], 2);
    rivals.updates(2, TAKEOVER.saturating_sub(died.elapsed()));
    let writers = rivals.writers(start);
    assert!(!writers.contains(&first) && writers.len() == 1, "{first} is dead: {writers:?}");

    // The new leader is told to stop.
    rivals.of(&first).daemon.restart();
    becomes_ready(&rivals.observer, &["web"], 2, SOON);
    let ended = rivals.other_than(&first).daemon.stop();
    assert!(ended.success(), "{ended}");
    let start = rivals.sandbox.audit_log().mark();
    publish(&rivals.sandbox, &["web"], 3);
    rivals.updates(3, Duration::from_secs(10));
    assert_eq!(rivals.writers(start), BTreeSet::from([first]));
}

#[test]
fn a_leader_that_is_cut_off_is_followed_and_writes_no_more() {
    let start = AuditLog::of(control_plane()).mark();
    let mut rivals = Rivals::new();
    let first = rivals.leader(start);

    rivals.of(&first).proxy.down();
    let cut_off = Instant::now();
    publish(&rivals.sandbox, &["web"], 2);
    rivals.updates(2, TAKEOVER.saturating_sub(cut_off.elapsed()));

    let start = rivals.sandbox.audit_log().mark();
    rivals.of(&first).proxy.up();
    for version in 3..6 {
        publish(&rivals.sandbox, &["web"], version);
        becomes_ready(&rivals.observer, &["web"], version, SOON);
    }
    assert!(rivals.of(&first).daemon.is_running());
    let second = rivals.other_than(&first).user.to_owned();
    assert_eq!(rivals.writers(start), BTreeSet::from([second]));
}
