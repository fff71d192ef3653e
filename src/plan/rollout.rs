//! Judging what is applied: on its way, healthy, degraded, failed; and when to go back to the last good one.

use jiff::{SignedDuration, Timestamp};

use super::fight::fights;
use super::objects::compare;
use super::target::{begin, rolled_back_message};
use super::{Input, Plan, Purpose, Stage, Step, Target, leftovers, migration, report, scale};
use crate::document::{Document, Rollback};
use crate::object::Health;
use crate::record::{Attempt, Item, Phase, Reason, Record};

/// What ends a plan's waiting: a time, or an event of what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Look again at this time at the latest.
    pub until: Option<Timestamp>,
    /// For people: "3 of 4 replicas available".
    pub what: String,
}

/// The reason where an object is somebody else's.
pub(super) const NOT_OURS: &str = "NotOurs";
/// What is waited for is seen by watch; this is for when it is not.
const LOOK: SignedDuration = SignedDuration::from_secs(5);
const DEFAULT_DEADLINE: SignedDuration = SignedDuration::from_mins(10);

/// Brings the target to the cluster: with something to write it applies, without it judges.
pub(super) fn pursue(input: &Input<'_>, mut record: Record, target: Target, wait: Option<Wait>) -> Plan {
    let now = input.now;
    let mut work = compare(input, &record, &target);
    let whole = record.is_whole_at(target.document.hash());
    // What somebody else keeps changing back waits, a new version does not.
    let fights = if whole { fights(input, &record) } else { Vec::new() };
    work.spare(&fights);
    report::withhold(input, &mut record, &target, whole, &mut work);
    record.inventory.plan(work.stages.iter().flatten().filter_map(|step| step.reference().cloned()));
    let upkeep = whole && work.stages.iter().flatten().all(|step| is_upkeep(step, &record));
    work.prepare(&mut record.inventory);
    let lingering = work.lingering.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if !lingering.is_empty() {
        // Not everything is written with these steps.
        work.desired.clear();
    } else if work.stages.is_empty() && !whole {
        target.complete(&mut record, &work.desired, &work.wide, now);
    }
    let plan = Plan {
        record,
        stages: work.stages,
        target: Some(target),
        desired: work.desired,
        wide: work.wide,
        wait,
    };
    let plan = match (fights.first(), plan.stages.is_empty()) {
        (Some(fight), true) => {
            let wait = Wait { until: Some(fight.until), what: "the other manager to stop".to_owned() };
            plan.saying(Phase::Fighting, Reason::of("Fighting"), &fight.message, now).waiting(Some(wait))
        }
        (None, true) if !lingering.is_empty() => {
            let wait = Wait { until: Some(now + LOOK), what: format!("{lingering} to be gone") };
            let message = format!("waiting for {}", wait.what);
            plan.saying(Phase::Applying, Reason::of("Applying"), message, now).waiting(Some(wait))
        }
        (None, true) => judge(input, plan),
        (_, false) => announce(input, plan, upkeep),
    };
    report::tell(input, plan)
}

/// It makes an object again what it was, or narrows it: no new version is on its way.
fn is_upkeep(step: &Step, record: &Record) -> bool {
    match step {
        Step::Apply { object, how, .. } => {
            let item = record.inventory.items.get(&object.reference);
            let is_same = |item: &Item| item.rendered.as_deref() == Some(object.hash.as_str());
            how.is_repair() || item.is_some_and(|item| item.wide || is_same(item))
        }
        Step::HandOver { .. } => true,
        Step::Delete { .. } | Step::CountPods { .. } | Step::ReadRun { .. } => false,
    }
}

