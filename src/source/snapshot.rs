//! What a poll gives: one revision of a source as data, and how it relates to the one before.
//!
//! A [`Snapshot`] says what the remote has; only a [`Verified`] one may be acted on.

use crate::document::{Revision, Tree};

use super::SourceError;

/// The answer to one look at a source.
#[derive(Clone, Debug)]
pub enum Poll {
    /// Nothing new since the last [`Poll::Changed`] of this source.
    Unchanged {
        /// The revision that still stands.
        revision: Revision,
    },
    /// A revision that this source has not given before.
    Changed(Snapshot),
}

/// One revision of a source, complete: every file below its path, or why it is not read.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its name.
    pub revision: Revision,
    /// The files below the source's path; keys are relative to the repository's root.
    pub tree: Tree,
    /// Who committed what and when; none for a plain folder.
    pub commit: Option<CommitInfo>,
    /// How it relates to the previous revision.
    pub history: History,
}

/// A commit, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Name of the author.
    pub author: String,
    /// First line of the message.
    pub subject: String,
    /// Committer time.
    pub time: jiff::Timestamp,
}

/// How a revision relates to the one known before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// No revision was known before.
    First,
    /// It descends from the previous one, or is the previous one.
    FastForward,
    /// It does not descend from the previous one: a force-push, or another branch.
    Rewritten {
        /// The revision that is no longer part of the history.
        previous: Revision,
    },
}

/// Something whose signature was checked, or for which the configuration asks for no check.
/// Made by [`verify`] only.
#[derive(Clone, Debug)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// What was verified.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::ops::Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// What a source demands of a revision before it may be acted on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verification {
    /// Nothing: `verify` is not configured.
    #[default]
    NotAsked,
}

/// Turns a snapshot into one that may be acted on.
pub fn verify(snapshot: Snapshot, demanded: Verification) -> Result<Verified<Snapshot>, SourceError> {
    match demanded {
        Verification::NotAsked => Ok(Verified(snapshot)),
    }
}
