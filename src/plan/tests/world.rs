//! A cluster, a branch and a store of records in memory: plans are carried out in it as the engine does, with
//! nothing of Kubernetes but what a decision rests on. It checks at every step what must never happen.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::*;
use super::jobs::Jobs;
use crate::document::{
    Cache, Document, DocumentId, Entry, Loaded, Options, Quantity, Revision, Tree, awaited, load,
};
use crate::object::{Change, Digest, Health, Kind, NotOurs, Object, Observed, Ownership};
use crate::record::Phase;

/// An image of this tag never becomes healthy.
pub const BAD: &str = "bad";
const START: SignedDuration = SignedDuration::from_secs(4);
const GIVE_UP: SignedDuration = SignedDuration::from_secs(30);
const LINGER: SignedDuration = SignedDuration::from_secs(3);

/// A live object.
#[derive(Clone, Debug)]
pub struct Live {
    pub uid: String,
    pub object: Object,
    /// How often somebody changed a field of ours since it was applied last.
    pub foreign: u32,
    /// Our label is on it.
    pub labelled: bool,
    /// The document that its annotation names; `None` when it is somebody else's.
    pub document: Option<DocumentId>,
    pub deleting: Option<Timestamp>,
    pub changed: Timestamp,
}

/// What the watches have shown.
#[derive(Debug, Default)]
pub struct Seen {
    pub objects: BTreeMap<ObjectRef, Observed>,
    pub drift: BTreeMap<ObjectRef, Vec<Drift>>,
}

impl Cluster for Seen {
    fn observed(&self, reference: &ObjectRef) -> Option<&Observed> {
        self.objects.get(reference)
    }

    fn drift(&self, reference: &ObjectRef) -> &[Drift] {
        self.drift.get(reference).map_or(&[], Vec::as_slice)
    }
}

