//! [`Validated`]: the proof that a document went through [`load`](super::load), and its content hash.

use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::{App, DocumentId, Migration};

/// A document in which nothing is left to complain about. Only this module's reader makes one; the record
/// keeps its serialised form, so that repair and rollback need neither git nor a clone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validated<T> {
    value: T,
    hash: String,
}

impl<T> Validated<T> {
    /// Called by the validator once it has found nothing wrong. `hash` covers everything that was written:
    /// the merged content and the files it refers to, not comments, order of keys or the file's name.
    pub(in crate::document) const fn new(value: T, hash: String) -> Self {
        Self { value, hash }
    }

    /// Content hash: 32 hex digits.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl<T> Deref for Validated<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Any valid document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::large_enum_variant, reason = "nearly every document is an app")]
pub enum Document {
    /// An app.
    App(Validated<App>),
    /// A database migration.
    Migration(Validated<Migration>),
}

impl Document {
    /// Identity.
    pub fn id(&self) -> &DocumentId {
        match self {
            Document::App(app) => &app.id,
            Document::Migration(migration) => &migration.id,
        }
    }

    /// Content hash: 32 hex digits.
    pub fn hash(&self) -> &str {
        match self {
            Document::App(app) => app.hash(),
            Document::Migration(migration) => migration.hash(),
        }
    }
}
