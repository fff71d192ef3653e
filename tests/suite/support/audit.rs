//! The API server's account of who asked what.

use std::collections::HashSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use xtask::cluster::ControlPlane;

use super::eventually;

/// The audit log of the shared control plane: the requests of all tests.
pub struct AuditLog {
    path: PathBuf,
    cluster: &'static ControlPlane,
}

/// A moment, as a place in the log.
#[derive(Debug, Clone, Copy)]
pub struct Marker(u64);

/// A request that was answered, or a watch that began. Displayed as `<verb> <uri>`.
#[derive(Debug, Clone)]
pub struct Request {
    pub verb: String,
    /// Path and query.
    pub uri: String,
    pub user: String,
    /// The user on whose behalf it was made, by impersonation.
    pub impersonated: Option<String>,
    pub user_agent: String,
    pub resource: String,
    pub namespace: String,
    pub name: String,
    /// The HTTP status of the answer.
    pub code: u16,
    /// When it was answered, by the clock of the API server.
    pub at: Timestamp,
}

impl AuditLog {
    pub fn of(cluster: &'static ControlPlane) -> Self {
        Self { path: cluster.audit_log(), cluster }
    }

    /// Now: what was answered until here is before it.
    pub fn mark(&self) -> Marker {
        self.settle();
        Marker(fs::metadata(&self.path).unwrap().len())
    }

    /// The requests answered since `start` whose user or user agent contains
    /// `who`: a daemon's by the name of its source, everybody's by `""`.
    pub fn requests(&self, who: &str, start: Marker) -> Vec<Request> {
        self.settle();
        let mut seen = HashSet::new();
        let events = self.read_from(start);
        let events = events.lines().map(|line| serde_json::from_str::<Event>(line).unwrap());
        events
            // A watch is on record at its start and at its end.
            .filter(|event| seen.insert(event.audit_id.clone()))
            .map(Request::from)
            .filter(|request| !request.uri.starts_with(FENCE))
            .filter(|request| request.user.contains(who) || request.user_agent.contains(who))
            .collect()
    }

    /// What a daemon asked and wrote since `start`. Left out are its lease and its watches, which cost the same
    /// whatever there is to do, and the Events that tell people.
    pub fn work(&self, who: &str, start: Marker) -> Vec<Request> {
        let requests = self.requests(who, start).into_iter();
        requests
            .filter(|request| {
                request.verb != "watch" && !["leases", "events"].contains(&request.resource.as_str())
            })
            .collect()
    }

    /// What a daemon wrote since `start`, its lease left out.
    pub fn writes(&self, who: &str, start: Marker) -> Vec<Request> {
        self.work(who, start).into_iter().filter(Request::is_write).collect()
    }

    /// The API server writes an event when the answer is on its way already.
    /// So ask something ourselves and wait until that is on record.
    fn settle(&self) {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let fence = format!("{FENCE}{}-{count}-", std::process::id());
        let before = Marker(fs::metadata(&self.path).map_or(0, |log| log.len()));
        let asked = self.cluster.kubectl().args(["get", "--raw", &fence]).output().unwrap();
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        eventually(Duration::from_secs(10), "our own request is in the audit log", || {
            self.read_from(before).contains(&fence)
        });
    }

    /// Whole lines from `start` on. A line that was half written then belongs to what was before.
    fn read_from(&self, start: Marker) -> String {
        let mut log = File::open(&self.path).unwrap();
        log.seek(SeekFrom::Start(start.0.saturating_sub(1))).unwrap();
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes).unwrap();
        let newline = |byte: &u8| *byte == b'\n';
        let first = if start.0 == 0 { 0 } else { bytes.iter().position(newline).map_or(0, |at| at + 1) };
        let end = bytes.iter().rposition(newline).map_or(0, |at| at + 1);
        String::from_utf8(bytes.get(first..end).unwrap_or_default().to_vec()).unwrap()
    }
}

impl Request {
    /// It was to change something.
    pub fn is_write(&self) -> bool {
        !matches!(self.verb.as_str(), "get" | "list" | "watch")
    }
}

const FENCE: &str = "/version?fence=";

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.uri)
    }
}

/// <https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-Event>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "auditID")]
    audit_id: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    verb: String,
    user: User,
    impersonated_user: Option<User>,
    #[serde(default)]
    user_agent: String,
    #[serde(default)]
    object_ref: ObjectRef,
    response_status: Option<Status>,
    stage_timestamp: Timestamp,
}

#[derive(Deserialize)]
struct User {
    username: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ObjectRef {
    resource: String,
    namespace: String,
    name: String,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u16,
}

impl From<Event> for Request {
    fn from(event: Event) -> Self {
        Self {
            verb: event.verb,
            uri: event.request_uri,
            user: event.user.username,
            impersonated: event.impersonated_user.map(|user| user.username),
            user_agent: event.user_agent,
            resource: event.object_ref.resource,
            namespace: event.object_ref.namespace,
            name: event.object_ref.name,
            code: event.response_status.map_or(0, |status| status.code),
            at: event.stage_timestamp,
        }
    }
}
