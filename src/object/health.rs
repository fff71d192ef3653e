//! [`Health`] of a live object by the rules of kstatus, one small function a kind.
//!
//! Health says how an object is at this moment; whether that is still good is a matter of time, which `plan`
//! knows. Source: `sigs.k8s.io/cli-utils/pkg/kstatus`.

use std::fmt;

use serde_json::Value;

use super::Kind;
use super::workload::workload;

/// How an object is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is what it should be.
    Healthy,
    /// Its controller is still at work.
    Progressing {
        /// What is being waited for.
        message: String,
    },
    /// Its controller has given up.
    Degraded {
        /// One word for machines.
        reason: String,
        /// What happened.
        message: String,
    },
    /// It does not have the form of its kind.
    Unknown,
}

impl Health {
    /// Whether it is healthy.
    pub fn is_healthy(&self) -> bool {
        *self == Health::Healthy
    }

    pub(super) fn progressing(message: impl Into<String>) -> Self {
        Health::Progressing { message: message.into() }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Health::Healthy => f.write_str("Healthy"),
            Health::Progressing { message } => write!(f, "Progressing: {message}"),
            Health::Degraded { reason, message } => write!(f, "Degraded ({reason}): {message}"),
            Health::Unknown => f.write_str("Unknown"),
        }
    }
}

/// The pods that a Deployment or a Job wants and has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pods {
    /// `spec.replicas`.
    pub wanted: u32,
    /// `status.replicas`: of every revision.
    pub total: u32,
    /// `status.updatedReplicas`.
    pub updated: u32,
    /// `status.readyReplicas`.
    pub ready: u32,
    /// `status.availableReplicas`.
    pub available: u32,
}

impl Pods {
    /// The counts of a live Deployment. A count that is not there is zero, `spec.replicas` is one.
    pub fn of(live: &Value) -> Self {
        let count = |pointer: &str| live.pointer(pointer).and_then(Value::as_u64);
        let narrow = |count: Option<u64>| count.and_then(|count| u32::try_from(count).ok());
        let status = |key: &str| narrow(count(&format!("/status/{key}"))).unwrap_or(0);
        Self {
            wanted: narrow(count("/spec/replicas")).unwrap_or(1),
            total: status("replicas"),
            updated: status("updatedReplicas"),
            ready: status("readyReplicas"),
            available: status("availableReplicas"),
        }
    }

    /// The counts of a live Job: of its one pod, whether it is there, and whether it runs.
    pub fn of_job(live: &Value) -> Self {
        let status = |key: &str| {
            let count = live.pointer(&format!("/status/{key}")).and_then(Value::as_u64);
            count.and_then(|count| u32::try_from(count).ok()).unwrap_or(0)
        };
        Self { wanted: 1, total: status("active"), ready: status("ready"), ..Self::default() }
    }
}

/// The health of a live object.
///
/// A claim that is not bound counts as healthy: with `WaitForFirstConsumer` it is bound only once a pod needs
/// it, and until then the pod's Deployment is what progresses. An Ingress is healthy at once, since not every
/// controller writes a status.
pub fn health(kind: Kind, live: &Value) -> Health {
    if !live.is_object() {
        return Health::Unknown;
    }
    match kind {
        Kind::Deployment => deployment(live),
        Kind::Job => job(live),
        Kind::PersistentVolumeClaim => claim(live),
        Kind::Service => service(live),
        Kind::PodDisruptionBudget => seen(live).unwrap_or(Health::Healthy),
        Kind::ServiceAccount
        | Kind::ConfigMap
        | Kind::NetworkPolicy
        | Kind::HorizontalPodAutoscaler
        | Kind::Ingress
        | Kind::CronJob => Health::Healthy,
        Kind::Other(_) => workload(kind, live).unwrap_or_else(|| other(live)),
    }
}

