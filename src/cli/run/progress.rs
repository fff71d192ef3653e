//! What `run --once` shows: one line a document as it settles, and on a terminal a line that counts.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::Globals;
use crate::document::{DocumentId, Duration};
use crate::engine::{DocumentView, View};
use crate::record::Phase;

/// The display.
pub(super) struct Progress {
    bar: ProgressBar,
    shown: HashMap<DocumentId, (Phase, String)>,
    findings: usize,
    since: Instant,
}

impl Progress {
    pub(super) fn new(_globals: &Globals) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(120));
        Self { bar, shown: HashMap::new(), findings: 0, since: Instant::now() }
    }

    /// Shows what changed since the last view.
    pub(super) fn show(&mut self, view: &View) {
        let (mut all, mut settled) = (0, 0);
        for source in &view.sources {
            for finding in source.summary.findings.iter().skip(self.findings) {
                self.say(&format!("error[{}] {}: {}", finding.code, finding.place, finding.message));
                self.findings += 1;
            }
            for document in source.documents.iter().filter(|_| source.read) {
                all += 1;
                settled += usize::from(document.settled);
                let state = (document.phase, document.message.clone());
                let known = self.shown.get(&document.id);
                let news = known != Some(&state)
                    && (document.settled || known.is_none_or(|known| known.0 != document.phase));
                if news {
                    self.say(&line(document, self.since));
                    self.shown.insert(document.id.clone(), state);
                }
            }
        }
        self.bar.set_message(if view.listed {
            format!("{settled} of {all} settled")
        } else {
            "reading".to_owned()
        });
    }

    /// Sums up.
    pub(super) fn finish(&self, view: &View) {
        self.bar.finish_and_clear();
        let documents = view.sources.iter().flat_map(|source| &source.documents);
        let (good, all) =
            documents.fold((0, 0), |(good, all), one| (good + usize::from(one.phase.is_good()), all + 1));
        self.say(&format!(
            "{good} of {all} documents ready after {:.1} s",
            self.since.elapsed().as_secs_f64()
        ));
    }

    /// Says that the time was not enough.
    pub(super) fn gave_up(&self, limit: Duration) {
        self.bar.finish_and_clear();
        self.say(&format!("not settled within {limit}; `portfolio status` says what is missing"));
    }

    fn say(&self, text: &str) {
        if self.bar.is_hidden() {
            eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }
}

fn line(document: &DocumentView, since: Instant) -> String {
    let DocumentView { id, phase, settled, message, .. } = document;
    let mark = if phase.is_good() {
        "✓"
    } else if *settled {
        "✗"
    } else {
        "·"
    };
    let colon = if message.is_empty() { "" } else { ": " };
    format!("{mark} {:>5.1} s  {id} {phase}{colon}{message}", since.elapsed().as_secs_f64())
}
