//! Health checks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;
use crate::document::{Duration, Scalar};

/// The three probes of Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probes {
    /// Holds back the other two until it succeeds once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub startup: Option<Probe>,
    /// Takes the pod out of the Service while it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Probe>,
    /// Restarts the container when it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Probe>,
}

/// One probe: exactly one of `path`, `tcp`, `grpc`, `command`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probe {
    /// HTTP GET on this path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Open a TCP connection.
    #[serde(default, skip_serializing_if = "is_false")]
    pub tcp: bool,
    /// gRPC health check.
    #[serde(default, skip_serializing_if = "is_false")]
    pub grpc: bool,
    /// Run a command in the container.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Name or number of a declared port. Default: the first port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<Scalar>,
    /// Time between checks, whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Duration>,
    /// Time a check may take, whole seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Failures in a row that count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
}
