//! [`App`]: a `PortfolioApp` after environment merge, every scalar parsed into a type of its own.
//!
//! Field names and meanings are those of the document; `#[serde(default)]` marks what may be left out.
//! Durations, quantities and percentages are parsed here, so a renderer never meets a malformed one.

mod drift;
mod ingress;
mod jobs;
mod lifecycle;
mod manifest;
mod network;
mod placement;
mod ports;
mod probes;
mod resources;
mod rollout;
mod scaling;
mod security;
mod storage;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::value::{Quantity, Scalar};
use super::{DocumentId, Window};

pub use drift::*;
pub use ingress::*;
pub use jobs::*;
pub use lifecycle::*;
pub use manifest::*;
pub use network::*;
pub use placement::*;
pub use ports::*;
pub use probes::*;
pub use resources::*;
pub use rollout::*;
pub use scaling::*;
pub use security::*;
pub use storage::*;

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
    #[schemars(extend("examples" = ["registry.example.com/shop:1.4.2"]))]
    pub image: String,
    /// Only to adopt a Deployment whose selector differs: used verbatim by every selector and the pod labels,
    /// fixed once applied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selector: BTreeMap<String, String>,
    /// Any text; it goes into the pod template, so that a change restarts the app.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["2026-10-01: new certificate"]))]
    pub restart: Option<Scalar>,
    /// Number of pods. Default 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Number of pods by load, in the place of `replicas`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"min": 2, "max": 10, "cpu": 70}]))]
    pub autoscaling: Option<Autoscaling>,
    /// Container entrypoint, as in Kubernetes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["/bin/shop", "--verbose"]]))]
    pub command: Vec<String>,
    /// Arguments of the entrypoint, as in Kubernetes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Short for `ports: {http: <port>}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [8080]))]
    pub port: Option<u16>,
    /// Named container ports: a number, or `{port, protocol}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"http": 8080, "metrics": 9090, "dns": {"port": 53, "protocol": "UDP"}}]))]
    pub ports: BTreeMap<String, Port>,
    /// The Service, rendered when there is a port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceSpec>,
    /// Environment variables; scalars become exactly the string that was written.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"LOG_LEVEL": "info", "WORKERS": 4}]))]
    pub env: BTreeMap<String, Scalar>,
    /// Environment variables from Secrets that exist.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"DATABASE_URL": {"secret": "shop-db", "key": "url"}}]))]
    pub secrets: BTreeMap<String, SecretKey>,
    /// Folders with the files of Secrets that exist, by a name of one's own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"tls": {"secret": "shop-tls", "path": "/etc/tls"}}]))]
    pub secret_files: BTreeMap<String, SecretMount>,
    /// Files by name, mounted at `configPath`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    /// A folder of the repository, relative to this document's file, whose files join `config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["./config"]))]
    pub config_from: Option<String>,
    /// Where the configuration files are mounted. Default `/etc/<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["/app/config"]))]
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
    #[schemars(extend("examples" = [{"data": {"size": "10Gi", "mountPath": "/data"}}]))]
    pub storage: BTreeMap<String, Storage>,
    /// Writable emptyDirs by mount path, with their size; `/tmp` is always there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"/tmp": "64Mi", "/var/cache": "128Mi"}]))]
    pub scratch: BTreeMap<String, Quantity>,
    /// Commands that run on a schedule in pods of their own, with the app's image, variables and files.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"cleanup": {"schedule": "0 3 * * *", "command": ["/bin/shop", "cleanup"]}}]))]
    pub jobs: BTreeMap<String, JobSpec>,
    /// How a new version replaces the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// How many pods may be away at once when nodes are emptied. Default: one, when there are more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disruption: Option<Disruption>,
    /// Who may reach the app, and whom it may reach. Default: the declared ports from anywhere, everything out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"from": [{"namespace": "ingress"}, {"app": "cart"}], "to": [{"cidr": "10.0.0.0/8"}]}]))]
    pub network: Option<Network>,
    /// The account that the pods run as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccountSpec>,
    /// Every loosening of the hardened default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security: Option<Security>,
    /// On which nodes the pods run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<Placement>,
    /// How images are pulled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<Pull>,
    /// Further containers of the pods, as in Kubernetes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"name": "proxy", "image": "registry.example.com/proxy:1.2", "resources": {"limits": {"memory": "64Mi"}}}]]))]
    pub sidecars: Vec<Json>,
    /// Containers that run before those of the app, as in Kubernetes; with `restartPolicy: Always` beside them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub init_containers: Vec<Json>,
    /// Further Kubernetes objects of this namespace, of kinds that the daemon's configuration allows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "shop"}, "rules": []}]]))]
    pub objects: Vec<Json>,
    /// Changes of the rendered objects, for what no field says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"target": "Deployment", "merge": {"spec": {"template": {"spec": {"dnsPolicy": "None"}}}}}]]))]
    pub patches: Vec<Patch>,
    /// Labels of the pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pod_labels: BTreeMap<String, String>,
    /// Annotations of the pods.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pod_annotations: BTreeMap<String, String>,
    /// What happens when the document leaves the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// Copies of the app's data: on a schedule, and before the app is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<Backup>,
    /// What is done about changes by others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftSpec>,
    /// When changes may be applied. Default: at any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Documents that must be ready before a new revision of this one rolls out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"app": "cart"}]]))]
    pub depends_on: Vec<Dependency>,
    /// Names of the `DatabaseMigration`s of this namespace that a new version of the app needs: its rollout
    /// waits until they are done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["shop-db"]]))]
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
