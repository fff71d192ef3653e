//! Each address asked as a client would, without a socket.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::{Role, ServerState, router};
use crate::document::DocumentId;
use crate::engine::{DocumentView, SourceView, View};
use crate::metrics::Metrics;
use crate::record::{Approval, Finding, Phase, SourceState, Summary};

fn view() -> View {
    let document = |name: &str, phase, message: &str| DocumentView {
        id: DocumentId::app("shop", name),
        phase,
        settled: true,
        message: message.to_owned(),
        revision: "0123456789abcdef".to_owned(),
    };
    let summary = Summary {
        source: "main".to_owned(),
        url: "https://git.example.com/apps.git".to_owned(),
        observed_revision: "0123456789abcdef".to_owned(),
        state: SourceState::Incomplete,
        findings: vec![Finding {
            place: "apps/shop.yaml:3:1".to_owned(),
            code: "PF0103".to_owned(),
            message: "unknown field `replica`".to_owned(),
        }],
        approval: Some(Approval {
            hash: "3f9c2a1b77d0".to_owned(),
            reason: "EmptySource".to_owned(),
            documents: vec!["PortfolioApp/shop/old".to_owned()],
            objects: 5,
        }),
        ..Summary::default()
    };
    View {
        listed: true,
        idle: true,
        sources: vec![SourceView {
            read: true,
            summary,
            documents: vec![
                document("cart", Phase::Ready, ""),
                document("web", Phase::Failed, "<script>alert(1)</script>"),
            ],
        }],
    }
}

struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    text: String,
}

async fn ask(role: Role, method: Method, path: &str) -> Answer {
    let (_sender, role) = watch::channel(role);
    let state = ServerState { role, metrics: Arc::new(Metrics::default()) };
    let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    let response = router(state).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, 1024 * 1024).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).unwrap() }
}

fn leading(view: View) -> Role {
    Role::Leading(watch::channel(Arc::new(view)).1)
}

#[tokio::test]
async fn the_page_shows_what_is_bad_first_and_lets_nothing_in() {
    let answer = ask(leading(view()), Method::GET, "/").await;
    assert_eq!(answer.status, StatusCode::OK);
    let at = |text: &str| answer.text.find(text).unwrap_or_else(|| panic!("{text} in {}", answer.text));
    assert!(at("shop/web") < at("shop/cart"));
    assert!(at("portfolio approve 3f9c2a1b77d0") > 0);
    assert!(at("apps/shop.yaml:3:1") > 0);
    assert!(!answer.text.contains("<script>alert"), "messages are escaped");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn it_is_alive_whatever_it_does() {
    for role in [Role::Starting("waiting for the lease".to_owned()), Role::Standby, leading(View::default())]
    {
        assert_eq!(ask(role, Method::GET, "/healthz").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn it_is_ready_once_it_knows_what_is_there_and_what_should_be() {
    assert_eq!(ask(leading(view()), Method::GET, "/readyz").await.status, StatusCode::OK);
    assert_eq!(ask(Role::Standby, Method::GET, "/readyz").await.status, StatusCode::OK);
    let mut unread = view();
    unread.listed = false;
    unread.sources[0].read = false;
    unread.sources[0].summary.observed_revision.clear();
    let answer = ask(leading(unread), Method::GET, "/readyz").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.text, "the cluster's objects are not listed yet\nsource main was not read yet\n");
}

#[tokio::test]
async fn a_source_that_is_known_from_before_does_not_keep_it_from_being_ready() {
    let mut unread = view();
    unread.sources[0].read = false;
    unread.sources[0].summary.state = SourceState::Unreachable;
    assert_eq!(ask(leading(unread), Method::GET, "/readyz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_counted_is_served_as_openmetrics() {
    let answer = ask(Role::Standby, Method::GET, "/metrics").await;
    assert!(answer.headers["content-type"].to_str().unwrap().starts_with("application/openmetrics-text"));
    assert!(answer.text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn nothing_can_be_written() {
    for path in ["/", "/readyz", "/metrics"] {
        let answer = ask(Role::Standby, Method::POST, path).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    assert_eq!(ask(Role::Standby, Method::GET, "/unknown").await.status, StatusCode::NOT_FOUND);
}
