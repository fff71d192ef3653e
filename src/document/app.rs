//! [`App`]: a `PortfolioApp` after environment merge, every scalar parsed into a type of its own.
//!
//! Field names and meanings are those of the document; `#[serde(default)]` marks what may be left out.
//! Durations, quantities and percentages are parsed here, so a renderer never meets a malformed one.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::DocumentId;
use super::value::{Duration, IntOrPercent, Quantity, Scalar};

/// A valid `PortfolioApp`: identity, what is carried to the objects, its specification, its config files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct App {
    /// Identity.
    pub id: DocumentId,
    /// Labels carried to every object (not to pod templates).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations carried to every object (not to pod templates).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The specification, `environments` merged away.
    pub spec: AppSpec,
    /// Files of `config` and `configFrom` together, by file name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config_files: BTreeMap<String, ConfigFile>,
}

/// A file of the app's configuration. Non-UTF-8 content becomes `binaryData` of the `ConfigMap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConfigFile {
    /// UTF-8 content.
    Text(String),
    /// Base64 of any other content.
    Base64(String),
}

/// The `spec` of a `PortfolioApp`. Only `image` is required.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AppSpec {
    /// Container image, with a tag or, better, a digest.
    pub image: String,
    /// Only to adopt a Deployment whose selector differs: used verbatim by every selector and the pod labels,
    /// fixed once applied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    /// Any text; it goes into the pod template, so that a change restarts the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Scalar>,
    /// Number of pods. Default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Container entrypoint, as in Kubernetes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Arguments of the entrypoint, as in Kubernetes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Short for `ports: {http: <port>}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Named container ports: a number, or `{port, protocol}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ports: BTreeMap<String, Port>,
    /// The Service, rendered when there is a port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceSpec>,
    /// Environment variables; scalars become exactly the string that was written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Scalar>,
    /// Environment variables from Secrets that exist.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretKey>,
    /// Files by name, mounted at `configPath`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    /// A folder of the repository, relative to this document's file, whose files join `config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_from: Option<String>,
    /// Where the configuration files are mounted. Default `/etc/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_path: Option<String>,
    /// Requests and limits of the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// Health checks. Default: ready = tcp on the first port, no live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probes: Option<Probes>,
    /// HTTP from outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ingress: Option<IngressSpec>,
    /// Persistent volumes by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<String, Storage>,
    /// Writable emptyDirs by mount path, with their size; `/tmp` is always there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scratch: BTreeMap<String, Quantity>,
    /// How a new version replaces the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Every loosening of the hardened default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// Labels of the pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pod_labels: BTreeMap<String, String>,
    /// Annotations of the pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pod_annotations: BTreeMap<String, String>,
    /// What happens when the document leaves the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// Documents that must be ready before a new revision of this one rolls out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Dependency>,
    /// Names of the `DatabaseMigration`s of this namespace that a new version of the app needs: its rollout
    /// waits until they are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<String>,
    /// Freezes everything, drift repair included.
    #[serde(default, skip_serializing_if = "is_false")]
    pub suspend: bool,
    /// May take over objects that exist and are not ours.
    #[serde(default, skip_serializing_if = "is_false")]
    pub adopt: bool,
}

fn is_false(value: &bool) -> bool {
    !value
}

/// A named container port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Port {
    /// A TCP port.
    Number(u16),
    /// A port with its protocol.
    Full(FullPort),
}

