//! The tables of `status`: sources, then documents, then what waits for a person.

use std::fmt::Write as _;

use clap::builder::styling::Style;
use jiff::Timestamp;

use crate::cli::report::age;
use crate::cli::report::table::Columns;
use crate::cli::ui::{BAD, BUSY, GOOD, WARN};
use crate::cli::{Paint, StoredSource};
use crate::document::{Revision, visible};
use crate::record::{Condition, ConditionType, Phase, Record, SourceState, Summary};

/// Whether to show more columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wide(pub(super) bool);

/// Everything, as text.
pub(super) fn text(
    sources: &[StoredSource],
    wide: Wide,
    width: Option<u16>,
    paint: Paint,
    now: Timestamp,
) -> String {
    let mut text = source_table(sources, wide, now).text(width, paint, "STATE", source_style);
    let documents = document_table(sources, wide, now);
    if !documents.is_empty() {
        text.push('\n');
        text.push_str(&documents.text(width, paint, "PHASE", phase_style));
    }
    for source in sources {
        // Writing into a String cannot fail.
        let _ = notices(&mut text, source, paint);
    }
    text
}

fn source_table(sources: &[StoredSource], Wide(wide): Wide, now: Timestamp) -> Columns {
    let mut header = vec!["SOURCE", "STATE", "REVISION", "SINCE", "FINDINGS"];
    if wide {
        header.extend(["REFERENCE", "URL", "ENVIRONMENT"]);
    }
    header.push("MESSAGE");
    let mut table = Columns::new(&header);
    for source in sources {
        let unknown = Summary::default();
        let summary = source.summary.as_ref().unwrap_or(&unknown);
        let mut row = vec![
            source.name.clone(),
            state_name(summary.state).to_owned(),
            short(&summary.observed_revision),
            summary.since.map(|since| age::text(since, now)).unwrap_or_default(),
            summary.findings.len().to_string(),
        ];
        if wide {
            row.extend([
                summary.reference.clone(),
                summary.url.clone(),
                summary.environment.clone().unwrap_or_default(),
            ]);
        }
        row.push(if summary.message.is_empty() { summary.subject.clone() } else { summary.message.clone() });
        table.row(row);
    }
    table
}

fn document_table(sources: &[StoredSource], Wide(wide): Wide, now: Timestamp) -> Columns {
    let mut header = vec!["NAMESPACE", "NAME", "KIND", "PHASE", "REVISION", "AGE"];
    if wide {
        header.extend(["SOURCE", "OBJECTS", "FILE"]);
    }
    header.push("MESSAGE");
    let mut table = Columns::new(&header);
    for (source, record) in
        sources.iter().flat_map(|source| source.records.values().map(move |one| (source, one)))
    {
        let mut row = vec![
            record.document.namespace.clone(),
            record.document.name.clone(),
            record.document.kind.to_string(),
            record.phase.to_string(),
            record.applied.as_ref().map(|applied| short(&applied.revision)).unwrap_or_default(),
            since(record).map(|since| age::text(since, now)).unwrap_or_default(),
        ];
        if wide {
            row.extend([
                source.name.clone(),
                record.inventory.items.len().to_string(),
                visible(&record.file).into_owned(),
            ]);
        }
        row.push(record.message.clone());
        table.row(row);
    }
    table
}

/// What is wrong in the files, and what waits for a person.
fn notices(text: &mut String, source: &StoredSource, paint: Paint) -> std::fmt::Result {
    let Some(summary) = &source.summary else { return Ok(()) };
    if !summary.findings.is_empty() {
        writeln!(text, "\n{}", paint.paint(WARN, format_args!("In the files of source {}:", source.name)))?;
        for finding in &summary.findings {
            writeln!(text, "  {}: {} {}", finding.place, finding.code, finding.message)?;
        }
    }
    for approval in summary.approvals() {
        let objects = crate::cli::input::counted(approval.objects, "object", "objects");
        let title =
            format!("Source {} waits for a person to allow a removal ({}):", source.name, approval.reason);
        writeln!(text, "\n{}", paint.paint(WARN, title))?;
        writeln!(text, "  {} with {objects}", approval.documents.join(", "))?;
        writeln!(text, "  portfolio approve {}", approval.hash)?;
    }
    Ok(())
}

/// Since when a document is what it is.
fn since(record: &Record) -> Option<Timestamp> {
    let times = record
        .conditions
        .iter()
        .map(|condition: &Condition| (condition.kind, condition.last_transition_time));
    let ready = times.clone().find(|(kind, _)| *kind == ConditionType::Ready);
    ready.or_else(|| times.into_iter().max_by_key(|(_, time)| *time)).map(|(_, time)| time)
}

/// Enough of a revision for a person.
pub(super) fn short(revision: &str) -> String {
    Revision(revision.to_owned()).short().to_owned()
}

const fn state_name(state: SourceState) -> &'static str {
    match state {
        SourceState::Pending => "Pending",
        SourceState::Ready => "Ready",
        SourceState::Incomplete => "Incomplete",
        SourceState::Unreachable => "Unreachable",
    }
}

fn source_style(word: &str) -> Option<Style> {
    match word {
        "Ready" => Some(GOOD),
        "Pending" => Some(BUSY),
        "Incomplete" => Some(WARN),
        "Unreachable" => Some(BAD),
        _ => None,
    }
}

fn phase_style(word: &str) -> Option<Style> {
    Phase::ALL.into_iter().find(|phase| phase.to_string() == word).map(style_of)
}

/// The colour of a phase.
pub(super) const fn style_of(phase: Phase) -> Style {
    match phase {
        Phase::Ready => GOOD,
        Phase::Pending | Phase::Waiting | Phase::Applying | Phase::Progressing | Phase::Deleting => BUSY,
        Phase::Held | Phase::Suspended | Phase::RolledBack => WARN,
        Phase::Degraded | Phase::Failed | Phase::Fighting => BAD,
    }
}
