//! Volumes that outlive a pod, and files from Secrets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::is_false;
use crate::document::Quantity;

/// A key of a Secret that exists in the app's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKey {
    /// Name of the Secret.
    pub secret: String,
    /// Key within it.
    pub key: String,
    /// The pod starts without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// A folder with the files of a Secret that exists in the app's namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretMount {
    /// Name of the Secret.
    pub secret: String,
    /// Folder in the container; each key of the Secret is a file in it.
    pub path: String,
    /// The pod starts without it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub optional: bool,
}

/// A persistent volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Storage {
    /// Size; it may grow, never shrink.
    pub size: Quantity,
    /// Where it is mounted.
    #[schemars(extend("examples" = ["/data"]))]
    pub mount_path: String,
    /// `StorageClass`. Default: the cluster's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Access mode. Default `ReadWriteOnce`.
    #[serde(default)]
    pub access_mode: AccessMode,
}

/// Access mode of a persistent volume.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum AccessMode {
    /// One node at a time: the rollout becomes `Recreate`.
    #[default]
    ReadWriteOnce,
    /// One pod at a time.
    ReadWriteOncePod,
    /// Any number of readers.
    ReadOnlyMany,
    /// Any number of writers.
    ReadWriteMany,
}
