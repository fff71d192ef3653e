//! [`Object`]: one rendered Kubernetes object with its identity and content hash.

use serde_json::Value;

use super::{ObjectRef, content_hash};

/// A rendered object, as it is sent to the API server: built and hashed once.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Identity.
    pub reference: ObjectRef,
    /// `apiVersion`, `kind`, `metadata`, `spec`…; no `status`, no nulls.
    pub content: Value,
    /// Hex of the first 16 bytes of the SHA-256 of the canonical JSON of `content`.
    pub hash: String,
}

impl Object {
    /// Takes the content of an object and hashes it.
    pub fn new(reference: ObjectRef, content: Value) -> Self {
        let hash = content_hash(&content);
        Self { reference, content, hash }
    }
}
