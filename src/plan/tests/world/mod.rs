//! A cluster, a branch and a store of records in memory: plans are carried out in it as the engine does, with
//! nothing of Kubernetes but what a decision rests on. It checks at every step what must never happen.

mod cluster;
mod daemon;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::super::*;
use super::jobs::Jobs;
use crate::document::{Cache, DocumentId, Entry, Loaded, Options, Tree, load};
use crate::object::{Digest, Kind};
use crate::record::{BackupState, Phase};

pub use cluster::{Live, Seen};
pub use daemon::Look;

/// An image of this tag never becomes healthy.
pub const BAD: &str = "bad";

/// The kinds that `objects` may be of.
const FURTHER_KINDS: [&str; 3] = [
    "Cluster.v1.postgresql.cnpg.io",
    "HTTPRoute.v1.gateway.networking.k8s.io",
    "ScaledObject.v1alpha1.keda.sh",
];

/// All of it.
pub struct World {
    pub owner: Owner,
    pub now: Timestamp,
    pub files: BTreeMap<String, String>,
    pub reading: Option<Loaded>,
    pub live: BTreeMap<ObjectRef, Live>,
    pub seen: Seen,
    /// Events are lost until the next sweep.
    pub deaf: bool,
    /// What the daemon remembers, and what of it is in the cluster.
    pub memory: BTreeMap<DocumentId, Record>,
    pub durable: BTreeMap<DocumentId, Record>,
    pub prune: Prune,
    pub policy: PrunePolicy,
    pub approved: Option<String>,
    /// Kinds whose objects have a finalizer that nobody takes away.
    pub stuck: BTreeSet<Kind>,
    /// Kinds whose objects an admission webhook denies.
    pub denied: BTreeSet<Kind>,
    /// The daemon dies after so many further steps.
    pub fuse: Option<usize>,
    /// What the Jobs do.
    pub jobs: Jobs,
    /// How many pods the load asks for, by app: an autoscaler gives as many as it may.
    pub load: BTreeMap<String, u32>,
    /// Until when a pod of an app's jobs runs, whatever becomes of its `CronJob`.
    pub busy: BTreeMap<String, Timestamp>,
    /// Everything that was deleted by a plan.
    pub deleted: Vec<ObjectRef>,
    /// Every step that was tried.
    pub log: Vec<String>,
    uids: u32,
    revisions: u32,
}

impl World {
    pub fn new() -> Self {
        Self {
            owner: Owner { namespace: "portfolio-system".into(), source: "main".into() },
            now: Timestamp::from_second(1_000_000).unwrap(),
            files: BTreeMap::new(),
            reading: None,
            live: BTreeMap::new(),
            seen: Seen::default(),
            deaf: false,
            memory: BTreeMap::new(),
            durable: BTreeMap::new(),
            prune: Prune::default(),
            policy: PrunePolicy::default(),
            approved: None,
            stuck: BTreeSet::new(),
            denied: BTreeSet::new(),
            fuse: None,
            jobs: Jobs::default(),
            load: BTreeMap::new(),
            busy: BTreeMap::new(),
            deleted: Vec::new(),
            log: Vec::new(),
            uids: 0,
            revisions: 0,
        }
    }

    /// A world in which this app runs.
    pub fn running(name: &str, spec: &str) -> Self {
        let mut world = Self::new();
        world.push(name, spec);
        world.settle();
        assert_eq!(world.phase(name), Phase::Ready, "{}", world.record(name).message);
        world
    }

    pub fn id(name: &str) -> DocumentId {
        DocumentId::app("shop", name)
    }

    pub fn reference(kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::new(kind, "shop", name)
    }

    pub fn record(&self, name: &str) -> &Record {
        &self.memory[&Self::id(name)]
    }

    pub fn phase(&self, name: &str) -> Phase {
        self.record(name).phase
    }

    pub fn object(&self, kind: Kind, name: &str) -> Option<&Live> {
        self.live.get(&Self::reference(kind, name))
    }

    /// A reference to an object of a further kind, `HTTPRoute.v1.gateway.networking.k8s.io`.
    pub fn further(kind: &str, name: &str) -> ObjectRef {
        Self::reference(kind.parse().unwrap(), name)
    }

