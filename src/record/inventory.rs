//! [`Inventory`]: every object that may exist because of a document.
//!
//! Written before an object is created, and an entry is dropped only after its deletion was seen: a crash at
//! any point leaves nothing unknown.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::object::{Digest, ObjectRef};

/// Objects by reference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Inventory {
    /// Reference to what is known of it.
    #[schemars(with = "BTreeMap<String, Item>")]
    pub items: BTreeMap<ObjectRef, Item>,
}

/// What is known of an object of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Item {
    /// Its uid, once the API server has answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Hash of the rendered content that was applied last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rendered: Option<String>,
    /// Hash of the fields that are ours, as the API server stored them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub projection: Option<Digest>,
    /// It is not part of what was applied last, and goes once that is healthy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
    /// A person approved that it goes, though nothing else lets it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// It holds more than its document says, such as ports that pods of the version before still serve, until
    /// that document is healthy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub wide: bool,
    /// The size that was asked for a volume claim: it never shrinks, a rollback included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// JSON pointers to the fields that others may have: the projection does not cover them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
}

impl Inventory {
    /// Adds what is not known yet; says whether the inventory grew.
    pub fn plan(&mut self, references: impl IntoIterator<Item = ObjectRef>) -> bool {
        let before = self.items.len();
        for reference in references {
            self.items.entry(reference).or_default();
        }
        self.items.len() > before
    }
}
