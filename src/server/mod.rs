//! What the daemon serves over HTTP: is it alive, is it ready, what it counts, and a page for people. Nothing
//! that is served changes anything.
//!
//! [`serve`] is called once by `run`, with a [`Role`] that changes as the daemon starts, waits and leads.

mod headers;
mod page;
mod ready;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

use crate::engine::View;
use crate::metrics::Metrics;

/// Everything is read-only, so nobody needs to send anything.
const MAX_BODY_BYTES: usize = 16 * 1024;
/// Of one answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The content type of the Prometheus text format as `OpenMetrics`.
const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the daemon is doing.
#[derive(Clone, Debug)]
pub enum Role {
    /// It is not so far yet; why, for people.
    Starting(String),
    /// Another daemon leads; this one takes over when that one goes.
    Standby,
    /// It leads: what its engine is doing, as it changes.
    Leading(watch::Receiver<Arc<View>>),
}

/// What is served from.
#[derive(Clone)]
pub struct ServerState {
    /// What the daemon is doing, as it changes.
    pub role: watch::Receiver<Role>,
    /// What it counts.
    pub metrics: Arc<Metrics>,
}

impl ServerState {
    fn role(&self) -> Role {
        self.role.borrow().clone()
    }
}

/// Serves until told to stop, then lets the answers under way come to their end.
pub async fn serve(
    listener: TcpListener,
    state: ServerState,
    stop: CancellationToken,
) -> std::io::Result<()> {
    axum::serve(listener, router(state)).with_graceful_shutdown(stop.cancelled_owned()).await
}

/// All that is served.
pub fn router(state: ServerState) -> Router {
    let limits = ServiceBuilder::new()
        .layer(CatchPanicLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT))
        .layer(RequestBodyLimitLayer::new(MAX_BODY_BYTES));
    Router::new()
        .route("/", get(status_page))
        .route("/style.css", get(async || asset("text/css; charset=utf-8", page::STYLE)))
        .route("/refresh.js", get(async || asset("text/javascript; charset=utf-8", page::SCRIPT)))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .layer(axum::middleware::map_response(headers::secure))
        .layer(limits)
        .with_state(state)
}

async fn status_page(State(state): State<ServerState>) -> Html<String> {
    Html(page::page(&state.role(), Timestamp::now()).into_string())
}

async fn readyz(State(state): State<ServerState>) -> Response {
    let reasons = match state.role() {
        Role::Starting(why) => vec![why],
        Role::Standby => return "ok: another daemon leads\n".into_response(),
        Role::Leading(view) => ready::reasons(&view.borrow()),
    };
    if reasons.is_empty() {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n").into_response()
    }
}

async fn metrics(State(state): State<ServerState>) -> Response {
    ([(CONTENT_TYPE, METRICS_TYPE)], state.metrics.text()).into_response()
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=3600")], text).into_response()
}
