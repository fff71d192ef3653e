//! `allow`: what documents may ask for beyond an app's own objects.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text;
use crate::document::{AllowedKind, Policy, Registry};

/// What documents may ask for beyond an app's own objects.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AllowConfig {
    /// Kinds that `objects` may be of: `Role`, or `ServiceMonitor.v1.monitoring.coreos.com`; by default none.
    #[serde(with = "text::list")]
    #[schemars(
        with = "Vec<AllowedKind>",
        extend("examples" = [["RoleBinding", "ServiceMonitor.v1.monitoring.coreos.com"]])
    )]
    pub kinds: BTreeSet<AllowedKind>,
    /// Hosts, or folders of them, that images may come from; empty: anywhere.
    #[serde(with = "text::list")]
    #[schemars(with = "Vec<Registry>", extend("examples" = [["registry.example.com", "ghcr.io/team"]]))]
    pub registries: Vec<Registry>,
    /// Whether pods may have more rights on their node than the default.
    pub privileged: bool,
}

impl AllowConfig {
    /// As documents are judged by it.
    pub fn policy(&self) -> Policy {
        Policy { kinds: self.kinds.clone(), registries: self.registries.clone(), privileged: self.privileged }
    }
}
