//! [`fold`]: what is remembered after a plan was carried out.

use jiff::Timestamp;

use super::desired::claim_size;
use super::rollout::NOT_OURS;
use super::{Plan, Purpose, Step, Target, backup, drain, fight, migration};
use crate::object::{self, Digest, ObjectRef};
use crate::record::{Attempt, Drift, Phase, Reason, Record, Repair, RunEnd, conditions};

/// How many repairs are remembered: enough to notice that a few objects are changed back again and again.
const MAX_REPAIRS: usize = 30;
/// How many fields of one repair are remembered.
const MAX_FIELDS: usize = 5;

/// What came of one step.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The API server took it.
    Applied {
        /// Which.
        reference: ObjectRef,
        /// Its uid.
        uid: String,
        /// Hash of the fields that are ours, out of the response.
        projection: Option<Digest>,
        /// What was repaired, when somebody had changed it.
        repaired: Vec<object::Drift>,
        /// Milliseconds from noticing the change to the repair.
        repaired_in_ms: u64,
    },
    /// A second manager holds the replicas of a Deployment, or it was not needed any more.
    HandedOver {
        /// The Deployment.
        reference: ObjectRef,
    },
    /// It exists and is somebody else's.
    NotOurs {
        /// Which.
        reference: ObjectRef,
        /// Who manages it and what to do.
        message: String,
    },
    /// The API server accepted the deletion; it is gone when that is seen.
    Deleting {
        /// Which.
        reference: ObjectRef,
    },
    /// It is not there, or what is there under that name is not ours.
    Gone {
        /// Which.
        reference: ObjectRef,
    },
    /// A Job's run came to this end.
    RunEnded {
        /// How.
        end: RunEnd,
    },
    /// So many pods are left.
    Pods {
        /// The count.
        left: usize,
    },
    /// It did not work.
    Failed {
        /// Which object, where the step is about one.
        reference: Option<ObjectRef>,
        /// In one word.
        reason: String,
        /// What to do about it.
        message: String,
        /// It may work by itself later.
        transient: bool,
    },
}

impl Outcome {
    /// The step did not do what it was to do.
    pub const fn is_failure(&self) -> bool {
        match self {
            Outcome::NotOurs { .. } | Outcome::Failed { .. } => true,
            Outcome::Applied { .. }
            | Outcome::HandedOver { .. }
            | Outcome::Deleting { .. }
            | Outcome::Gone { .. }
            | Outcome::RunEnded { .. }
            | Outcome::Pods { .. } => false,
        }
    }
}

/// What is remembered after a plan. `record` is the plan's, with whatever was seen to be deleted meanwhile left
/// out.
pub fn fold(mut record: Record, plan: &Plan, outcomes: &[Outcome], now: Timestamp) -> Record {
    for outcome in outcomes {
        note(&mut record, plan, outcome, now);
    }
    match (outcomes.iter().find_map(Failure::of), &plan.target) {
        (Some(failure), target) => remember_failure(&mut record, plan, target.as_ref(), &failure, now),
        (None, Some(target))
            if record.removal.is_none()
                && !plan.desired.is_empty()
                && !record.is_whole_at(target.document.hash()) =>
        {
            target.complete(&mut record, &plan.desired, &plan.wide, now);
            if target.purpose == Purpose::Rollout {
                record.phase = Phase::Progressing;
                record.reason = Reason::of("Progressing");
                record.message = String::new();
            }
        }
        (None, _) => {}
    }
    record.conditions = conditions(&record, now);
    record
}

/// The first step that did not do what it was to do.
struct Failure<'a> {
    phase: Phase,
    reason: &'a str,
    message: &'a str,
    transient: bool,
}

impl<'a> Failure<'a> {
    fn of(outcome: &'a Outcome) -> Option<Self> {
        match outcome {
            Outcome::NotOurs { message, .. } => {
                Some(Self { phase: Phase::Held, reason: NOT_OURS, message, transient: false })
            }
            Outcome::Failed { reason, message, transient, .. } => {
                Some(Self { phase: Phase::Failed, reason, message, transient: *transient })
            }
            Outcome::Applied { .. }
            | Outcome::HandedOver { .. }
            | Outcome::Deleting { .. }
            | Outcome::Gone { .. }
            | Outcome::RunEnded { .. }
            | Outcome::Pods { .. } => None,
        }
    }
}

