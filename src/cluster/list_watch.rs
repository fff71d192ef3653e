//! One list-and-watch that never gives up: pages or a streaming list, then changes, resumed where it stopped,
//! listed again when its place is lost (<https://kubernetes.io/docs/reference/using-api/api-concepts/>).
//!
//! kube-runtime's `watcher` is not used: it has no way back from streaming lists to plain ones, starts them
//! from a cache that may be stale, and repeats without a pause when a server ends streams early.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, StreamExt as _};
use http::Request;
use http::header::ACCEPT;
use kube::core::WatchEvent;
use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::address::{self, Scope};
use super::discovery::Versions;
use super::jitter::FullJitter;
use super::read::{Selectors, text};
use super::{Cluster, ClusterError};
use crate::object::Kind;

/// A list, and the start of a watch, happen at most this often.
const PACE: Duration = Duration::from_secs(1);
/// The server ends a watch after this time; connections of several watches part over the jitter.
const WATCH_SECONDS: std::ops::RangeInclusive<u32> = 50..=60;
/// A watch that is silent for longer is dead: the server would have ended it.
const SILENCE: Duration = Duration::from_secs(65);
/// Streaming lists that end before they are complete are given up after so many.
const BROKEN_STREAMS: u32 = 2;
const BACKOFF_BASE: Duration = Duration::from_millis(500);
const BACKOFF_MOST: Duration = Duration::from_secs(30);
/// How soon a kind that is not there is looked for again: a document waits for its CRD.
const INSTALL_LOOK: std::ops::RangeInclusive<u64> = 2_000..=4_000;

/// Where a collection is.
pub(super) enum Place {
    /// There.
    Url(String),
    /// Where the API server has the objects of this kind, once it has them.
    Of(Kind, Scope),
}

/// What is watched.
pub(super) struct Watched {
    pub(super) place: Place,
    /// What it is called in messages.
    pub(super) target: String,
    pub(super) labels: String,
    /// Representation of objects.
    pub(super) accept: &'static str,
    /// Representation of lists.
    pub(super) accept_list: &'static str,
}

/// What happened to the set of objects.
#[derive(Debug)]
pub(super) enum Change {
    /// A complete listing begins.
    InitStart,
    /// An object of the listing, or a new state of one.
    Object(Value),
    /// An object left the set; its last state.
    Deleted(Value),
    /// The listing is complete: what was not in it is gone.
    InitDone,
    /// The set is not seen at the moment; repeated with each failed try.
    Interrupted(ClusterError),
    /// The watch goes on where it was interrupted.
    Resumed,
}

/// Why a stream was left.
enum Stop {
    /// Nobody listens any more.
    Closed,
    /// It failed; the place in it is kept.
    Failed(ClusterError),
}

impl From<ClusterError> for Stop {
    fn from(error: ClusterError) -> Self {
        Self::Failed(error)
    }
}

type Changes = Pin<Box<dyn Stream<Item = Result<WatchEvent<Value>, kube::Error>> + Send>>;

/// The state of one list-and-watch.
pub(super) struct ListWatch<E, T> {
    pub(super) cluster: Cluster,
    pub(super) watched: Watched,
    /// Drops what is known of the place and lists again.
    pub(super) restart: Arc<Notify>,
    pub(super) sender: mpsc::Sender<E>,
    /// What a change is to the listener; None if nothing.
    pub(super) translate: T,
    progress: Progress,
}

struct Progress {
    /// Where the watch resumes; None: list first.
    resource_version: Option<String>,
    streaming: bool,
    broken_streams: u32,
    interrupted: bool,
    next_list: Instant,
    next_watch: Instant,
    backoff: FullJitter,
}

impl<E: Send, T: Fn(Change) -> Option<E> + Send + Sync> ListWatch<E, T> {
    pub(super) fn new(
        cluster: Cluster,
        watched: Watched,
        restart: Arc<Notify>,
        sender: mpsc::Sender<E>,
        translate: T,
    ) -> Self {
        let progress = Progress {
            resource_version: None,
            streaming: true,
            broken_streams: 0,
            interrupted: false,
            next_list: Instant::now(),
            next_watch: Instant::now(),
            backoff: FullJitter::new(BACKOFF_BASE, BACKOFF_MOST),
        };
        Self { cluster, watched, restart, sender, translate, progress }
    }

