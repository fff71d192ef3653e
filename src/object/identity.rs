//! Names of things in the cluster: [`Kind`] and [`ObjectRef`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::OtherKind;
use crate::document::Target;

/// A Kubernetes kind, with what is needed to address it.
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
    /// `autoscaling/v2`
    HorizontalPodAutoscaler,
    /// `networking.k8s.io/v1`
    Ingress,
    /// `batch/v1`
    CronJob,
    /// Any other one, which only the `objects` of a document can be of.
    Other(OtherKind),
}

impl Kind {
    /// Every kind that is rendered of an app's or a migration's own fields, in order of creation.
    pub const ALL: [Kind; 11] = [
        Kind::ServiceAccount,
        Kind::ConfigMap,
        Kind::PersistentVolumeClaim,
        Kind::Service,
        Kind::NetworkPolicy,
        Kind::PodDisruptionBudget,
        Kind::Job,
        Kind::Deployment,
        Kind::HorizontalPodAutoscaler,
        Kind::Ingress,
        Kind::CronJob,
    ];

    /// The kind of these words in a manifest; `None` once there are more kinds than any cluster has.
    pub fn of(api_version: &str, name: &str) -> Option<Self> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let own = Kind::ALL.into_iter().find(|kind| kind.name() == name && kind.group() == group);
        match own {
            Some(kind) => (kind.version() == version).then_some(kind),
            None => OtherKind::of(group, version, name).map(Kind::Other),
        }
    }

    /// API group; empty for the core group.
    pub fn group(self) -> &'static str {
        match self {
            Kind::ServiceAccount | Kind::ConfigMap | Kind::PersistentVolumeClaim | Kind::Service => "",
            Kind::NetworkPolicy | Kind::Ingress => "networking.k8s.io",
            Kind::PodDisruptionBudget => "policy",
            Kind::Job | Kind::CronJob => "batch",
            Kind::Deployment => "apps",
            Kind::HorizontalPodAutoscaler => "autoscaling",
            Kind::Other(other) => other.group(),
        }
    }

    /// API version within the group.
    pub fn version(self) -> &'static str {
        match self {
            Kind::HorizontalPodAutoscaler => "v2",
            Kind::Other(other) => other.version(),
            Kind::ServiceAccount
            | Kind::ConfigMap
            | Kind::PersistentVolumeClaim
            | Kind::Service
            | Kind::NetworkPolicy
            | Kind::PodDisruptionBudget
            | Kind::Job
            | Kind::Deployment
            | Kind::Ingress
            | Kind::CronJob => "v1",
        }
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
    pub fn name(self) -> &'static str {
        match self {
            Kind::ServiceAccount => "ServiceAccount",
            Kind::ConfigMap => "ConfigMap",
            Kind::PersistentVolumeClaim => "PersistentVolumeClaim",
            Kind::Service => "Service",
            Kind::NetworkPolicy => "NetworkPolicy",
            Kind::PodDisruptionBudget => "PodDisruptionBudget",
            Kind::Job => "Job",
            Kind::Deployment => "Deployment",
            Kind::HorizontalPodAutoscaler => "HorizontalPodAutoscaler",
            Kind::Ingress => "Ingress",
            Kind::CronJob => "CronJob",
            Kind::Other(other) => other.name(),
        }
    }

    /// What its objects are called in URLs; of another kind only the cluster knows.
    pub fn plural(self) -> Option<&'static str> {
        Some(match self {
            Kind::ServiceAccount => "serviceaccounts",
            Kind::ConfigMap => "configmaps",
            Kind::PersistentVolumeClaim => "persistentvolumeclaims",
            Kind::Service => "services",
            Kind::NetworkPolicy => "networkpolicies",
            Kind::PodDisruptionBudget => "poddisruptionbudgets",
            Kind::Job => "jobs",
            Kind::Deployment => "deployments",
            Kind::HorizontalPodAutoscaler => "horizontalpodautoscalers",
            Kind::Ingress => "ingresses",
            Kind::CronJob => "cronjobs",
            Kind::Other(_) => return None,
        })
    }

    /// Its objects, for people: `deployments`, `ServiceMonitor.v1.monitoring.coreos.com objects`.
    pub fn objects(self) -> String {
        self.plural().map_or_else(|| format!("{self} objects"), str::to_owned)
    }
}

/// `Deployment`; of another kind with version and group, `ServiceMonitor.v1.monitoring.coreos.com`, as kubectl takes it.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::Other(other) => other.fmt(f),
            _ => f.pad(self.name()),
        }
    }
}

/// A text that does not name a kind or an object of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not `<Kind>/<namespace>/<name>` of a known kind")]
pub struct ParseRefError(pub String);

impl FromStr for Kind {
    type Err = ParseRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let own = Kind::ALL.into_iter().find(|kind| kind.name() == text);
        let other = || {
            let (name, rest) = text.split_once('.')?;
            let (version, group) = rest.split_once('.').unwrap_or((rest, ""));
            OtherKind::of(group, version, name).map(Kind::Other)
        };
        own.or_else(other).ok_or_else(|| ParseRefError(text.to_owned()))
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

    /// Whether the target of a patch or of an ignored field is about it.
    pub fn is_meant_by(&self, target: &str) -> bool {
        let means = |target: Target<'_>| target.means(&self.kind.api_version(), self.kind.name(), &self.name);
        Target::parse(target).is_some_and(means)
    }

    /// What it is, whatever version it is written in: the API server has one object, and shows it in each that it serves.
    pub fn in_any_version(&self) -> (&'static str, &'static str, String, String) {
        (self.kind.group(), self.kind.name(), self.namespace.clone(), self.name.clone())
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
        let others = [("monitoring.coreos.com/v1", "ServiceMonitor"), ("v1", "Secret")]
            .map(|(version, name)| Kind::of(version, name).unwrap());
        for kind in Kind::ALL.into_iter().chain(others) {
            let object = ObjectRef::new(kind, "shop", "web");
            assert_eq!(object.to_string().parse(), Ok(object));
        }
    }

    #[test]
    fn a_kind_is_known_by_group_version_and_name() {
        assert_eq!(Kind::of("apps/v1", "Deployment"), Some(Kind::Deployment));
        assert_eq!(Kind::of("apps/v1beta1", "Deployment"), None);
        let other = Kind::of("example.com/v1", "Deployment").unwrap();
        assert_ne!(other, Kind::Deployment);
        assert_eq!(
            (other.to_string().as_str(), other.api_version().as_str()),
            ("Deployment.v1.example.com", "example.com/v1")
        );
        assert!(other > Kind::CronJob, "it is created after the kinds of one's own");
    }

    #[test]
    fn a_text_that_names_no_object_is_refused() {
        for text in ["", "Deployment", "Deployment/shop", "Deploy/shop/web"] {
            assert!(text.parse::<ObjectRef>().is_err(), "{text}");
        }
    }
}
