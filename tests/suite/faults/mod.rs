//! Things break around a daemon that goes on running: the way to the API server, its records, the other daemon.

mod api_server;
mod records;
mod rivals;
mod rollback;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::{ApiProxy, Daemon, Observer, Sandbox, eventually};

/// Generous for a machine that does much else.
const SOON: Duration = Duration::from_mins(1);

/// A daemon behind a proxy, and who looks at what it does.
struct Scene {
    // Dropped in this order: the daemon's log is in the sandbox's folder.
    daemon: Daemon,
    proxy: ApiProxy,
    observer: Observer,
    sandbox: Sandbox,
}

impl Scene {
    /// With apps of these names in the branch; `prepare` breaks something before the daemon starts.
    fn new(apps: &[&str], prepare: impl FnOnce(&ApiProxy)) -> Self {
        let sandbox = Sandbox::new();
        publish(&sandbox, apps, 1);
        let proxy = ApiProxy::start(&sandbox);
        prepare(&proxy);
        let config = format!("leaderElection: false\n{}", sandbox.config(&sandbox.repo.url(), ""));
        let daemon = Daemon::start_through(&sandbox, proxy.kubeconfig(), "portfolio", &config);
        let observer = Observer::new(&sandbox);
        Self { daemon, proxy, observer, sandbox }
    }

    #[track_caller]
    fn becomes_ready(&self, apps: &[&str], version: u32, within: Duration) {
        becomes_ready(&self.observer, apps, version, within);
    }

    /// The uids of all objects of the source.
    fn uids(&self) -> BTreeMap<String, String> {
        let uid = |object: &serde_json::Value| object["metadata"]["uid"].as_str().unwrap().to_owned();
        self.observer.objects().iter().map(|(reference, object)| (reference.clone(), uid(object))).collect()
    }
}

/// Pushes these apps in this version.
fn publish(sandbox: &Sandbox, apps: &[&str], version: u32) {
    for app in apps {
        let document = format!(
            "apiVersion: portfolio.dev/v1alpha1\n\
             kind: PortfolioApp\n\
             metadata: {{name: {app}, namespace: {}}}\n\
             spec: {{image: 'registry.test/{app}:{version}', replicas: 1, port: 8080, config: {{a.conf: a}}}}\n",
            sandbox.namespace
        );
        sandbox.repo.write(&format!("{app}.yaml"), &document);
    }
    sandbox.repo.publish(&format!("version {version}"));
}

/// Each of these apps runs in this version, and its record says that it is ready.
#[track_caller]
fn becomes_ready(observer: &Observer, apps: &[&str], version: u32, within: Duration) {
    eventually(within, &format!("{apps:?} are ready in version {version}"), || {
        let records = observer.records();
        let phases: Vec<_> =
            apps.iter().map(|app| records.get(*app).map(|record| &record["phase"])).collect();
        let images: Vec<_> = observer
            .objects()
            .into_iter()
            .filter(|(reference, _)| reference.starts_with("Deployment/"))
            .map(|(_, deployment)| deployment["spec"]["template"]["spec"]["containers"][0]["image"].clone())
            .collect();
        let ready = phases.iter().all(|phase| phase.is_some_and(|phase| phase == "Ready"));
        let wanted =
            |app: &&str| images.iter().any(|image| *image == format!("registry.test/{app}:{version}"));
        if ready && apps.iter().all(wanted) { Ok(()) } else { Err(format!("{phases:?}, {images:?}")) }
    });
}