/// What works by itself later is said, but it is no failure of the document.
fn remember_failure(
    record: &mut Record,
    plan: &Plan,
    target: Option<&Target>,
    failure: &Failure<'_>,
    now: Timestamp,
) {
    if !failure.transient {
        let revision = target.map(|target| target.revision.clone()).unwrap_or_default();
        let message = failure.message.to_owned();
        record.attempted(Attempt { revision, at: now, outcome: failure.phase, message });
    }
    if let Some(Purpose::Keep { message, .. }) = target.map(|target| &target.purpose) {
        record.message = format!("{message}; {}", failure.message);
        return;
    }
    record.phase = match plan.record.phase {
        phase if failure.transient => phase,
        Phase::Deleting => Phase::Deleting,
        // It was brought to the cluster, and now it cannot be kept there.
        Phase::Ready | Phase::Degraded if failure.phase == Phase::Failed => Phase::Degraded,
        Phase::Pending
        | Phase::Waiting
        | Phase::Applying
        | Phase::Progressing
        | Phase::Ready
        | Phase::Degraded
        | Phase::Failed
        | Phase::RolledBack
        | Phase::Held
        | Phase::Suspended
        | Phase::Fighting => failure.phase,
    };
    record.reason = Reason(failure.reason.to_owned().into());
    failure.message.clone_into(&mut record.message);
}

fn note(record: &mut Record, plan: &Plan, outcome: &Outcome, now: Timestamp) {
    match outcome {
        Outcome::Applied { reference, uid, projection, repaired, repaired_in_ms } => {
            let step = plan.steps().find_map(|step| match step {
                Step::Apply { object, yields, .. } if object.reference == *reference => {
                    Some((object, yields))
                }
                Step::Apply { .. }
                | Step::HandOver { .. }
                | Step::Delete { .. }
                | Step::ReadRun { .. }
                | Step::CountPods { .. } => None,
            });
            let (object, yields) = step.unzip();
            let item = record.inventory.items.entry(reference.clone()).or_default();
            item.uid = Some(uid.clone());
            item.rendered = object.map(|object| object.hash.clone());
            item.size = object.and_then(claim_size);
            item.projection = *projection;
            item.ignored = yields.map(|yields| yields.ignored.clone()).unwrap_or_default();
            item.wide = plan.wide.contains(reference);
            drain::answered(record, reference, true, now);
            record.repairs.retain(|repair| repair.at + fight::WINDOW > now);
            for drift in repaired.iter().take(MAX_FIELDS) {
                remember_repair(record, reference, drift, *repaired_in_ms, now);
            }
        }
        Outcome::NotOurs { reference, .. } => {
            // Nothing of ours is there, so nothing of it may ever be deleted.
            if record.inventory.items.get(reference).is_some_and(|item| item.uid.is_none()) {
                record.inventory.items.remove(reference);
            }
        }
        Outcome::Gone { reference } => {
            record.inventory.items.remove(reference);
        }
        Outcome::RunEnded { end } => match &plan.target {
            Some(target) => migration::ended(record, target, end.clone(), now),
            None => backup::ended(record, end),
        },
        Outcome::Pods { left: 0 } => {
            if let Some(removal) = &mut record.removal {
                removal.drained = true;
            }
        }
        Outcome::Failed { reference: Some(reference), transient: false, .. } => {
            drain::answered(record, reference, false, now);
        }
        Outcome::HandedOver { .. }
        | Outcome::Pods { .. }
        | Outcome::Deleting { .. }
        | Outcome::Failed { .. } => {}
    }
}

fn remember_repair(
    record: &mut Record,
    reference: &ObjectRef,
    drift: &object::Drift,
    took: u64,
    now: Timestamp,
) {
    let object = reference.to_string();
    let manager = drift.manager.clone().unwrap_or_default();
    let key = fight::key(&object, &drift.field, &manager);
    record.repairs.push(Repair { key, at: now });
    let surplus = record.repairs.len().saturating_sub(MAX_REPAIRS);
    record.repairs.drain(..surplus);
    record.last_drift =
        Some(Drift { object, field: drift.field.clone(), manager, at: now, repaired_in_ms: took });
}
