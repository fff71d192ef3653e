//! What we do when HTTP goes wrong, against an API server that only pretends. What a real one does with objects
//! is shown in `tests/suite`.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body as Answered;
use futures::StreamExt as _;
use http::{Request, Response};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::*;
use crate::object::{Kind, Object, ObjectRef};

/// One answer, in the order of requests; after the last, none comes.
pub(super) enum Answer {
    Status(u16, &'static [(&'static str, &'static str)], String),
    /// Lines of a watch; `true`: the stream stays open after them.
    Lines(Vec<Value>, bool),
    /// What was sent.
    Echo,
    /// Never.
    Silence,
}

/// Requests seen: method, path and query.
pub(super) type Seen = Arc<Mutex<Vec<String>>>;

pub(super) fn pretend(answers: Vec<Answer>) -> (Cluster, Seen) {
    let seen = Seen::default();
    let answers = Arc::new(Mutex::new(VecDeque::from(answers)));
    let log = Arc::clone(&seen);
    let service = tower::service_fn(move |request: Request<Body>| {
        log.lock().unwrap().push(format!("{} {}", request.method(), request.uri()));
        let answer = answers.lock().unwrap().pop_front();
        async move {
            Ok::<_, Infallible>(match answer {
                Some(Answer::Status(code, headers, body)) => {
                    let answer = Response::builder().status(code);
                    let answer =
                        headers.iter().fold(answer, |answer, (name, value)| answer.header(*name, *value));
                    answer.body(Answered::from(body)).unwrap()
                }
                Some(Answer::Lines(lines, open)) => {
                    let lines = lines.into_iter().map(|line| Ok::<_, Infallible>(format!("{line}\n")));
                    let lines = futures::stream::iter(lines);
                    let body = if open {
                        Answered::from_stream(lines.chain(futures::stream::pending()))
                    } else {
                        Answered::from_stream(lines)
                    };
                    Response::new(body)
                }
                Some(Answer::Echo) => {
                    Response::new(Answered::from(request.into_body().collect_bytes().await.unwrap()))
                }
                Some(Answer::Silence) | None => std::future::pending().await,
            })
        }
    });
    let client = kube::Client::new(service, "default");
    let cluster =
        Cluster::new(client, "http://pretended".to_owned(), "default".to_owned(), 4, Duration::from_secs(10));
    (cluster, seen)
}

pub(super) fn failure(code: u16) -> Answer {
    Answer::Status(code, &[], "out of order".to_owned())
}

pub(super) fn success(body: &Value) -> Answer {
    Answer::Status(200, &[], body.to_string())
}

fn object() -> Object {
    Object::new(
        ObjectRef::new(Kind::ConfigMap, "shop", "a"),
        json!({"apiVersion": "v1", "kind": "ConfigMap"}),
    )
}

#[tokio::test(start_paused = true)]
async fn a_call_is_tried_again_after_the_time_that_the_server_asks_for() {
    let throttled = Answer::Status(429, &[("Retry-After", "3")], "Too many requests".to_owned());
    let (cluster, seen) = pretend(vec![throttled, success(&json!({}))]);
    let start = Instant::now();
    cluster.apply(&object(), &Mode::Create).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(3));
    assert_eq!(seen.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_wait_longer_than_the_call_may_take_is_left_to_the_caller() {
    let (cluster, seen) = pretend(vec![Answer::Status(429, &[("Retry-After", "60")], String::new())]);
    let error = cluster.apply(&object(), &Mode::Create).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_mins(1)));
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failing_server_is_asked_three_times() {
    let (cluster, seen) = pretend(vec![failure(503), failure(500), failure(502), success(&json!({}))]);
    let error = cluster.apply(&object(), &Mode::Create).await.unwrap_err();
    assert!(matches!(error, ClusterError::Server { code: 502, .. }), "{error}");
    assert!(error.is_transient());
    assert_eq!(seen.lock().unwrap().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_ends_in_time() {
    let (cluster, _) = pretend(vec![Answer::Silence]);
    let start = Instant::now();
    let error = cluster.get(&object().reference).await.unwrap_err();
    assert!(matches!(error, ClusterError::Timeout { .. }), "{error}");
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_turn_counts_and_urgent_calls_do_not_wait() {
    let mut answers: Vec<_> = (0..4).map(|_| Answer::Silence).collect();
    answers.push(Answer::Status(200, &[], "ok".to_owned()));
    let (cluster, _) = pretend(answers);
    let reference = object().reference;
    let busy = futures::future::join_all((0..5).map(|_| cluster.get(&reference)));
    let (outcomes, ping) = tokio::join!(busy, async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        cluster.ping().await
    });
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(ClusterError::Timeout { .. }))));
    ping.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_404_that_names_no_object_does_not_read_as_gone() {
    let (cluster, _) = pretend(vec![Answer::Status(404, &[], "404 page not found".to_owned())]);
    assert!(matches!(cluster.get(&object().reference).await, Err(ClusterError::NotServed { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_record_is_written_by_one_request_whatever_comes_of_it() {
    let (cluster, seen) = pretend(vec![failure(503), success(&json!({}))]);
    let records = Records::new(&cluster, "portfolio-system", "web");
    let write = ShardWrite { expected: Some("7".to_owned()), ..ShardWrite::default() };
    let error = records.write(Shard::Records(0), &write).await.unwrap_err();
    assert!(matches!(error, WriteError::Failed(ClusterError::Server { .. })), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_list_without_items_is_no_empty_cluster() {
    let (cluster, _) = pretend(vec![success(&json!({"kind": "ConfigMapList", "metadata": {}}))]);
    assert!(cluster.list_metadata(Kind::ConfigMap, &Scope::All, None, Detail::Identity).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_old_server_is_refused_with_both_versions() {
    let version = json!({"major": "1", "minor": "30+", "gitVersion": "v1.30.4-gke.1"});
    let (cluster, _) = pretend(vec![success(&version)]);
    let error = cluster.check_version().await.unwrap_err();
    let words = "the API server http://pretended is Kubernetes v1.30.4-gke.1, 1.31 or later is needed";
    assert_eq!(error.to_string(), words);
}

/// A Lease that somebody holds.
fn lease(holder: &str, version: &str) -> Value {
    json!({
        "metadata": {"name": "portfolio-reconciler-main", "resourceVersion": version},
        "spec": {
            "holderIdentity": holder, "leaseDurationSeconds": 15, "leaseTransitions": 3,
            "renewTime": "2020-01-01T00:00:00.000000Z",
        },
    })
}

fn candidate() -> Candidate {
    let (namespace, shard) = ("portfolio-system".to_owned(), "main".to_owned());
    Candidate { namespace, shard, identity: "pod".to_owned(), epoch_floor: 0 }
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_cannot_renew_stops_before_anybody_else_may_start() {
    let (cluster, seen) = pretend(vec![success(&lease("", "1")), Answer::Echo]);
    let election = Election::join(&cluster, &candidate()).unwrap();
    let mut leadership = election.leadership();
    let leading = leadership.wait_for(|now| now.epoch() == Some(4)).await.unwrap().clone();
    let Leadership::Leading { until, expires, .. } = leading else { panic!("{leading:?}") };

    // From here on no call is answered.
    leadership.wait_for(|now| now.epoch().is_none()).await.unwrap();

    let late = Instant::now().saturating_duration_since(until);
    assert!(late < Duration::from_millis(10), "{late:?}");
    assert_eq!(expires - until, Duration::from_secs(5));
    assert!(seen.lock().unwrap().len() > 4, "it gave up early: {seen:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_of_a_machine_with_another_clock_is_waited_for() {
    let answers = (0..30).map(|_| success(&lease("other", "1"))).chain([Answer::Echo]);
    let (cluster, _) = pretend(answers.collect());
    let start = Instant::now();
    let election = Election::join(&cluster, &candidate()).unwrap();
    let mut leadership = election.leadership();
    let waiting = leadership.wait_for(|now| now.epoch().is_some());
    // It is of the year 2020, and yet alive for all we know.
    let _ = timeout(Duration::from_secs(14), waiting).await.expect_err("it leads too early");
    assert!(start.elapsed() < Duration::from_secs(15));
    assert_eq!(*leadership.borrow(), Leadership::Standby { leader: Some("other".to_owned()) });
}

fn added(name: &str, version: &str) -> Value {
    json!({"type": "ADDED", "object": configmap(name, version)})
}

fn configmap(name: &str, version: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop", "uid": name, "resourceVersion": version}})
}

fn list(version: &str, names: &[&str]) -> Answer {
    let items: Vec<_> = names.iter().map(|name| configmap(name, version)).collect();
    success(&json!({"metadata": {"resourceVersion": version}, "items": items}))
}

pub(super) fn bookmark(version: &str, ends_listing: bool) -> Value {
    let annotations = if ends_listing { json!({"k8s.io/initial-events-end": "true"}) } else { json!({}) };
    json!({"type": "BOOKMARK", "object": {
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"resourceVersion": version, "annotations": annotations},
    }})
}

fn gone() -> Value {
    json!({"type": "ERROR", "object": {
        "kind": "Status", "status": "Failure", "code": 410, "reason": "Expired", "message": "too old",
    }})
}

/// What a watch says: `start`, `done`, `lost`, `back`, `+name`, `-name`, each of `count` events.
async fn story(answers: Vec<Answer>, count: usize) -> (Vec<String>, Vec<String>, Duration) {
    let (cluster, seen) = pretend(answers);
    let plan =
        WatchPlan { kinds: vec![Kind::ConfigMap], scopes: vec![Scope::All], sources: vec!["web".to_owned()] };
    let (sender, mut receiver) = mpsc::channel(8);
    let start = Instant::now();
    let _watches = Watches::start(&cluster, &plan, &sender);
    let mut events = Vec::new();
    while events.len() < count {
        let event = timeout(Duration::from_mins(5), receiver.recv()).await.expect("one more event").unwrap();
        events.push(match event {
            WatchEvent::InitStart { .. } => "start".to_owned(),
            WatchEvent::InitDone { .. } => "done".to_owned(),
            WatchEvent::Interrupted { .. } => "lost".to_owned(),
            WatchEvent::Resumed { .. } => "back".to_owned(),
            WatchEvent::Object { value, .. } => format!("+{}", value["metadata"]["name"].as_str().unwrap()),
            WatchEvent::Deleted { reference, .. } => format!("-{}", reference.name),
        });
    }
    let seen = seen.lock().unwrap().clone();
    (events, seen, start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_streaming_list_is_a_listing_until_its_bookmark() {
    let lines = vec![added("b", "9"), added("a", "3"), bookmark("10", true), added("c", "11")];
    let (events, seen, _) = story(vec![Answer::Lines(lines, true)], 5).await;
    assert_eq!(events, ["start", "+b", "+a", "done", "+c"]);
    assert!(seen[0].contains("sendInitialEvents=true"), "{}", seen[0]);
    assert!(
        !seen[0].contains("resourceVersion="),
        "a listing must not come out of a stale cache: {}",
        seen[0]
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_without_streaming_lists_is_listed_in_pages() {
    let refusal = json!({
        "kind": "Status", "code": 422, "reason": "Invalid",
        "message": "sendInitialEvents: Forbidden: unless the WatchList feature gate is enabled",
    });
    let answers = vec![
        Answer::Status(422, &[], refusal.to_string()),
        list("5", &["a"]),
        Answer::Lines(vec![added("b", "6")], true),
    ];
    let (events, seen, took) = story(answers, 4).await;
    assert_eq!(events, ["start", "+a", "done", "+b"]);
    assert!(seen[2].contains("resourceVersion=5"), "{}", seen[2]);
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn streaming_lists_that_break_off_are_given_up() {
    let answers = vec![
        Answer::Lines(vec![added("a", "1")], false),
        Answer::Lines(vec![added("a", "1")], false),
        list("5", &["a"]),
    ];
    let (events, seen, took) = story(answers, 7).await;
    assert_eq!(events, ["start", "+a", "start", "+a", "start", "+a", "done"]);
    assert!(seen[2].contains("limit=500"), "{}", seen[2]);
    assert!(took >= Duration::from_secs(2), "listed more than once a second: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_goes_on_where_it_was() {
    let answers = vec![
        Answer::Lines(vec![bookmark("10", true), added("a", "11"), bookmark("20", false)], false),
        Answer::Lines(vec![], false),
        Answer::Lines(vec![added("b", "21")], true),
    ];
    let (events, seen, took) = story(answers, 4).await;
    assert_eq!(events, ["start", "done", "+a", "+b"]);
    assert!(seen[1].contains("resourceVersion=20") && seen[2].contains("resourceVersion=20"), "{seen:?}");
    assert!(took >= Duration::from_secs(1), "watched more than once a second: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_lost_its_place_lists_again() {
    let answers = vec![
        Answer::Lines(vec![bookmark("10", true), gone()], true),
        Answer::Lines(vec![added("a", "30"), bookmark("31", true)], true),
    ];
    let (events, seen, _) = story(answers, 6).await;
    assert_eq!(events, ["start", "done", "lost", "start", "+a", "done"]);
    assert!(seen[1].contains("sendInitialEvents=true"), "{}", seen[1]);
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_falls_silent_is_opened_again() {
    let answers =
        vec![Answer::Lines(vec![bookmark("10", true)], true), Answer::Lines(vec![added("a", "11")], true)];
    let (events, seen, took) = story(answers, 5).await;
    assert_eq!(events, ["start", "done", "lost", "back", "+a"]);
    assert!(seen[1].contains("resourceVersion=10"), "{}", seen[1]);
    assert!(took < Duration::from_secs(67), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_down_is_not_asked_in_a_hurry() {
    let answers =
        (0..12).map(|_| failure(503)).chain([Answer::Lines(vec![bookmark("1", true)], true)]).collect();
    let (events, _, took) = story(answers, 14).await;
    assert_eq!(events[11..], ["lost", "start", "done"]);
    assert!(took > Duration::from_secs(12), "{took:?}");
    assert!(took < Duration::from_secs(12 * 31), "{took:?}");
}
