//! `allow`: what documents may ask for beyond an app's own objects.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::text;
use crate::document::{AllowedKind, Policy, Registry};

/// `allow`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AllowConfig {
    /// Kinds that `objects` may be of: `Role`, or `ServiceMonitor.v1.monitoring.coreos.com`; by default none.
    #[serde(with = "text::list")]
    pub kinds: BTreeSet<AllowedKind>,
    /// Hosts, or folders of them, that images may come from; empty: anywhere.
    #[serde(with = "text::list")]
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
