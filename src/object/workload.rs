//! [`Health`] of what else makes pods and can be among a document's further objects, by the rules of kstatus.
//! Source: `sigs.k8s.io/cli-utils/pkg/kstatus`.

use serde_json::Value;

use super::health::{Health, condition, seen, text};
use super::{Kind, Pods};

/// The health of a workload; `None` for any other kind.
pub(super) fn workload(kind: Kind, live: &Value) -> Option<Health> {
    let rule: fn(&Value) -> Health = match (kind.group(), kind.name()) {
        ("apps", "StatefulSet") => stateful_set,
        ("apps", "DaemonSet") => daemon_set,
        ("apps", "ReplicaSet") | ("", "ReplicationController") => replica_set,
        ("", "Pod") => return Some(pod(live)),
        _ => return None,
    };
    Some(seen(live).unwrap_or_else(|| rule(live)))
}

fn stateful_set(live: &Value) -> Health {
    let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let pods = Pods::of(live);
    if text("/spec/updateStrategy/type") == "OnDelete" {
        // Somebody else says when a pod is a new one.
        return Health::Healthy;
    }
    let partition = live.pointer("/spec/updateStrategy/rollingUpdate/partition").and_then(Value::as_u64);
    let kept = partition.and_then(|partition| u32::try_from(partition).ok()).unwrap_or(0);
    let to_update = pods.wanted.saturating_sub(kept);
    counted(&[
        (pods.total, pods.wanted, "there"),
        (pods.ready, pods.wanted, "ready"),
        (pods.updated, to_update, "updated"),
    ])
    .or_else(|| surplus(pods))
    .unwrap_or(Health::Healthy)
}

fn daemon_set(live: &Value) -> Health {
    let count = |key: &str| {
        let count = live.pointer(&format!("/status/{key}")).and_then(Value::as_u64);
        count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
    };
    let wanted = count("desiredNumberScheduled");
    counted(&[
        (count("currentNumberScheduled"), wanted, "there"),
        (count("updatedNumberScheduled"), wanted, "updated"),
        (count("numberAvailable"), wanted, "available"),
        (count("numberReady"), wanted, "ready"),
    ])
    .unwrap_or(Health::Healthy)
}

fn replica_set(live: &Value) -> Health {
    let pods = Pods::of(live);
    let waiting = counted(&[(pods.available, pods.wanted, "available"), (pods.ready, pods.wanted, "ready")])
        .or_else(|| surplus(pods));
    let failure = condition(live, "ReplicaFailure").filter(|found| text(found, "status") == "True");
    match (waiting, failure) {
        (Some(Health::Progressing { message }), Some(failure)) => {
            Health::progressing(format!("{message}: {}", text(failure, "message")))
        }
        (Some(waiting), _) => waiting,
        (None, _) => Health::Healthy,
    }
}

fn pod(live: &Value) -> Health {
    let status =
        |key: &str| live.pointer(&format!("/status/{key}")).and_then(Value::as_str).unwrap_or_default();
    let ready = condition(live, "Ready").is_some_and(|found| text(found, "status") == "True");
    match status("phase") {
        "Succeeded" => Health::Healthy,
        "Running" if ready => Health::Healthy,
        "Failed" => Health::Degraded {
            reason: if status("reason").is_empty() { "PodFailed" } else { status("reason") }.to_owned(),
            message: if status("message").is_empty() { "the pod failed" } else { status("message") }
                .to_owned(),
        },
        "Running" => Health::progressing("the pod is not ready"),
        _ => Health::progressing("the pod has not started yet"),
    }
}

/// The first count that is below what is wanted.
fn counted(counts: &[(u32, u32, &str)]) -> Option<Health> {
    let (there, wanted, what) = counts.iter().find(|(there, wanted, _)| there < wanted)?;
    Some(Health::progressing(format!("{there} of {wanted} pods are {what}")))
}

