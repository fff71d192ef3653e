//! How a run is told: sentences on a terminal, one JSON object a line otherwise.

use crate::cli::Ui;
use crate::cli::report::sql;
use crate::cli::ui::{BAD, DIM, GOOD, WARN};
use crate::migrate::{Event, MigrateError};

/// Tells the steps of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Teller {
    ui: Ui,
}

impl Teller {
    pub(super) fn new(ui: Ui) -> Self {
        Self { ui }
    }

    /// A terminal has a width.
    fn is_for_people(self) -> bool {
        self.ui.width().is_some()
    }

    /// Tells a step.
    pub(super) fn event(self, event: &Event) {
        let line = if self.is_for_people() {
            let paint = self.ui.paint();
            match event {
                // A line a statement is for who wants to know where a program was.
                Event::Statement { .. } | Event::Locked => return,
                Event::Applied { .. } | Event::Done { .. } => paint.paint(GOOD, event),
                Event::Late { .. }
                | Event::Retrying { .. }
                | Event::Missing { .. }
                | Event::Cancelling { .. } => paint.paint(WARN, event),
                Event::Failed { .. } => paint.paint(BAD, event),
                Event::Connected { .. }
                | Event::WaitingForLock { .. }
                | Event::Notice { .. }
                | Event::Waiting { .. }
                | Event::Applying { .. } => paint.paint(DIM, event),
            }
        } else {
            // It consists of texts and numbers: it can be written.
            serde_json::to_string(event).unwrap_or_default()
        };
        // A run does not end because nobody listens any more.
        let _ = self.ui.data(&format!("{line}\n"));
    }

    /// Tells why it ended: what is wrong with SQL as rustc would.
    pub(super) fn failed(self, error: &MigrateError, applied: &[u64]) {
        let failure = error.failures().first();
        if !self.is_for_people() {
            self.event(&Event::Failed {
                exit: error.exit_code(),
                message: error.to_string(),
                applied: applied.to_vec(),
                file: failure.map(|failure| failure.file.clone()).unwrap_or_default(),
                line: failure.map(|failure| failure.line).unwrap_or_default(),
                column: failure.map(|failure| failure.column).unwrap_or_default(),
                hint: error.hint().to_owned(),
            });
        }
        if error.failures().is_empty() {
            let paint = self.ui.talk_paint();
            self.ui.talk(format_args!("{}: {error}", paint.paint(BAD, "error")));
            if !error.hint().is_empty() {
                self.ui.hint(error.hint());
            }
        }
        for failure in error.failures() {
            self.ui.talk_text(&sql::frame(failure, self.ui.talk_paint(), self.ui.width()));
        }
    }
}
