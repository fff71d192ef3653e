//! `drift.mode: report`: what others changed is told and stays, until the document changes or a person orders
//! `reconcile`.

use super::objects::Work;
use super::{How, Input, Plan, Step, Target};
use crate::document::DriftMode;
use crate::record::{Phase, Reason, Record};

/// So many are told; the rest is counted.
const MAX_TOLD: usize = 5;

/// Takes the repairs out of the work where the document asks for that, and notes in `record` what is told in their
/// place. What is not completely written yet is written as git says.
pub(super) fn withhold(
    input: &Input<'_>,
    record: &mut Record,
    target: &Target,
    whole: bool,
    work: &mut Work,
) {
    let drift = target.app().and_then(|app| app.spec.drift.as_ref());
    let reports = whole && drift.is_some_and(|drift| drift.mode == DriftMode::Report);
    let is_repair = |step: &Step| matches!(step, Step::Apply { how, .. } if how.is_repair());
    record.drifted.clear();
    record.correct &= reports && work.stages.iter().flatten().any(is_repair);
    if !reports || record.correct {
        return;
    }
    let told: Vec<_> = work.stages.iter().flatten().flat_map(|step| differences(input, step)).collect();
    for stage in &mut work.stages {
        stage.retain(|step| !is_repair(step));
    }
    work.stages.retain(|stage| !stage.is_empty());
    let more = told.len().saturating_sub(MAX_TOLD);
    record.drifted = told.into_iter().take(MAX_TOLD).collect();
    if more > 0 {
        record.drifted.push(format!("{more} more"));
    }
}

fn differences(input: &Input<'_>, step: &Step) -> Vec<String> {
    match step {
        Step::Apply { object, how: How::Restore { .. }, .. } => {
            vec![format!("{} is gone or lost its label", object.reference)]
        }
        Step::Apply { object, how: How::Repair { .. }, .. } => {
            let reference = &object.reference;
            match input.cluster.drift(reference) {
                [] => vec![format!("{reference} was changed")],
                drift => drift.iter().map(|drift| format!("{reference}: {drift}")).collect(),
            }
        }
        Step::Apply { how: How::Create { .. } | How::Update { .. }, .. }
        | Step::HandOver { .. }
        | Step::Delete { .. }
        | Step::CountPods { .. }
        | Step::ReadRun { .. } => Vec::new(),
    }
}

/// Says what was left as it is, beside whatever else the plan says.
pub(super) fn tell(input: &Input<'_>, plan: Plan) -> Plan {
    let record = &plan.record;
    if record.drifted.is_empty() {
        return plan;
    }
    let told = format!(
        "{}; left as it is (`drift.mode: report`) until the document changes or `portfolio reconcile`",
        record.drifted.join("; ")
    );
    let (phase, reason, said) = (record.phase, record.reason.clone(), record.message.clone());
    let is_good = record.applied.as_ref().is_some_and(|applied| record.is_good_at(&applied.hash));
    let drifted = Reason::of("Drifted");
    match (phase, said.as_str()) {
        (_, said) if said.contains(&told) => plan,
        (Phase::Ready, "") => plan.saying(Phase::Ready, drifted, told, input.now),
        // Nothing of ours is on its way: it is what others made of it.
        (Phase::Progressing, said) if is_good => {
            plan.saying(Phase::Degraded, drifted, format!("{said}; {told}"), input.now)
        }
        (_, "") => plan.saying(phase, reason, told, input.now),
        (_, said) => plan.saying(phase, reason, format!("{said}; {told}"), input.now),
    }
}
