//! What is done about changes by others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done about changes by others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriftSpec {
    /// Whether they are taken back. Default `correct`.
    #[serde(default)]
    pub mode: DriftMode,
    /// Fields that others may have once they took them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<IgnoredField>,
}

/// Whether changes by others are taken back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DriftMode {
    /// They are taken back.
    #[default]
    Correct,
    /// They are told, and stay until the next edit of the document.
    Report,
}

/// A field that others may have once they took it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IgnoredField {
    /// Which object: a kind, or `Kind/name`.
    #[schemars(extend("examples" = ["Deployment", "Ingress/shop"]))]
    pub target: String,
    /// Where in it: a JSON pointer (RFC 6901) such as `/spec/replicas`.
    #[schemars(extend("examples" = ["/spec/replicas"]))]
    pub path: String,
}
