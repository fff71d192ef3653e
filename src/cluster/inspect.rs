//! Reads that explain why an object is not healthy, for `status` and `tree`. The objects are handed on as
//! they come.

use serde_json::Value;

use super::address::{self, Scope};
use super::call::{Call, JSON};
use super::read::{Selectors, absent_as_none, with_type};
use super::{Cluster, ClusterError};
use crate::object::ObjectRef;

impl Cluster {
    /// Pods with the labels.
    pub async fn pods(&self, namespace: &str, labels: &str) -> Result<Vec<Value>, ClusterError> {
        let selectors = Selectors { labels: Some(labels), fields: None };
        self.related("", namespace, "pods", "Pod", selectors).await
    }

    /// Pods that a Job made.
    pub async fn pods_of_job(&self, job: &ObjectRef) -> Result<Vec<Value>, ClusterError> {
        self.pods(&job.namespace, &format!("batch.kubernetes.io/job-name={}", job.name)).await
    }

    /// `ReplicaSets` with the labels.
    pub async fn replica_sets(&self, namespace: &str, labels: &str) -> Result<Vec<Value>, ClusterError> {
        let selectors = Selectors { labels: Some(labels), fields: None };
        self.related("apps", namespace, "replicasets", "ReplicaSet", selectors).await
    }

    /// Jobs with the labels.
    pub async fn jobs(&self, namespace: &str, labels: &str) -> Result<Vec<Value>, ClusterError> {
        let selectors = Selectors { labels: Some(labels), fields: None };
        self.related("batch", namespace, "jobs", "Job", selectors).await
    }

    /// Events (core/v1) about the object of this kind and name, in no order.
    pub async fn events_about(
        &self,
        namespace: &str,
        kind: &str,
        name: &str,
    ) -> Result<Vec<Value>, ClusterError> {
        let fields = format!("involvedObject.kind={kind},involvedObject.name={name}");
        let selectors = Selectors { labels: None, fields: Some(&fields) };
        self.related("", namespace, "events", "Event", selectors).await
    }

    /// Events (core/v1) of the namespace, in no order.
    pub async fn events_in(&self, namespace: &str) -> Result<Vec<Value>, ClusterError> {
        self.related("", namespace, "events", "Event", Selectors::default()).await
    }

    /// The namespace, or None.
    pub async fn namespace(&self, name: &str) -> Result<Option<Value>, ClusterError> {
        // Its name is checked as any other's.
        let url = address::plural("", "v1", &Scope::Namespace(name.to_owned()), "")?;
        let url = url.trim_end_matches('/').to_owned();
        absent_as_none(self.send(&Call::get(url, format!("namespace {name}"))).await)
    }

    async fn related(
        &self,
        group: &str,
        namespace: &str,
        resource: &str,
        kind: &str,
        selectors: Selectors<'_>,
    ) -> Result<Vec<Value>, ClusterError> {
        let url = address::plural(group, "v1", &Scope::Namespace(namespace.to_owned()), resource)?;
        let api_version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let typed = |item| Some(with_type(item, &api_version, kind));
        let target = format!("{resource} in {namespace}");
        self.pages(&url, &target, selectors, JSON, typed).await
    }
}
