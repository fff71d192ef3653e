//! A proxy in front of the API server that breaks things on demand. The daemon speaks plain HTTP to it and
//! shows its own token; the proxy speaks TLS to the API server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, HOST, RETRY_AFTER, TRANSFER_ENCODING};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use futures::stream;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use super::{Sandbox, free_address};

/// No request of a test is larger.
const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Where the daemon's objects are listed.
const COLLECTIONS: [&str; 10] = [
    "serviceaccounts",
    "configmaps",
    "persistentvolumeclaims",
    "services",
    "networkpolicies",
    "poddisruptionbudgets",
    "deployments",
    "horizontalpodautoscalers",
    "cronjobs",
    "ingresses",
];

/// On which side of the API server a request is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server never hears of it.
    Before,
    /// The server has done it, and nobody learns of that.
    After,
}

/// A fault-injecting reverse proxy, until it is dropped.
pub struct ApiProxy {
    address: SocketAddr,
    upstream: Config,
    kubeconfig: PathBuf,
    faults: Arc<Faults>,
    /// None while it is down.
    runtime: Option<Runtime>,
}

/// What is wrong just now, and what was asked so far.
#[derive(Default)]
struct Faults {
    writes: AtomicU32,
    stop: Mutex<Option<(u32, Side)>>,
    /// Set when the write to be stopped has come: no request and no answer passes until it is taken back.
    frozen: AtomicBool,
    refused_percent: AtomicU32,
    delay: Mutex<Duration>,
    cut: Mutex<CancellationToken>,
    requests: Mutex<Vec<Asked>>,
}

/// A request that the proxy got.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    /// Path and query.
    pub uri: String,
}

impl Asked {
    pub fn is_watch(&self) -> bool {
        self.uri.contains("watch=true") || self.uri.contains("watch=1")
    }

    /// A listing, a streaming one included.
    pub fn is_list(&self) -> bool {
        let (path, query) = self.uri.split_once('?').unwrap_or((&self.uri, ""));
        let streaming = query.contains("sendInitialEvents=true");
        let collection = path.rsplit('/').next().is_some_and(|last| COLLECTIONS.contains(&last));
        self.method == Method::GET && collection && (streaming || !self.is_watch())
    }

    /// Something that a daemon does to the cluster: leases and events say only that it lives.
    pub fn is_write(&self) -> bool {
        let path = self.uri.split('?').next().unwrap_or_default();
        self.method != Method::GET && !path.contains("/leases") && !path.contains("/events")
    }
}

impl ApiProxy {
    /// A proxy that passes everything on.
    pub fn start(sandbox: &Sandbox) -> Self {
        let address = free_address();
        let mut kubeconfig: Value =
            serde_json::from_slice(&std::fs::read(sandbox.kubeconfig()).unwrap()).unwrap();
        let upstream = upstream(&kubeconfig);
        kubeconfig["clusters"][0]["cluster"] = json!({"server": format!("http://{address}")});
        let path = sandbox.path().join(format!("kubeconfig-{}", address.port()));
        std::fs::write(&path, kubeconfig.to_string()).unwrap();
        let mut proxy = Self { address, upstream, kubeconfig: path, faults: Arc::default(), runtime: None };
        proxy.up();
        proxy
    }

    /// With this, a client goes through the proxy.
    pub fn kubeconfig(&self) -> &PathBuf {
        &self.kubeconfig
    }

    /// Everything is refused at the socket, and what was under way breaks off.
    pub fn down(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(5));
        }
    }

    /// It works again, at the same address.
    pub fn up(&mut self) {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = std::net::TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let (faults, upstream) = (Arc::clone(&self.faults), self.upstream.clone());
        runtime.spawn(async move {
            let client = kube::Client::try_from(upstream).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            axum::serve(listener, Router::new().fallback(answer).with_state((faults, client))).await.unwrap();
        });
        self.runtime = Some(runtime);
    }

    /// Stops at the `number`th write from now on (the first is 1): from that moment no request and no
    /// answer passes, until [`release`](Self::release).
    pub fn stop_at(&self, number: u32, side: Side) {
        *self.faults.stop.lock().unwrap() = Some((number, side));
        self.faults.writes.store(0, Ordering::SeqCst);
    }

    /// Whether the write to be stopped has come.
    pub fn has_stopped(&self) -> bool {
        self.faults.frozen.load(Ordering::SeqCst)
    }

    /// Writes since [`stop_at`](Self::stop_at).
    pub fn writes(&self) -> u32 {
        self.faults.writes.load(Ordering::SeqCst)
    }

    /// No write is to be stopped any more; says whether one was.
    pub fn disarm(&self) -> bool {
        *self.faults.stop.lock().unwrap() = None;
        self.has_stopped()
    }

    /// Everything passes again, but for what was held: that is lost.
    pub fn release(&self) {
        self.disarm();
        self.faults.frozen.store(false, Ordering::SeqCst);
    }

    /// So many of a hundred requests are answered 503 or 429, "again in a second".
    pub fn refuse(&self, percent: u32) {
        self.faults.refused_percent.store(percent, Ordering::SeqCst);
    }

    /// Each answer comes so much later.
    pub fn delay(&self, delay: Duration) {
        *self.faults.delay.lock().unwrap() = delay;
    }

    /// Breaks off every watch that is running.
    pub fn cut_watches(&self) {
        std::mem::take(&mut *self.faults.cut.lock().unwrap()).cancel();
    }

    /// Everything asked so far.
    pub fn requests(&self) -> Vec<Asked> {
        self.faults.requests.lock().unwrap().clone()
    }
}

