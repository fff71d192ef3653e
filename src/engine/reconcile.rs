//! One look at one document: gather, plan, remember, begin.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::execute::{Change, Executed};
use super::message::{Done, Key};
use super::persist::Urgency;
use super::{Engine, view};
use crate::object::{ObjectRef, explain};
use crate::plan::{Input, Outcome, Plan, Step, desired, fold, plan};
use crate::record::{MigrationRun, Phase, Record};

/// How long a deletion may take before the object is looked at again.
const DELETION_LOOK: Duration = Duration::from_secs(2);

impl Engine {
    /// Looks at a document and begins whatever its plan says.
    pub(super) fn reconcile(&mut self, key: &Key) {
        let Some(record) = self.sources[key.source].records.get(&key.id).cloned() else {
            self.queue.succeeded(key);
            return;
        };
        self.explain_changes(key, &record);
        let source = &self.sources[key.source];
        let (dependencies, dependents) = (source.dependencies(&key.id), source.waiting_apps(&key.id));
        let plan = plan(&Input {
            owner: &source.identity.owner,
            branch: source.branch(&key.id),
            record: &record,
            cluster: &self.store,
            prune: &source.identity.prune,
            objects_in_all: source.objects_in_all(),
            runner_image: &source.identity.runner_image,
            dependencies: &dependencies,
            dependents: &dependents,
            now: Self::now(),
        });
        tracing::debug!(source = %source.identity.owner.source, %plan, "planned");
        if plan.is_finished() {
            self.sources[key.source].forget(&key.id);
            self.queue.succeeded(key);
            tracing::info!(document = %key.id, "removed");
        } else if plan.stages.is_empty() {
            self.settle(key, plan);
        } else if plan.needs_record_first(&record) || !self.sources[key.source].persist.claim() {
            self.remember(key, plan.record.clone(), Urgency::Effect);
            self.waiting.insert(key.clone(), plan);
        } else {
            self.remember(key, plan.record.clone(), Urgency::Status);
            self.begin(key, plan);
        }
    }

    /// Nothing to do now: remember it, and look again when the plan says.
    fn settle(&mut self, key: &Key, plan: Plan) {
        let settled = plan.record.is_settled();
        self.remember(key, plan.record, Urgency::Status);
        if settled {
            self.sources[key.source].settled(&key.id);
        }
        self.queue.succeeded(key);
        if let Some(until) = plan.wait.and_then(|wait| wait.until) {
            let wait = Duration::try_from(until.duration_since(Self::now())).unwrap_or_default();
            self.queue.add_at(key.clone(), Instant::now() + wait);
        }
    }

    fn remember(&mut self, key: &Key, record: Record, urgency: Urgency) {
        let (before, phase) =
            (self.sources[key.source].records.get(&key.id).map(|record| record.phase), record.phase);
        let message = record.message.clone();
        self.count_run(key, &record);
        self.tell_reported(key, &record);
        if self.sources[key.source].remember(record, urgency) {
            self.announce(key, before, phase, &message);
        }
    }

    /// Counts a migration that came to its end.
    fn count_run(&self, key: &Key, record: &Record) {
        let before =
            self.sources[key.source].records.get(&key.id).and_then(|before| before.migration.as_ref());
        let Some(run) = &record.migration else { return };
        let same = before.filter(|before| before.content == run.content);
        if run.done && same.is_some_and(|before| !before.done) {
            self.metrics.migrations_succeeded.inc();
        }
        if run.has_failed() && !same.is_some_and(MigrationRun::has_failed) {
            self.metrics.migrations_failed.inc();
        }
    }

    /// Says a change of phase, and wakes those that wait for this document.
    fn announce(&mut self, key: &Key, before: Option<Phase>, phase: Phase, message: &str) {
        let before = before.map_or_else(String::new, |phase| phase.to_string());
        tracing::info!(document = %key.id, before, %phase, message, "phase");
        self.metrics.phase_changed(phase);
        self.tell_phase(key, phase, message);
        for id in self.sources[key.source].dependents(&key.id).to_vec() {
            self.queue.add(Key { source: key.source, id });
        }
        self.view_due.get_or_insert_with(view::next);
    }

    /// A write of records came to its end: the plans whose inventory is durable now may begin. A write that was
    /// on its way before the inventory grew does not make it so.
    pub(super) fn release_durable(&mut self, source: usize) {
        // Without an effect to come there is nothing to claim the other ConfigMaps for.
        if !self.waiting.keys().any(|key| key.source == source) || !self.sources[source].persist.claim() {
            return;
        }
        let ready: Vec<Key> = self
            .waiting
            .keys()
            .filter(|key| key.source == source)
            .filter(|key| self.sources[source].persist.is_durable(&key.id.record_key()))
            .cloned()
            .collect();
        for key in ready {
            if let Some(plan) = self.waiting.remove(&key) {
                self.released.push_back((key, plan));
            }
        }
    }

