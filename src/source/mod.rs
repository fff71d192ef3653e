//! From a git revision, or a plain folder, to a [`Snapshot`]: paths and bytes, never a checkout.
//!
//! [`Source::poll`] is called by the engine whenever it is time, a webhook hints or a watched folder changes.
//! [`WorkingClone`] serves the commands that compare revisions offline. Only this module touches git.

mod credentials;
mod error;
mod folder;
mod git;
mod limits;
mod settings;
mod snapshot;
mod ssh;
#[cfg(test)]
mod tests;
mod timer;
mod trust;
mod watch;
mod working_clone;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::document::{Revision, Tree};

use self::folder::FolderSource;
use self::git::GitSource;

pub use self::error::SourceError;
pub use self::folder::read_folder;
pub use self::git::prepare;
pub use self::settings::{
    CommitId, DEFAULT_DEADLINE, Location, Reference, RepoPath, SettingError, SourceSettings,
    check_reference_name,
};
pub use self::snapshot::{CommitInfo, History, Poll, Snapshot, Verification, Verified, verify};
pub use self::ssh::SshAddress;
pub use self::timer::PollTimer;
pub use self::watch::{FolderWatch, WatchError};
pub use self::working_clone::{Side, WorkingClone};

/// What a poll may take beyond its deadline: libgit2 notices the deadline only when a byte arrives or the
/// server has been silent for its own limit (over ssh four times that: it takes leave of a silent server, too).
const MARGIN: Duration = Duration::from_secs(30);

/// One configured source. Cheap to clone; clones share one state, and polls of it run one after another.
#[derive(Clone)]
pub struct Source {
    settings: Arc<SourceSettings>,
    state: Arc<Mutex<State>>,
}

enum State {
    Git(GitSource),
    Folder(FolderSource),
}

impl Source {
    /// A source that keeps its clone below `cache`. `previous` is the revision known from before a restart: the
    /// first poll tells how the tip relates to it.
    pub fn new(settings: SourceSettings, cache: &Path, previous: Option<Revision>) -> Self {
        let state = match &settings.location {
            Location::Git(_) | Location::Ssh(_) => {
                State::Git(GitSource::new(&settings.location, cache, &settings.name, previous))
            }
            Location::Folder(root) => State::Folder(FolderSource::new(root, previous)),
        };
        Self { settings: Arc::new(settings), state: Arc::new(Mutex::new(state)) }
    }

    /// What it was made with.
    pub fn settings(&self) -> &SourceSettings {
        &self.settings
    }

    /// Looks once. The first success of a process is always [`Poll::Changed`]. Dropping the future stops the
    /// transfer at its next byte.
    pub async fn poll(&self) -> Result<Poll, SourceError> {
        let cancel = CancelOnDrop(Arc::new(AtomicBool::new(false)));
        let cancelled = Arc::clone(&cancel.0);
        let settings = Arc::clone(&self.settings);
        let work = async {
            // The guard goes along into the thread: a poll that hangs keeps others out even when nobody waits
            // for it any more.
            let mut state = Arc::clone(&self.state).lock_owned().await;
            tokio::task::spawn_blocking(move || match &mut *state {
                State::Git(source) => source.poll(&settings, &cancelled),
                State::Folder(source) => source.poll(&settings),
            })
            .await
        };
        let waited = self.settings.deadline + MARGIN;
        let url = || self.settings.location.to_string();
        match tokio::time::timeout(waited, work).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(stopped)) if stopped.is_panic() => std::panic::resume_unwind(stopped.into_panic()),
            Ok(Err(_)) => Err(SourceError::Cancelled { url: url() }),
            Err(_) => {
                Err(SourceError::TimedOut { url: url(), waited, detail: "the server does not answer".into() })
            }
        }
    }

    /// For a folder: tells when something in it changes, so that a poll need not wait for its time.
    pub fn watch(&self) -> Result<Option<FolderWatch>, WatchError> {
        match &self.settings.location {
            Location::Git(_) | Location::Ssh(_) => Ok(None),
            Location::Folder(root) => FolderWatch::recursive(root).map(Some),
        }
    }
}

struct CancelOnDrop(Arc<AtomicBool>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether any file could hold a document.
fn holds_documents(tree: &Tree) -> bool {
    let yaml = |path: &String| {
        let extension = Path::new(path).extension();
        extension.is_some_and(|extension| extension == "yaml" || extension == "yml")
    };
    tree.entries.keys().any(yaml)
}
