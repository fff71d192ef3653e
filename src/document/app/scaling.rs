//! How many pods there are, by load and while nodes are emptied.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::IntOrPercent;

/// Number of pods by load. Rendered as a `HorizontalPodAutoscaler` (autoscaling/v2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Autoscaling {
    /// The fewest pods. Default 2, or `max` where that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The most pods.
    pub max: u32,
    /// Cpu use to aim at, in percent of the request. Default 80 when `memory` is not there either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u32>,
    /// Memory use to aim at, in percent of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
}

impl Autoscaling {
    /// The fewest pods.
    pub fn fewest(&self) -> u32 {
        self.min.unwrap_or_else(|| self.max.min(2))
    }
}

/// How many pods may be away at once when nodes are emptied: exactly one of `maxUnavailable`, `minAvailable`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Disruption {
    /// So many, or such a share, may be away. Default 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
    /// So many, or such a share, must stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_available: Option<IntOrPercent>,
}
