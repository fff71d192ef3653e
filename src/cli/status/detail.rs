//! `status APP`: everything about one document, its root cause first.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::list::{short, style_of};
use crate::cli::cause::Cause;
use crate::cli::live::Live;
use crate::cli::remark::remark;
use crate::cli::report::age;
use crate::cli::report::sql;
use crate::cli::report::table::Columns;
use crate::cli::ui::{BAD, BOLD, BUSY, DIM, GOOD};
use crate::cli::{Paint, StoredSource};
use crate::document::visible;
use crate::object::{Health, ObjectRef};
use crate::record::{Applied, ConditionType, Record, SqlFailure};

/// What there is to say of one document.
pub(super) struct Detail<'a> {
    pub(super) source: &'a StoredSource,
    pub(super) record: &'a Record,
    pub(super) live: &'a Live,
    pub(super) cause: Option<&'a Cause>,
    pub(super) now: Timestamp,
}

impl Detail<'_> {
    /// As text.
    pub(super) fn text(&self, width: Option<u16>, paint: Paint) -> String {
        let mut text = self.head(paint);
        if let Some(failure) = self.failed_statement() {
            text.push('\n');
            text.push_str(sql::frame(failure, paint, width).trim_end());
            text.push('\n');
        } else if let Some(cause) = self.cause {
            text.push('\n');
            text.push_str(&cause_text(cause, paint));
        }
        for table in [self.conditions(), self.objects(), self.attempts()] {
            if !table.is_empty() {
                text.push('\n');
                text.push_str(&table.text(width, paint, "STATUS", |word| match word {
                    "True" | "Healthy" | "Ready" => Some(GOOD),
                    "Progressing" => Some(BUSY),
                    "Missing" | "Degraded" | "Failed" | "RolledBack" => Some(BAD),
                    _ => None,
                }));
            }
        }
        text
    }

    /// The statement on which a migration stands.
    fn failed_statement(&self) -> Option<&SqlFailure> {
        let run = self.record.migration.as_ref().filter(|run| !run.done)?;
        run.ended.as_ref()?.report.failure.as_ref()
    }

    fn head(&self, paint: Paint) -> String {
        let Self { source, record, .. } = self;
        let mut text = String::new();
        let phase = paint.paint(style_of(record.phase), record.phase);
        let mut line = format!("{}  {phase}", paint.paint(BOLD, &record.document));
        if !record.reason.0.is_empty() && record.reason.0 != record.phase.to_string() {
            // Writing into a String cannot fail.
            let _ = write!(line, " ({})", record.reason);
        }
        text.push_str(&line);
        text.push('\n');
        if !record.message.is_empty() {
            let _ = writeln!(text, "{}", record.message);
        }
        text.push('\n');
        let observed = source.summary.as_ref().map(|summary| short(&summary.observed_revision));
        let mut say = |what: &str, value: String| {
            if !value.is_empty() {
                let _ = writeln!(text, "{} {value}", paint.paint(DIM, format_args!("{what:<12}")));
            }
        };
        say("Source", format!("{} at {}", source.name, observed.unwrap_or_default()));
        say("File", visible(&record.file).into_owned());
        say("Applied", self.applied(record.applied.as_ref()));
        let good_elsewhere =
            record.good.as_ref().map(|good| &good.hash) != record.applied.as_ref().map(|one| &one.hash);
        if good_elsewhere {
            say("Last good", self.applied(record.good.as_ref()));
        }
        if let Some(hash) = &record.quarantined {
            say("Quarantined", format!("document {hash}: it is not tried again until it changes"));
        }
        if let Some(run) = &record.migration {
            let state = if run.done { "done" } else { "not done" };
            say("Migration", format!("content {}, attempt {}: {state}", run.content, run.attempt));
        }
        if let Some(drift) = &record.last_drift {
            let what = if drift.field.is_empty() { "as a whole" } else { drift.field.as_str() };
            let who = if drift.manager.is_empty() { "somebody" } else { drift.manager.as_str() };
            let when = age::text(drift.at, self.now);
            say(
                "Last drift",
                format!(
                    "{} {what} by {who}, {when} ago, repaired in {} ms",
                    drift.object, drift.repaired_in_ms
                ),
            );
        }
        text
    }

    fn applied(&self, applied: Option<&Applied>) -> String {
        applied.map_or_else(String::new, |applied| {
            format!("{}, {} ago", short(&applied.revision), age::text(applied.at, self.now))
        })
    }

    fn conditions(&self) -> Columns {
        let mut table = Columns::new(&["CONDITION", "STATUS", "SINCE", "REASON", "MESSAGE"]);
        for condition in &self.record.conditions {
            table.row([
                condition_name(condition.kind).to_owned(),
                if condition.status { "True" } else { "False" }.to_owned(),
                age::text(condition.last_transition_time, self.now),
                condition.reason.clone(),
                condition.message.clone(),
            ]);
        }
        table
    }

    fn objects(&self) -> Columns {
        let mut table = Columns::new(&["OBJECT", "STATUS", "MESSAGE"]);
        for reference in self.record.inventory.items.keys() {
            let (status, message) = health_words(self.live, reference, self.now);
            table.row([reference.to_string(), status.to_owned(), message]);
        }
        table
    }

    fn attempts(&self) -> Columns {
        let mut table = Columns::new(&["ATTEMPT", "STATUS", "REVISION", "MESSAGE"]);
        for attempt in self.record.attempts.iter().rev() {
            table.row([
                format!("{} ago", age::text(attempt.at, self.now)),
                attempt.outcome.to_string(),
                short(&attempt.revision),
                attempt.message.clone(),
            ]);
        }
        table
    }
}

/// The root cause, with what to do.
pub(in crate::cli) fn cause_text(cause: &Cause, paint: Paint) -> String {
    let mut text = format!("{} {}", paint.paint(BAD, "Why:"), paint.paint(BOLD, &cause.reason));
    if !cause.pod.is_empty() {
        let _ = write!(text, " (pod {}", cause.pod);
        if cause.pods > 1 {
            let _ = write!(text, " and {} more", cause.pods - 1);
        }
        text.push(')');
    }
    let _ = writeln!(text, "\n  {}", cause.message.trim());
    if let Some(hint) = &cause.hint {
        let _ = writeln!(text, "  {} {hint}", paint.paint(BUSY, "help:"));
    }
    text
}

/// The health of an object in a word, and what there is to say about it.
pub(in crate::cli) fn health_words(
    live: &Live,
    reference: &ObjectRef,
    now: Timestamp,
) -> (&'static str, String) {
    let Some(object) = live.objects.get(reference) else { return ("Unknown", String::new()) };
    match live.health(reference) {
        None => ("Missing", String::new()),
        Some(Health::Healthy) => {
            let words = object.as_ref().map(|object| remark(reference.kind, object, now));
            ("Healthy", words.unwrap_or_default())
        }
        Some(Health::Progressing { message }) => ("Progressing", message),
        Some(Health::Degraded { reason, message }) => ("Degraded", format!("{reason}: {message}")),
        Some(Health::Unknown) => ("Unknown", String::new()),
    }
}

const fn condition_name(kind: ConditionType) -> &'static str {
    match kind {
        ConditionType::Ready => "Ready",
        ConditionType::Reconciling => "Reconciling",
        ConditionType::Stalled => "Stalled",
        ConditionType::Applied => "Applied",
        ConditionType::Healthy => "Healthy",
        ConditionType::Drifted => "Drifted",
    }
}
