//! Lists: complete over pages, narrowed by label.

use futures::StreamExt as _;
use portfolio::cluster::{Detail, Mode, Scope};
use portfolio::object::Kind;
use serde_json::{Value, json};

use super::bench::{Bench, text};

#[tokio::test]
async fn a_list_of_several_pages_is_complete() {
    let bench = Bench::new("read").await;
    let objects: Vec<_> =
        (0..510).map(|number| bench.config_map(&format!("c{number}"), &json!({}))).collect();
    let applies = objects.iter().map(|object| bench.cluster.apply(object, &Mode::Create));
    let outcomes: Vec<_> = futures::stream::iter(applies).buffer_unordered(16).collect().await;
    assert!(outcomes.iter().all(Result::is_ok));

    let label = format!("portfolio.dev/source={}", bench.source());
    let listed =
        bench.cluster.list_metadata(Kind::ConfigMap, &Scope::All, Some(&label), Detail::Identity).await;

    let listed = listed.unwrap();
    assert_eq!(listed.len(), 510);
    assert!(listed.iter().all(|meta| meta.object == Value::Null));
}

#[tokio::test]
async fn metadata_carries_labels_and_field_managers_but_no_content() {
    let bench = Bench::new("read").await;
    let object = bench.config_map("a", &json!({"color": "red"}));
    let live = bench.cluster.apply(&object, &Mode::Create).await.unwrap();

    let meta = bench.cluster.get_metadata(&object.reference).await.unwrap().unwrap();
    let scope = Scope::Namespace(bench.namespace.clone());
    let label = format!("portfolio.dev/source={}", bench.source());
    let listed =
        bench.cluster.list_metadata(Kind::ConfigMap, &scope, Some(&label), Detail::Full).await.unwrap();

    assert_eq!(meta.uid, text(&live, "/metadata/uid"));
    assert_eq!(meta.object["metadata"], live["metadata"]);
    assert_eq!(meta.object.get("data"), None);
    assert_eq!(listed, [meta]);
    let whole = bench.cluster.list(Kind::ConfigMap, &scope, Some(&label)).await.unwrap();
    assert_eq!(whole, [live]);
}

#[tokio::test]
async fn what_explains_an_unhealthy_object_is_found() {
    let bench = Bench::new("read").await;
    let object = bench.deployment("a");
    bench.cluster.apply(&object, &Mode::Create).await.unwrap();

    let sets = super::bench::eventually("its ReplicaSet exists", async || {
        let sets = bench.cluster.replica_sets(&bench.namespace, "app=a").await.unwrap();
        (!sets.is_empty()).then_some(sets)
    })
    .await;

    assert_eq!(sets[0]["kind"], "ReplicaSet");
    assert!(bench.cluster.pods(&bench.namespace, "app=a").await.unwrap().is_empty());
    assert!(bench.cluster.events_about(&bench.namespace, "Deployment", "b").await.unwrap().is_empty());
    bench.cluster.events_in(&bench.namespace).await.unwrap();
}