/// What the conventions of kstatus tell of a kind that is not known: a deletion, a generation that is not seen yet, the
/// conditions `Stalled`, `Reconciling` and `Ready`.
/// Source: sigs.k8s.io/cli-utils `pkg/kstatus`.
fn other(live: &Value) -> Health {
    let is = |kind: &str, status: &str| condition(live, kind).filter(|found| text(found, "status") == status);
    if live.pointer("/status/observedGeneration").is_some()
        && let Some(health) = seen(live)
    {
        return health;
    }
    if let Some(stalled) = is("Stalled", "True") {
        return Health::Degraded {
            reason: text(stalled, "reason").to_owned(),
            message: text(stalled, "message").to_owned(),
        };
    }
    match is("Reconciling", "True").or_else(|| is("Ready", "False")) {
        Some(found) => Health::progressing(text(found, "message")),
        None => Health::Healthy,
    }
}

/// What to say when the controller has not seen the newest specification.
pub(super) fn seen(live: &Value) -> Option<Health> {
    let number = |pointer: &str| live.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    (number("/status/observedGeneration") < number("/metadata/generation"))
        .then(|| Health::progressing("the controller has not seen the newest specification yet"))
}

fn deployment(live: &Value) -> Health {
    if let Some(health) = seen(live) {
        return health;
    }
    let progressing = condition(live, "Progressing");
    if let Some(progressing) = progressing.filter(|found| text(found, "reason") == "ProgressDeadlineExceeded")
    {
        return Health::Degraded {
            reason: text(progressing, "reason").to_owned(),
            message: text(progressing, "message").to_owned(),
        };
    }
    let pods = Pods::of(live);
    let waiting = if pods.updated < pods.wanted {
        format!("{} of {} pods are updated", pods.updated, pods.wanted)
    } else if pods.total > pods.updated {
        format!("{} old pods are still there", pods.total - pods.updated)
    } else if pods.available < pods.wanted {
        format!("{} of {} pods are available", pods.available, pods.wanted)
    } else if pods.ready < pods.wanted {
        format!("{} of {} pods are ready", pods.ready, pods.wanted)
    } else {
        return Health::Healthy;
    };
    match condition(live, "ReplicaFailure").filter(|found| text(found, "status") == "True") {
        Some(failure) => Health::progressing(format!("{waiting}: {}", text(failure, "message"))),
        None => Health::progressing(waiting),
    }
}

/// A Job is what it should be once it is complete. Source: Kubernetes docs, "Jobs", terminal conditions.
fn job(live: &Value) -> Health {
    let is_true = |kind: &str| condition(live, kind).filter(|found| text(found, "status") == "True");
    if is_true("Complete").is_some() {
        return Health::Healthy;
    }
    if let Some(failed) = is_true("Failed") {
        return Health::Degraded {
            reason: text(failed, "reason").to_owned(),
            message: text(failed, "message").to_owned(),
        };
    }
    if live.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        return Health::progressing("it is suspended");
    }
    let pods = Pods::of_job(live);
    let failed = live.pointer("/status/failed").and_then(Value::as_u64).is_some_and(|count| count > 0);
    Health::progressing(match (pods.ready, pods.total) {
        (0, 0) if failed => "a pod failed, the next one is on its way",
        (0, 0) => "no pod has started yet",
        (0, _) if failed => "a pod failed, the next one has not started yet",
        (0, _) => "its pod has not started yet",
        (_, _) => "it is running",
    })
}

fn claim(live: &Value) -> Health {
    match live.pointer("/status/phase").and_then(Value::as_str) {
        Some("Lost") => Health::Degraded {
            reason: "VolumeLost".to_owned(),
            message: "the volume behind the claim is gone".to_owned(),
        },
        Some(_) | None => Health::Healthy,
    }
}

fn service(live: &Value) -> Health {
    let is_balancer = live.pointer("/spec/type").and_then(Value::as_str) == Some("LoadBalancer");
    let addresses = live.pointer("/status/loadBalancer/ingress").and_then(Value::as_array);
    if is_balancer && addresses.is_none_or(Vec::is_empty) {
        return Health::progressing("the load balancer has no address yet");
    }
    Health::Healthy
}

pub(super) fn condition<'a>(live: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = live.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| text(condition, "type") == kind)
}

