//! Additions of people become ours, and the next apply takes them away.

use portfolio::cluster::{ClusterError, Mode};
use serde_json::{Value, json};

use super::bench::{Bench, text};

#[tokio::test]
async fn what_another_manager_added_goes_once_its_fields_are_ours() {
    let bench = Bench::new("fold").await;
    let object = bench.config_map("a", &json!({"color": "red"}));
    let first = bench.cluster.apply(&object, &Mode::Create).await.unwrap();
    let mode = Mode::Force { uid: Some(text(&first, "/metadata/uid")) };
    bench.other_edits("kubectl-edit", &object.reference, json!({"data": {"size": "9"}})).await;
    let kept = bench.cluster.apply(&object, &mode).await.unwrap();
    assert_eq!(kept["data"]["size"], "9", "server-side apply alone leaves it");

    // One entry of ours that owns theirs too.
    let mut entries = kept["metadata"]["managedFields"].clone();
    let entries = entries.as_array_mut().unwrap();
    entries.retain(|entry| entry["manager"] == "portfolio-reconciler");
    entries[0]["fieldsV1"]["f:data"]["f:size"] = json!({});
    let entries = Value::from(entries.clone());
    let stale = text(&first, "/metadata/resourceVersion");
    let error = bench.cluster.patch_managed_fields(&object.reference, &stale, &entries).await.unwrap_err();
    assert!(matches!(error, ClusterError::ResourceVersionConflict { .. }), "{error:?}");
    let version = text(&kept, "/metadata/resourceVersion");
    let folded = bench.cluster.patch_managed_fields(&object.reference, &version, &entries).await.unwrap();
    assert_eq!(folded["data"], kept["data"]);

    let after = bench.cluster.apply(&object, &mode).await.unwrap();
    assert_eq!(after["data"], json!({"color": "red"}));
}