    pub(super) fn begin(&mut self, key: &Key, plan: Plan) {
        let allowed = self.leadership.borrow().allows(tokio::time::Instant::now(), self.cluster.timeout());
        if !allowed {
            tracing::warn!(document = %key.id, "the lease does not last long enough to begin; trying again");
            self.queue.failed(key, Instant::now(), fastrand::f64());
            return;
        }
        let changes: HashMap<ObjectRef, Change> = plan
            .steps()
            .filter_map(Step::reference)
            .filter_map(|reference| {
                let change = self.store.change(reference)?;
                Some((reference.clone(), Change { live: change.live.clone(), since: change.since }))
            })
            .collect();
        let executor = self.executors[key.source].clone();
        let key = key.clone();
        self.executing += 1;
        self.tasks.spawn(async move {
            let executed = executor.execute(&key.id, &plan.stages, changes).await;
            Done::Executed { key, plan: Box::new(plan), executed }
        });
    }

    /// A plan was carried out: remember what came of it and look again.
    pub(super) fn executed(&mut self, key: &Key, plan: &Plan, executed: Executed) {
        self.executing -= 1;
        for (reference, observed) in executed.observed {
            self.store.see(reference, observed);
        }
        for outcome in &executed.outcomes {
            self.note(key, outcome);
        }
        let now = Self::now();
        if let Some(record) = self.sources[key.source].records.get(&key.id).cloned() {
            let record = fold(record, plan, &executed.outcomes, now);
            self.remember(key, record, Urgency::Status);
        }
        if executed.outcomes.iter().any(Outcome::is_failure) {
            self.metrics.operations_failed.inc();
            self.queue.failed(key, Instant::now(), fastrand::f64());
            return;
        }
        self.metrics.operations_succeeded.inc();
        self.queue.succeeded(key);
        if executed.outcomes.iter().any(|outcome| matches!(outcome, Outcome::Deleting { .. })) {
            // The watch tells when it is gone; without it, it is looked at again.
            self.queue.add_at(key.clone(), Instant::now() + DELETION_LOOK);
            return;
        }
        match &plan.wait {
            // Only the pods' end is waited for, and no event of ours tells it.
            Some(wait)
                if plan.steps().all(|step| matches!(step, Step::CountPods { .. }))
                    && !drained(&executed.outcomes) =>
            {
                let until = wait.until.unwrap_or(now);
                let pause = Duration::try_from(until.duration_since(now)).unwrap_or_default();
                self.queue.add_at(key.clone(), Instant::now() + pause);
            }
            Some(_) | None => self.queue.add(key.clone()),
        }
    }

    fn note(&mut self, key: &Key, outcome: &Outcome) {
        match outcome {
            Outcome::Applied { reference, repaired, repaired_in_ms, .. } => {
                self.store.settle(reference);
                for drift in repaired {
                    self.metrics.drift_repaired(*repaired_in_ms);
                    tracing::info!(document = %key.id, object = %reference, %drift, in_ms = repaired_in_ms, "drift repaired");
                    self.tell_repair(reference, drift);
                }
            }
            Outcome::Gone { reference } => self.store.forget(reference),
            Outcome::NotOurs { reference, message } => {
                tracing::warn!(document = %key.id, object = %reference, message, "not ours");
            }
            Outcome::Failed { message, reason, .. } => {
                tracing::warn!(document = %key.id, reason, message, "a step failed");
            }
            Outcome::Deleting { reference } => {
                tracing::info!(document = %key.id, object = %reference, "deleting");
            }
            Outcome::RunEnded { end } => {
                tracing::warn!(document = %key.id, exit = end.exit, reason = end.reason, message = end.report.message, "a run ended");
            }
            Outcome::HandedOver { reference } => {
                tracing::info!(document = %key.id, object = %reference, "spec.replicas is an autoscaler's to say from now on");
            }
            Outcome::Pods { .. } => {}
        }
    }

    /// Names field and manager of what changed in a document's objects, for the status and to notice a fight.
    fn explain_changes(&mut self, key: &Key, record: &Record) {
        let unexplained: Vec<ObjectRef> = record
            .inventory
            .items
            .keys()
            .filter(|reference| {
                self.store
                    .change(reference)
                    .is_some_and(|change| change.drift.is_empty() && change.live.is_some())
            })
            .cloned()
            .collect();
        if unexplained.is_empty() {
            return;
        }
        let Some(applied) = &record.applied else { return };
        let Ok(document) = applied.document.unpack() else { return };
        let identity = &self.sources[key.source].identity;
        let desired = desired(&document, applied.renderer, &identity.owner, &identity.runner_image, record);
        for object in desired.objects.iter().filter(|object| unexplained.contains(&object.reference)) {
            if let Some(live) = self.store.change(&object.reference).and_then(|change| change.live.as_deref())
            {
                let managers = self.managers.sparing(self.ignored_of(key.source, &object.reference));
                let drift = explain(live, &object.content, &managers);
                self.store.explain(&object.reference, drift);
            }
        }
    }
}

fn drained(outcomes: &[Outcome]) -> bool {
    outcomes.iter().any(|outcome| matches!(outcome, Outcome::Pods { left: 0 }))
}
