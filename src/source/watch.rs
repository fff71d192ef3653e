//! [`FolderWatch`]: tells that something in a folder changed. Used for folder sources and for the daemon's
//! configuration.
//!
//! It watches folders, never files: the files of a `ConfigMap` are symbolic links that never change themselves when
//! `..data` is swapped. Reading a file is no change, nor is anything inside `.git`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

/// Changes this close together are told as one.
const QUIET: Duration = Duration::from_millis(200);
/// A folder that never comes to rest is told of at least this often.
const LONGEST: Duration = Duration::from_secs(2);

/// A folder that cannot be watched.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{path} cannot be watched for changes: {detail}", path = path.display())]
pub struct WatchError {
    /// The folder.
    pub path: PathBuf,
    /// What the system said.
    pub detail: String,
}

/// A watched folder. Dropping it ends the watch.
#[derive(Debug)]
pub struct FolderWatch {
    _watcher: RecommendedWatcher,
    changes: watch::Receiver<u64>,
    /// The count that was told of last; set only once a wait is over, so that a dropped one loses nothing.
    told: u64,
}

impl FolderWatch {
    /// Watches `path` and everything below it.
    pub fn recursive(path: &Path) -> Result<Self, WatchError> {
        Self::start(path, RecursiveMode::Recursive)
    }

    /// Watches what lies directly in `path`.
    pub fn flat(path: &Path) -> Result<Self, WatchError> {
        Self::start(path, RecursiveMode::NonRecursive)
    }

    fn start(path: &Path, mode: RecursiveMode) -> Result<Self, WatchError> {
        let failed = |error: notify::Error| WatchError { path: path.to_owned(), detail: error.to_string() };
        let (sender, changes) = watch::channel(0_u64);
        let root = path.to_owned();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error means that events were lost: look again rather than miss one.
            if event.map_or(true, |event| is_change(&root, &event)) {
                sender.send_modify(|count| *count = count.wrapping_add(1));
            }
        })
        .map_err(failed)?;
        watcher.watch(path, mode).map_err(failed)?;
        Ok(Self { _watcher: watcher, changes, told: 0 })
    }

    /// Waits for the next change and until the folder has come to rest. Nothing that happens between two calls
    /// is missed. Can be dropped at any time.
    pub async fn changed(&mut self) {
        while *self.changes.borrow_and_update() == self.told {
            if self.changes.changed().await.is_err() {
                // The watcher lives as long as we do, so this is out of reach; never wake in a loop.
                std::future::pending::<()>().await;
            }
        }
        let last = Instant::now() + LONGEST;
        while let Ok(Ok(())) = timeout_at(last.min(Instant::now() + QUIET), self.changes.changed()).await {
            if Instant::now() >= last {
                break;
            }
        }
        self.told = *self.changes.borrow_and_update();
    }
}

fn is_change(root: &Path, event: &notify::Event) -> bool {
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    let in_git = |path: &PathBuf| {
        path.strip_prefix(root).unwrap_or(path).components().any(|part| part.as_os_str() == ".git")
    };
    event.paths.is_empty() || !event.paths.iter().all(in_git)
}
