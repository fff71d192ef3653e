//! What is in the cluster, asked cheaply and by another way than the daemon's: for tests that look often.

use std::collections::BTreeMap;

use kube::Client;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::Sandbox;

/// Where objects of each kind that the daemon writes are listed.
const COLLECTIONS: [(&str, &str, &str); 11] = [
    ("ServiceAccount", "api/v1", "serviceaccounts"),
    ("ConfigMap", "api/v1", "configmaps"),
    ("PersistentVolumeClaim", "api/v1", "persistentvolumeclaims"),
    ("Service", "api/v1", "services"),
    ("NetworkPolicy", "apis/networking.k8s.io/v1", "networkpolicies"),
    ("PodDisruptionBudget", "apis/policy/v1", "poddisruptionbudgets"),
    ("Job", "apis/batch/v1", "jobs"),
    ("Deployment", "apis/apps/v1", "deployments"),
    ("HorizontalPodAutoscaler", "apis/autoscaling/v2", "horizontalpodautoscalers"),
    ("Ingress", "apis/networking.k8s.io/v1", "ingresses"),
    ("CronJob", "apis/batch/v1", "cronjobs"),
];

/// Objects by `<Kind>/<namespace>/<name>`.
pub type Objects = BTreeMap<String, Value>;

/// Looks at one sandbox, as admin.
pub struct Observer {
    client: Client,
    runtime: Runtime,
    source: String,
    namespace: String,
    daemon_namespace: String,
}

impl Observer {
    pub fn new(sandbox: &Sandbox) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let kubeconfig = Kubeconfig::read_from(sandbox.kubeconfig()).unwrap();
        let client = runtime.block_on(async {
            let options = KubeConfigOptions::default();
            Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
        });
        Self {
            client,
            runtime,
            source: sandbox.source.clone(),
            namespace: sandbox.namespace.clone(),
            daemon_namespace: sandbox.daemon_namespace.clone(),
        }
    }

    /// The objects in the sandbox's namespace that bear the label of its source.
    pub fn objects(&self) -> Objects {
        let mut objects = Objects::new();
        for (kind, group, plural) in COLLECTIONS {
            let label = format!("portfolio.dev/source={}", self.source);
            let path = format!("/{group}/namespaces/{}/{plural}?labelSelector={label}", self.namespace);
            for object in self.list(&path) {
                let name = object["metadata"]["name"].as_str().unwrap();
                objects.insert(format!("{kind}/{}/{name}", self.namespace), object);
            }
        }
        objects
    }

    /// Objects of these collections (`configmaps`) with this name, of whomever.
    pub fn named(&self, plurals: &[&str], name: &str) -> Objects {
        let mut objects = Objects::new();
        for (kind, group, plural) in COLLECTIONS.into_iter().filter(|(_, _, plural)| plurals.contains(plural))
        {
            let field = format!("metadata.name={name}");
            let path = format!("/{group}/namespaces/{}/{plural}?fieldSelector={field}", self.namespace);
            for object in self.list(&path) {
                objects.insert(format!("{kind}/{}/{name}", self.namespace), object);
            }
        }
        objects
    }

    /// The records, by the name of their document.
    pub fn records(&self) -> BTreeMap<String, Value> {
        self.recorded().1
    }

    /// What is recorded of the source as a whole; null before it is written.
    pub fn summary(&self) -> Value {
        self.recorded().0
    }

    /// The summary and the records, by one request.
    pub fn recorded(&self) -> (Value, BTreeMap<String, Value>) {
        let mut status = self.status();
        let summary = status.remove("summary").and_then(|text| serde_json::from_str(&text).ok());
        let record = |text: &String| {
            let record: Value = serde_json::from_str(text).ok()?;
            let name = record["document"].as_str()?.rsplit('/').next()?.to_owned();
            Some((name, record))
        };
        (summary.unwrap_or_default(), status.values().filter_map(record).collect())
    }

    /// The data of all status ConfigMaps.
    pub fn status(&self) -> BTreeMap<String, String> {
        let label = format!("portfolio.dev/status={}", self.source);
        let path = format!("/api/v1/namespaces/{}/configmaps?labelSelector={label}", self.daemon_namespace);
        let data =
            self.list(&path).into_iter().filter_map(|map| serde_json::from_value(map["data"].clone()).ok());
        data.flat_map(|data: BTreeMap<String, String>| data).collect()
    }

    fn list(&self, path: &str) -> Vec<Value> {
        let request = axum::http::Request::get(path).body(Vec::new()).unwrap();
        let mut list: Value = self.runtime.block_on(self.client.request(request)).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }
}
