//! `backup.onDelete`: a Job that runs once, when the last pod of an app that is deleted has ended and before anything
//! else of it goes. Success is on record before the first deletion; a failure stops the removal until a person decides.

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

use super::objects::is_ours;
use super::{How, Input, Plan, Step, Yields, removal};
use crate::document::{App, Validated};
use crate::object::{Health, Object};
use crate::record::{BackupRun, BackupState, Phase, Reason, Record, RunEnd};
use crate::render::{RendererVersion, deletion_backup};

/// What is waited for is seen by watch; this is for when it is not.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// A backup is asked for, and neither made nor waived.
pub(super) fn is_to_come(record: &Record, app: &App) -> bool {
    let run = record.removal.as_ref().and_then(|removal| removal.backup.as_ref());
    app.spec.backup.as_ref().is_some_and(|backup| backup.on_delete)
        && !run.is_some_and(|run| matches!(run.state, BackupState::Done | BackupState::Waived))
}

/// The plan for as long as the backup holds up the removal; `None` once it is made, or none is asked for.
pub(super) fn hold_up(
    input: &Input<'_>,
    record: &mut Record,
    app: &Validated<App>,
    renderer: RendererVersion,
) -> Option<Plan> {
    let removal = record.removal.as_mut()?;
    let known = removal.backup.clone().unwrap_or_default();
    // Another removal is another occasion: what was backed up then is not what is there now.
    let occasion = format!("{} {}", removal.since, known.attempt);
    let job = deletion_backup(app, input.owner, &occasion, renderer)?;
    let run = removal.backup.insert(known);
    match run.state.clone() {
        BackupState::Done | BackupState::Waived => None,
        BackupState::Failed { message } => Some(held(record, &message, input.now)),
        BackupState::Due => {
            let attempt = run.attempt;
            let plan = make(input, record, job);
            if let Some(removal) = record.removal.as_mut().filter(|_| plan.is_none()) {
                removal.backup = Some(BackupRun { attempt, state: BackupState::Done });
            }
            plan
        }
    }
}

/// Makes the Job, or sees how it fares; `None` once it is complete.
fn make(input: &Input<'_>, record: &Record, job: Object) -> Option<Plan> {
    let reference = job.reference.clone();
    let item = record.inventory.items.get(&reference);
    let observed = input.cluster.observed(&reference);
    let ours = observed.filter(|observed| match item {
        Some(item) => is_ours(&record.document, item, observed),
        // In no record, and ours all the same: the record was lost, or never written.
        None => observed.ownership.is_of(&record.document),
    });
    let step = match ours.map(|ours| (ours.deleting, &ours.health)) {
        Some((false, Health::Healthy)) => return None,
        Some((false, Health::Degraded { reason, message })) => {
            Some(Step::ReadRun { job: reference.clone(), reason: reason.clone(), message: message.clone() })
        }
        Some((true, _) | (false, Health::Progressing { .. } | Health::Unknown)) => None,
        None => {
            let uid = item.and_then(|item| item.uid.clone()).filter(|_| observed.is_none());
            let how = uid.map_or(How::Create { adopt: false }, |uid| How::Restore { uid: Some(uid) });
            Some(Step::Apply { object: job, how, yields: Yields::default() })
        }
    };
    let mut record = record.clone();
    record.inventory.plan([reference.clone()]);
    let what = format!("the backup, {reference}");
    Some(removal::waiting(
        record,
        step.into_iter().collect(),
        "BackingUp",
        &what,
        input.now + LOOK,
        input.now,
    ))
}

fn held(record: &Record, why: &str, now: Timestamp) -> Plan {
    let message = format!(
        "the backup failed: {why}; nothing more is removed. `portfolio reconcile` makes it again; or bring the document \
         back with another `backup` and remove it then; or `portfolio approve {}` removes it without a backup",
        approval(record).unwrap_or_default()
    );
    Plan::idle(record.clone(), Phase::Held, Reason::of("BackupFailed"), message, now)
}

/// Takes note of a backup that failed.
pub(super) fn ended(record: &mut Record, end: &RunEnd) {
    let run = record.removal.as_mut().and_then(|removal| removal.backup.as_mut());
    if let Some(run) = run.filter(|run| run.state == BackupState::Due) {
        let code = end.exit.map(|code| format!(" (code {code})")).unwrap_or_default();
        run.state = BackupState::Failed { message: format!("{}{code}", end.report.message) };
    }
}

/// What a person approves who lets a removal go on without its backup: this one, this attempt. `None` where no backup has
/// failed.
pub fn approval(record: &Record) -> Option<String> {
    let removal = record.removal.as_ref()?;
    let run = removal.backup.as_ref().filter(|run| run.has_failed())?;
    let mut digest = Sha256::new();
    for line in [record.document.to_string(), removal.since.to_string(), run.attempt.to_string()] {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    Some(hex::encode(&digest.finalize()[..6]))
}