impl Drop for ApiProxy {
    fn drop(&mut self) {
        self.down();
    }
}

/// The API server without anybody's credentials: requests bring their own.
fn upstream(kubeconfig: &Value) -> Config {
    let mut kubeconfig: Kubeconfig = serde_json::from_value(kubeconfig.clone()).unwrap();
    for user in &mut kubeconfig.auth_infos {
        user.auth_info = Some(kube::config::AuthInfo::default());
    }
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options);
    let mut config = Builder::new_current_thread().build().unwrap().block_on(config).unwrap();
    config.default_retry = false;
    config.read_timeout = None;
    config
}

async fn answer(State((faults, client)): State<(Arc<Faults>, kube::Client)>, request: Request) -> Response {
    let asked = Asked { method: request.method().clone(), uri: request.uri().to_string() };
    faults.requests.lock().unwrap().push(asked.clone());
    let stop = faults.stop_for(&asked);
    faults.gate(stop == Some(Side::Before)).await;
    if faults.refuses() {
        let code = [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS][fastrand::usize(..2)];
        return (code, [(RETRY_AFTER, "1")], "not now").into_response();
    }
    let cut = faults.cut.lock().unwrap().clone();
    let answer = match pass_on(client, request).await {
        Ok(answer) => answer,
        Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    };
    let delay = *faults.delay.lock().unwrap();
    tokio::time::sleep(delay).await;
    faults.gate(stop == Some(Side::After)).await;
    if !asked.is_watch() {
        return answer;
    }
    answer.map(|body| {
        let broken = || Err(axum::Error::new(std::io::Error::other("cut")));
        Body::from_stream(stream::unfold(Some(body.into_data_stream()), move |body| {
            let cut = cut.clone();
            async move {
                let mut body = body?;
                tokio::select! {
                    () = cut.cancelled() => Some((broken(), None)),
                    chunk = body.next() => chunk.map(|chunk: Result<Bytes, _>| (chunk, Some(body))),
                }
            }
        }))
    })
}

async fn pass_on(client: kube::Client, request: Request) -> Result<Response, kube::Error> {
    let (mut head, body) = request.into_parts();
    for own in [HOST, CONNECTION, TRANSFER_ENCODING] {
        head.headers.remove(own);
    }
    let body = axum::body::to_bytes(body, MAX_BODY_BYTES).await.unwrap_or_default();
    let request = axum::http::Request::from_parts(head, kube::client::Body::from(Vec::from(body)));
    let (mut head, body) = client.send(request).await?.into_parts();
    for own in [CONNECTION, TRANSFER_ENCODING] {
        head.headers.remove(own);
    }
    Ok(Response::from_parts(head, Body::new(body)))
}

impl Faults {
    /// Counts it, and tells whether it is the one to be stopped.
    fn stop_for(&self, asked: &Asked) -> Option<Side> {
        if !asked.is_write() || self.frozen.load(Ordering::SeqCst) {
            return None;
        }
        let number = self.writes.fetch_add(1, Ordering::SeqCst) + 1;
        self.stop.lock().unwrap().filter(|(stop, _)| *stop == number).map(|(_, side)| side)
    }

    /// Passes while nothing is frozen; what came to a frozen gate never passes it.
    async fn gate(&self, freeze: bool) {
        if freeze {
            self.frozen.store(true, Ordering::SeqCst);
        }
        if self.frozen.load(Ordering::SeqCst) {
            // Whoever asked is about to be killed, which drops this as well.
            std::future::pending::<()>().await;
        }
    }

    fn refuses(&self) -> bool {
        fastrand::u32(..100) < self.refused_percent.load(Ordering::SeqCst)
    }
}
