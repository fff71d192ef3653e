//! Server-side apply: who gets to write what.

use portfolio::cluster::{ClusterError, FieldConflict, Mode};
use portfolio::object::{Kind, ReplicasHeld};
use serde_json::json;

use super::bench::{Bench, text};

#[tokio::test]
async fn the_first_apply_conflicts_with_another_manager_and_names_it_and_the_field() {
    let bench = Bench::new("apply").await;
    let object = bench.config_map("a", &json!({"color": "red", "size": "1"}));
    bench.other_applies("Helm", &object.reference, json!({"data": {"color": "blue"}})).await;

    let error = bench.cluster.apply(&object, &Mode::Create).await.unwrap_err();

    let conflict = FieldConflict { manager: "Helm".to_owned(), field: ".data.color".to_owned() };
    let target = object.reference.to_string();
    assert_eq!(error, ClusterError::Conflict { target, conflicts: vec![conflict] });
    assert!(error.to_string().contains(".data.color is managed by Helm"), "{error}");
}

#[tokio::test]
async fn a_manager_that_updates_rather_than_applies_is_named_too() {
    let bench = Bench::new("apply").await;
    let object = bench.config_map("a", &json!({"color": "red"}));
    bench.other_applies("Helm", &object.reference, json!({"data": {"size": "1"}})).await;
    bench.other_edits("kubectl-edit", &object.reference, json!({"data": {"color": "blue"}})).await;

    let error = bench.cluster.apply(&object, &Mode::Create).await.unwrap_err();

    let ClusterError::Conflict { conflicts, .. } = &error else { panic!("{error}") };
    assert_eq!(conflicts[0].manager, "kubectl-edit");
}

#[tokio::test]
async fn later_applies_take_fields_back() {
    let bench = Bench::new("apply").await;
    let object = bench.config_map("a", &json!({"color": "red"}));
    let first = bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    bench.other_edits("kubectl-edit", &object.reference, json!({"data": {"color": "blue"}})).await;

    let uid = Some(text(&first, "/metadata/uid"));
    let second = bench.cluster.apply(&object, &Mode::Force { uid }).await.unwrap();

    assert_eq!(second["data"]["color"], "red");
    assert_eq!(second["metadata"]["managedFields"][0]["manager"], "portfolio-reconciler");
}

#[tokio::test]
async fn a_recreated_object_of_a_kind_with_controllers_is_not_written() {
    let bench = Bench::new("apply").await;
    let object = bench.deployment("a");
    bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    let uid = Some("6a5d0a5e-0000-0000-0000-000000000000".to_owned());
    let error = bench.cluster.apply(&object, &Mode::Force { uid }).await.unwrap_err();
    assert!(matches!(error, ClusterError::ResourceVersionConflict { .. }), "{error:?}");
}

#[tokio::test]
async fn an_object_that_was_recreated_or_is_gone_is_not_written() {
    let bench = Bench::new("apply").await;
    let object = bench.config_map("a", &json!({"color": "red"}));
    let first = bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    let mode = Mode::Force { uid: Some(text(&first, "/metadata/uid")) };

    bench.other_deletes(&object.reference).await;
    let error = bench.cluster.apply(&object, &mode).await.unwrap_err();
    assert!(matches!(error, ClusterError::ResourceVersionConflict { .. }), "{error:?}");
    assert_eq!(bench.cluster.get(&object.reference).await.unwrap(), None);

    bench.other_applies("Helm", &object.reference, json!({"data": {"color": "blue"}})).await;
    let error = bench.cluster.apply(&object, &mode).await.unwrap_err();
    assert!(matches!(error, ClusterError::ResourceVersionConflict { .. }), "{error:?}");
    assert_eq!(bench.cluster.get(&object.reference).await.unwrap().unwrap()["data"]["color"], "blue");
}

#[tokio::test]
async fn an_apply_of_the_same_changes_nothing() {
    let bench = Bench::new("apply").await;
    let object = bench.deployment("a");
    let first = bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    // The controller writes status once.
    let pointer = "/metadata/resourceVersion";
    let settled = super::bench::eventually("the controller has seen it", async || {
        let live = bench.cluster.get(&object.reference).await.unwrap().unwrap();
        live.pointer("/status/observedGeneration").is_some().then_some(live)
    })
    .await;

    let mode = Mode::Force { uid: Some(text(&first, "/metadata/uid")) };
    let second = bench.cluster.apply(&object, &mode).await.unwrap();

    assert_eq!(text(&settled, pointer), text(&second, pointer));
}

#[tokio::test]
async fn a_dry_run_answers_and_stores_nothing() {
    let bench = Bench::new("apply").await;
    let object = bench.deployment("a");

    let answer = bench.cluster.apply(&object, &Mode::DryRun { force: true }).await.unwrap();

    assert_eq!(answer["spec"]["strategy"]["type"], "RollingUpdate");
    assert_eq!(bench.cluster.get(&bench.reference(Kind::Deployment, "a")).await.unwrap(), None);
}

#[tokio::test]
async fn the_replicas_of_a_deployment_are_claimed_as_they_are_or_not_at_all() {
    let bench = Bench::new("apply").await;
    let object = bench.deployment("a");
    let live = bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    let (uid, replicas) = (text(&live, "/metadata/uid"), live["spec"]["replicas"].as_u64().unwrap());
    let claim =
        async |uid: &str, replicas| bench.cluster.claim_replicas(&object.reference, uid, replicas).await;

    let error = claim(&uid, replicas + 1).await.unwrap_err();
    assert!(matches!(error, ClusterError::Conflict { .. }), "{error:?}");
    let error = claim("6a5d0a5e-0000-0000-0000-000000000000", replicas).await.unwrap_err();
    assert!(matches!(error, ClusterError::ResourceVersionConflict { .. }), "{error:?}");
    let held = ReplicasHeld::of(&claim(&uid, replicas).await.unwrap());
    assert_eq!(held, ReplicasHeld { ours: true, keeper: true, others: false });
}
