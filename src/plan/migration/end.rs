//! The end of an attempt: what is read of it from pods, and whether another one follows.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::run_of;
use crate::document::{Document, exit};
use crate::plan::Target;
use crate::record::{Record, RunEnd, RunReport};
use crate::render::{BACKUP_CONTAINER, JOB_CONTAINER};

/// Pause before the second attempt; it doubles with each.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_secs(10);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(10);

/// Takes note of how a run ended: whether another attempt begins by itself, and when.
pub(in crate::plan) fn ended(record: &mut Record, target: &Target, end: RunEnd, now: Timestamp) {
    let Document::Migration(migration) = &target.document else { return };
    let mut run = run_of(record, migration);
    let again = migration.spec.command.is_none() && is_worth_another(&end, run.ended.as_ref());
    let pauses = run.attempt.saturating_sub(1).min(16);
    run.ended = Some(RunEnd { attempt: run.attempt, at: now, ..end });
    if again {
        let pause = FIRST_PAUSE.checked_mul(1 << pauses).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        run.try_again(Some(now + pause));
    }
    record.migration = Some(run);
}

/// Of SQL of ours; whether a team's tool may be run again, only the team knows.
fn is_worth_another(end: &RunEnd, before: Option<&RunEnd>) -> bool {
    match end.exit {
        Some(exit::NOT_REACHED | exit::INTERRUPTED) => true,
        // Its pods are gone, or never started: what they did is in the database's history, or nowhere. Twice in a row
        // is no accident any more: an image or a Secret that is missing, or a deadline that is too short.
        None => before.is_none_or(|before| before.exit.is_some()),
        Some(_) => false,
    }
}

/// How the pods of a Job say that it ended: exit code, reason and report of the container that ended last.
pub fn run_end(pods: &[Value], reason: &str, message: &str) -> RunEnd {
    let ended = pods
        .iter()
        .filter_map(|pod| pod.pointer("/status/containerStatuses")?.as_array())
        .flatten()
        .filter(|container| {
            let name = container.get("name").and_then(Value::as_str);
            [Some(JOB_CONTAINER), Some(BACKUP_CONTAINER)].contains(&name)
        })
        .filter_map(|container| container.pointer("/state/terminated"))
        .max_by_key(|ended| ended.get("finishedAt").and_then(Value::as_str).unwrap_or_default());
    let text = |key: &str| ended.and_then(|ended| ended.get(key)).and_then(Value::as_str).unwrap_or_default();
    let exit = ended
        .and_then(|ended| ended.get("exitCode"))
        .and_then(Value::as_i64)
        .and_then(|code| i32::try_from(code).ok());
    let said = text("message");
    let report = serde_json::from_str(said).unwrap_or_else(|_| RunReport {
        message: last_lines(said).unwrap_or_else(|| unsaid(exit, text("reason"), message)),
        ..RunReport::default()
    });
    // The container's own reason says more, where it has one.
    let reason = match text("reason") {
        "" | "Error" | "Completed" => reason,
        own => own,
    };
    RunEnd { attempt: 0, at: Timestamp::UNIX_EPOCH, exit, reason: reason.to_owned(), report }
}

/// The end of a log: the last line that says something.
fn last_lines(log: &str) -> Option<String> {
    log.lines().rev().find(|line| !line.trim().is_empty()).map(|line| line.trim().to_owned())
}

fn unsaid(exit: Option<i32>, reason: &str, message: &str) -> String {
    match (exit, reason) {
        (Some(_), "OOMKilled") => "its pod was killed for using more memory than its limit; raise \
                                   `runner.resources.limits.memory`"
            .to_owned(),
        (Some(code), _) => format!("its pod ended with code {code} and said nothing"),
        (None, _) => message.to_owned(),
    }
}
