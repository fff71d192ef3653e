//! One HTTP call: built, sent within its timeout, tried again where that is harmless, its answer understood.
//!
//! kube's typed `Api` is not used for it: it hides `Retry-After`, and its errors print Debug.

use std::error::Error as _;
use std::time::Duration;

use backon::Retryable as _;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderName, Method, Request, Response};
use kube::client::Body;
use serde_json::Value;
use tokio::time::Instant;

use super::answer::Refusal;
use super::jitter::FullJitter;
use super::{Cluster, ClusterError};

/// The usual representation.
pub(super) const JSON: &str = "application/json";
/// Only `metadata` of an object, or of each object of a list
/// (<https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>).
pub(super) const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
/// As [`METADATA`], for lists.
pub(super) const METADATA_LIST: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
/// <https://kubernetes.io/docs/reference/using-api/server-side-apply/>; JSON is YAML.
pub(super) const APPLY: &str = "application/apply-patch+yaml";
/// RFC 7386.
pub(super) const MERGE_PATCH: &str = "application/merge-patch+json";
/// RFC 6902.
pub(super) const JSON_PATCH: &str = "application/json-patch+json";

const IMPERSONATE_USER: HeaderName = HeaderName::from_static("impersonate-user");

/// Further tries within a call, and the delays before them.
const RETRIES: usize = 2;
const RETRY_BASE: Duration = Duration::from_millis(200);
const RETRY_MOST: Duration = Duration::from_secs(2);

/// A request that can be sent more than once.
pub(super) struct Call {
    method: Method,
    url: String,
    target: String,
    content_type: Option<&'static str>,
    body: Vec<u8>,
    accept: &'static str,
    retries: usize,
    urgent: bool,
}

impl Call {
    pub(super) fn get(url: String, target: String) -> Self {
        Self {
            method: Method::GET,
            url,
            target,
            content_type: None,
            body: Vec::new(),
            accept: JSON,
            retries: RETRIES,
            urgent: false,
        }
    }

    pub(super) fn patch(url: String, target: String, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { method: Method::PATCH, content_type: Some(content_type), body, ..Self::get(url, target) }
    }

    pub(super) fn post(url: String, target: String, body: &Value) -> Self {
        Self { method: Method::POST, ..Self::with_json(url, target, body) }
    }

    pub(super) fn put(url: String, target: String, body: &Value) -> Self {
        Self { method: Method::PUT, ..Self::with_json(url, target, body) }
    }

    pub(super) fn delete(url: String, target: String, body: &Value) -> Self {
        Self { method: Method::DELETE, ..Self::with_json(url, target, body) }
    }

    fn with_json(url: String, target: String, body: &Value) -> Self {
        Self { content_type: Some(JSON), body: body.to_string().into_bytes(), ..Self::get(url, target) }
    }

    /// Asks for another representation.
    pub(super) fn accept(self, accept: &'static str) -> Self {
        Self { accept, ..self }
    }

    /// Exactly one request.
    pub(super) fn once(self) -> Self {
        Self { retries: 0, ..self }
    }

    /// Does not queue behind other calls: for the lease and for probes.
    pub(super) fn urgent(self) -> Self {
        Self { urgent: true, ..self }
    }

    fn request(&self, cluster: &Cluster) -> Result<Request<Body>, ClusterError> {
        let mut request = Request::builder().method(&self.method).uri(&self.url).header(ACCEPT, self.accept);
        if let Some(content_type) = self.content_type {
            request = request.header(CONTENT_TYPE, content_type);
        }
        if let Some(user) = &cluster.impersonate {
            request = request.header(IMPERSONATE_USER, user);
        }
        request
            .body(Body::from(self.body.clone()))
            .map_err(|error| ClusterError::Other { target: self.target.clone(), message: error.to_string() })
    }
}

impl Cluster {
    /// Sends a call and reads the JSON of its answer.
    pub(super) async fn send(&self, call: &Call) -> Result<Value, ClusterError> {
        let body = self.send_raw(call).await?;
        serde_json::from_slice(&body).map_err(|error| ClusterError::Other {
            target: call.target.clone(),
            message: format!("the API server's answer is not JSON: {error}"),
        })
    }

    /// Sends a call and reads the bytes of its answer.
    pub(super) async fn send_raw(&self, call: &Call) -> Result<Vec<u8>, ClusterError> {
        let deadline = Instant::now() + self.timeout;
        let tries = (|| self.send_once(call))
            .retry(FullJitter::new(RETRY_BASE, RETRY_MOST).take(call.retries))
            .when(ClusterError::is_transient)
            .adjust(|error, delay| {
                let delay = delay?.max(error.retry_after().unwrap_or_default());
                (Instant::now() + delay < deadline).then_some(delay)
            });
        let tries = async {
            if call.urgent {
                return tries.await;
            }
            // Held over all tries: what the server cannot take now must not make room for more.
            let mut turn = self.connection.pressure.turn().await;
            let outcome = tries.await;
            match &outcome {
                Err(error) if is_overload(error) => turn.refused(),
                _ => turn.answered(),
            }
            outcome
        };
        let outcome = tokio::time::timeout_at(deadline, tries).await;
        outcome.unwrap_or_else(|_| {
            Err(ClusterError::Timeout { target: call.target.clone(), after: self.timeout })
        })
    }

    async fn send_once(&self, call: &Call) -> Result<Vec<u8>, ClusterError> {
        let request = call.request(self)?;
        let answer =
            self.connection.client.send(request).await.map_err(|error| self.explain(&call.target, error))?;
        let (code, retry_after) = (answer.status(), retry_after(&answer));
        let body =
            answer.into_body().collect_bytes().await.map_err(|error| self.explain(&call.target, error))?;
        if code.is_success() {
            return Ok(body.into());
        }
        Err(Refusal { target: &call.target, code: code.as_u16(), retry_after, body: &body }.meaning())
    }

    /// What an error of kube's client means.
    pub(super) fn explain(&self, target: &str, error: kube::Error) -> ClusterError {
        match error {
            kube::Error::Api(status) => super::answer::meaning(target, *status),
            kube::Error::Auth(error) => {
                ClusterError::Unauthorized { target: target.to_owned(), message: chain(&error) }
            }
            kube::Error::SerdeError(error) => {
                ClusterError::Other { target: target.to_owned(), message: error.to_string() }
            }
            error => {
                let server = self.server().to_owned();
                // The first link repeats what its sources say, and more.
                let message = error.source().map_or_else(|| error.to_string(), chain);
                ClusterError::Unreachable { server, message }
            }
        }
    }
}

/// An error and what it came from, without repetitions.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        source = error.source();
    }
    text
}

/// A plain 500 is not: it comes of a single object too, by a webhook that is broken.
const fn is_overload(error: &ClusterError) -> bool {
    matches!(
        error,
        ClusterError::Throttled { .. }
            | ClusterError::Timeout { .. }
            | ClusterError::Server { code: 503 | 504, .. }
    )
}

/// Seconds only: the API server writes no dates.
fn retry_after<B>(answer: &Response<B>) -> Option<u64> {
    answer.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}
