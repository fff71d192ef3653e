//! [`Object`]: one rendered Kubernetes object with its identity and content hash.

use super::{Manifest, ObjectRef};

/// A rendered object, as it is sent to the API server: built and hashed once.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Identity.
    pub reference: ObjectRef,
    /// What it consists of.
    pub content: Manifest,
    /// [`Manifest::hash`].
    pub hash: String,
}

impl Object {
    /// Takes the content of an object and hashes it.
    pub fn new(reference: ObjectRef, content: impl Into<Manifest>) -> Self {
        let content = content.into();
        let hash = content.hash();
        Self { reference, content, hash }
    }
}
