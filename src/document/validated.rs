//! [`Validated`]: the proof that a document went through [`load`](super::load), and its content hash.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{App, DocumentId, Migration};

/// A document in which nothing is left to complain about. Only this module's reader makes one; the record
/// keeps its serialised form, so that repair and rollback need neither git nor a clone. Clones share the value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validated<T> {
    value: Arc<T>,
    hash: String,
}

impl<T> Validated<T> {
    /// Called by the validator once it has found nothing wrong. `hash` covers everything that was written:
    /// the merged content and the files it refers to, not comments, order of keys or the file's name.
    pub(in crate::document) fn new(value: T, hash: String) -> Self {
        Self { value: Arc::new(value), hash }
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