/// What a plan that writes says meanwhile.
fn announce(input: &Input<'_>, plan: Plan, upkeep: bool) -> Plan {
    let (before, now) = (input.record, input.now);
    match plan.target.as_ref().map(|target| target.purpose.clone()) {
        // What hinders stays visible while it is tried again.
        Some(Purpose::Keep { phase, message, .. })
            if before.phase == phase && before.message.starts_with(&message) =>
        {
            plan
        }
        Some(Purpose::Keep { phase, reason, message }) => plan.saying(phase, reason, message, now),
        Some(Purpose::Rollout | Purpose::Hold) | None => {
            let tried = match before.phase {
                Phase::Applying | Phase::Failed => true,
                Phase::Held => before.reason == Reason::of(NOT_OURS),
                Phase::Pending
                | Phase::Waiting
                | Phase::Progressing
                | Phase::Ready
                | Phase::Degraded
                | Phase::RolledBack
                | Phase::Suspended
                | Phase::Deleting
                | Phase::Fighting => false,
            };
            if upkeep || (tried && before.rollout == plan.record.rollout) {
                return plan;
            }
            let message = match plan.steps().count() {
                1 => "writing 1 object".to_owned(),
                count => format!("writing {count} objects"),
            };
            plan.saying(Phase::Applying, Reason::of("Applying"), message, now)
        }
    }
}

/// Nothing is to be written.
fn judge(input: &Input<'_>, plan: Plan) -> Plan {
    match plan.target.as_ref().map(|target| target.purpose.clone()) {
        Some(Purpose::Keep { phase, reason, message }) => {
            let over = phase == Phase::RolledBack && worst_health(input, &plan).is_healthy();
            let plan = plan.saying(phase, reason, message, input.now);
            if over { leftovers(input, plan) } else { plan }
        }
        Some(Purpose::Rollout | Purpose::Hold) | None => {
            match plan.target.as_ref().map(|target| target.document.clone()) {
                Some(Document::Migration(migration)) => migration::settle(input, plan, &migration),
                Some(Document::App(_)) | None => settle(input, plan),
            }
        }
    }
}

/// Everything is written: how is it?
fn settle(input: &Input<'_>, plan: Plan) -> Plan {
    let now = input.now;
    match worst_health(input, &plan) {
        Health::Healthy | Health::Unknown => ready(input, plan),
        Health::Progressing { message } => {
            let Some(deadline) = rollout_deadline(&plan) else {
                return plan.saying(Phase::Progressing, Reason::of("Progressing"), message, now);
            };
            if deadline <= now {
                return failed(plan, "RolloutDeadlineExceeded", &message, now);
            }
            let wait = Wait { until: Some(deadline), what: message.clone() };
            plan.saying(Phase::Progressing, Reason::of("Progressing"), message, now).waiting(Some(wait))
        }
        Health::Degraded { reason, message } => failed(plan, &reason, &message, now),
    }
}

fn worst_health(input: &Input<'_>, plan: &Plan) -> Health {
    let (record, target) = (&plan.record, plan.target.as_ref());
    let mut worst = Health::Healthy;
    for (reference, _) in record.inventory.items.iter().filter(|(_, item)| !item.stale) {
        let health = match input.cluster.observed(reference) {
            Some(observed) if observed.deleting => {
                Health::Progressing { message: format!("{reference} is being deleted by somebody") }
            }
            Some(observed) => match &observed.health {
                Health::Progressing { .. } if scale::has_enough(record, target, reference, observed) => {
                    Health::Healthy
                }
                health => health.clone(),
            },
            None => Health::Progressing { message: format!("{reference} is not there yet") },
        };
        match (&health, &worst) {
            (Health::Degraded { .. }, _) => return health,
            (Health::Progressing { .. }, Health::Healthy | Health::Unknown) => worst = health,
            _ => {}
        }
    }
    worst
}