fn surplus(pods: Pods) -> Option<Health> {
    let surplus = pods.total.checked_sub(pods.wanted).filter(|surplus| *surplus > 0)?;
    Some(Health::progressing(format!("{surplus} pods too many are still there")))
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::json;

    use super::super::health::health;
    use super::*;

    fn says(api_version: &str, kind: &str, spec: Value, status: Value) -> String {
        let live = json!({"metadata": {"generation": 2}, "spec": spec, "status": status});
        health(Kind::of(api_version, kind).unwrap(), &live).to_string()
    }

    #[test]
    fn a_stateful_set_is_healthy_once_its_pods_are_new_and_ready() {
        let status = |total: u32, ready: u32, updated: u32| json!({"observedGeneration": 2, "replicas": total, "readyReplicas": ready, "updatedReplicas": updated});
        let of = |spec: Value, status: Value| says("apps/v1", "StatefulSet", spec, status);
        let three = || json!({"replicas": 3});
        assert_eq!(of(three(), status(3, 3, 3)), "Healthy");
        assert_eq!(of(three(), status(1, 1, 1)), "Progressing: 1 of 3 pods are there");
        assert_eq!(of(three(), status(3, 2, 3)), "Progressing: 2 of 3 pods are ready");
        assert_eq!(of(three(), status(3, 3, 1)), "Progressing: 1 of 3 pods are updated");
        assert_eq!(
            of(json!({"replicas": 1}), status(2, 2, 1)),
            "Progressing: 1 pods too many are still there"
        );
        let partition = json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}});
        assert_eq!(of(partition, status(3, 3, 1)), "Healthy");
        let on_delete = json!({"replicas": 3, "updateStrategy": {"type": "OnDelete"}});
        assert_eq!(of(on_delete, status(3, 3, 0)), "Healthy");
        let stale = json!({"observedGeneration": 1, "replicas": 3, "readyReplicas": 3, "updatedReplicas": 3});
        assert!(of(three(), stale).starts_with("Progressing: the controller has not seen"));
    }

    #[test]
    fn a_daemon_set_is_healthy_once_every_node_has_a_new_pod() {
        let status = |updated: u32, ready: u32| {
            json!({"observedGeneration": 2, "desiredNumberScheduled": 2, "currentNumberScheduled": 2,
                "updatedNumberScheduled": updated, "numberAvailable": ready, "numberReady": ready})
        };
        let of = |status: Value| says("apps/v1", "DaemonSet", json!({}), status);
        assert_eq!(of(status(2, 2)), "Healthy");
        assert_eq!(of(status(1, 2)), "Progressing: 1 of 2 pods are updated");
        assert_eq!(of(status(2, 0)), "Progressing: 0 of 2 pods are available");
    }

    #[test]
    fn a_replica_set_says_why_no_pod_comes_up() {
        let of = |status: Value| says("apps/v1", "ReplicaSet", json!({"replicas": 2}), status);
        assert_eq!(
            of(json!({"observedGeneration": 2, "replicas": 2, "readyReplicas": 2, "availableReplicas": 2})),
            "Healthy"
        );
        let refused = json!({"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"});
        assert_eq!(
            of(json!({"observedGeneration": 2, "conditions": [refused]})),
            "Progressing: 0 of 2 pods are available: exceeded quota"
        );
    }

    #[test]
    fn a_pod_is_healthy_while_it_is_ready_and_when_it_has_ended_well() {
        let of = |status: Value| says("v1", "Pod", json!({}), status);
        assert_eq!(of(json!({"phase": "Succeeded"})), "Healthy");
        let ready = json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]});
        assert_eq!(of(ready), "Healthy");
        assert_eq!(of(json!({"phase": "Running"})), "Progressing: the pod is not ready");
        assert_eq!(of(json!({"phase": "Pending"})), "Progressing: the pod has not started yet");
        let evicted =
            json!({"phase": "Failed", "reason": "Evicted", "message": "the node was low on memory"});
        assert_eq!(of(evicted), "Degraded (Evicted): the node was low on memory");
    }

    #[test]
    fn another_kind_is_no_workload() {
        let monitor = Kind::of("monitoring.coreos.com/v1", "ServiceMonitor").unwrap();
        assert_eq!(workload(monitor, &json!({})), None);
        assert_eq!(workload(Kind::of("example.com/v1", "StatefulSet").unwrap(), &json!({})), None);
    }
}
