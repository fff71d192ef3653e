//! [`Live`]: a document's objects as they are in the cluster now, and what its Deployment made. Read for `status`
//! and `tree`; what this person may not read is told and left out.

use std::collections::BTreeMap;

use serde_json::Value;

use super::cause::{Cause, is_ready, root_cause};
use super::{CliError, Ui};
use crate::cluster::{Cluster, ClusterError};
use crate::object::{Health, Kind, ObjectRef, health};
use crate::record::Record;

/// Events are asked for of so many pods at most: they tell the same.
const PODS_ASKED: usize = 5;

/// A document's objects.
#[derive(Clone, Debug, Default)]
pub(super) struct Live {
    /// Each object of the inventory; none where there is no such object.
    pub(super) objects: BTreeMap<ObjectRef, Option<Value>>,
    /// What a Deployment made, newest first.
    pub(super) replica_sets: Vec<ReplicaSet>,
    /// The pods of each Job that is there.
    pub(super) runs: BTreeMap<ObjectRef, Vec<Value>>,
    /// Events about the newest pods and `ReplicaSet`.
    events: Vec<Value>,
}

/// A `ReplicaSet` that wants or has pods.
#[derive(Clone, Debug)]
pub(super) struct ReplicaSet {
    /// Its name.
    pub(super) name: String,
    /// The rollout it belongs to.
    pub(super) revision: u64,
    /// How many pods it wants.
    pub(super) wanted: u64,
    /// Its pods.
    pub(super) pods: Vec<Value>,
}

impl Live {
    /// The health of an object.
    pub(super) fn health(&self, reference: &ObjectRef) -> Option<Health> {
        Some(health(reference.kind, self.objects.get(reference)?.as_ref()?))
    }

    /// Why the newest pods are not ready.
    pub(super) fn cause(&self) -> Option<Cause> {
        match self.replica_sets.first() {
            Some(newest) => root_cause(&newest.pods, &self.events),
            None => self.runs.values().rev().find_map(|pods| root_cause(pods, &self.events)),
        }
    }
}

/// Reads the objects of a record.
pub(super) async fn read(cluster: &Cluster, record: &Record, ui: Ui) -> Result<Live, CliError> {
    let mut live = Live::default();
    let references: Vec<ObjectRef> = record.inventory.items.keys().cloned().collect();
    let reads = references.iter().map(|reference| cluster.get(reference));
    for (reference, object) in references.iter().zip(futures::future::join_all(reads).await) {
        if let Some(object) = allowed(object, ui)? {
            live.objects.insert(reference.clone(), object);
        }
    }
    let deployments = live.objects.iter().filter(|(reference, _)| reference.kind == Kind::Deployment);
    let deployments: Vec<(ObjectRef, Value)> =
        deployments.filter_map(|(reference, object)| Some((reference.clone(), object.clone()?))).collect();
    for (reference, deployment) in deployments {
        live.replica_sets.extend(replica_sets(cluster, &reference, &deployment, ui).await?);
    }
    let jobs = live.objects.iter().filter(|(reference, job)| reference.kind == Kind::Job && job.is_some());
    for job in jobs.map(|(reference, _)| reference.clone()).collect::<Vec<_>>() {
        let pods = cluster.pods_of_job(&job).await;
        live.runs.insert(job, allowed(pods, ui)?.unwrap_or_default());
    }
    live.events = events(cluster, &live, record, ui).await?;
    Ok(live)
}

async fn replica_sets(
    cluster: &Cluster,
    reference: &ObjectRef,
    deployment: &Value,
    ui: Ui,
) -> Result<Vec<ReplicaSet>, CliError> {
    let Some(labels) = selector(deployment) else { return Ok(Vec::new()) };
    let namespace = &reference.namespace;
    let (sets, pods) =
        futures::future::join(cluster.replica_sets(namespace, &labels), cluster.pods(namespace, &labels))
            .await;
    let (sets, pods) = (allowed(sets, ui)?.unwrap_or_default(), allowed(pods, ui)?.unwrap_or_default());
    let number = |value: Option<&Value>| value.and_then(Value::as_u64).unwrap_or_default();
    let mut found: Vec<ReplicaSet> = sets
        .iter()
        .filter(|set| owner(set) == uid(deployment) && owner(set).is_some())
        .map(|set| ReplicaSet {
            name: text(set, "/metadata/name").to_owned(),
            revision: text(set, "/metadata/annotations/deployment.kubernetes.io~1revision")
                .parse()
                .unwrap_or(0),
            wanted: number(set.pointer("/spec/replicas")),
            pods: pods.iter().filter(|pod| owner(pod) == uid(set)).cloned().collect(),
        })
        .filter(|set| set.wanted > 0 || !set.pods.is_empty())
        .collect();
    found.sort_by_key(|set| std::cmp::Reverse(set.revision));
    Ok(found)
}

