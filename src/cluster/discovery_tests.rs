//! How kinds that are not built in are found, against an API server that only pretends.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::fault_tests::{Answer, Seen, bookmark, failure, pretend, success};
use super::*;
use crate::object::{Kind, ObjectRef};

fn monitor() -> ObjectRef {
    ObjectRef::new(Kind::of("monitoring.coreos.com/v1", "ServiceMonitor").unwrap(), "shop", "web")
}

/// What the server knows of a version of the group.
fn resources() -> Answer {
    let verbs = ["create", "delete", "get", "list", "patch", "watch"];
    success(&json!({"resources": [
        {"name": "monitorz", "kind": "ServiceMonitor", "namespaced": true, "verbs": verbs},
        {"name": "monitorz/status", "kind": "ServiceMonitor", "namespaced": true, "verbs": ["get"]},
    ]}))
}

/// Versions of the group.
fn group(versions: &[&str]) -> Answer {
    let versions: Vec<Value> = versions.iter().map(|version| json!({"version": version})).collect();
    success(&json!({"versions": versions}))
}

fn live() -> Answer {
    success(&json!({
        "metadata": {"name": "web", "namespace": "shop", "uid": "1", "resourceVersion": "7"},
    }))
}

fn missing() -> Answer {
    Answer::Status(404, &[], "404 page not found".to_owned())
}

fn paths(seen: &Seen) -> Vec<String> {
    let seen = seen.lock().unwrap();
    seen.iter().map(|line| line.replace("/apis/monitoring.coreos.com", "…")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_kind_is_asked_for_once_and_called_what_the_server_calls_it() {
    let (cluster, seen) = pretend(vec![resources(), live(), live()]);
    assert!(cluster.get(&monitor()).await.unwrap().is_some());
    assert!(cluster.get_metadata(&monitor()).await.unwrap().is_some());
    let object = "GET …/v1/namespaces/shop/monitorz/web";
    assert_eq!(paths(&seen), ["GET …/v1", object, object]);
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_not_there_is_asked_for_anew_each_time() {
    let (cluster, _) = pretend(vec![missing(), missing(), resources(), live()]);
    let error = cluster.get(&monitor()).await.unwrap_err();
    assert_eq!(
        (error.reason(), error.to_string().as_str()),
        ("KindNotInstalled", "the cluster has no ServiceMonitor.v1.monitoring.coreos.com; install its CRD")
    );
    assert!(cluster.get(&monitor()).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn an_api_that_is_out_of_order_is_not_taken_for_a_kind_that_is_not_there() {
    let (cluster, _) = pretend(vec![failure(503), failure(503), failure(503)]);
    let error = cluster.get_metadata(&monitor()).await.unwrap_err();
    assert!(matches!(error, ClusterError::Server { code: 503, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_goes_away_is_said_to_be_gone() {
    let (cluster, _) = pretend(vec![resources(), live(), missing(), missing(), missing()]);
    cluster.get(&monitor()).await.unwrap();
    let error = cluster.get(&monitor()).await.unwrap_err();
    assert!(matches!(error, ClusterError::KindNotInstalled { served: None, .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_of_another_version_is_told_and_only_looked_at_and_deleted_there() {
    let elsewhere = || [missing(), group(&["v2", "v1"]), resources()];
    let answers = elsewhere().into_iter().chain(elsewhere()).chain([live()]);
    let (cluster, seen) = pretend(answers.collect());
    let error = cluster.get(&monitor()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the cluster has no ServiceMonitor.v1.monitoring.coreos.com, only version v2 of it; write that one"
    );
    let meta = cluster.get_metadata(&monitor()).await.unwrap().unwrap();
    assert_eq!(meta.reference, monitor());
    assert_eq!(paths(&seen)[5..], ["GET …/v2", "GET …/v2/namespaces/shop/monitorz/web"]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_begins_soon_after_its_kind_is_there() {
    let answers = vec![missing(), missing(), resources(), Answer::Lines(vec![bookmark("10", true)], true)];
    let (cluster, _) = pretend(answers);
    let plan =
        WatchPlan { kinds: vec![monitor().kind], scopes: vec![Scope::All], sources: vec!["web".to_owned()] };
    let (sender, mut receiver) = mpsc::channel(8);
    let start = Instant::now();
    let _watches = Watches::start(&cluster, &plan, &sender);
    let mut next = async || timeout(Duration::from_mins(1), receiver.recv()).await.unwrap().unwrap();
    let first = next().await;
    let WatchEvent::Interrupted { error: ClusterError::KindNotInstalled { .. }, .. } = first else {
        panic!("{first:?}")
    };
    assert!(matches!(next().await, WatchEvent::InitStart { .. }));
    assert!(matches!(next().await, WatchEvent::InitDone { .. }));
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}
