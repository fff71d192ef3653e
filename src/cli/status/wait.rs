//! `status --revision`: is my commit live? A pure judgement over what the daemon remembers, and a loop around it.

use crate::cli::StoredSource;
use crate::cli::input::counted;
use crate::cli::progress::Progress;
use crate::document::DocumentId;
use crate::record::{Record, SourceState};

use super::list::short;

/// What must be live.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// A commit, or the beginning of its id; none for whatever the branch says.
    pub(super) revision: Option<String>,
    /// Only this document.
    pub(super) document: Option<DocumentId>,
}

/// Whether it is live. `contains` tells whether a revision that was observed has the wanted one in its history.
pub(super) fn judge(wanted: &Wanted, sources: &[StoredSource], contains: impl Fn(&str) -> bool) -> Progress {
    let concerned: Vec<&StoredSource> = sources
        .iter()
        .filter(|source| wanted.document.as_ref().is_none_or(|id| source.records.contains_key(id)))
        .collect();
    let mut observing: Vec<&StoredSource> = concerned
        .iter()
        .copied()
        .filter(|source| match &wanted.revision {
            None => true,
            Some(revision) => {
                let observed = observed(source);
                observed.starts_with(revision.as_str()) || contains(observed)
            }
        })
        .collect();
    if observing.is_empty() {
        return not_observed(&concerned);
    }
    observing.sort_by(|one, other| one.name.cmp(&other.name));
    if let Some(source) = observing.iter().find(|source| unsettled(source) > 0) {
        let count = counted(unsettled(source), "changed document", "changed documents");
        return Progress::Going(format!("source {}: {count} on the way", source.name));
    }
    let records: Vec<&Record> = observing
        .iter()
        .flat_map(|source| source.records.values())
        .filter(|record| wanted.document.as_ref().is_none_or(|id| *id == record.document))
        .collect();
    let (settled, busy): (Vec<&Record>, Vec<&Record>) =
        records.iter().copied().partition(|record| record.is_settled());
    let bad = settled.iter().find(|record| !record.phase.is_good());
    if let Some(record) = bad {
        let message = if record.message.is_empty() { String::new() } else { format!(": {}", record.message) };
        return Progress::Failed(format!("{} is {}{message}", record.document, record.phase));
    }
    if let Some(record) = busy.first() {
        let count = counted(records.len(), "document", "documents");
        return Progress::Going(format!(
            "{} of {count} ready; {} is {}",
            settled.len(),
            record.document,
            record.phase
        ));
    }
    if let Some(source) = observing.iter().find(|source| state(source) == SourceState::Incomplete) {
        let findings = source.summary.as_ref().map_or(0, |summary| summary.findings.len());
        let findings = counted(findings, "finding", "findings");
        return Progress::Failed(format!("source {}: some files are in error ({findings})", source.name));
    }
    let revisions: Vec<String> =
        observing.iter().map(|source| format!("{} at {}", source.name, short(observed(source)))).collect();
    Progress::Done(format!(
        "live: {}, {}",
        counted(records.len(), "document", "documents"),
        revisions.join(", ")
    ))
}

fn not_observed(sources: &[&StoredSource]) -> Progress {
    let words = |source: &StoredSource| match (state(source), source.summary.as_ref()) {
        (SourceState::Unreachable, Some(summary)) => {
            format!("source {} cannot be read: {}", source.name, summary.message)
        }
        _ => format!("source {} is at {}", source.name, short(observed(source))),
    };
    let words: Vec<String> = sources.iter().map(|source| words(source)).collect();
    Progress::Going(format!("not seen yet: {}", words.join(", ")))
}

fn observed(source: &StoredSource) -> &str {
    source.summary.as_ref().map_or("", |summary| summary.observed_revision.as_str())
}

fn unsettled(source: &StoredSource) -> usize {
    source.summary.as_ref().map_or(0, |summary| summary.unsettled)
}

fn state(source: &StoredSource) -> SourceState {
    source.summary.as_ref().map_or(SourceState::Pending, |summary| summary.state)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::record::{Phase, Reason, Summary};

    fn source(revision: &str, phases: &[(&str, Phase)]) -> StoredSource {
        let records = phases.iter().map(|(name, phase)| {
            let mut record = Record::new(DocumentId::app("shop", *name));
            record.phase = *phase;
            (record.document.clone(), record)
        });
        let state = SourceState::Ready;
        StoredSource {
            name: "main".to_owned(),
            summary: Some(Summary { observed_revision: revision.to_owned(), state, ..Summary::default() }),
            annotations: BTreeMap::new(),
            records: records.collect(),
            unreadable: Vec::new(),
        }
    }

    fn judged(revision: &str, source: StoredSource) -> Progress {
        let wanted = Wanted { revision: Some(revision.to_owned()), document: None };
        judge(&wanted, &[source], |_| false)
    }

    #[test]
    fn a_commit_is_live_when_it_was_seen_and_every_document_is_ready() {
        let ready = [("web", Phase::Ready), ("cart", Phase::Suspended)];
        assert!(matches!(judged("abc123", source("abc123def", &ready)), Progress::Done(_)));
        assert!(matches!(judged("fff", source("abc123def", &ready)), Progress::Going(_)));
        let busy = [("web", Phase::Ready), ("cart", Phase::Progressing)];
        let Progress::Going(message) = judged("abc", source("abc", &busy)) else { panic!() };
        assert_eq!(message, "1 of 2 documents ready; PortfolioApp/shop/cart is Progressing");
    }

    #[test]
    fn what_failed_is_told_at_once() {
        let failed = [("web", Phase::RolledBack), ("cart", Phase::Progressing)];
        let Progress::Failed(message) = judged("abc", source("abc", &failed)) else { panic!() };
        assert_eq!(message, "PortfolioApp/shop/web is RolledBack");
    }

    #[test]
    fn what_waits_for_a_failed_document_is_no_reason_to_wait() {
        let mut waiting = source("abc", &[("cart", Phase::Ready), ("web", Phase::Waiting)]);
        assert!(matches!(judged("abc", waiting.clone()), Progress::Going(_)));
        let web = waiting.records.get_mut(&DocumentId::app("shop", "web")).unwrap();
        web.reason = Reason::DEPENDENCY_FAILED;
        "waiting for DatabaseMigration/shop/db, which is Failed: 0002_b.sql:3:14"
            .clone_into(&mut web.message);
        let Progress::Failed(message) = judged("abc", waiting) else { panic!() };
        assert!(message.contains("0002_b.sql:3:14"), "{message}");
    }

    #[test]
    fn a_later_commit_that_contains_the_wanted_one_is_as_good() {
        let wanted = Wanted { revision: Some("abc".to_owned()), document: None };
        let sources = [source("def", &[("web", Phase::Ready)])];
        assert!(matches!(judge(&wanted, &sources, |observed| observed == "def"), Progress::Done(_)));
    }

    #[test]
    fn only_the_document_that_is_asked_about_counts() {
        let wanted = Wanted { revision: None, document: Some(DocumentId::app("shop", "web")) };
        let sources = [source("abc", &[("web", Phase::Ready), ("cart", Phase::Failed)])];
        assert!(matches!(judge(&wanted, &sources, |_| false), Progress::Done(_)));
    }
}
