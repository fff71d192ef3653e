//! A namespace of its own for each test, us in it, and somebody else with other tools.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use portfolio::cluster::{Access, Cluster, connect};
use portfolio::object::{Kind, Object, ObjectRef};
use serde_json::{Value, json};

use crate::support::control_plane;

/// A test's surroundings.
pub struct Bench {
    /// Us.
    pub cluster: Cluster,
    /// Everybody else, with every right.
    pub other: kube::Client,
    /// Of this test alone.
    pub namespace: String,
}

impl Bench {
    pub async fn new(purpose: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let cluster = connect_as("portfolio").await;
        let other = client("admin").await;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("{purpose}-{}-{count}", std::process::id());
        let bench = Self { cluster, other, namespace };
        bench.create_namespace(&bench.namespace).await;
        bench
    }

    pub async fn create_namespace(&self, name: &str) {
        let body = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        let namespaces: Api<DynamicObject> = Api::all_with(self.other.clone(), &resource("", "Namespace"));
        namespaces.create(&PostParams::default(), &serde_json::from_value(body).unwrap()).await.unwrap();
    }

    pub fn reference(&self, kind: Kind, name: &str) -> ObjectRef {
        ObjectRef::new(kind, &self.namespace, name)
    }

    /// A `ConfigMap` with the label of source `web`.
    pub fn config_map(&self, name: &str, data: &Value) -> Object {
        let content = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": name, "namespace": self.namespace, "labels": {"portfolio.dev/source": self.source()},
            },
            "data": data,
        });
        Object::new(self.reference(Kind::ConfigMap, name), content)
    }

    /// A source of this test alone.
    pub fn source(&self) -> String {
        self.namespace.clone()
    }

    /// A Deployment of no pods.
    pub fn deployment(&self, name: &str) -> Object {
        let content = json!({
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": name, "namespace": self.namespace},
            "spec": {
                "replicas": 0,
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "app", "image": "app:1"}]},
                },
            },
        });
        Object::new(self.reference(Kind::Deployment, name), content)
    }

    pub fn others(&self, kind: Kind) -> Api<DynamicObject> {
        Api::namespaced_with(self.other.clone(), &self.namespace, &resource(kind.group(), kind.name()))
    }

    /// A change by another field manager; force when there is a conflict.
    pub async fn other_applies(&self, manager: &str, object: &ObjectRef, fields: Value) {
        let mut body = json!({
            "apiVersion": object.kind.api_version(), "kind": object.kind.name(), "metadata": {"name": object.name},
        });
        merge(&mut body, fields);
        let params = PatchParams::apply(manager).force();
        self.others(object.kind).patch(&object.name, &params, &Patch::Apply(body)).await.unwrap();
    }

    /// A merge patch, as `kubectl edit` sends it.
    pub async fn other_edits(&self, manager: &str, object: &ObjectRef, change: Value) {
        let params = PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() };
        self.others(object.kind).patch(&object.name, &params, &Patch::Merge(change)).await.unwrap();
    }

    pub async fn other_deletes(&self, object: &ObjectRef) {
        self.others(object.kind).delete(&object.name, &kube::api::DeleteParams::default()).await.unwrap();
    }
}

impl Drop for Bench {
    /// Clears up where the next run would find it; what a failed test left is kept for a look.
    fn drop(&mut self) {
        if control_plane().is_borrowed() && !std::thread::panicking() {
            let mut kubectl = control_plane().kubectl();
            let _ = kubectl.args(["delete", "namespace", &self.namespace, "--wait=false"]).output();
        }
    }
}

pub fn resource(group: &str, kind: &str) -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(group, "v1", kind))
}

pub async fn connect_as(context: &str) -> Cluster {
    connect(&access(context)).await.unwrap()
}

pub fn access(context: &str) -> Access {
    Access {
        kubeconfig: Some(control_plane().kubeconfig()),
        context: Some(context.to_owned()),
        ..Access::default()
    }
}

async fn client(context: &str) -> kube::Client {
    let kubeconfig = Kubeconfig::read_from(control_plane().kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    kube::Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

/// Asks until the answer is there.
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let patience = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), patience)
        .await
        .unwrap_or_else(|_| panic!("not within 30 s: {what}"))
}

pub fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
        .to_owned()
}
