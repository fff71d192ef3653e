//! What runs beside the app in pods of its own: commands on a schedule, backups.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Resources, SecretKey, is_false};
use crate::document::{Duration, Scalar};

/// A command on a schedule, with the app's image, variables, configuration and secret files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobSpec {
    /// When: a cron line, `minute hour day-of-month month day-of-week`.
    #[schemars(extend("examples" = ["0 3 * * *"]))]
    pub schedule: String,
    /// Time zone of the schedule, such as `Europe/Berlin`. Default UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["Europe/Berlin"]))]
    pub time_zone: Option<String>,
    /// Entrypoint. Default: the image's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Arguments of the entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Another image than the app's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Variables besides the app's, or in their place.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Scalar>,
    /// Names of the app's volumes that are mounted, where the app has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Requests and limits of the container. Default: as those of an app that says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The longest a run may take. Default 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Duration>,
    /// How often a run that failed is tried again. Default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// How many runs of either end are kept. Default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<u32>,
    /// What happens when a run is due while the last one is going on. Default `Forbid`.
    #[serde(default)]
    pub concurrency: Concurrency,
    /// No run is started.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
}

/// What happens when a run is due while the last one is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Concurrency {
    /// It is left out.
    #[default]
    Forbid,
    /// Both run.
    Allow,
    /// The last one is ended.
    Replace,
}

/// A copy of the app's data, made by a command of the team's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backup {
    /// When: a cron line. Without one, only as `onDelete` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["0 1 * * *"]))]
    pub schedule: Option<String>,
    /// Time zone of the schedule, such as `Europe/Berlin`. Default UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["Europe/Berlin"]))]
    pub time_zone: Option<String>,
    /// Before the app is deleted, after its last pod ended; a backup that fails stops the deletion.
    #[serde(default, skip_serializing_if = "is_false")]
    pub on_delete: bool,
    /// Image of the command. Default: the app's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Entrypoint of the backup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Arguments of the entrypoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Environment variables; those of the app are not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Scalar>,
    /// Environment variables from Secrets that exist.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretKey>,
    /// Names of the app's volumes to back up, mounted read-only where the app has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<String>,
    /// Requests and limits of the container. Default: as those of an app that says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// The longest a backup may take. Default 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Duration>,
    /// How many runs of either end are kept. Default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<u32>,
}