    /// A value in a live object.
    pub fn value(&self, kind: Kind, name: &str, pointer: &str) -> Value {
        let live = self.object(kind, name).unwrap_or_else(|| panic!("{kind} {name} is not there"));
        live.object.content.pointer(pointer).cloned().unwrap_or(Value::Null)
    }

    /// The image that a Deployment runs.
    pub fn image(&self, name: &str) -> String {
        let image = self.value(Kind::Deployment, name, "/spec/template/spec/containers/0/image");
        image.as_str().unwrap_or_default().to_owned()
    }

    // What people do to the branch.

    /// Writes an app with these lines in its `spec` to a file of its own, and reads the branch.
    pub fn push(&mut self, name: &str, spec: &str) {
        self.files.insert(format!("{name}.yaml"), app(name, spec));
        self.read();
    }

    pub fn push_text(&mut self, file: &str, text: &str) {
        self.files.insert(file.to_owned(), text.to_owned());
        self.read();
    }

    pub fn remove(&mut self, name: &str) {
        self.files.remove(&format!("{name}.yaml"));
        self.read();
    }

    pub fn read(&mut self) {
        self.revisions += 1;
        let entries = self.files.iter().map(|(path, text)| {
            let id = Digest::of(text.as_bytes()).to_string();
            (path.clone(), Entry::File { id, bytes: Arc::from(text.as_bytes()) })
        });
        let mut options = Options::new(crate::render::judge);
        options.policy.kinds = FURTHER_KINDS.iter().map(|kind| kind.parse().unwrap()).collect();
        let loaded = load(&Tree { entries: entries.collect() }, &options, &mut Cache::default());
        for id in loaded.documents.keys().chain(loaded.blocked.keys()) {
            self.memory.entry(id.clone()).or_insert_with(|| Record::new(id.clone()));
        }
        self.reading = Some(loaded);
        self.guard();
    }

    pub fn approve(&mut self) {
        let unbacked = self.prune.without_backup.pop().map(|approval| approval.documents[0].parse().unwrap());
        if let Some(record) = unbacked.and_then(|id: DocumentId| self.memory.get_mut(&id)) {
            record.removal.as_mut().unwrap().backup.as_mut().unwrap().state = BackupState::Waived;
            self.durable.insert(record.document.clone(), record.clone());
        }
        let in_all = self.memory.values().map(|record| record.inventory.items.len()).sum();
        for (id, record) in &mut self.memory {
            release_leftovers(record, &self.policy, in_all);
            self.durable.insert(id.clone(), record.clone());
        }
        let Some(approval) = self.prune.approval.clone() else { return };
        self.approved = Some(approval.hash);
        self.guard();
        for (id, _) in self.prune.verdicts.iter().filter(|(_, verdict)| **verdict == Verdict::Go) {
            if let Some(record) = self.memory.get_mut(id) {
                record.begin_removal(self.now);
                self.durable.insert(id.clone(), record.clone());
            }
        }
    }

    pub fn guard(&mut self) {
        let Some(loaded) = &self.reading else { return };
        let absent = |id: &DocumentId| !loaded.documents.contains_key(id) && !loaded.blocked.contains_key(id);
        let candidates =
            self.memory.iter().filter(|(id, _)| absent(id)).map(|(_, record)| Candidate::of(record));
        let guard = Guard {
            candidates: candidates.collect(),
            objects_in_all: self.memory.values().map(|record| record.inventory.items.len()).sum(),
            documents_left: loaded.documents.len() + loaded.blocked.len(),
            incomplete: (!loaded.complete).then_some("a file"),
            rewritten: false,
            approved: self.approved.as_deref(),
        };
        self.prune = guard.decide(&self.policy);
    }

    // What happens in the cluster.
}

/// An app with these further lines in its `spec`; an `image` among them takes the place of the usual one.
pub fn app(name: &str, spec: &str) -> String {
    let image =
        if spec.contains("image:") { String::new() } else { format!("  image: example.com/{name}:1\n") };
    let spec = spec.lines().fold(String::new(), |spec, line| spec + "  " + line + "\n");
    format!(
        "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nmetadata:\n  name: {name}\n  namespace: shop\nspec:\n{image}{spec}"
    )
}