/// What came of a look at a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Idle,
    Worked,
    Crashed,
}

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
        let loaded = load(&Tree { entries: entries.collect() }, &Options::default(), &mut Cache::default());
        for id in loaded.documents.keys().chain(loaded.blocked.keys()) {
            self.memory.entry(id.clone()).or_insert_with(|| Record::new(id.clone()));
        }
        self.reading = Some(loaded);
        self.guard();
    }

    pub fn approve(&mut self) {
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

    fn guard(&mut self) {
        let Some(loaded) = &self.reading else { return };
        let absent = |id: &DocumentId| !loaded.documents.contains_key(id) && !loaded.blocked.contains_key(id);
        let candidates = self.memory.iter().filter(|(id, _)| absent(id)).map(|(_, record)| Candidate {
            record,
            document: record.applied.as_ref().and_then(|applied| applied.document.unpack().ok()),
        });
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

    /// Lets time pass: deletions end, and the watches show how everything fares.
    pub fn tick(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        let now = self.now;
        self.live.retain(|_, live| live.deleting.is_none_or(|end| end > now));
        if !self.deaf {
            self.sweep();
        }
        self.durable = self.memory.clone();
    }

    /// The watches show what is there.
    pub fn sweep(&mut self) {
        self.seen = Seen::default();
        for reference in self.live.keys().cloned().collect::<Vec<_>>() {
            self.show(&reference);
        }
    }

    /// The daemon dies and starts again: it has its records and lists the cluster, and has not read the branch.
    pub fn restart(&mut self) {
        self.log.push("restart".to_owned());
        self.memory = self.durable.clone();
        (self.reading, self.approved, self.prune) = (None, None, Prune::default());
        (self.deaf, self.fuse) = (false, None);
        self.sweep();
    }

    /// Somebody changes a field of ours.
    pub fn edit(&mut self, reference: &ObjectRef) {
        if let Some(live) = self.live.get_mut(reference) {
            live.foreign += 1;
        }
        self.event(reference);
    }

    /// Somebody deletes an object.
    pub fn lose(&mut self, reference: &ObjectRef) {
        self.live.remove(reference);
        self.event(reference);
    }

    pub fn strip_label(&mut self, reference: &ObjectRef) {
        if let Some(live) = self.live.get_mut(reference) {
            live.labelled = false;
        }
        self.event(reference);
    }

    /// Somebody makes an object of a name, in place of what is there.
    pub fn intrude(&mut self, reference: &ObjectRef) {
        let object = Object::new(reference.clone(), serde_json::json!({"by": "somebody"}));
        let live = Live { labelled: false, ..self.fresh(object, None) };
        self.live.insert(reference.clone(), live);
        self.event(reference);
    }

    fn event(&mut self, reference: &ObjectRef) {
        if !self.deaf {
            self.show(reference);
        }
    }

    fn show(&mut self, reference: &ObjectRef) {
        self.seen.objects.remove(reference);
        self.seen.drift.remove(reference);
        let Some(live) = self.live.get(reference).filter(|live| live.labelled) else { return };
        if live.foreign > 0 {
            self.seen.drift.insert(reference.clone(), vec![drift()]);
        }
        self.seen.objects.insert(reference.clone(), self.observed(reference, live));
    }

    fn observed(&self, reference: &ObjectRef, live: &Live) -> Observed {
        let text = format!("{} {}", live.object.hash, live.foreign);
        let ownership = live.document.clone().map_or(
            Ownership::NotOurs { reason: NotOurs::NotApplied, managers: vec!["somebody".to_owned()] },
            |document| Ownership::Ours { document },
        );
        Observed {
            uid: live.uid.as_str().into(),
            resource_version: 0,
            generation: 0,
            projection: live.document.is_some().then(|| Digest::of(text.as_bytes())),
            ownership,
            health: self.health(reference, live),
            deleting: live.deleting.is_some(),
            pods: (reference.kind == Kind::Job)
                .then(|| crate::object::Pods { ready: 1, ..crate::object::Pods::default() }),
        }
    }

    fn health(&self, reference: &ObjectRef, live: &Live) -> Health {
        let bad = live.object.content.to_string().contains(&format!(":{BAD}"));
        match reference.kind {
            Kind::Deployment if bad && live.changed + GIVE_UP <= self.now => Health::Degraded {
                reason: "ProgressDeadlineExceeded".to_owned(),
                message: "no pod came up".to_owned(),
            },
            Kind::Deployment if bad || live.changed + START > self.now => {
                Health::Progressing { message: "0 of 2 pods are available".to_owned() }
            }
            Kind::Job => self.jobs.health(reference, self.now, live.changed),
            _ => Health::Healthy,
        }
    }

    fn fresh(&mut self, object: Object, document: Option<DocumentId>) -> Live {
        self.uids += 1;
        let (uid, changed) = (format!("uid-{}", self.uids), self.now);
        Live { uid, object, foreign: 0, labelled: true, document, deleting: None, changed }
    }

    // What the daemon does.

    /// Looks at every document each second until nothing more is to be done, for ten minutes at most.
    pub fn settle(&mut self) {
        let mut quiet = 0;
        for _ in 0..600 {
            quiet = if self.look_at_all() == Look::Idle { quiet + 1 } else { 0 };
            if quiet > 40 {
                return;
            }
            self.tick(1);
        }
    }

    /// Looks at every document for so long, once a second.
    pub fn run(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.look_at_all();
            self.tick(1);
        }
        self.look_at_all();
    }

    /// Looks at every document until no plan has a step, or its steps fail.
    pub fn look_at_all(&mut self) -> Look {
        let mut all = Look::Idle;
        for id in self.memory.keys().cloned().collect::<Vec<_>>() {
            for _ in 0..8 {
                let before = self.memory.get(&id).cloned();
                match self.look(&id) {
                    Look::Idle if self.memory.get(&id) == before.as_ref() => break,
                    Look::Idle => {}
                    Look::Worked => all = Look::Worked,
                    Look::Crashed => return Look::Crashed,
                }
            }
        }
        all
    }

    pub fn branch(&self, id: &DocumentId) -> Branch<'_> {
        const UNDECIDED: &Verdict = &Verdict::Held { reason: "Undecided", message: String::new() };
        const REVISION: &Revision = &Revision(String::new());
        let Some(loaded) = &self.reading else { return Branch::Unknown };
        if let Some(found) = loaded.documents.get(id) {
            let (document, file, line) = (&found.document, found.file.as_str(), found.line);
            return Branch::Present { document, revision: REVISION, file, line };
        }
        match loaded.blocked.get(id) {
            Some(blocked) => Branch::Blocked { message: &blocked.message },
            None => Branch::Absent(self.prune.verdicts.get(id).unwrap_or(UNDECIDED)),
        }
    }

    /// What is to be done for a document now.
    pub fn plan(&self, id: &DocumentId) -> Plan {
        let documents = |id: &DocumentId| self.reading.as_ref()?.documents.get(id).map(|one| &one.document);
        let needed = match documents(id) {
            Some(Document::App(app)) => awaited(app).map(|awaited| awaited.id).collect(),
            Some(Document::Migration(_)) | None => Vec::new(),
        };
        let states = needed.into_iter().map(|id| {
            let hash = documents(&id).map(Document::hash);
            DependencyState::of(id.clone(), self.memory.get(&id), hash)
        });
        plan(&Input {
            owner: &self.owner,
            branch: self.branch(id),
            record: &self.memory[id],
            cluster: &self.seen,
            runner_image: "runner",
            dependencies: &states.collect::<Vec<_>>(),
            now: self.now,
        })
    }

    /// One look at a document, as the engine takes it.
    pub fn look(&mut self, id: &DocumentId) -> Look {
        let Some(before) = self.memory.get(id).cloned() else { return Look::Idle };
        let plan = self.plan(id);
        if plan.is_finished() {
            self.memory.remove(id);
            self.guard();
            return Look::Worked;
        }
        self.memory.insert(id.clone(), plan.record.clone());
        if plan.stages.is_empty() {
            return Look::Idle;
        }
        if plan.needs_record_first(&before) {
            self.durable.insert(id.clone(), plan.record.clone());
        }
        let Some(outcomes) = self.execute(id, &plan) else {
            self.restart();
            return Look::Crashed;
        };
        let record = fold(self.memory[id].clone(), &plan, &outcomes, self.now);
        self.memory.insert(id.clone(), record);
        Look::Worked
    }

    /// `None`: the daemon died on the way.
    fn execute(&mut self, id: &DocumentId, plan: &Plan) -> Option<Vec<Outcome>> {
        let mut outcomes = Vec::new();
        for stage in &plan.stages {
            let mut failed = false;
            for step in stage {
                self.log.push(format!("{} {step}", self.now.as_second() - 1_000_000));
                let outcome = match step {
                    Step::Apply { object, how } => self.apply(id, object, how),
                    Step::Delete { reference, uid } => self.delete(id, plan, reference, uid.as_deref()),
                    Step::ReadRun { job, reason, message } => {
                        Outcome::RunEnded { end: run_end(&self.job_pods(job), reason, message) }
                    }
                    Step::CountPods { selector, .. } => Outcome::Pods { left: self.pods(selector) },
                };
                if let Some(reference) = step.reference() {
                    // Our own answers, and a live look that found nothing, are seen whatever the watch does.
                    self.show(reference);
                }
                failed |= outcome.is_failure();
                outcomes.push(outcome);
                match &mut self.fuse {
                    Some(0) => return None,
                    Some(left) => *left -= 1,
                    None => {}
                }
            }
            if failed {
                break;
            }
        }
        Some(outcomes)
    }

    fn apply(&mut self, id: &DocumentId, object: &Object, how: &How) -> Outcome {
        let reference = object.reference.clone();
        let recorded = |records: &BTreeMap<DocumentId, Record>| {
            records.get(id).is_some_and(|record| record.inventory.items.contains_key(&reference))
        };
        assert!(recorded(&self.durable), "{reference} is written before its inventory is durable");
        let live = self.live.get(&reference).cloned();
        let ours = live.as_ref().is_some_and(|live| live.document.as_ref() == Some(id));
        let not_ours =
            || Outcome::NotOurs { reference: reference.clone(), message: format!("{reference} is not ours") };
        let conflict = || Outcome::Failed {
            reference: Some(reference.clone()),
            reason: "Conflict".to_owned(),
            message: "the object has changed".to_owned(),
            transient: true,
        };
        let uid = match (how, &live) {
            (How::Create { .. } | How::Restore { .. }, None) => None,
            (How::Create { adopt }, Some(live)) if ours || *adopt => Some(live.uid.clone()),
            (How::Restore { uid }, Some(live)) if ours || uid.as_ref() == Some(&live.uid) => {
                Some(live.uid.clone())
            }
            (How::Create { .. } | How::Restore { .. }, Some(_)) => return not_ours(),
            (How::Update { uid } | How::Repair { uid }, Some(live)) if *uid == live.uid => Some(uid.clone()),
            (How::Update { .. } | How::Repair { .. }, _) => return conflict(),
        };
        if self.denied.contains(&reference.kind) || shrinks(live.as_ref(), object) {
            let reason = "Forbidden".to_owned();
            let message = format!("{reference} is denied");
            return Outcome::Failed { reference: Some(reference), reason, message, transient: false };
        }
        let known = uid.as_ref().is_some_and(|uid| {
            self.memory[id].inventory.items.get(&reference).is_some_and(|item| item.uid.as_ref() == Some(uid))
        });
        assert!(uid.is_none() || ours || known, "{reference} of somebody else is overwritten");
        let repaired = if how.is_repair() { vec![drift()] } else { Vec::new() };
        let mut next = self.fresh(object.clone(), Some(id.clone()));
        if let Some(live) = live {
            (next.uid, next.deleting) = (live.uid, live.deleting);
            if live.object.hash == object.hash {
                next.changed = live.changed;
            }
        }
        if reference.kind == Kind::Job && uid.is_none() {
            self.starts_job(id, &reference);
        }
        let (uid, projection) = (next.uid.clone(), self.observed(&reference, &next).projection);
        self.live.insert(reference.clone(), next);
        Outcome::Applied { reference, uid, projection, repaired, repaired_in_ms: 0 }
    }

    fn delete(&mut self, id: &DocumentId, plan: &Plan, reference: &ObjectRef, uid: Option<&str>) -> Outcome {
        let gone = Outcome::Gone { reference: reference.clone() };
        let Some(live) = self.live.get_mut(reference) else { return gone };
        let proven = match uid {
            Some(uid) => live.uid == uid,
            None => live.document.as_ref() == Some(id),
        };
        if !proven {
            return gone;
        }
        let runs = reference.kind == Kind::Job && self.jobs.runs(reference, self.now, live.changed);
        assert!(!(runs && is_tool(&live.object)), "{reference}, a tool that runs, is deleted");
        let end = match reference.kind {
            kind if self.stuck.contains(&kind) => SignedDuration::from_hours(1),
            Kind::Deployment | Kind::PersistentVolumeClaim | Kind::Job => LINGER,
            _ => SignedDuration::ZERO,
        };
        live.deleting.get_or_insert(self.now + end);
        if end.is_zero() {
            self.live.remove(reference);
        }
        self.deleted.push(reference.clone());
        let item = self.durable.get(id).and_then(|record| record.inventory.items.get(reference));
        assert!(item.is_some(), "{reference} was in no record when it was deleted");
        if plan.record.removal.is_some() {
            let loaded = self.reading.as_ref().expect("nothing is removed before the branch was read");
            assert!(loaded.complete, "{reference} was deleted while a file was in error");
            let there = loaded.documents.contains_key(id) || loaded.blocked.contains_key(id);
            assert!(!there, "{reference} was deleted though its document is in the branch");
            let removal = self.durable[id].removal.as_ref();
            assert!(removal.is_some(), "{reference} was deleted before that was on record");
        } else {
            let superseded = reference.kind == Kind::Job && !Self::is_due(plan, reference);
            assert!(
                superseded || plan.record.inventory.items[reference].stale,
                "{reference} was deleted but is in use"
            );
            assert_ne!(reference.kind, Kind::PersistentVolumeClaim, "a volume goes with its app only");
        }
        Outcome::Deleting { reference: reference.clone() }
    }

    /// What a run does to its database happens once it is made.
    fn starts_job(&mut self, id: &DocumentId, reference: &ObjectRef) {
        let busy = self.live.iter().find(|(other, live)| {
            other.kind == Kind::Job
                && live.document.as_ref() == Some(id)
                && matches!(self.health(other, live), Health::Progressing { .. })
        });
        assert!(busy.is_none(), "{reference} is started beside {busy:?}");
        self.jobs.start(reference);
    }

    fn job_pods(&self, job: &ObjectRef) -> Vec<Value> {
        self.jobs.pods(job)
    }

    /// It is the Job of the attempt that the plan follows.
    fn is_due(plan: &Plan, job: &ObjectRef) -> bool {
        let run = plan.record.migration.as_ref();
        run.is_some_and(|run| job.name.ends_with(&format!("{}-{}", run.content, run.attempt)))
    }

    fn pods(&self, selector: &str) -> usize {
        let name = selector.split(',').find_map(|pair| pair.strip_prefix("app.kubernetes.io/name=")).unwrap();
        let Some(live) = self.object(Kind::Deployment, name) else { return 0 };
        let gone = live.object.content["spec"]["replicas"] == 0 && live.changed + LINGER <= self.now;
        usize::from(!gone)
    }
}

/// It runs a team's own tool, not SQL of ours.
fn is_tool(job: &Object) -> bool {
    job.content["spec"]["template"]["spec"]["containers"][0]["args"][0] != "migrate"
}

fn shrinks(live: Option<&Live>, object: &Object) -> bool {
    let size = |object: &Object| desired::claim_size(object).map(|size| size.parse::<Quantity>().unwrap());
    live.is_some_and(|live| size(&live.object) > size(object))
}

fn drift() -> Drift {
    Drift { field: "spec".to_owned(), manager: Some("kubectl-edit".to_owned()), operation: Change::Changed }
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
