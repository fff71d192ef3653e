//! `prune`: what may be deleted without being asked.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::text;
use crate::document::AllowedKind;
use crate::object::Kind;

/// What may be deleted without being asked: in one pass no more than the larger of `minObjects` and `maxPercent` of a
/// source's objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct PruneConfig {
    /// Share of a source's objects that one pass may delete, in percent, 0 to 100.
    pub max_percent: Percent,
    /// Number of objects of a source that one pass may always delete, whatever their share.
    pub min_objects: u32,
    /// Kinds whose objects are never deleted without approval: those of an app, such as `Ingress`, and further ones as
    /// in `allow.kinds`.
    #[serde(with = "text::list")]
    #[schemars(
        with = "Vec<ProtectedKind>",
        extend("examples" = [["PersistentVolumeClaim", "Namespace", "Ingress"]])
    )]
    pub protect_kinds: Vec<ProtectedKind>,
}

impl Default for PruneConfig {
    fn default() -> Self {
        let protect_kinds = vec![ProtectedKind::Of(Kind::PersistentVolumeClaim), ProtectedKind::Namespace];
        Self { max_percent: Percent(25), min_objects: 20, protect_kinds }
    }
}

/// 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct Percent(u32);

impl Percent {
    pub(super) const MAX: u32 = 100;

    /// The number.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<u32> for Percent {
    type Error = String;

    fn try_from(value: u32) -> Result<Self, String> {
        if value <= Self::MAX {
            Ok(Self(value))
        } else {
            Err(format!("{value} is not a percentage from 0 to {}", Self::MAX))
        }
    }
}

/// A kind whose objects are never deleted without approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtectedKind {
    /// Nothing here deletes a namespace, so it is protected whether it is named or not.
    Namespace,
    /// A kind that documents have objects of.
    Of(Kind),
}

impl FromStr for ProtectedKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "Namespace" {
            return Ok(Self::Namespace);
        }
        if let Some(own) = Kind::ALL.into_iter().find(|kind| kind.name() == text) {
            return Ok(Self::Of(own));
        }
        let further: AllowedKind = text.parse().map_err(|error| format!("{error}"))?;
        let kind = Kind::of(&further.api_version(), further.name());
        kind.map(Self::Of).ok_or_else(|| format!("there is no room for another kind, `{further}`"))
    }
}

impl fmt::Display for ProtectedKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace => f.write_str("Namespace"),
            Self::Of(kind) => kind.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_apps_and_further_ones_are_protected() {
        let texts = Kind::ALL.map(Kind::name).into_iter();
        for text in texts.chain(["Namespace", "ServiceMonitor.v1.monitoring.coreos.com"]) {
            let kind: ProtectedKind = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(kind.to_string(), text);
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
        assert!(
            matches!("Role".parse(), Ok(ProtectedKind::Of(kind)) if kind.group() == "rbac.authorization.k8s.io")
        );
    }

    #[test]
    fn what_no_document_can_have_is_refused() {
        for text in ["", "deployment", "Deploymet", "Node", "persistentvolumeclaims"] {
            assert!(text.parse::<ProtectedKind>().is_err(), "{text}");
        }
    }
}
