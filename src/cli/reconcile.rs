//! `portfolio reconcile`.

use jiff::Timestamp;

use super::access::{known_sources, stored_source};
use super::input::counted;
use super::order::Order;
use super::progress::{Deadline, Progress, QUIET, Timeout, follow};
use super::{Access, CliError, Exit, StoredSource, Ui};
use crate::engine::ANNOTATION_RECONCILE;
use crate::record::{Phase, Record, SourceState};

/// Lets the daemon look now and try again what failed.
///
/// Every source, or the one named: its branch is read at once, and back-off after failures is forgotten. Exits
/// with 0 once everything is settled and good, with 1 when it is not.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  portfolio reconcile main --timeout 2m")]
pub struct Args {
    /// Name of the source; all of them when it is left out.
    #[arg(value_name = "SOURCE")]
    source: Option<String>,

    /// How long to wait until everything is settled; 0s orders and does not wait.
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    timeout: Timeout,

    #[command(flatten)]
    access: Access,
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let cluster = args.access.connect().await?;
    let sources = known_sources(&cluster, &args.access.namespace, ui).await?;
    let chosen: Vec<&StoredSource> = sources
        .iter()
        .filter(|source| args.source.as_ref().is_none_or(|name| *name == source.name))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
        let message = format!("there is no source `{}`", args.source.as_deref().unwrap_or_default());
        return Err(CliError::usage(message).with_hint(format!("the sources are {}", names.join(", "))));
    }
    let deadline = Deadline::after(args.timeout);
    let now = Timestamp::now().to_string();
    let mut exit = Exit::Good;
    for source in chosen {
        let order = Order { cluster: &cluster, namespace: &args.access.namespace, source: &source.name };
        if !order.give(ANNOTATION_RECONCILE, &now, deadline, ui).await? {
            return Ok(Exit::NotGood);
        }
        if deadline.is_zero() {
            continue;
        }
        let look = async || Ok(progress(&stored_source(&cluster, order.namespace, order.source).await?));
        if follow(deadline, QUIET, ui, look).await? == Exit::NotGood {
            exit = Exit::NotGood;
        }
    }
    Ok(exit)
}

/// Whether a source is settled.
fn progress(stored: &StoredSource) -> Progress {
    let name = &stored.name;
    if let Some(summary) = stored.summary.as_ref().filter(|summary| summary.state == SourceState::Unreachable)
    {
        return Progress::Failed(format!("source {name} cannot be read: {}", summary.message));
    }
    let count = |phase: Phase| stored.records.values().filter(|record| record.phase == phase).count();
    let by_phase: Vec<String> = Phase::ALL
        .into_iter()
        .filter(|phase| count(*phase) > 0)
        .map(|phase| format!("{} {phase}", count(phase)))
        .collect();
    let words = format!(
        "source {name}: {} ({})",
        counted(stored.records.len(), "document", "documents"),
        by_phase.join(", ")
    );
    let bad = stored.records.values().find(|record| record.is_settled() && !record.phase.is_good());
    let unsettled = stored.summary.as_ref().map_or(0, |summary| summary.unsettled);
    let settled = unsettled == 0 && stored.records.values().all(Record::is_settled);
    match bad {
        _ if !settled => Progress::Going(words),
        Some(record) => Progress::Failed(format!("{words}: {}: {}", record.document, record.message)),
        None => Progress::Done(words),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::document::DocumentId;

    #[test]
    fn a_source_is_settled_when_each_of_its_documents_is() {
        let mut stored = StoredSource {
            name: "main".to_owned(),
            summary: None,
            annotations: BTreeMap::new(),
            records: BTreeMap::new(),
            unreadable: Vec::new(),
        };
        let mut record = Record::new(DocumentId::app("shop", "web"));
        for (phase, expected) in [
            (Phase::Applying, Progress::Going("source main: 1 document (1 Applying)".to_owned())),
            (Phase::Ready, Progress::Done("source main: 1 document (1 Ready)".to_owned())),
        ] {
            record.phase = phase;
            stored.records.insert(record.document.clone(), record.clone());
            assert_eq!(progress(&stored), expected);
        }
        record.phase = Phase::Failed;
        stored.records.insert(record.document.clone(), record);
        assert!(matches!(progress(&stored), Progress::Failed(_)));
    }
}
