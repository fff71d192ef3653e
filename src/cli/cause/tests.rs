//! Pods and events as kubelets and schedulers write them, shortened.

use serde_json::{Value, json};

use super::root_cause;

fn pod(name: &str, created: &str, status: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": created},
        "spec": {"containers": [{"name": "app", "resources": {"limits": {"memory": "128Mi"}}}]},
        "status": status,
    })
}

fn one(status: &Value) -> Value {
    pod("web-7d4b9c-x2x4z", "2026-11-02T10:00:00Z", status)
}

fn waiting(reason: &str, message: &str) -> Value {
    json!({
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}],
        "containerStatuses": [{
            "name": "app", "ready": false, "restartCount": 0, "image": "registry.example.com/web:1.9",
            "state": {"waiting": {"reason": reason, "message": message}},
        }],
    })
}

fn crashed(terminated: &Value, restarts: u32) -> Value {
    json!({
        "phase": "Running",
        "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "False"}],
        "containerStatuses": [{
            "name": "app", "ready": false, "restartCount": restarts, "image": "registry.example.com/web:1.9",
            "state": {"waiting": {
                "reason": "CrashLoopBackOff",
                "message": "back-off 40s restarting failed container=app pod=web-7d4b9c-x2x4z_shop(0b1c)",
            }},
            "lastState": {"terminated": terminated},
        }],
    })
}

fn running(ready: bool) -> Value {
    json!({
        "phase": "Running",
        "conditions": [
            {"type": "PodScheduled", "status": "True"},
            {"type": "Ready", "status": if ready { "True" } else { "False" }},
        ],
        "containerStatuses": [{
            "name": "app", "ready": ready, "restartCount": 0,
            "state": {"running": {"startedAt": "2026-11-02T10:00:05Z"}},
        }],
    })
}

fn event(kind: &str, name: &str, reason: &str, message: &str, time: &str) -> Value {
    json!({
        "involvedObject": {"kind": kind, "namespace": "shop", "name": name},
        "type": "Warning", "reason": reason, "message": message, "lastTimestamp": time,
    })
}

#[test]
fn an_image_that_cannot_be_pulled_is_explained_by_the_registrys_answer() {
    let status = waiting("ImagePullBackOff", "Back-off pulling image \"registry.example.com/web:1.9\"");
    let answer = "Failed to pull image \"registry.example.com/web:1.9\": rpc error: code = NotFound desc = \
                  failed to resolve reference: registry.example.com/web:1.9: not found";
    let events = [event("Pod", "web-7d4b9c-x2x4z", "Failed", answer, "2026-11-02T10:00:10Z")];
    let cause = root_cause(&[one(&status)], &events).unwrap();
    assert_eq!(cause.reason, "ImagePullBackOff");
    assert_eq!(cause.message, answer);
    assert!(cause.hint.unwrap().contains("registry.example.com/web:1.9"));
}

#[test]
fn a_crash_is_told_with_its_code_and_where_its_log_is() {
    let status = crashed(&json!({"exitCode": 127, "reason": "Error"}), 4);
    let cause = root_cause(&[one(&status)], &[]).unwrap();
    assert_eq!(cause.reason, "CrashLoopBackOff");
    assert_eq!(
        cause.message,
        "container app ended with code 127 (the command was not found), started again 4 times"
    );
    let hint = cause.hint.unwrap();
    assert!(hint.contains("kubectl -n shop logs web-7d4b9c-x2x4z -c app --previous"), "{hint}");
}

#[test]
fn a_container_killed_for_its_memory_names_the_limit() {
    let status = crashed(&json!({"exitCode": 137, "reason": "OOMKilled"}), 2);
    let cause = root_cause(&[one(&status)], &[]).unwrap();
    assert_eq!(cause.reason, "OOMKilled");
    assert_eq!(
        cause.message,
        "container app used more memory than its limit of 128Mi, started again 2 times"
    );
}

#[test]
fn an_app_that_ends_well_again_and_again_is_no_app() {
    let status = crashed(&json!({"exitCode": 0, "reason": "Completed"}), 3);
    assert_eq!(root_cause(&[one(&status)], &[]).unwrap().reason, "Completed");
}

#[test]
fn a_missing_secret_or_key_is_named_with_what_to_do() {
    for (message, hint) in [
        ("secret \"shop-db\" not found", "create the Secret `shop-db`, or correct its name in the document"),
        (
            "configmap \"web-extra\" not found",
            "create the ConfigMap `web-extra`, or correct its name in the document",
        ),
        (
            "couldn't find key url in Secret shop/shop-db",
            "add the key to the Secret, or correct the key in the document",
        ),
    ] {
        let cause = root_cause(&[one(&waiting("CreateContainerConfigError", message))], &[]).unwrap();
        assert_eq!(cause.reason, "CreateContainerConfigError");
        assert_eq!(cause.message, format!("container app: {message}"));
        assert_eq!(cause.hint.as_deref(), Some(hint));
    }
}

