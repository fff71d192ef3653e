//! Names of things in the cluster: [`Kind`] and [`ObjectRef`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A Kubernetes kind that the product renders, with what is needed to address it.
///
/// The order of the variants is the order of creation; deletion goes the other way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `v1`
    ServiceAccount,
    /// `v1`
    ConfigMap,
    /// `v1`
    PersistentVolumeClaim,
    /// `v1`
    Service,
    /// `networking.k8s.io/v1`
    NetworkPolicy,
    /// `policy/v1`
    PodDisruptionBudget,
    /// `batch/v1`
    Job,
    /// `apps/v1`
    Deployment,
    /// `networking.k8s.io/v1`
    Ingress,
}

impl Kind {
    /// Every kind, in order of creation.
    pub const ALL: [Kind; 9] = [
        Kind::ServiceAccount,
        Kind::ConfigMap,
        Kind::PersistentVolumeClaim,
        Kind::Service,
        Kind::NetworkPolicy,
        Kind::PodDisruptionBudget,
        Kind::Job,
        Kind::Deployment,
        Kind::Ingress,
    ];

    /// API group; empty for the core group.
    pub const fn group(self) -> &'static str {
        match self {
            Kind::ServiceAccount | Kind::ConfigMap | Kind::PersistentVolumeClaim | Kind::Service => "",
            Kind::NetworkPolicy | Kind::Ingress => "networking.k8s.io",
            Kind::PodDisruptionBudget => "policy",
            Kind::Job => "batch",
            Kind::Deployment => "apps",
        }
    }

    /// API version within the group.
    pub const fn version(self) -> &'static str {
        "v1"
    }

    /// `apps/v1`, or `v1` for the core group.
    pub fn api_version(self) -> String {
        if self.group().is_empty() {
            self.version().to_owned()
        } else {
            format!("{}/{}", self.group(), self.version())
        }
    }

    /// The kind's name as in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::ServiceAccount => "ServiceAccount",
            Kind::ConfigMap => "ConfigMap",
            Kind::PersistentVolumeClaim => "PersistentVolumeClaim",
            Kind::Service => "Service",
            Kind::NetworkPolicy => "NetworkPolicy",
            Kind::PodDisruptionBudget => "PodDisruptionBudget",
            Kind::Job => "Job",
            Kind::Deployment => "Deployment",
            Kind::Ingress => "Ingress",
        }
    }

    /// The resource's name in URLs.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::ServiceAccount => "serviceaccounts",
            Kind::ConfigMap => "configmaps",
            Kind::PersistentVolumeClaim => "persistentvolumeclaims",
            Kind::Service => "services",
            Kind::NetworkPolicy => "networkpolicies",
            Kind::PodDisruptionBudget => "poddisruptionbudgets",
            Kind::Job => "jobs",
            Kind::Deployment => "deployments",
            Kind::Ingress => "ingresses",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A text that does not name a kind or an object of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `<Kind>/<namespace>/<name>` of a known kind")]
pub struct ParseRefError(pub String);

impl FromStr for Kind {
    type Err = ParseRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Kind::ALL.into_iter().find(|kind| kind.name() == text).ok_or_else(|| ParseRefError(text.to_owned()))
    }
}

/// Kind, namespace and name of an object. Written as `Deployment/shop/shop`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// What it is.
    pub kind: Kind,
    /// Where it is.
    pub namespace: String,
    /// What it is called.
    pub name: String,
}

impl ObjectRef {
    /// A reference to the object of this kind and name.
    pub fn new(kind: Kind, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Self { kind, namespace: namespace.into(), name: name.into() }
    }
}

impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind, self.namespace, self.name)
    }
}

impl FromStr for ObjectRef {
    type Err = ParseRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(3, '/');
        let (Some(kind), Some(namespace), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(ParseRefError(text.to_owned()));
        };
        Ok(Self::new(kind.parse().map_err(|_| ParseRefError(text.to_owned()))?, namespace, name))
    }
}

impl Serialize for ObjectRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_survives_its_text_form() {
        for kind in Kind::ALL {
            let object = ObjectRef::new(kind, "shop", "web");
            assert_eq!(object.to_string().parse(), Ok(object));
        }
    }

    #[test]
    fn a_text_that_names_no_object_is_refused() {
        for text in ["", "Deployment", "Deployment/shop", "Deploy/shop/web"] {
            assert!(text.parse::<ObjectRef>().is_err(), "{text}");
        }
    }
}
