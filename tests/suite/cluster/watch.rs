//! What a watch sees of a real server.

use std::time::Duration;

use portfolio::cluster::{
    Access, Mode, Preconditions, Propagation, Scope, WatchEvent, WatchPlan, Watches, connect,
};
use portfolio::object::{Kind, Object, ObjectRef};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;
use xtask::cluster::{ControlPlane, StateDir};

use super::bench::{Bench, text};

/// Watches `ConfigMaps` of the test's source.
fn start(bench: &Bench, scope: Scope) -> (Watches, mpsc::Receiver<WatchEvent>) {
    let plan = WatchPlan { kinds: vec![Kind::ConfigMap], scopes: vec![scope], sources: vec![bench.source()] };
    let (sender, receiver) = mpsc::channel(16);
    (Watches::start(&bench.cluster, &plan, &sender), receiver)
}

async fn next(receiver: &mut mpsc::Receiver<WatchEvent>) -> WatchEvent {
    timeout(Duration::from_secs(15), receiver.recv()).await.expect("an event within 15 s").unwrap()
}

/// The object of the next event.
async fn object(receiver: &mut mpsc::Receiver<WatchEvent>) -> serde_json::Value {
    match next(receiver).await {
        WatchEvent::Object { kind: Kind::ConfigMap, value } => *value,
        event => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn a_watch_lists_and_then_sees_changes_with_field_managers() {
    let bench = Bench::new("watch").await;
    let first = bench.cluster.apply(&bench.config_map("a", &json!({"x": "1"})), &Mode::Create).await.unwrap();
    bench.other_applies("Helm", &bench.reference(Kind::ConfigMap, "unlabelled"), json!({})).await;

    let (watches, mut receiver) = start(&bench, Scope::All);

    assert!(matches!(
        next(&mut receiver).await,
        WatchEvent::InitStart { kind: Kind::ConfigMap, scope: Scope::All }
    ));
    assert_eq!(object(&mut receiver).await, first);
    assert!(matches!(next(&mut receiver).await, WatchEvent::InitDone { .. }));
    let second = bench.cluster.apply(&bench.config_map("b", &json!({})), &Mode::Create).await.unwrap();
    assert_eq!(object(&mut receiver).await, second);

    watches.restart(Kind::ConfigMap);
    assert!(matches!(next(&mut receiver).await, WatchEvent::InitStart { .. }));
    object(&mut receiver).await;
    object(&mut receiver).await;
    assert!(matches!(next(&mut receiver).await, WatchEvent::InitDone { .. }));

    drop(watches);
    assert!(receiver.recv().await.is_none(), "dropped watches go on");
}

#[tokio::test]
async fn a_stripped_label_and_a_deletion_both_read_as_deleted() {
    let bench = Bench::new("watch").await;
    for name in ["stripped", "removed"] {
        bench.cluster.apply(&bench.config_map(name, &json!({})), &Mode::Create).await.unwrap();
    }
    let stripped = bench.reference(Kind::ConfigMap, "stripped");
    let removed = bench.reference(Kind::ConfigMap, "removed");
    let (_watches, mut receiver) = start(&bench, Scope::Namespace(bench.namespace.clone()));
    while !matches!(next(&mut receiver).await, WatchEvent::InitDone { .. }) {}

    bench
        .other_edits(
            "kubectl-label",
            &stripped,
            json!({"metadata": {"labels": {"portfolio.dev/source": null}}}),
        )
        .await;
    let live = bench.cluster.get(&stripped).await.unwrap().expect("it is only unlabelled");
    let WatchEvent::Deleted { reference, uid, resource_version } = next(&mut receiver).await else {
        panic!()
    };
    assert_eq!((reference, uid), (stripped, text(&live, "/metadata/uid")));
    assert_eq!(resource_version, text(&live, "/metadata/resourceVersion"));

    let live = bench.cluster.get(&removed).await.unwrap().unwrap();
    let conditions = Preconditions { uid: text(&live, "/metadata/uid"), resource_version: None };
    bench.cluster.delete(&removed, &conditions, Propagation::Background).await.unwrap();
    let WatchEvent::Deleted { reference, uid, resource_version } = next(&mut receiver).await else {
        panic!()
    };
    assert_eq!((reference, uid), (removed, conditions.uid));
    let number = |version: &str| version.parse::<u64>().unwrap();
    assert!(number(&resource_version) > number(&text(&live, "/metadata/resourceVersion")));
}

#[tokio::test]
async fn a_server_with_streaming_lists_switched_off_is_watched_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let state = StateDir::new(folder.path()).unwrap();
    let plane = ControlPlane::start_with(state, &["--feature-gates=WatchList=false"]).unwrap();
    let cluster =
        connect(&Access { kubeconfig: Some(plane.kubeconfig()), ..Access::default() }).await.unwrap();
    let content = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default", "labels": {"portfolio.dev/source": "web"}},
    });
    let config_map = Object::new(ObjectRef::new(Kind::ConfigMap, "default", "a"), content);
    let first = cluster.apply(&config_map, &Mode::Create).await.unwrap();
    let plan =
        WatchPlan { kinds: vec![Kind::ConfigMap], scopes: vec![Scope::All], sources: vec!["web".to_owned()] };
    let (sender, mut receiver) = mpsc::channel(16);

    let _watches = Watches::start(&cluster, &plan, &sender);

    assert!(matches!(next(&mut receiver).await, WatchEvent::InitStart { .. }));
    assert_eq!(object(&mut receiver).await, first);
    assert!(matches!(next(&mut receiver).await, WatchEvent::InitDone { .. }));
    let conditions = Preconditions { uid: text(&first, "/metadata/uid"), resource_version: None };
    cluster.delete(&config_map.reference, &conditions, Propagation::Background).await.unwrap();
    assert!(matches!(next(&mut receiver).await, WatchEvent::Deleted { .. }));
    let asked = std::fs::read_to_string(plane.audit_log()).unwrap();
    let refused = |line: &str| line.contains("sendInitialEvents=true") && line.contains("\"code\":422");
    assert!(asked.lines().any(refused), "the server streams lists after all");
}
