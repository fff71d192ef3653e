//! Deletes of the very object that was looked at, and of no other.

use portfolio::cluster::{DeleteOutcome, Mode, Preconditions, Propagation};
use serde_json::json;

use super::bench::{Bench, text};

#[tokio::test]
async fn a_delete_with_the_wrong_uid_or_version_deletes_nothing() {
    let bench = Bench::new("delete").await;
    let object = bench.config_map("a", &json!({}));
    let live = bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    let (uid, version) = (text(&live, "/metadata/uid"), text(&live, "/metadata/resourceVersion"));
    let stranger = "6a5d0a5e-0000-0000-0000-000000000000".to_owned();
    bench.other_edits("kubectl-edit", &object.reference, json!({"data": {"a": "b"}})).await;

    for conditions in [
        Preconditions { uid: stranger, resource_version: None },
        Preconditions { uid: uid.clone(), resource_version: Some(version) },
    ] {
        let outcome = bench.cluster.delete(&object.reference, &conditions, Propagation::Background).await;
        assert_eq!(outcome, Ok(DeleteOutcome::PreconditionFailed));
        assert!(bench.cluster.get(&object.reference).await.unwrap().is_some());
    }
    let conditions = Preconditions { uid, resource_version: None };
    let delete = async || bench.cluster.delete(&object.reference, &conditions, Propagation::Background).await;
    assert_eq!(delete().await, Ok(DeleteOutcome::Deleted));
    assert_eq!(bench.cluster.get(&object.reference).await.unwrap(), None);
    assert_eq!(delete().await, Ok(DeleteOutcome::Gone));
}

#[tokio::test]
async fn a_foreground_delete_keeps_the_object_until_its_own_are_gone() {
    let bench = Bench::new("delete").await;
    let object = bench.deployment("a");
    let live = bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    let conditions = Preconditions { uid: text(&live, "/metadata/uid"), resource_version: None };

    let outcome = bench.cluster.delete(&object.reference, &conditions, Propagation::Foreground).await;

    assert_eq!(outcome, Ok(DeleteOutcome::Deleted));
    super::bench::eventually("it is gone", async || {
        bench.cluster.get(&object.reference).await.unwrap().is_none().then_some(())
    })
    .await;
}
