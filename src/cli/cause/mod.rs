//! [`root_cause`]: why pods do not become ready, in the words of whoever knows best: the container's state, the
//! scheduler, the kubelet's events. Pure; called by `status` and `tree`.
//!
//! Source: the reasons of kubelet and scheduler, <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/>.

use serde_json::Value;

mod container;
#[cfg(test)]
mod tests;

/// Why pods are not ready.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cause {
    /// One word, as Kubernetes says it: `ImagePullBackOff`, `OOMKilled`, `Unschedulable`…
    pub reason: String,
    /// What happened.
    pub message: String,
    /// The pod that shows it; empty where there is none.
    pub pod: String,
    /// How many pods show the same.
    pub pods: usize,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// What tells more comes first.
    #[serde(skip)]
    rank: Rank,
}

/// How much a cause explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// The container says it itself.
    Container,
    /// The pod cannot get so far.
    Pod,
    /// It runs, but is not ready.
    Probe,
    /// It runs again after a failure.
    Restarted,
}

/// Why these pods, which belong to one revision, are not ready. `events` are core/v1 events about the pods and
/// about the `ReplicaSet` that should make them, in any order. None when nothing is wrong, or nothing is known.
pub fn root_cause(pods: &[Value], events: &[Value]) -> Option<Cause> {
    let mut pods: Vec<&Value> = pods.iter().filter(|pod| !is_leaving(pod)).collect();
    pods.sort_by(|one, other| {
        text(other, "/metadata/creationTimestamp").cmp(text(one, "/metadata/creationTimestamp"))
    });
    let mut causes: Vec<Cause> = pods.iter().filter_map(|pod| pod_cause(pod, events)).collect();
    causes.sort_by_key(|cause| cause.rank);
    if let Some(first) = causes.first() {
        let pods = causes.iter().filter(|cause| cause.reason == first.reason).count();
        return Some(Cause { pods, ..first.clone() });
    }
    // A quota or admission keeps pods from being made: the ReplicaSet's events say so.
    let refused = newest(events, |event| text(event, "/reason") == "FailedCreate")?;
    (pods.is_empty() || pods.iter().all(|pod| is_ready(pod))).then(|| Cause {
        reason: "FailedCreate".to_owned(),
        message: text(refused, "/message").to_owned(),
        pod: String::new(),
        pods: 0,
        hint: Some(
            "the API server refuses the pods: a quota, an admission policy or a missing object".to_owned(),
        ),
        rank: Rank::Pod,
    })
}

fn pod_cause(pod: &Value, events: &[Value]) -> Option<Cause> {
    let name = text(pod, "/metadata/name");
    let about = |event: &&Value| {
        text(event, "/involvedObject/name") == name && text(event, "/involvedObject/kind") == "Pod"
    };
    let cause = |rank: Rank, reason: &str, message: String, hint: Option<String>| Cause {
        reason: reason.to_owned(),
        message,
        pod: name.to_owned(),
        pods: 1,
        hint,
        rank,
    };
    if text(pod, "/status/phase") == "Failed" && !text(pod, "/status/reason").is_empty() {
        let message = text(pod, "/status/message").to_owned();
        return Some(cause(Rank::Pod, text(pod, "/status/reason"), message, None));
    }
    if let Some(found) = container::states(pod).find_map(|state| state.failure(pod)) {
        let pulling = found.reason.contains("Image");
        let detail = newest(events, |event| {
            about(&event) && pulling && text(event, "/message").starts_with("Failed to pull image")
        });
        // The back-off alone does not say what the registry answered.
        let message = match detail {
            Some(event) if !found.message.contains("rpc error") && !found.message.contains("not found") => {
                text(event, "/message").to_owned()
            }
            Some(_) | None => found.message,
        };
        return Some(cause(Rank::Container, &found.reason, message, found.hint));
    }
    if let Some(condition) = condition(pod, "PodScheduled").filter(|one| text(one, "/status") == "False") {
        let message = text(condition, "/message").to_owned();
        let hint = message
            .contains("Insufficient")
            .then(|| "lower `spec.resources.requests`, or give the cluster more nodes".to_owned());
        return Some(cause(Rank::Pod, text(condition, "/reason"), message, hint));
    }
    if is_ready(pod) {
        return None;
    }
    let stuck = ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"];
    if container::states(pod).any(container::State::is_being_created)
        && let Some(event) = newest(events, |event| about(&event) && stuck.contains(&text(event, "/reason")))
    {
        let message = text(event, "/message").to_owned();
        let hint = container::missing_object(&message);
        return Some(cause(Rank::Pod, text(event, "/reason"), message, hint));
    }
    if let Some(event) = newest(events, |event| about(&event) && text(event, "/reason") == "Unhealthy") {
        let hint = "look at `spec.probes`: its path, port and timeout, and at what the app answers there";
        return Some(cause(
            Rank::Probe,
            "Unhealthy",
            text(event, "/message").to_owned(),
            Some(hint.to_owned()),
        ));
    }
    container::states(pod)
        .find_map(|state| state.last_failure(pod))
        .map(|found| cause(Rank::Restarted, &found.reason, found.message, found.hint))
}

/// It is being deleted, or has done its work.
fn is_leaving(pod: &Value) -> bool {
    pod.pointer("/metadata/deletionTimestamp").is_some_and(|time| !time.is_null())
        || text(pod, "/status/phase") == "Succeeded"
}

/// Whether a pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|ready| text(ready, "/status") == "True")
}

fn condition<'v>(pod: &'v Value, kind: &str) -> Option<&'v Value> {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array)?;
    conditions.iter().find(|condition| text(condition, "/type") == kind)
}

fn newest(events: &[Value], wanted: impl Fn(&Value) -> bool) -> Option<&Value> {
    events.iter().filter(|event| wanted(event)).max_by_key(|event| {
        let times =
            ["/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"];
        times.iter().map(|time| text(event, time)).find(|time| !time.is_empty()).unwrap_or_default()
    })
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
