//! [`Branch`]: what the branch says of one document.

use crate::document::{BlockedBy, Document, Revision};

/// What the branch says of a document.
#[derive(Clone, Copy, Debug)]
pub enum Branch<'a> {
    /// The branch has not been read since the start: what is recorded is held.
    Unknown,
    /// It is there and valid.
    Present {
        /// The document.
        document: &'a Document,
        /// The revision it was read from.
        revision: &'a Revision,
        /// Path of its file.
        file: &'a str,
        /// Line of its name.
        line: u32,
    },
    /// It is there, but its file is in error or the configuration refuses it: its last state is held.
    Blocked {
        /// Whether it could be mended in the branch.
        by: BlockedBy,
        /// Which place and why.
        message: &'a str,
    },
    /// It is not there.
    Absent(&'a Verdict),
}

/// Whether a document that left the branch may be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may.
    Go,
    /// Not yet, or not without a person.
    Held {
        /// In one word.
        reason: &'static str,
        /// What to do.
        message: String,
    },
}
