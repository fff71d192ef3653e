//! A user's own clone, for `portfolio diff FROM..TO`: snapshots of any revision, and of the work tree. Reads
//! only. Unlike the daemon's clone it obeys the user's git configuration (`safe.directory`, ignore files).

use std::path::{Path, PathBuf};

use git2::{ErrorCode, Oid, Repository};

use crate::document::Tree;

use super::git::tree::{self, Known, TreeFailure};
use super::settings::RepoPath;
use super::{History, Snapshot, SourceError, folder, git};

/// A clone on this machine.
pub struct WorkingClone {
    repository: Repository,
    /// Its work tree, or the bare repository itself.
    root: PathBuf,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// Anything that `git rev-parse` knows.
    Revision(String),
    /// The files as they lie there, ignored ones left out.
    WorkTree,
}

impl WorkingClone {
    /// The clone that `path` lies in.
    pub fn discover(path: &Path) -> Result<Self, SourceError> {
        let url = path.display().to_string();
        let repository = Repository::discover(path).map_err(|error| match error.code() {
            ErrorCode::Owner => SourceError::RepositoryMissing {
                url: url.clone(),
                detail:
                    "it belongs to another user: `git config --global --add safe.directory PATH` allows it"
                        .into(),
            },
            _ => SourceError::RepositoryMissing { url: url.clone(), detail: error.message().to_owned() },
        })?;
        let root = repository.workdir().unwrap_or_else(|| repository.path()).to_owned();
        Ok(Self { repository, root })
    }

    /// The work tree's root: keys of a [`Tree`] are relative to it.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The two sides of `FROM..TO`, `FROM...TO` (from where both parted) or `FROM` (to the work tree). An empty
    /// side is `HEAD`.
    pub fn sides(&self, range: &str) -> Result<(Side, Side), SourceError> {
        let side = |text: &str| Side::Revision(if text.is_empty() { "HEAD".into() } else { text.into() });
        if let Some((from, to)) = range.split_once("...") {
            let ends = (self.commit(head(from))?, self.commit(head(to))?);
            let base =
                self.repository.merge_base(ends.0, ends.1).map_err(|_| SourceError::CommitMissing {
                    url: self.url(),
                    commit: range.to_owned(),
                    detail: format!("both sides have no common ancestor{}", self.shallow()),
                })?;
            return Ok((Side::Revision(base.to_string()), side(to)));
        }
        Ok(match range.split_once("..") {
            Some((from, to)) => (side(from), side(to)),
            None => (side(range), Side::WorkTree),
        })
    }

    /// The files of one side below `path`. A side without any document is a good answer here.
    pub fn snapshot(&self, side: &Side, path: &RepoPath) -> Result<Snapshot, SourceError> {
        match side {
            Side::Revision(text) => self.revision(text, path),
            Side::WorkTree => self.work_tree(path),
        }
    }

    fn revision(&self, text: &str, path: &RepoPath) -> Result<Snapshot, SourceError> {
        let id = self.commit(text)?;
        let tree =
            tree::read(&self.repository, id, path, &Known::new()).map_err(|failure| match failure {
                TreeFailure::Git(error) => self.broken(&error),
                TreeFailure::TooLarge(detail) => {
                    SourceError::SourceTooLarge { url: self.url(), path: path.to_string(), detail }
                }
                TreeFailure::Missing => SourceError::PathMissing {
                    url: self.url(),
                    path: path.to_string(),
                    revision: id.to_string(),
                    detail: "does not exist".to_owned(),
                },
                TreeFailure::NotAFolder(detail) => SourceError::PathMissing {
                    url: self.url(),
                    path: path.to_string(),
                    revision: id.to_string(),
                    detail,
                },
            })?;
        let commit = git::commit_info(&self.repository, id).map_err(|error| self.broken(&error))?;
        Ok(Snapshot { revision: git::revision(id), tree, commit: Some(commit), history: History::First })
    }

    fn work_tree(&self, path: &RepoPath) -> Result<Snapshot, SourceError> {
        if self.repository.is_bare() {
            return Err(SourceError::NoWorkTree { url: self.url() });
        }
        let ignored = |place: &Path| {
            let inside = place.strip_prefix(&self.root).unwrap_or(place);
            self.repository.status_should_ignore(inside).unwrap_or(false)
        };
        let tree: Tree = folder::read(&self.root, path, &ignored)?;
        Ok(Snapshot { revision: folder::revision(&tree), tree, commit: None, history: History::First })
    }

    fn commit(&self, text: &str) -> Result<Oid, SourceError> {
        let found = self.repository.revparse_single(text).and_then(|object| object.peel_to_commit());
        found.map(|commit| commit.id()).map_err(|error| SourceError::CommitMissing {
            url: self.url(),
            commit: format!("`{text}`"),
            detail: format!("{}{}", error.message(), self.shallow()),
        })
    }

    /// What to do about a commit that is not there, where it may have been left out.
    fn shallow(&self) -> &'static str {
        if self.repository.is_shallow() {
            "; this clone is shallow and lacks older ones: `git fetch --unshallow`"
        } else {
            ""
        }
    }

    fn url(&self) -> String {
        self.root.display().to_string()
    }

    fn broken(&self, error: &git2::Error) -> SourceError {
        let dir = self.repository.path().display().to_string();
        SourceError::CloneFailed { url: self.url(), dir, detail: error.message().to_owned() }
    }
}

fn head(text: &str) -> &str {
    if text.is_empty() { "HEAD" } else { text }
}