/// Written out, because a derived untagged enum forgets what was wrong with which of its forms.
impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl<'de> Visitor<'de> for PortVisitor {
            type Value = Port;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port number such as `8080`, or a map such as `{port: 53, protocol: UDP}`")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Port, E> {
                let wrong = |_| E::custom(format!("`{number}` is not a port, a number from 1 to 65535"));
                u16::try_from(number).map(Port::Number).map_err(wrong)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Port, E> {
                Err(E::custom(format!("`{number}` is not a port, a number from 1 to 65535")))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Port, A::Error> {
                FullPort::deserialize(MapAccessDeserializer::new(map)).map(Port::Full)
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

/// A port with its protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FullPort {
    /// Port number, 1 to 65535.
    pub port: u16,
    /// Transport protocol. Default TCP.
    #[serde(default)]
    pub protocol: Protocol,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// TCP, the default.
    #[default]
    TCP,
    /// UDP.
    UDP,
    /// SCTP.
    SCTP,
}

/// The Service in front of the app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSpec {
    /// Port that the Service offers for the app's first port. Default: 80 for `http`, else the container's port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Service type. Default `ClusterIP`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ServiceType>,
    /// Annotations of the Service only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// No cluster IP: DNS answers with the pods' addresses.
    #[serde(default, skip_serializing_if = "is_false")]
    pub headless: bool,
}

/// Type of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceType {
    /// Reachable within the cluster.
    ClusterIP,
    /// Reachable on every node's address.
    NodePort,
    /// Reachable through the cloud's load balancer.
    LoadBalancer,
}

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

/// Requests and limits; what is left out has the defaults of [`AppSpec`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resources {
    /// What the scheduler sets aside. Default cpu 50m, memory 64Mi, ephemeral-storage 64Mi.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Amounts>,
    /// What the container may use. Default: memory twice its request, ephemeral-storage twice its request plus
    /// the scratch sizes, no cpu limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<Amounts>,
}

/// Amounts of the resources that every node has.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Amounts {
    /// Cores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<Quantity>,
    /// Bytes of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Quantity>,
    /// Bytes of local disk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<Quantity>,
}

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

/// HTTP from outside: one `host` with `path`, or several `hosts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressSpec {
    /// Host name; `*.` in front is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Path prefix. Default `/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Several hosts, each with its paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<IngressHost>,
    /// Name of the `IngressClass`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_name: Option<String>,
    /// Name of the TLS Secret for all hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// Annotations of the Ingress only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// A host with its path prefixes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IngressHost {
    /// Host name.
    pub host: String,
    /// Path prefixes. Default `/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
}

/// A persistent volume.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Storage {
    /// Size; it may grow, never shrink.
    pub size: Quantity,
    /// Where it is mounted.
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

/// How a new version replaces the old one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    /// The longest a rollout may take. Default 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Duration>,
    /// Pods above `replicas` during a rollout. Default 25%.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_surge: Option<IntOrPercent>,
    /// Pods below `replicas` during a rollout. Default 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_unavailable: Option<IntOrPercent>,
    /// How long a pod must be ready to count. Default 0s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_ready: Option<Duration>,
    /// What happens when the rollout fails. Default automatic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// Time between SIGTERM and SIGKILL. Default 30s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Duration>,
    /// Wait before SIGTERM while endpoints update. Default 5s when there is a port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drain: Option<Duration>,
}

/// What happens when a rollout fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Rollback {
    /// The last good revision is applied again.
    Automatic,
    /// It is left to a person.
    Manual,
}

/// Every loosening of the hardened default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Security {
    /// Numeric user. Default 10001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<u32>,
    /// Numeric group, also of volumes. Default 10001.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
    /// May run as root. Default false.
    #[serde(default, skip_serializing_if = "is_false")]
    pub root: bool,
    /// Read-only root file system. Default true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// Capabilities added after ALL are dropped, such as `NET_BIND_SERVICE`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
}

/// What happens when the document leaves the branch.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deletion {
    /// Never delete; removal of the document is Held.
    #[serde(default, skip_serializing_if = "is_false")]
    pub protect: bool,
    /// What becomes of persistent volumes. Default retain.
    #[serde(default)]
    pub volumes: VolumePolicy,
    /// Removal is Held until a person approves it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub confirm: bool,
    /// The longest wait for the drain. Default 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grace: Option<Duration>,
}

/// What becomes of persistent volumes when an app is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum VolumePolicy {
    /// They stay, and a later re-add takes them up again.
    #[default]
    Retain,
    /// They go with the app.
    Delete,
}

/// A document that must be ready first: exactly one of `app`, `migration`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dependency {
    /// Name of a `PortfolioApp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Name of a `DatabaseMigration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<String>,
    /// Its namespace. Default: the document's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}
