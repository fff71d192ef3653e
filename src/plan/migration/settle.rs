//! What is said of a migration whose objects are written: how far it is, or how it failed and what to do.

use jiff::Timestamp;

use super::turn::{Turn, turn};
use super::{RUN_LOST, job, run_of};
use crate::document::{Document, Migration, Validated, exit};
use crate::object::Health;
use crate::plan::{Input, Plan, Step, Wait, rollout};
use crate::record::{Attempt, MigrationRun, Phase, Reason, Record, RunEnd, SqlFailure};

/// Everything is written: how far is it?
pub(in crate::plan) fn settle(input: &Input<'_>, mut plan: Plan, migration: &Validated<Migration>) -> Plan {
    let now = input.now;
    let mut run = run_of(&plan.record, migration);
    let turn = turn(input, &plan.record, migration);
    plan.record.migration = Some(run.clone());
    match turn {
        Turn::Done => rollout::ready(input, plan),
        Turn::Watch => {
            let job = job(&run, migration);
            let observed = input.cluster.observed(&job);
            if let Some(observed) = observed {
                // It may be in no record.
                plan.record.inventory.items.entry(job.clone()).or_default().uid =
                    Some(observed.uid.to_string());
            }
            match observed.map_or(Health::Unknown, |observed| observed.health.clone()) {
                Health::Healthy => {
                    run.succeed();
                    plan.record.migration = Some(run);
                    rollout::ready(input, plan)
                }
                Health::Progressing { message } => progressing(plan, &format!("{job}: {message}"), None, now),
                Health::Unknown => progressing(plan, &format!("{job} is looked at"), None, now),
                Health::Degraded { reason, message } => {
                    plan.stages.push(vec![Step::ReadRun { job: job.clone(), reason, message }]);
                    progressing(plan, &format!("reading how {job} ended"), None, now)
                }
            }
        }
        Turn::Start(_) => progressing(plan, "its Job is about to be made", Some(now), now),
        Turn::ClearWay { what, .. } => progressing(plan, &format!("waiting for {what}"), None, now),
        Turn::Pause(at) => {
            let why = run.ended.as_ref().map(summary).unwrap_or_default();
            let attempt = run.attempt;
            progressing(plan, &format!("{why}; attempt {attempt} begins at {at:.0}"), Some(at), now)
        }
        Turn::Failed => failed(plan, &run, now),
        Turn::Lost => {
            let message = format!(
                "{} is gone, and whether its command ran is not known: look at the database, then `portfolio reconcile` \
                 runs it again, or push a change",
                job(&run, migration)
            );
            let revision = plan.target.as_ref().map(|target| target.revision.clone()).unwrap_or_default();
            note_failure(&mut plan.record, revision, &message, now);
            plan.saying(Phase::Failed, Reason::of(RUN_LOST), message, now)
        }
    }
}

fn progressing(plan: Plan, message: &str, until: Option<Timestamp>, now: Timestamp) -> Plan {
    let wait = Wait { until, what: message.to_owned() };
    plan.saying(Phase::Progressing, Reason::of("Migrating"), message, now).waiting(Some(wait))
}

fn failed(mut plan: Plan, run: &MigrationRun, now: Timestamp) -> Plan {
    let Some(end) = &run.ended else { return plan };
    let revision = plan.target.as_ref().map(|target| target.revision.clone()).unwrap_or_default();
    let is_sql = matches!(
        plan.target.as_ref().map(|target| &target.document),
        Some(Document::Migration(migration)) if migration.spec.command.is_none()
    );
    let done = match (end.exit.filter(|_| is_sql), end.report.applied.as_slice()) {
        (Some(exit::PART_WAY), _) => "it stopped part-way: look at the database and mend it; ".to_owned(),
        (Some(exit::FAILED), []) => "nothing was changed; ".to_owned(),
        (Some(exit::FAILED), applied) => {
            format!("the file changed nothing, {} before it is applied; ", counted(applied))
        }
        (Some(_) | None, _) => String::new(),
    };
    let next = match end.exit.filter(|_| is_sql) {
        Some(exit::FAILED | exit::PART_WAY) => "push a change to try again",
        Some(_) | None => "push a change, or `portfolio reconcile` to try again",
    };
    let message = format!("{}; {done}apps that need it keep their old version; {next}", summary(end));
    note_failure(&mut plan.record, revision, &message, now);
    let reason = if end.reason.is_empty() || end.exit == Some(exit::FAILED) {
        Reason::of("MigrationFailed")
    } else {
        Reason(end.reason.clone().into())
    };
    plan.saying(Phase::Failed, reason, message, now)
}

fn note_failure(record: &mut Record, revision: String, message: &str, now: Timestamp) {
    record.attempted(Attempt { revision, at: now, outcome: Phase::Failed, message: message.to_owned() });
}

/// How a run ended, in one sentence.
fn summary(end: &RunEnd) -> String {
    match (&end.report.failure, end.report.message.as_str(), end.exit) {
        (Some(SqlFailure { file, line, column, message, sql_state, .. }), ..) => {
            let state = if sql_state.is_empty() { String::new() } else { format!(" ({sql_state})") };
            format!("{file}:{line}:{column}: {message}{state}")
        }
        (None, "", Some(code)) => format!("attempt {} ended with code {code} ({})", end.attempt, end.reason),
        (None, "", None) => format!("attempt {} failed ({})", end.attempt, end.reason),
        (None, message, _) => message.to_owned(),
    }
}

/// "version 2", "versions 2 to 5".
fn counted(applied: &[u64]) -> String {
    match applied {
        [first, .., last] => format!("versions {first} to {last}"),
        [one] => format!("version {one}"),
        [] => "nothing".to_owned(),
    }
}
