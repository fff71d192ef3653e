//! [`Tree`]: the files of one revision, as the reader sees them: paths and bytes, no file system.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The most bytes of a file that is read as text.
pub const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A file's place in a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File {
        /// Content id: the git blob id, or a hash of the bytes for a plain folder. Equal ids mean equal bytes.
        id: String,
        /// The bytes.
        bytes: Arc<[u8]>,
    },
    /// Something that is not read, and why. It is a diagnostic only where a document lies in it or needs it.
    Refused(Refusal),
}

/// Why a path of the repository is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A symbolic link: it could point outside the repository.
    Symlink,
    /// A submodule: its content is in another repository.
    Submodule,
    /// Larger than [`MAX_FILE_BYTES`].
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// The object could not be read.
    Unreadable {
        /// What the reader said.
        message: String,
    },
}

/// The files of one revision below the source's `path`. Keys are paths relative to the repository's root,
/// with `/`, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    /// Path to entry.
    pub entries: BTreeMap<String, Entry>,
}

/// The name of one state of a source: a full git commit id, or `folder-<hash>` for a plain folder.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Revision(pub String);

impl Revision {
    /// Enough of it for a person.
    pub fn short(&self) -> &str {
        self.0.get(..10).unwrap_or(&self.0)
    }
}

impl std::fmt::Display for Revision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
