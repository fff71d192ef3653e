//! Running a migration: a Job an attempt, one at a time, and never again what succeeded.
//!
//! The Job is made once and left alone; how it ended is read from its pods and remembered, because a Job goes
//! away and what it did to the database does not. [`begin`] takes note of what is asked for, [`turn`] says what is due,
//! [`settle`] what is said of it, and [`end`] what comes after an attempt.

mod end;
mod settle;
mod turn;

use super::Input;
use super::objects::is_ours;
use crate::document::{Migration, Validated};
use crate::object::{Kind, ObjectRef};
use crate::record::{MigrationRun, Phase, Reason, Record};
use crate::render::{Content, Run, job_name};

pub(super) use end::ended;
pub use end::run_end;
pub(super) use settle::settle;
pub(super) use turn::{Turn, is_running, turn};

/// Whether a run happened is not known.
const RUN_LOST: &str = "RunLost";

/// The run that the record knows for this migration. What it runs is hashed once a document: SQL may be large, and this
/// is asked at every look.
pub(super) fn run_of(record: &Record, migration: &Validated<Migration>) -> MigrationRun {
    let is_known = record.rollout.as_ref().is_some_and(|rollout| rollout.hash == migration.hash());
    match record.migration.as_ref().filter(|_| is_known) {
        Some(run) => run.clone(),
        None => MigrationRun::of(Content::of(migration), record.migration.as_ref()),
    }
}

/// The Job of the attempt that is due.
fn job(run: &MigrationRun, migration: &Migration) -> ObjectRef {
    let name = job_name(migration, &run.content, run.attempt);
    ObjectRef::new(Kind::Job, migration.id.namespace.clone(), name)
}

/// How `run` is rendered.
pub(super) fn rendered<'a>(run: &'a MigrationRun, image: &'a str) -> Run<'a> {
    Run { image, attempt: run.attempt, revision: &run.revision, content: Some(&run.content) }
}

/// Takes note in the record of what the branch asks for at `revision`, and of every Job that was seen to succeed
/// before it may be cleared away: nothing else tells that a team's own tool ran.
pub(super) fn begin(
    input: &Input<'_>,
    record: &mut Record,
    migration: &Validated<Migration>,
    revision: &str,
) {
    let mut run = run_of(record, migration);
    for (job, item) in record.inventory.items.iter_mut().filter(|(job, _)| job.kind == Kind::Job) {
        let observed = input.cluster.observed(job);
        let Some(observed) = observed.filter(|observed| is_ours(&record.document, item, observed)) else {
            continue;
        };
        // The answer to its creation may have been lost.
        item.uid = Some(observed.uid.to_string());
        let content = Content::of_job(migration, &job.name);
        let Some(content) = content.filter(|_| observed.health.is_healthy()) else { continue };
        if content == run.content {
            run.succeed();
        } else if !run.past.contains(&content) {
            run.remember(content);
        }
    }
    if run.revision.is_empty() {
        revision.clone_into(&mut run.revision);
    }
    // A push of anything about it is the answer to a failure: a longer deadline, more memory, another login.
    let is_new = record.rollout.as_ref().is_none_or(|rollout| rollout.hash != migration.hash());
    if is_new && (run.has_failed() || is_lost(record)) {
        run.try_again(None);
    }
    record.migration = Some(run);
}

/// Whether a run happened is not known.
pub fn is_lost(record: &Record) -> bool {
    record.phase == Phase::Failed && record.reason == Reason::of(RUN_LOST)
}