#[test]
fn a_volume_that_cannot_be_mounted_shows_in_the_events() {
    let status = waiting("ContainerCreating", "");
    let message = "MountVolume.SetUp failed for volume \"tls\" : secret \"shop-tls\" not found";
    let events = [
        event("Pod", "web-7d4b9c-x2x4z", "FailedMount", message, "2026-11-02T10:01:00Z"),
        event("Pod", "another", "FailedMount", "not this one", "2026-11-02T10:02:00Z"),
    ];
    let cause = root_cause(&[one(&status)], &events).unwrap();
    assert_eq!((cause.reason.as_str(), cause.message.as_str()), ("FailedMount", message));
    assert!(cause.hint.unwrap().contains("`shop-tls`"));
    assert_eq!(root_cause(&[one(&status)], &[]), None, "a container that is being created is no failure");
}

#[test]
fn the_schedulers_reason_is_repeated() {
    let message = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available";
    let status = json!({
        "phase": "Pending",
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}],
    });
    let cause = root_cause(&[one(&status)], &[]).unwrap();
    assert_eq!((cause.reason.as_str(), cause.message.as_str()), ("Unschedulable", message));
    assert!(cause.hint.unwrap().contains("spec.resources.requests"));
}

#[test]
fn a_probe_that_fails_is_told_by_its_newest_event() {
    let probe = |message: &str, time: &str| event("Pod", "web-7d4b9c-x2x4z", "Unhealthy", message, time);
    let events = [
        probe("Readiness probe failed: HTTP probe failed with statuscode: 503", "2026-11-02T10:05:00Z"),
        probe("Startup probe failed: connect: connection refused", "2026-11-02T10:01:00Z"),
    ];
    let cause = root_cause(&[one(&running(false))], &events).unwrap();
    assert_eq!(cause.message, "Readiness probe failed: HTTP probe failed with statuscode: 503");
    assert_eq!(root_cause(&[one(&running(true))], &events), None, "what is ready needs no cause");
}

#[test]
fn an_init_container_comes_before_the_app_that_waits_for_it() {
    let mut status = waiting("PodInitializing", "");
    status["initContainerStatuses"] = json!([{
        "name": "warm-up", "restartCount": 1,
        "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "message": "no cache host\n"}},
    }]);
    let cause = root_cause(&[one(&status)], &[]).unwrap();
    assert_eq!(cause.message, "container warm-up ended with code 1, started again once: no cache host");
}

#[test]
fn pods_that_are_refused_are_explained_by_the_replica_set() {
    let message = "Error creating: pods \"web-7d4b9c-\" is forbidden: exceeded quota: team, requested: \
                   limits.memory=1Gi, used: limits.memory=4Gi, limited: limits.memory=4Gi";
    let events = [event("ReplicaSet", "web-7d4b9c", "FailedCreate", message, "2026-11-02T10:00:00Z")];
    let cause = root_cause(&[], &events).unwrap();
    assert_eq!((cause.reason.as_str(), cause.message.as_str()), ("FailedCreate", message));
}

#[test]
fn what_a_container_says_counts_more_than_a_probe_and_equal_pods_are_counted() {
    let crash = crashed(&json!({"exitCode": 1, "reason": "Error"}), 1);
    let pods = [
        pod("a", "2026-11-02T10:03:00Z", &running(false)),
        pod("b", "2026-11-02T10:02:00Z", &crash),
        pod("c", "2026-11-02T10:01:00Z", &crash),
    ];
    let events = [event("Pod", "a", "Unhealthy", "Readiness probe failed", "2026-11-02T10:04:00Z")];
    let cause = root_cause(&pods, &events).unwrap();
    assert_eq!((cause.reason.as_str(), cause.pod.as_str(), cause.pods), ("CrashLoopBackOff", "b", 2));
}

#[test]
fn a_pod_that_is_leaving_explains_nothing() {
    let mut pod = one(&crashed(&json!({"exitCode": 143, "reason": "Error"}), 0));
    pod["metadata"]["deletionTimestamp"] = json!("2026-11-02T10:10:00Z");
    assert_eq!(root_cause(&[pod], &[]), None);
}

#[test]
fn an_evicted_pod_says_what_the_kubelet_said() {
    let status = json!({
        "phase": "Failed", "reason": "Evicted",
        "message": "The node was low on resource: ephemeral-storage.",
    });
    let cause = root_cause(&[one(&status)], &[]).unwrap();
    assert_eq!(
        (cause.reason.as_str(), cause.message.as_str()),
        ("Evicted", "The node was low on resource: ephemeral-storage.")
    );
}
