//! What a document waits for, and what happens when it leaves the branch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;
use crate::document::Duration;

/// What happens when the document leaves the branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deletion {
    /// Never delete; removal of the document is Held.
    #[serde(default, skip_serializing_if = "is_false")]
    pub protect: bool,
    /// What becomes of persistent volumes. Default retain.
    #[serde(default)]
    pub volumes: VolumePolicy,
    /// Removal is Held until a person approves it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub confirm: bool,
    /// The longest wait for the drain. Default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Duration>,
}

/// What becomes of persistent volumes when an app is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum VolumePolicy {
    /// They stay, and a later re-add takes them up again.
    #[default]
    Retain,
    /// They go with the app.
    Delete,
}

/// A document that must be ready first: exactly one of `app`, `migration`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dependency {
    /// Name of a `PortfolioApp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Name of a `DatabaseMigration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<String>,
    /// Its namespace. Default: the document's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}