async fn events(cluster: &Cluster, live: &Live, record: &Record, ui: Ui) -> Result<Vec<Value>, CliError> {
    let newest = live.replica_sets.first();
    let pods = newest.into_iter().flat_map(|newest| &newest.pods).chain(live.runs.values().flatten());
    let unready = pods.filter(|pod| !is_ready(pod)).take(PODS_ASKED);
    let mut about: Vec<(&str, &str)> = unready.map(|pod| ("Pod", text(pod, "/metadata/name"))).collect();
    if let Some(newest) = newest.filter(|newest| (newest.pods.len() as u64) < newest.wanted) {
        about.push(("ReplicaSet", &newest.name));
    }
    about.extend(
        live.runs.iter().filter(|(_, pods)| pods.is_empty()).map(|(job, _)| ("Job", job.name.as_str())),
    );
    let namespace = &record.document.namespace;
    let reads = about.iter().map(|(kind, name)| cluster.events_about(namespace, kind, name));
    let mut events = Vec::new();
    for found in futures::future::join_all(reads).await {
        events.extend(allowed(found, ui)?.unwrap_or_default());
    }
    Ok(events)
}

/// None, and a warning, for what RBAC keeps from this person.
fn allowed<T>(outcome: Result<T, ClusterError>, ui: Ui) -> Result<Option<T>, CliError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(ClusterError::Forbidden { target, message }) => {
            ui.warning(format_args!("{target}: you may not read it ({message})"));
            Ok(None)
        }
        // Without its kind there is no such object.
        Err(error @ ClusterError::KindNotInstalled { .. }) => {
            ui.warning(error);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// `key=value,…` of a Deployment's selector.
fn selector(deployment: &Value) -> Option<String> {
    let labels = deployment.pointer("/spec/selector/matchLabels")?.as_object()?;
    let pairs: Option<Vec<String>> =
        labels.iter().map(|(key, value)| Some(format!("{key}={}", value.as_str()?))).collect();
    pairs.filter(|pairs| !pairs.is_empty()).map(|pairs| pairs.join(","))
}

fn uid(object: &Value) -> Option<&str> {
    object.pointer("/metadata/uid").and_then(Value::as_str)
}

/// The uid of the controller that made an object.
fn owner(object: &Value) -> Option<&str> {
    let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = owners.iter().find(|owner| owner.get("controller").and_then(Value::as_bool) == Some(true))?;
    owner.get("uid").and_then(Value::as_str)
}

pub(super) fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// What a pod is doing, in one word, as `kubectl get pods` shows it.
pub(super) fn pod_state(pod: &Value) -> String {
    let containers = ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .filter_map(|pointer| pod.pointer(pointer).and_then(Value::as_array))
        .flatten();
    let reason = |pointer: &str| {
        let mut reasons = containers.clone().map(|container| text(container, pointer).to_owned());
        reasons.find(|reason| !matches!(reason.as_str(), "" | "PodInitializing" | "Completed"))
    };
    if pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null()) {
        return "Terminating".to_owned();
    }
    if let Some(reason) = reason("/state/waiting/reason").or_else(|| reason("/state/terminated/reason")) {
        return reason;
    }
    let said = text(pod, "/status/reason");
    if !said.is_empty() {
        return said.to_owned();
    }
    match text(pod, "/status/phase") {
        "Running" if is_ready(pod) => "Ready".to_owned(),
        "Running" => "NotReady".to_owned(),
        "" => "Unknown".to_owned(),
        phase => phase.to_owned(),
    }
}

/// How often the containers of a pod were started again.
pub(super) fn restarts(pod: &Value) -> u64 {
    let containers = pod.pointer("/status/containerStatuses").and_then(Value::as_array).into_iter().flatten();
    containers.filter_map(|container| container.get("restartCount")?.as_u64()).sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_state_of_a_pod_is_the_word_that_kubectl_shows() {
        let waiting = json!({"status": {"phase": "Pending", "containerStatuses": [
            {"name": "app", "restartCount": 3, "state": {"waiting": {"reason": "ImagePullBackOff"}}},
        ]}});
        assert_eq!((pod_state(&waiting).as_str(), restarts(&waiting)), ("ImagePullBackOff", 3));
        let ready =
            json!({"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}});
        assert_eq!(pod_state(&ready), "Ready");
        let leaving = json!({"metadata": {"deletionTimestamp": "2026-11-02T10:00:00Z"}});
        assert_eq!(pod_state(&leaving), "Terminating");
        let evicted = json!({"status": {"phase": "Failed", "reason": "Evicted"}});
        assert_eq!(pod_state(&evicted), "Evicted");
    }

    #[test]
    fn a_selector_becomes_a_query() {
        let deployment = json!({"spec": {"selector": {"matchLabels": {"b": "2", "a": "1"}}}});
        assert_eq!(selector(&deployment).as_deref(), Some("a=1,b=2"));
        assert_eq!(selector(&json!({"spec": {"selector": {"matchLabels": {}}}})), None, "never every pod");
    }
}