    /// Runs until nobody listens any more.
    pub(super) async fn run(mut self) {
        let restart = Arc::clone(&self.restart);
        loop {
            let round = tokio::select! {
                round = self.round() => round,
                () = restart.notified() => {
                    self.progress.resource_version = None;
                    continue;
                }
            };
            match round {
                Ok(()) => {}
                Err(Stop::Closed) => return,
                Err(Stop::Failed(error)) => {
                    let error = match self.watched.place {
                        Place::Of(kind, _) => self.cluster.error_of(kind, Versions::Own, error).await,
                        Place::Url(_) => error,
                    };
                    let delay = self.after_failure(&error);
                    self.progress.interrupted = true;
                    if self.emit(Change::Interrupted(error)).await.is_err() {
                        return;
                    }
                    tokio::select! {
                        () = sleep(delay) => {}
                        () = restart.notified() => self.progress.resource_version = None,
                    }
                }
            }
        }
    }

    /// Lists if the place is unknown, then watches until the stream ends.
    async fn round(&mut self) -> Result<(), Stop> {
        if self.progress.resource_version.is_none() {
            sleep_until(self.progress.next_list).await;
            self.progress.next_list = Instant::now() + PACE;
            if self.progress.streaming {
                return self.streaming_list().await;
            }
            self.plain_list().await?;
        }
        sleep_until(self.progress.next_watch).await;
        self.progress.next_watch = Instant::now() + PACE;
        let changes = self.open(self.progress.resource_version.clone().as_deref()).await?;
        if std::mem::take(&mut self.progress.interrupted) {
            self.emit(Change::Resumed).await?;
        }
        self.follow(changes, false).await
    }

    async fn plain_list(&mut self) -> Result<(), Stop> {
        self.emit(Change::InitStart).await?;
        let url = self.url().await?;
        let Watched { target, labels, accept_list, .. } = &self.watched;
        let mut next = None;
        loop {
            let selectors = Selectors { labels: Some(labels), fields: None };
            let page = self.cluster.page(&url, target, &selectors, accept_list, next.as_deref()).await?;
            for item in page.items {
                self.emit(Change::Object(item)).await?;
            }
            next = page.next;
            if next.is_none() {
                self.emit(Change::InitDone).await?;
                self.progress.interrupted = false;
                self.progress.backoff.reset();
                self.progress.resource_version = Some(page.resource_version);
                return Ok(());
            }
        }
    }

