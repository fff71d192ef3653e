//! A git repository as a source: fetch the tip if it moved, and read its tree.
//!
//! Blocking; [`super::Source`] runs it on a thread of its own. A clone that turns out broken is made again once
//! per poll.

mod clone;
mod failure;
mod fetch;
mod ssh_failure;
pub(super) mod tree;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use git2::{Oid, Repository};

use crate::document::{Revision, Tree};

use self::clone::Clone;
use self::failure::Failure;
use self::fetch::{Limits, Request};
use self::tree::{Known, TreeFailure};
use super::credentials::Credentials;
use super::settings::{Location, Reference, SourceSettings};
use super::ssh::preference;
use super::{CommitInfo, History, Poll, Snapshot, SourceError};

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a server may say nothing.
const SILENCE: Duration = Duration::from_secs(if cfg!(test) { 4 } else { 20 });

/// Sets what libgit2 has for the whole process: timeouts, and a home below `cache` in the place of the user's. Best
/// called at start, before there are threads.
pub fn prepare(cache: &Path) {
    home(cache);
}

fn home(cache: &Path) -> &'static Path {
    git_settings::set_once(CONNECT, SILENCE, &cache.join(".home"))
}

/// What a git source remembers between polls.
pub(super) struct GitSource {
    url: String,
    cache: PathBuf,
    clone: Clone,
    /// The newest revision known, also from before a restart.
    previous: Option<Revision>,
    /// What was given last, in this process.
    given: Option<(Oid, Tree)>,
}

impl GitSource {
    pub(super) fn new(location: &Location, cache: &Path, name: &str, previous: Option<Revision>) -> Self {
        let url = location.to_string();
        let clone = Clone::new(cache, name, &url);
        Self { url, cache: cache.to_owned(), clone, previous, given: None }
    }

    pub(super) fn poll(
        &mut self,
        settings: &SourceSettings,
        cancelled: &AtomicBool,
    ) -> Result<Poll, SourceError> {
        if let (Reference::Commit(_), Some((id, _))) = (&settings.reference, &self.given) {
            return Ok(Poll::Unchanged { revision: revision(*id) });
        }
        let home = home(&self.cache);
        let credentials = Credentials::read(settings)?;
        let ssh = match &settings.location {
            Location::Ssh(address) => Some(address),
            Location::Git(_) | Location::Folder(_) => None,
        };
        if let Some(address) = ssh {
            preference::set(home, &self.url, credentials.known_hosts.believed(address));
        }
        let began = Instant::now();
        let request = || Request {
            url: &self.url,
            ssh,
            reference: &settings.reference,
            credentials: &credentials,
            limits: Limits { cancelled, began, allowed: settings.deadline },
        };
        let found = match self.look(settings, &request()) {
            Err(Failure::Broken(error)) => {
                tracing::warn!(source = settings.name, %error, "the clone is broken, making it anew");
                self.clone.throw_away().map_err(|error| self.clone_failed(&error.to_string()))?;
                self.look(settings, &request())
            }
            Err(Failure::NothingInCommon(_)) => {
                preference::set(home, &self.url, Vec::new());
                self.look(settings, &request())
            }
            other => other,
        };
        match found {
            Ok(None) => Ok(Poll::Unchanged { revision: self.given_revision() }),
            Ok(Some((id, snapshot))) => {
                self.previous = Some(snapshot.revision.clone());
                self.given = Some((id, snapshot.tree.clone()));
                Ok(Poll::Changed(snapshot))
            }
            Err(Failure::Source(error) | Failure::NothingInCommon(error)) => Err(error),
            Err(Failure::Broken(error)) => Err(self.clone_failed(error.message())),
        }
    }

    /// One try: the tip, and its snapshot unless that was given already.
    fn look(
        &self,
        settings: &SourceSettings,
        request: &Request<'_>,
    ) -> Result<Option<(Oid, Snapshot)>, Failure> {
        let repository = self.clone.open().map_err(Failure::Broken)?;
        let tip = fetch::tip(&repository, request)?;
        if self.given.as_ref().is_some_and(|(id, _)| *id == tip) {
            return Ok(None);
        }
        let known = self.given.as_ref().map(|(_, tree)| tree::known(tree)).unwrap_or_default();
        let followed = self.previous.is_some();
        let tree = read_tree(&repository, tip, settings, &self.url, &known, followed)?;
        let history = match &self.previous {
            None => History::First,
            Some(previous) => relation(&repository, previous, tip).map_err(Failure::Broken)?,
        };
        let commit = commit_info(&repository, tip).map_err(Failure::Broken)?;
        Ok(Some((tip, Snapshot { revision: revision(tip), tree, commit: Some(commit), history })))
    }

    fn given_revision(&self) -> Revision {
        self.given.as_ref().map(|(id, _)| revision(*id)).unwrap_or_default()
    }

    fn clone_failed(&self, detail: &str) -> SourceError {
        let dir = self.clone.dir().display().to_string();
        SourceError::CloneFailed { url: self.url.clone(), dir, detail: detail.to_owned() }
    }
}

/// A source that was never read is not empty but wrongly configured. One that was followed may well be emptied:
/// whether anything is removed because of that is not decided here.
fn read_tree(
    repository: &Repository,
    tip: Oid,
    settings: &SourceSettings,
    url: &str,
    known: &Known,
    followed: bool,
) -> Result<Tree, Failure> {
    let tree = match tree::read(repository, tip, &settings.path, known) {
        Err(TreeFailure::Missing) if followed => Tree::default(),
        read => {
            read.map_err(|failure| not_given(failure, url, &settings.path.to_string(), &tip.to_string()))?
        }
    };
    if followed || super::holds_documents(&tree) {
        return Ok(tree);
    }
    let (path, revision) = (settings.path.to_string(), tip.to_string());
    Err(SourceError::EmptySource { url: url.to_owned(), path, revision }.into())
}

/// The failure of a tree in words.
fn not_given(failure: TreeFailure, url: &str, path: &str, revision: &str) -> Failure {
    let (url, path) = (url.to_owned(), path.to_owned());
    match failure {
        TreeFailure::Git(error) => Failure::Broken(error),
        TreeFailure::TooLarge(detail) => SourceError::SourceTooLarge { url, path, detail }.into(),
        TreeFailure::Missing => {
            let detail = "does not exist".to_owned();
            SourceError::PathMissing { url, path, revision: revision.to_owned(), detail }.into()
        }
        TreeFailure::NotAFolder(detail) => {
            SourceError::PathMissing { url, path, revision: revision.to_owned(), detail }.into()
        }
    }
}

/// A full-history clone answers this exactly: what it does not hold is not an ancestor.
fn relation(repository: &Repository, previous: &Revision, tip: Oid) -> Result<History, git2::Error> {
    let rewritten = History::Rewritten { previous: previous.clone() };
    let Ok(old) = Oid::from_str(&previous.0) else { return Ok(rewritten) };
    if old == tip {
        return Ok(History::FastForward);
    }
    if !repository.odb()?.exists(old) {
        return Ok(rewritten);
    }
    Ok(if repository.graph_descendant_of(tip, old)? { History::FastForward } else { rewritten })
}

pub(super) fn revision(id: Oid) -> Revision {
    Revision(id.to_string())
}

pub(super) fn commit_info(repository: &Repository, id: Oid) -> Result<CommitInfo, git2::Error> {
    let commit = repository.find_commit(id)?;
    Ok(CommitInfo {
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
        subject: commit
            .summary_bytes()
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .unwrap_or_default(),
        time: jiff::Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
    })
}
