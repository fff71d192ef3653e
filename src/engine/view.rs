//! [`View`]: what the engine is doing, for those who watch: `run --once`, the page, the metrics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Engine;
use crate::document::DocumentId;
use crate::record::{Phase, Summary};

/// The least time between two views.
const PAUSE: Duration = Duration::from_millis(200);

/// When the next view is due, counted from now.
pub(super) fn next() -> Instant {
    Instant::now() + PAUSE
}

/// A picture of the engine at one moment.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The cluster was listed: what is shown was compared with it.
    pub listed: bool,
    /// Nothing waits to be looked at and nothing is under way.
    pub idle: bool,
    /// Each source.
    pub sources: Vec<SourceView>,
}

/// A source.
#[derive(Clone, Debug, Default)]
pub struct SourceView {
    /// It was read since the start.
    pub read: bool,
    /// As it is recorded.
    pub summary: Summary,
    /// Its documents.
    pub documents: Vec<DocumentView>,
}

/// A document.
#[derive(Clone, Debug)]
pub struct DocumentView {
    /// Which.
    pub id: DocumentId,
    /// What it is doing.
    pub phase: Phase,
    /// Nothing more will happen unless something changes.
    pub settled: bool,
    /// Why.
    pub message: String,
    /// The revision that is applied.
    pub revision: String,
}

impl Engine {
    /// Shows what there is to show, a few times a second at most.
    pub(super) fn publish(&mut self) {
        let idle = self.unlisted.is_empty()
            && self.queue.is_idle()
            && self.executing == 0
            && self.waiting.is_empty()
            && self.released.is_empty();
        if idle != self.view.borrow().idle {
            self.view_due.get_or_insert_with(next);
        }
        if self.view_due.is_none_or(|due| due > Instant::now()) {
            return;
        }
        self.view_due = None;
        let sources = self.sources.iter().map(|source| SourceView {
            read: source.reading().is_some(),
            summary: source.summary().clone(),
            documents: source
                .records
                .values()
                .map(|record| DocumentView {
                    id: record.document.clone(),
                    phase: record.phase,
                    settled: record.is_settled(),
                    message: record.message.clone(),
                    revision: record
                        .applied
                        .as_ref()
                        .map(|applied| applied.revision.clone())
                        .unwrap_or_default(),
                })
                .collect(),
        });
        let view = View { listed: self.unlisted.is_empty(), idle, sources: sources.collect() };
        self.view.send_replace(Arc::new(view));
    }
}
