//! SIGKILL between any two writes of a push, a change and a removal: the next start goes on from the records,
//! and in the end the cluster is what the branch says, no more and no less. The change hands the number of pods to an
//! autoscaler, the removal makes a backup first.

use std::collections::BTreeSet;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{ApiProxy, AuditLog, Daemon, Objects, Observer, Sandbox, Side, Watched, eventually};

/// The reliability goal: a minute after a crash everything is as it should be.
const CONVERGED: Duration = Duration::from_mins(1);
/// More make nothing quicker on two cores.
const SANDBOXES: usize = 3;

#[test]
fn a_crash_before_any_write_is_survived() {
    crash_everywhere(Side::Before);
}

#[test]
fn a_crash_after_any_write_is_survived() {
    crash_everywhere(Side::After);
}

#[test]
fn crashes_beside_an_api_server_that_refuses_every_fifth_request_are_survived() {
    let mut world = World::new();
    world.proxy.refuse(20);
    let hits = [3, 8, 13].map(|number| world.cycle(number, Side::After));
    assert_eq!(hits, [true; 3]);
    world.close();
}

/// Crashes at the first write of each operation, then at the second, and so on until none has so many.
fn crash_everywhere(side: Side) {
    let next = AtomicU32::new(1);
    thread::scope(|scope| {
        let work = || {
            let mut world = World::new();
            while world.cycle(next.fetch_add(1, Ordering::Relaxed), side) {}
            world.close();
        };
        let workers: Vec<_> = (0..SANDBOXES)
            .map(|_| thread::Builder::new().name("crash".to_owned()).spawn_scoped(scope, work).unwrap())
            .collect();
        for worker in workers {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
    // A push of two apps and a migration is 20 objects and some records.
    let crashes = next.into_inner();
    assert!(crashes > 21, "{crashes} crashes are not all");
}

/// What people do to the two apps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Push,
    Change,
    Remove,
}

impl Operation {
    /// The version of the apps that is to run afterwards.
    fn version(self) -> Option<u32> {
        match self {
            Self::Push => Some(1),
            Self::Change => Some(2),
            Self::Remove => None,
        }
    }
}

struct World {
    // Dropped in this order: the daemon's log is in the sandbox's folder.
    daemon: Daemon,
    proxy: ApiProxy,
    observer: Observer,
    sandbox: Sandbox,
    /// What is there before and must be there, the same, in the end: another app of the source, and objects
    /// of somebody else.
    bystanders: BTreeSet<(String, String)>,
    /// The number of pods of each Deployment through all of it.
    watched: Watched,
    /// The uid of the volume claim, once there is one.
    claim: Option<String>,
    /// The commit that was pushed last.
    head: String,
}

impl World {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        sandbox.apply(&volume(&sandbox));
        sandbox.apply(FOREIGN);
        sandbox.repo.write("bystander.yaml", &bystander(&sandbox.namespace));
        let head = sandbox.repo.publish("a bystander");
        let proxy = ApiProxy::start(&sandbox);
        let config = format!("leaderElection: false\n{}", sandbox.config(&sandbox.repo.url(), ""));
        let daemon = Daemon::start_through(&sandbox, proxy.kubeconfig(), "portfolio", &config);
        let observer = Observer::new(&sandbox);
        let watched = Watched::start(&sandbox, "deployments", "{.metadata.name} {.spec.replicas}");
        let bystanders = BTreeSet::new();
        let mut world = Self { daemon, proxy, observer, sandbox, bystanders, watched, claim: None, head };
        world.converge(Operation::Remove);
        world.bystanders = world.uids_of_bystanders();
        assert_eq!(world.bystanders.len(), 5);
        world
    }

    /// One operation after the other, each with a crash at this write; whether any was hit.
    fn cycle(&mut self, number: u32, side: Side) -> bool {
        let operations = [Operation::Push, Operation::Change, Operation::Remove];
        operations.map(|operation| self.crash(operation, number, side)).contains(&true)
    }

    fn crash(&mut self, operation: Operation, number: u32, side: Side) -> bool {
        self.proxy.stop_at(number, side);
        let audit = AuditLog::of(self.sandbox.cluster());
        let start = audit.mark();
        self.publish(operation);
        let what = format!("{operation:?} is done, or at its write {number}");
        eventually(CONVERGED, &what, || if self.proxy.has_stopped() { Ok(()) } else { self.look(operation) });
        let hit = self.proxy.disarm();
        if hit {
            self.daemon.kill();
            self.proxy.release();
            self.daemon.restart();
        }
        self.converge(operation);
        let requests = audit.requests(&self.sandbox.source, start);
        let made = requests.iter().filter(|request| request.resource == "jobs" && request.code == 201);
        // The migration, or the backup.
        let runs = made.filter(|request| request.verb == "patch").count();
        assert_eq!(runs, 1, "{operation:?}, {number}, {side:?}");
        let pods = self.watched.seen();
        assert!(!pods.contains(&"web 1".to_owned()), "{operation:?}, {number}, {side:?}: {pods:?}");
        assert_eq!(self.uids_of_bystanders(), self.bystanders, "{operation:?}, {number}, {side:?}");
        hit
    }

    fn publish(&mut self, operation: Operation) {
        let repo = &self.sandbox.repo;
        if let Some(version) = operation.version() {
            repo.write("db.yaml", &database(&self.sandbox.namespace, version));
            repo.write("web.yaml", &web(&self.sandbox.namespace, version));
            repo.write("wiki.yaml", &wiki(&self.sandbox.namespace, version));
        } else {
            repo.remove("db.yaml");
            repo.remove("web.yaml");
            repo.remove("wiki.yaml");
        }
        self.head = repo.publish(&format!("{operation:?}"));
    }

    fn converge(&mut self, operation: Operation) {
        eventually(CONVERGED, &format!("the cluster is as {operation:?} wants it"), || self.look(operation));
        let claim = self.sandbox_claim();
        if self.claim.is_some() {
            assert_eq!(claim, self.claim, "the volume claim was lost in {operation:?}");
        }
        self.claim = claim;
    }

    /// Whether records and objects are what they are to be, exactly.
    fn look(&self, operation: Operation) -> Result<(), String> {
        let wanted: &[&str] =
            operation.version().map_or(&["bystander"], |_| &["bystander", "shop-db", "web", "wiki"]);
        let (summary, records) = self.observer.recorded();
        if summary["observedRevision"] != self.head {
            return Err(format!("revision {}", summary["observedRevision"]));
        }
        let phases: Vec<_> = records.iter().map(|(name, record)| (name.as_str(), &record["phase"])).collect();
        if !phases.iter().map(|(name, _)| *name).eq(wanted.iter().copied())
            || phases.iter().any(|(_, phase)| **phase != "Ready")
        {
            return Err(format!("{phases:?}"));
        }
        let objects = self.observer.objects();
        let recorded: BTreeSet<_> = records.values().flat_map(inventory).collect();
        let kept = |object: &Value| object["metadata"]["annotations"]["portfolio.dev/keep"] == "true";
        let live: BTreeSet<_> = objects
            .iter()
            .filter(|(_, object)| operation != Operation::Remove || !kept(object))
            .map(|(reference, object)| (reference.clone(), uid(object)))
            .collect();
        if live != recorded {
            return Err(format!("in the cluster: {live:#?}\non record: {recorded:#?}"));
        }
        let names: Vec<_> = live.iter().map(|(reference, _)| general(reference)).collect();
        if names != expected(operation) {
            return Err(format!("{names:#?}"));
        }
        self.runs(&objects, operation)
    }

    fn runs(&self, objects: &Objects, operation: Operation) -> Result<(), String> {
        let Some(version) = operation.version() else { return Ok(()) };
        for app in ["web", "wiki"] {
            let deployment = &objects[&format!("Deployment/{}/{app}", self.sandbox.namespace)];
            let image = &deployment["spec"]["template"]["spec"]["containers"][0]["image"];
            if *image != format!("registry.test/{app}:{version}") {
                return Err(format!("{app} runs {image}"));
            }
        }
        Ok(())
    }

    fn uids_of_bystanders(&self) -> BTreeSet<(String, String)> {
        let ours = self.observer.objects().into_iter();
        let ours = ours.filter(|(reference, _)| general(reference).contains("/bystander"));
        let foreign = self.observer.named(&["configmaps", "deployments"], "foreign");
        ours.chain(foreign).map(|(reference, object)| (reference, uid(&object))).collect()
    }

    fn sandbox_claim(&self) -> Option<String> {
        let reference = format!("PersistentVolumeClaim/{}/wiki-data", self.sandbox.namespace);
        self.observer.objects().get(&reference).map(uid)
    }

    /// A volume is in no namespace, so nobody else removes it.
    fn close(self) {
        self.sandbox.kubectl(&["delete", "persistentvolume", &self.sandbox.source, "--wait=false"]);
    }
}

/// The objects of a record, with their uids.
fn inventory(record: &Value) -> Vec<(String, String)> {
    let items = record["inventory"].as_object().unwrap();
    items
        .iter()
        .map(|(reference, item)| (reference.clone(), item["uid"].as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn uid(object: &Value) -> String {
    object["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}

/// `<Kind>/<name>`, without the namespace and the hashes of configurations and runs.
fn general(reference: &str) -> String {
    let mut parts = reference.split('/');
    let (kind, name) = (parts.next().unwrap(), parts.next_back().unwrap());
    let name = name.split("-config-").next().unwrap();
    let stem = if kind == "Job" { name.rsplitn(3, '-').last().unwrap() } else { name };
    format!("{kind}/{stem}")
}

/// Every object that is to be there, in order.
fn expected(operation: Operation) -> Vec<&'static str> {
    let bystander = ["Deployment/bystander", "NetworkPolicy/bystander", "ServiceAccount/bystander"];
    let apps: &[_] = match operation {
        Operation::Push | Operation::Change => &[
            "ConfigMap/web",
            "ConfigMap/wiki",
            "Deployment/web",
            "Deployment/wiki",
            "HorizontalPodAutoscaler/web",
            "Ingress/web",
            "Ingress/wiki",
            "Job/shop-db",
            "NetworkPolicy/shop-db-migration",
            "NetworkPolicy/web",
            "NetworkPolicy/wiki",
            "NetworkPolicy/wiki-jobs",
            "PersistentVolumeClaim/wiki-data",
            "PodDisruptionBudget/web",
            "Service/web",
            "Service/wiki",
            "ServiceAccount/shop-db-migration",
            "ServiceAccount/web",
            "ServiceAccount/wiki",
        ],
        Operation::Remove => &[],
    };
    let scales = |name: &&str| operation == Operation::Change || !name.starts_with("Horizontal");
    let mut expected: Vec<_> = bystander.into_iter().chain(apps.iter().copied().filter(scales)).collect();
    expected.sort_unstable();
    expected
}

fn app(namespace: &str, name: &str, version: u32, spec: &str) -> String {
    format!(
        "apiVersion: portfolio.dev/v1alpha1\n\
         kind: PortfolioApp\n\
         metadata: {{name: {name}, namespace: {namespace}}}\n\
         spec:\n  image: registry.test/{name}:{version}\n{spec}\n"
    )
}

fn bystander(namespace: &str) -> String {
    app(namespace, "bystander", 1, "  replicas: 1")
}

fn web(namespace: &str, version: u32) -> String {
    let pods = if version == 1 { "replicas: 3" } else { "autoscaling: {min: 2, max: 5}" };
    let spec = "port: 8080\n  migrations: [shop-db]\n  ingress: {host: web.example.com}\n";
    app(namespace, "web", version, &format!("  {pods}\n  {spec}  config: {{web.conf: version {version}}}"))
}

/// The team's own tool: nothing but the daemon's memory keeps it from running twice.
fn database(namespace: &str, version: u32) -> String {
    format!(
        "apiVersion: portfolio.dev/v1alpha1\n\
         kind: DatabaseMigration\n\
         metadata: {{name: shop-db, namespace: {namespace}}}\n\
         spec:\n  database: {{host: pg.data, name: shop, secretRef: {{name: shop-db}}}}\n  \
         command: {{image: 'registry.test/migrate:{version}', command: [migrate, up]}}\n"
    )
}

fn wiki(namespace: &str, version: u32) -> String {
    let spec = "  replicas: 1\n  port: 8080\n  ingress: {host: wiki.example.com}\n  \
                storage: {data: {size: 1Gi, mountPath: /var/lib/wiki}}\n  \
                backup: {onDelete: true, command: [/bin/backup], volumes: [data]}\n";
    app(namespace, "wiki", version, &format!("{spec}  config: {{wiki.conf: version {version}}}"))
}

/// For the claim of the wiki: nobody else provides volumes here.
fn volume(sandbox: &Sandbox) -> String {
    let (source, namespace) = (&sandbox.source, &sandbox.namespace);
    format!(
        "apiVersion: v1\n\
         kind: PersistentVolume\n\
         metadata: {{name: {source}}}\n\
         spec:\n  \
           capacity: {{storage: 1Gi}}\n  \
           accessModes: [ReadWriteOnce]\n  \
           hostPath: {{path: /nowhere}}\n  \
           claimRef: {{namespace: {namespace}, name: wiki-data}}\n"
    )
}

const FOREIGN: &str = "
{apiVersion: v1, kind: ConfigMap, metadata: {name: foreign}, data: {of: somebody else}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: foreign}
spec:
  replicas: 1
  selector: {matchLabels: {app: foreign}}
  template:
    metadata: {labels: {app: foreign}}
    spec: {containers: [{name: main, image: 'registry.test/foreign:1'}]}
";