    /// KEP-3157. No `resourceVersion`: what is listed is as fresh as a read from etcd.
    async fn streaming_list(&mut self) -> Result<(), Stop> {
        let changes = match self.open(None).await {
            Ok(changes) => changes,
            Err(error) if refuses_streaming(&error) => {
                tracing::debug!(target = %self.watched.target, %error, "no streaming list, listing in pages");
                self.progress.streaming = false;
                self.progress.next_list = Instant::now();
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        self.emit(Change::InitStart).await?;
        self.follow(changes, true).await?;
        if self.progress.resource_version.is_none() {
            self.progress.broken_streams += 1;
            self.progress.streaming = self.progress.broken_streams < BROKEN_STREAMS;
        }
        Ok(())
    }

    async fn url(&self) -> Result<String, ClusterError> {
        match &self.watched.place {
            Place::Url(url) => Ok(url.clone()),
            Place::Of(kind, scope) => self.cluster.collection_url(*kind, scope).await,
        }
    }

    async fn open(&self, resource_version: Option<&str>) -> Result<Changes, ClusterError> {
        let url = self.url().await?;
        let Watched { target, labels, accept, .. } = &self.watched;
        let seconds = fastrand::u32(WATCH_SECONDS).to_string();
        let initial = resource_version.is_none();
        let url = address::with_query(
            &url,
            &[
                ("watch", Some("true")),
                ("allowWatchBookmarks", Some("true")),
                ("labelSelector", Some(labels)),
                ("resourceVersion", resource_version),
                ("sendInitialEvents", initial.then_some("true")),
                ("resourceVersionMatch", initial.then_some("NotOlderThan")),
                ("timeoutSeconds", Some(&seconds)),
            ],
        );
        let request = Request::get(url)
            .header(ACCEPT, *accept)
            .body(Vec::new())
            .map_err(|error| ClusterError::Other { target: target.clone(), message: error.to_string() })?;
        let limit = self.cluster.timeout;
        let opened = timeout(limit, self.cluster.connection.client.request_events::<Value>(request)).await;
        let changes = opened
            .map_err(|_| ClusterError::Timeout { target: target.clone(), after: limit })?
            .map_err(|error| self.cluster.explain(target, error))?;
        Ok(changes.boxed())
    }

    /// Hands changes on until the stream ends. `initial`: until a bookmark says otherwise, they are a listing.
    async fn follow(&mut self, changes: Changes, mut initial: bool) -> Result<(), Stop> {
        let mut changes = pin!(changes);
        loop {
            let Ok(next) = timeout(SILENCE, changes.next()).await else {
                return Err(self.timed_out().into());
            };
            let Some(next) = next else { return Ok(()) };
            match next.map_err(|error| self.cluster.explain(&self.watched.target, error))? {
                WatchEvent::Added(object) | WatchEvent::Modified(object) => {
                    let at = text(&object, "/metadata/resourceVersion");
                    self.emit(Change::Object(object)).await?;
                    self.advance(at, initial);
                }
                WatchEvent::Deleted(object) => {
                    let at = text(&object, "/metadata/resourceVersion");
                    self.emit(Change::Deleted(object)).await?;
                    self.advance(at, initial);
                }
                WatchEvent::Bookmark(bookmark) => {
                    let ends = bookmark.metadata.annotations.get("k8s.io/initial-events-end");
                    if initial && ends.is_some_and(|ends| ends == "true") {
                        self.emit(Change::InitDone).await?;
                        self.progress.broken_streams = 0;
                        self.progress.interrupted = false;
                        initial = false;
                    }
                    self.advance(Some(bookmark.metadata.resource_version), initial);
                }
                WatchEvent::Error(status) => {
                    return Err(super::answer::meaning(&self.watched.target, *status).into());
                }
            }
        }
    }

    /// Notes the place, but never one in the middle of a listing: its objects come in no order.
    fn advance(&mut self, at: Option<String>, initial: bool) {
        if !initial && at.is_some() {
            self.progress.resource_version = at;
            self.progress.backoff.reset();
        }
    }

    fn after_failure(&mut self, error: &ClusterError) -> Duration {
        if matches!(error, ClusterError::Expired { .. }) {
            self.progress.resource_version = None;
        }
        if matches!(error, ClusterError::KindNotInstalled { .. }) {
            // It comes as a new one: its objects are others, and it streams or does not.
            self.progress.resource_version = None;
            self.progress.streaming = true;
            self.progress.backoff.reset();
            return Duration::from_millis(fastrand::u64(INSTALL_LOOK));
        }
        let delay = self.progress.backoff.next().unwrap_or(BACKOFF_MOST);
        delay.max(error.retry_after().unwrap_or_default())
    }

    fn timed_out(&self) -> ClusterError {
        ClusterError::Timeout { target: self.watched.target.clone(), after: SILENCE }
    }

    async fn emit(&self, change: Change) -> Result<(), Stop> {
        match (self.translate)(change) {
            Some(event) => self.sender.send(event).await.map_err(|_| Stop::Closed),
            None => Ok(()),
        }
    }
}

/// The feature is off (422), or the server or something between does not know it.
fn refuses_streaming(error: &ClusterError) -> bool {
    matches!(
        error,
        ClusterError::Invalid { .. }
            | ClusterError::Other { .. }
            | ClusterError::NotServed { .. }
            | ClusterError::NotFound { .. }
    )
}