/// The end of the rollout that is going on; `None` once this document was good.
fn rollout_deadline(plan: &Plan) -> Option<Timestamp> {
    let (record, target) = (&plan.record, plan.target.as_ref()?);
    if record.good.as_ref().is_some_and(|good| good.hash == target.document.hash()) {
        return None;
    }
    let limit = target
        .app()?
        .spec
        .rollout
        .as_ref()
        .and_then(|rollout| rollout.deadline)
        .map_or(DEFAULT_DEADLINE, |deadline| {
            SignedDuration::from_secs(i64::try_from(deadline.as_secs()).unwrap_or(i64::MAX / 4))
        });
    let since = record.rollout.as_ref().filter(|rollout| rollout.hash == target.document.hash())?.since;
    Some(since + limit)
}

pub(super) fn ready(input: &Input<'_>, mut plan: Plan) -> Plan {
    let (record, now) = (&mut plan.record, input.now);
    let applied = record.applied.as_ref().map(|applied| (applied.hash.clone(), applied.revision.clone()));
    if let Some((hash, revision)) = applied
        && !record.is_good_at(&hash)
    {
        record.set_good();
        record.attempted(Attempt { revision, at: now, outcome: Phase::Ready, message: String::new() });
        if record.inventory.items.values().any(|item| item.wide) {
            // The next look takes away what only the pods of the version before needed.
            plan.wait = Some(Wait { until: Some(now), what: "the next look, which narrows".to_owned() });
        }
    }
    leftovers(input, plan.saying(Phase::Ready, Reason::of("Ready"), "", now))
}

/// Deletes what an earlier version had and this one has not, but for what a person must approve.
fn leftovers(input: &Input<'_>, mut plan: Plan) -> Plan {
    if !plan.record.inventory.items.values().any(|item| item.stale) {
        return plan;
    }
    let record = plan.record.clone();
    let held = leftovers::held_back(&record, input.prune, input.objects_in_all);
    let stays = |reference| held.as_ref().is_some_and(|held| held.objects.contains(&reference));
    let going = |reference| input.cluster.observed(reference).is_some_and(|observed| observed.deleting);
    let items = record.inventory.items.iter();
    let stage: Stage = items
        .filter(|(reference, item)| item.stale && leftovers::goes(reference))
        .filter(|(reference, _)| !stays(*reference) && !going(reference))
        .map(|(reference, item)| Step::Delete { reference: reference.clone(), uid: item.uid.clone() })
        .collect();
    if !stage.is_empty() {
        plan.stages.push(stage);
    }
    match held {
        Some(held) => held.tell(plan, input.now),
        None => plan,
    }
}

/// A rollout that failed goes back to the last good document; what was good before is degraded.
fn failed(mut plan: Plan, reason: &str, message: &str, now: Timestamp) -> Plan {
    let Some(target) = plan.target.clone() else { return plan };
    let reason = Reason(reason.to_owned().into());
    if rollout_deadline(&plan).is_none() {
        return plan.saying(Phase::Degraded, reason, message, now);
    }
    let rollback = target.app().and_then(|app| app.spec.rollout.as_ref()?.rollback);
    let automatic = rollback.unwrap_or(Rollback::Automatic) == Rollback::Automatic;
    let failure =
        format!("rollout of {} failed: {message}", target.revision.get(..10).unwrap_or(&target.revision));
    let attempt = Attempt {
        revision: target.revision.clone(),
        at: now,
        outcome: Phase::Failed,
        message: failure.clone(),
    };
    if plan.record.phase != Phase::Failed {
        plan.record.attempted(attempt);
    }
    let good = plan.record.good.as_ref().filter(|_| automatic);
    let Some((hash, revision)) = good.map(|good| (good.hash.clone(), good.revision.clone())) else {
        return plan.saying(Phase::Failed, reason, failure, now);
    };
    plan.record.quarantined = Some(target.document.hash().to_owned());
    begin(&mut plan.record, &hash, &revision, now);
    let to = revision.get(..10).unwrap_or(&revision);
    let wait = Wait { until: Some(now), what: "the last good revision".to_owned() };
    plan.saying(Phase::RolledBack, reason, rolled_back_message(&failure, to), now).waiting(Some(wait))
}