pub(super) fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment_with(wanted: u32, status: Value) -> Health {
        let live = json!({"metadata": {"generation": 2}, "spec": {"replicas": wanted}, "status": status});
        health(Kind::Deployment, &live)
    }

    fn message(health: Health) -> String {
        match health {
            Health::Progressing { message } | Health::Degraded { message, .. } => message,
            Health::Healthy | Health::Unknown => panic!("{health}"),
        }
    }

    #[test]
    fn a_deployment_is_healthy_once_every_pod_is_new_and_available() {
        let status = |updated: u32, total: u32, available: u32| {
            json!({"observedGeneration": 2, "replicas": total, "updatedReplicas": updated,
                "readyReplicas": available, "availableReplicas": available})
        };
        assert_eq!(deployment_with(3, status(3, 3, 3)), Health::Healthy);
        assert_eq!(message(deployment_with(3, status(1, 4, 3))), "1 of 3 pods are updated");
        assert_eq!(message(deployment_with(3, status(3, 4, 3))), "1 old pods are still there");
        assert_eq!(message(deployment_with(3, status(3, 3, 2))), "2 of 3 pods are available");
    }

    #[test]
    fn a_deployment_of_no_pods_is_healthy_once_they_are_gone() {
        assert_eq!(deployment_with(0, json!({"observedGeneration": 2})), Health::Healthy);
        assert!(!deployment_with(0, json!({"observedGeneration": 2, "replicas": 1})).is_healthy());
    }

    #[test]
    fn a_status_of_an_older_generation_says_nothing() {
        let stale = json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1,
            "readyReplicas": 1, "availableReplicas": 1});
        assert!(!deployment_with(1, stale).is_healthy());
        assert!(!deployment_with(1, json!(null)).is_healthy());
    }

    #[test]
    fn a_deployment_past_its_progress_deadline_is_degraded() {
        let health = deployment_with(
            1,
            json!({"observedGeneration": 2, "conditions": [{"type": "Progressing", "status": "False",
                "reason": "ProgressDeadlineExceeded", "message": "timed out"}]}),
        );
        assert_eq!(
            health,
            Health::Degraded { reason: "ProgressDeadlineExceeded".into(), message: "timed out".into() }
        );
    }

    #[test]
    fn a_refused_pod_says_why_no_pod_comes_up() {
        let health = deployment_with(
            1,
            json!({"observedGeneration": 2, "conditions": [{"type": "ReplicaFailure", "status": "True",
                "reason": "FailedCreate", "message": "exceeded quota"}]}),
        );
        assert_eq!(message(health), "0 of 1 pods are updated: exceeded quota");
    }

    #[test]
    fn a_job_is_healthy_once_it_is_complete_and_says_why_it_failed() {
        let job = |status: Value| health(Kind::Job, &json!({"status": status}));
        let ended = |kind: &str| {
            json!({"conditions": [{"type": kind, "status": "True", "reason": "PodFailurePolicy",
            "message": "exit code 20"}]})
        };
        assert_eq!(job(ended("Complete")), Health::Healthy);
        assert_eq!(
            job(ended("Failed")),
            Health::Degraded { reason: "PodFailurePolicy".into(), message: "exit code 20".into() }
        );
        assert_eq!(message(job(json!({"active": 1, "ready": 1}))), "it is running");
        assert_eq!(message(job(json!({"active": 1}))), "its pod has not started yet");
        // It is about to fail: its pods are still ending.
        assert!(!job(ended("FailureTarget")).is_healthy());
    }

    #[test]
    fn a_claim_waits_for_its_pod_and_a_balancer_for_its_address() {
        let claim = |phase: &str| health(Kind::PersistentVolumeClaim, &json!({"status": {"phase": phase}}));
        assert_eq!(claim("Pending"), Health::Healthy);
        assert_eq!(claim("Bound"), Health::Healthy);
        assert!(!claim("Lost").is_healthy());
        let mut balancer = json!({"spec": {"type": "LoadBalancer"}, "status": {"loadBalancer": {}}});
        assert!(!health(Kind::Service, &balancer).is_healthy());
        balancer["status"]["loadBalancer"]["ingress"] = json!([{"ip": "192.0.2.1"}]);
        assert_eq!(health(Kind::Service, &balancer), Health::Healthy);
    }
}
