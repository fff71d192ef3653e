//! What the daemon does: looks, plans, carries out, remembers; it checks at every step what must never happen.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::Value;

use super::super::jobs::is_backup;
use super::World;
use super::cluster::{LINGER, Live, Replicas, drift, shrinks};
use crate::document::{App, Document, DocumentId, Revision, awaited};
use crate::object::{Health, Kind, Managers, Object, ObjectRef};
use crate::plan::*;
use crate::record::{BackupState, Record};

/// What came of a look at a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    Idle,
    Worked,
    Crashed,
}

impl World {
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
            Some(blocked) => Branch::Blocked { by: blocked.by, message: &blocked.message },
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
        let waits = |app: &&App| awaited(app).any(|awaited| awaited.id == *id);
        let loaded = self.reading.iter().flat_map(|loaded| loaded.documents.values());
        let dependents = loaded.filter_map(|one| match &one.document {
            Document::App(app) => Some(&**app),
            Document::Migration(_) => None,
        });
        plan(&Input {
            owner: &self.owner,
            branch: self.branch(id),
            record: &self.memory[id],
            cluster: &self.seen,
            prune: &self.policy,
            objects_in_all: self.memory.values().map(|record| record.inventory.items.len()).sum(),
            runner_image: "runner",
            dependencies: &states.collect::<Vec<_>>(),
            dependents: &dependents.filter(waits).collect::<Vec<_>>(),
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
                    Step::Apply { object, how, yields } => self.apply(id, object, how, yields),
                    Step::HandOver { deployment, uid } => self.hand_over(deployment, uid),
                    Step::Delete { reference, uid } => self.delete(id, plan, reference, uid.as_deref()),
                    Step::ReadRun { job, reason, message } => {
                        Outcome::RunEnded { end: run_end(&self.job_pods(job), reason, message) }
                    }
                    Step::CountPods { selectors, .. } => {
                        Outcome::Pods { left: selectors.iter().map(|selector| self.pods(selector)).sum() }
                    }
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

    fn hand_over(&mut self, deployment: &ObjectRef, uid: &str) -> Outcome {
        if let Some(live) = self.live.get_mut(deployment).filter(|live| live.uid == uid)
            && live.replicas.held.is_ours_alone()
            && live.replicas.count > 0
        {
            live.replicas.held.keeper = true;
        }
        Outcome::HandedOver { reference: deployment.clone() }
    }

    fn apply(&mut self, id: &DocumentId, object: &Object, how: &How, yields: &Yields) -> Outcome {
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
        next.replicas = replicas(live.as_ref(), object, yields);
        if let Some(live) = live {
            (next.uid, next.deleting, next.scaled) = (live.uid, live.deleting, live.scaled);
            if live.object.hash == object.hash {
                next.changed = live.changed;
            }
        }
        if reference.kind == Kind::Job && uid.is_none() {
            self.starts_job(id, &reference);
        }
        let (uid, projection) =
            (next.uid.clone(), self.observed(&reference, &next, &yields.ignored).projection);
        self.live.insert(reference.clone(), next);
        Outcome::Applied { reference, uid, projection, repaired, repaired_in_ms: 0 }
    }

    fn delete(&mut self, id: &DocumentId, plan: &Plan, reference: &ObjectRef, uid: Option<&str>) -> Outcome {
        let gone = Outcome::Gone { reference: reference.clone() };
        let Some(live) = self.live.get_mut(reference) else { return gone };
        let proven = uid == Some(&live.uid) || live.document.as_ref() == Some(id);
        if !proven {
            return gone;
        }
        let runs = reference.kind == Kind::Job && self.jobs.runs(reference, self.now, live.changed);
        let is_tool = is_tool(&live.object) && !is_backup(reference);
        assert!(!(runs && is_tool), "{reference}, a tool that runs, is deleted");
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
            assert!(
                is_safe(&self.durable[id], reference),
                "{reference} was deleted before its app was backed up"
            );
        } else {
            let superseded = reference.kind == Kind::Job && !Self::is_due(plan, reference);
            let app = plan.target.as_ref().and_then(Target::app);
            let scales = reference.kind == Kind::HorizontalPodAutoscaler
                && app.is_some_and(|app| app.spec.autoscaling.is_none());
            assert!(
                superseded || scales || plan.record.inventory.items[reference].stale,
                "{reference} was deleted but is in use"
            );
            assert_ne!(reference.kind, Kind::PersistentVolumeClaim, "a volume goes with its app only");
            let released = item.is_some_and(|item| item.released);
            let protected = self.policy.protect_kinds.iter().any(|kind| kind.name() == reference.kind.name());
            assert!(released || !protected, "{reference} was deleted and nobody approved that");
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
        if is_backup(reference) {
            self.may_be_backed_up(id, reference);
        }
        self.jobs.start(reference);
    }

    /// Nothing writes any more to what is copied, but for pods that do not end in their time.
    fn may_be_backed_up(&self, id: &DocumentId, job: &ObjectRef) {
        let wanted = self.object(Kind::Deployment, &id.name).map_or(0, |live| live.replicas.count);
        assert_eq!(wanted, 0, "{job} is started while its app is to have pods");
        let Some(Document::App(app)) = self.memory[id].last_document().unwrap() else { return };
        let grace = app.spec.deletion.as_ref().and_then(|deletion| deletion.grace);
        let grace = SignedDuration::from_secs(grace.map_or(60, |grace| grace.as_secs().cast_signed()));
        let since = self.object(Kind::Deployment, &id.name).map_or(self.now, |live| live.changed);
        let pods = self.pods_of(&id.name) + self.pods_of_jobs(&id.name);
        assert!(pods == 0 || since + grace <= self.now, "{job} is started while {pods} pods of its app run");
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
        let jobs = if selector.contains("component=app") { 0 } else { self.pods_of_jobs(name) };
        self.pods_of(name) + jobs
    }

    fn pods_of_jobs(&self, name: &str) -> usize {
        usize::from(self.busy.get(name).is_some_and(|until| *until > self.now))
    }

    fn pods_of(&self, name: &str) -> usize {
        let Some(live) = self.object(Kind::Deployment, name) else { return 0 };
        let gone = live.replicas.count == 0 && live.changed + LINGER <= self.now;
        usize::from(!gone)
    }
}

/// It holds nothing, or the app was backed up, or nobody asked for that.
fn is_safe(record: &Record, reference: &ObjectRef) -> bool {
    let makes_or_leads =
        ["CronJob", "HorizontalPodAutoscaler", "Ingress", "Service", "HTTPRoute", "ScaledObject"];
    let document = record.last_document().unwrap_or_else(|_| panic!("{reference} was deleted unread"));
    let Some(Document::App(app)) = document else { return true };
    // What never had a pod has nothing to be backed up.
    let ran = |kind: Kind| record.inventory.items.keys().any(|reference| reference.kind == kind);
    if record.applied.is_none() && !ran(Kind::Deployment) {
        return true;
    }
    let asks = app.spec.backup.as_ref().is_some_and(|backup| backup.on_delete);
    let run = record.removal.as_ref().and_then(|removal| removal.backup.as_ref());
    let is_made = run.is_some_and(|run| [BackupState::Done, BackupState::Waived].contains(&run.state));
    !asks || is_made || makes_or_leads.contains(&reference.kind.name())
}

/// It runs a team's own tool, not SQL of ours.
fn is_tool(job: &Object) -> bool {
    job.content["spec"]["template"]["spec"]["containers"][0]["args"][0] != "migrate"
}

/// What is sent of `spec.replicas`, as the engine decides it, and what becomes of it.
fn replicas(live: Option<&Live>, object: &Object, yields: &Yields) -> Replicas {
    if object.reference.kind != Kind::Deployment {
        return Replicas::default();
    }
    let now = live.map(|live| live.replicas).unwrap_or_default();
    let seen = live.map(|live| live.replicas.live());
    let content = yields.outgoing(object, seen.as_ref(), &Managers::default()).content;
    now.applied(content.pointer("/spec/replicas").and_then(Value::as_u64), &object.reference)
}
