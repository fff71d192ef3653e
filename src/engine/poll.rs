//! Feeding a source's revisions into the mailbox: poll, read, wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc};

use super::message::Message;
use super::tracked::{Identity, Reading};
use crate::document::{Cache, Options, Revision, load};
use crate::metrics::Metrics;
use crate::object::Kind;
use crate::source::{FolderWatch, Poll, PollTimer, Snapshot, Source, SourceSettings, Verification, verify};

/// Longest pause after a source could not be read.
const BACK_OFF_LIMIT: Duration = Duration::from_mins(1);

/// A source, as configured.
#[derive(Clone, Debug)]
pub struct SourceSetup {
    /// What does not change of it.
    pub identity: Identity,
    /// Where and what.
    pub settings: SourceSettings,
    /// How its documents are read.
    pub options: Options,
    /// How often it is asked.
    pub timer: PollTimer,
    /// Where clones are kept.
    pub cache: std::path::PathBuf,
}

impl SourceSetup {
    /// Kinds that its documents may have objects of, besides those that are rendered of their own fields.
    pub(super) fn further_kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.options.policy.kinds.iter().filter_map(|kind| Kind::of(&kind.api_version(), kind.name()))
    }

    /// Polls until the mailbox closes.
    pub(super) async fn feed(
        self,
        source: usize,
        previous: Option<Revision>,
        waker: Arc<Notify>,
        mailbox: mpsc::Sender<Message>,
        metrics: Arc<Metrics>,
    ) {
        let git = Source::new(self.settings.clone(), &self.cache, previous);
        let mut folder = git.watch().unwrap_or_else(|error| {
            tracing::warn!(%error, "the folder is polled, not watched");
            None
        });
        let (mut cache, mut failures) = (Cache::default(), 0_u32);
        loop {
            let message = match self.look(&git, source, &mut cache).await {
                Ok(message) => {
                    failures = 0;
                    message
                }
                Err(message) => {
                    failures += 1;
                    metrics.poll_failures.inc();
                    Message::Unreadable { source, message }
                }
            };
            metrics.polls.inc();
            if mailbox.send(message).await.is_err() {
                return;
            }
            let pause = self.pause(failures);
            tokio::select! {
                () = waker.notified() => {}
                () = changed(&mut folder) => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    fn pause(&self, failures: u32) -> Duration {
        let pause = self.timer.next_delay();
        if failures == 0 {
            pause
        } else {
            (pause * 2_u32.saturating_pow(failures.min(8))).min(BACK_OFF_LIMIT.max(pause))
        }
    }

    async fn look(&self, git: &Source, source: usize, cache: &mut Cache) -> Result<Message, String> {
        let snapshot = match git.poll().await.map_err(|error| error.to_string())? {
            Poll::Unchanged { .. } => return Ok(Message::Unchanged { source }),
            Poll::Changed(snapshot) => snapshot,
        };
        let verified = verify(snapshot, Verification::NotAsked).map_err(|error| error.to_string())?;
        let Snapshot { revision, tree, commit, history } = verified.into_inner();
        let (options, mut taken) = (self.options.clone(), std::mem::take(cache));
        let reading = tokio::task::spawn_blocking(move || {
            let loaded = load(&tree, &options, &mut taken);
            (loaded, taken)
        });
        let (loaded, filled) =
            reading.await.map_err(|error| format!("reading the documents failed: {error}"))?;
        *cache = filled;
        Ok(Message::Read { source, reading: Box::new(Reading { revision, loaded, commit, history }) })
    }
}

/// Waits until something in the folder changes; forever where there is none.
async fn changed(folder: &mut Option<FolderWatch>) {
    match folder {
        Some(folder) => folder.changed().await,
        None => std::future::pending().await,
    }
}
