//! Records survive, and refuse whoever did not see the last write.

use std::collections::BTreeMap;
use std::time::Duration;

use portfolio::cluster::{
    ClusterError, EventLog, Notice, Records, Severity, Shard, ShardWrite, StatusEvent, StatusWatch, Subject,
    WriteError,
};
use serde_json::json;
use tokio::sync::mpsc;

use super::bench::{Bench, eventually};

fn write(expected: Option<&str>, epoch: u64, data: &[(&str, Option<&str>)]) -> ShardWrite {
    let data = data.iter().map(|(key, value)| ((*key).to_owned(), value.map(str::to_owned))).collect();
    ShardWrite { expected: expected.map(str::to_owned), epoch, data, annotations: BTreeMap::new() }
}

fn order(value: Option<&str>) -> BTreeMap<String, Option<String>> {
    BTreeMap::from([("portfolio.dev/order-1".to_owned(), value.map(str::to_owned))])
}

#[tokio::test]
async fn what_was_written_is_loaded_and_one_source_does_not_see_another() {
    let bench = Bench::new("records").await;
    let records = Records::new(&bench.cluster, &bench.namespace, "web");
    let other = Records::new(&bench.cluster, &bench.namespace, "web-2");
    other.write(Shard::Summary, &write(None, 1, &[("a", Some("other"))])).await.unwrap();

    let first = records
        .write(Shard::Records(0), &write(None, 3, &[("a", Some("1")), ("b", Some("2"))]))
        .await
        .unwrap();
    records.write(Shard::Summary, &write(None, 3, &[])).await.unwrap();
    let change = write(Some(&first.resource_version), 4, &[("a", None), ("c", Some("3"))]);
    let second = records.write(Shard::Records(0), &change).await.unwrap();

    let loaded = records.load().await.unwrap();
    assert_eq!(loaded.summary.unwrap().epoch, 3);
    let [shard] = &loaded.shards[..] else { panic!("{:?}", loaded.shards) };
    assert_eq!(
        (shard.shard, shard.epoch, &shard.resource_version),
        (Shard::Records(0), 4, &second.resource_version)
    );
    let expected = [("b", "2"), ("c", "3")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(shard.data, BTreeMap::from(expected));
}

#[tokio::test]
async fn a_write_that_did_not_see_the_last_one_is_refused_and_told_what_it_missed() {
    let bench = Bench::new("records").await;
    let records = Records::new(&bench.cluster, &bench.namespace, "web");
    let first = records.write(Shard::Summary, &write(None, 1, &[("a", Some("1"))])).await.unwrap();
    let ordered = records.annotate(&order(Some("reconcile"))).await.unwrap();
    assert_eq!(ordered.epoch, 1);

    let late = write(Some(&first.resource_version), 1, &[("a", Some("2"))]);
    let refused = records.write(Shard::Summary, &late).await.unwrap_err();

    let WriteError::Conflict { current: Some(current) } = refused else { panic!("{refused:?}") };
    assert_eq!(*current, ordered);
    assert_eq!(current.annotations["portfolio.dev/order-1"], "reconcile");
    assert_eq!(current.data["a"], "1");
    let again = ShardWrite { expected: Some(current.resource_version), annotations: order(None), ..late };
    records.write(Shard::Summary, &again).await.unwrap();
    let state = records.read(Shard::Summary).await.unwrap().unwrap();
    assert_eq!((state.data["a"].as_str(), state.annotations.len()), ("2", 1));
}

#[tokio::test]
async fn a_record_that_is_there_is_not_created_and_one_that_was_deleted_is_not_changed() {
    let bench = Bench::new("records").await;
    let records = Records::new(&bench.cluster, &bench.namespace, "web");
    let first = records.write(Shard::Records(2), &write(None, 1, &[("a", Some("1"))])).await.unwrap();

    let refused = records.write(Shard::Records(2), &write(None, 2, &[])).await.unwrap_err();
    assert!(
        matches!(&refused, WriteError::Conflict { current: Some(current) } if current.epoch == 1),
        "{refused:?}"
    );

    let name = Shard::Records(2).name("web");
    bench.other_deletes(&bench.reference(portfolio::object::Kind::ConfigMap, &name)).await;
    let change = write(Some(&first.resource_version), 1, &[("a", Some("2"))]);
    let refused = records.write(Shard::Records(2), &change).await.unwrap_err();
    assert_eq!(refused, WriteError::Conflict { current: None });
    assert_eq!(records.read(Shard::Records(2)).await.unwrap(), None);
}

#[tokio::test]
async fn a_missing_namespace_of_the_daemon_is_said_clearly() {
    let bench = Bench::new("records").await;
    let records = Records::new(&bench.cluster, "nowhere", "web");
    let refused = records.write(Shard::Summary, &write(None, 1, &[])).await.unwrap_err();
    assert!(matches!(refused, WriteError::Failed(ClusterError::NamespaceMissing { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_users_order_is_seen() {
    let bench = Bench::new("records").await;
    let records = Records::new(&bench.cluster, &bench.namespace, "web");
    records.write(Shard::Summary, &write(None, 1, &[("a", Some("1"))])).await.unwrap();
    let (sender, mut receiver) = mpsc::channel(8);
    let sources = ["web".to_owned()];
    let _watch = StatusWatch::start(&bench.cluster, &bench.namespace, &sources, sender).unwrap();

    let ordered = records.annotate(&order(Some("reconcile"))).await.unwrap();

    let seen = async {
        loop {
            if let StatusEvent::Changed(meta) = receiver.recv().await.unwrap()
                && meta.annotations.contains_key("portfolio.dev/order-1")
            {
                return meta;
            }
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), seen).await.unwrap();
    assert_eq!((seen.source.as_str(), seen.shard), ("web", Shard::Summary));
    assert_eq!(seen.resource_version, ordered.resource_version);
}

#[tokio::test]
async fn people_are_told_once_about_the_same_thing() {
    let bench = Bench::new("events").await;
    let log = EventLog::start(&bench.cluster, "pod-1");
    let notice = Notice {
        subject: Subject::summary(&bench.namespace, "web", None),
        severity: Severity::Warning,
        reason: "Held",
        action: "Prune",
        note: "ä".repeat(1000),
    };
    log.tell(notice.clone());
    log.tell(notice.clone());
    log.tell(Notice { reason: "Approved", ..notice });

    let events = eventually("both are there", async || {
        let events =
            bench.cluster.events_about(&bench.namespace, "ConfigMap", "portfolio-web").await.unwrap();
        events.iter().any(|event| event["reason"] == "Approved").then_some(events)
    })
    .await;

    assert_eq!(events.len(), 2, "{}", json!(events));
    assert!(events.iter().all(|event| event["type"] == "Warning" && event["reportingInstance"] == "pod-1"));
}
