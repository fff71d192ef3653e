//! [`EventLog`]: Kubernetes Events (`events.k8s.io/v1`) about our objects and status `ConfigMaps`.
//!
//! Nothing depends on them: they are written in the background, few enough for the API server, and a failure
//! is only logged.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::Cluster;
use super::address::{self, Scope};
use super::call::Call;
use super::records::Shard;
use crate::object::{FIELD_MANAGER, ObjectRef};

/// The same thing about the same object is said once in this time.
const SILENCE: Duration = Duration::from_mins(5);
/// Between two events, in the mean; some may come at once.
const PACE: Duration = Duration::from_millis(200);
const BURST: u32 = 25;
/// Waiting events; more are dropped.
const WAITING: usize = 256;
/// The API server's limit, in characters of at most one byte.
const NOTE_BYTES: usize = 1024;

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject {
    api_version: String,
    kind: &'static str,
    namespace: String,
    name: String,
    uid: Option<String>,
}

impl Subject {
    /// One of our objects.
    pub fn object(reference: &ObjectRef, uid: Option<String>) -> Self {
        Self {
            api_version: reference.kind.api_version(),
            kind: reference.kind.name(),
            namespace: reference.namespace.clone(),
            name: reference.name.clone(),
            uid,
        }
    }

    /// The source's summary.
    pub fn summary(namespace: &str, source: &str, uid: Option<String>) -> Self {
        Self {
            api_version: "v1".to_owned(),
            kind: "ConfigMap",
            namespace: namespace.to_owned(),
            name: Shard::Summary.name(source),
            uid,
        }
    }
}

/// Whether somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// No.
    Normal,
    /// Yes.
    Warning,
}

/// Something to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// About what.
    pub subject: Subject,
    /// How serious.
    pub severity: Severity,
    /// Why, in `CamelCase`.
    pub reason: &'static str,
    /// What we were doing, in `CamelCase`: `Apply`, `Delete`, `Repair`…
    pub action: &'static str,
    /// For people.
    pub note: String,
}

/// Writes events in the background until it is dropped.
pub struct EventLog {
    sender: mpsc::Sender<Notice>,
    task: JoinHandle<()>,
}

impl EventLog {
    /// `instance`: who writes, such as the pod's name.
    pub fn start(cluster: &Cluster, instance: &str) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let writer = Writer { cluster: cluster.clone(), instance: instance.to_owned(), said: HashMap::new() };
        Self { sender, task: tokio::spawn(writer.run(receiver)) }
    }

    /// Takes a notice, never waiting; one too many is dropped.
    pub fn tell(&self, notice: Notice) {
        if let Err(error) = self.sender.try_send(notice) {
            tracing::debug!(%error, "an event was dropped");
        }
    }
}

impl Drop for EventLog {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Writer {
    cluster: Cluster,
    instance: String,
    /// What was said of what, and when last.
    said: HashMap<(Subject, &'static str, String), Instant>,
}

impl Writer {
    async fn run(mut self, mut receiver: mpsc::Receiver<Notice>) {
        let burst = PACE * BURST;
        let mut next = Instant::now();
        while let Some(notice) = receiver.recv().await {
            let now = Instant::now();
            if !self.is_news(&notice, now) {
                continue;
            }
            // A bucket of BURST tokens that fills by one per PACE.
            next = next.max(now.checked_sub(burst).unwrap_or(now)) + PACE;
            sleep_until(next).await;
            if let Err(error) = self.write(&notice).await {
                let subject = &notice.subject.name;
                tracing::warn!(subject, reason = notice.reason, %error, "an event could not be written");
            }
        }
    }

    fn is_news(&mut self, notice: &Notice, now: Instant) -> bool {
        self.said.retain(|_, when| now.saturating_duration_since(*when) < SILENCE);
        let key = (notice.subject.clone(), notice.reason, notice.note.clone());
        match self.said.entry(key) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(now);
                true
            }
        }
    }

    async fn write(&self, notice: &Notice) -> Result<(), super::ClusterError> {
        let url = address::plural(
            "events.k8s.io",
            "v1",
            &Scope::Namespace(notice.subject.namespace.clone()),
            "events",
        )?;
        let target = format!("Event about {}", notice.subject.name);
        let name = format!("{}.{:016x}", notice.subject.name, fastrand::u64(..));
        let call = Call::post(url, target, &event(notice, &name, &self.instance, Timestamp::now()));
        match self.cluster.send(&call).await {
            Ok(_) | Err(super::ClusterError::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn event(notice: &Notice, name: &str, instance: &str, now: Timestamp) -> Value {
    let Subject { api_version, kind, namespace, name: subject, uid } = &notice.subject;
    json!({
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": namespace},
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
        "reportingController": FIELD_MANAGER,
        "reportingInstance": instance,
        "action": notice.action,
        "reason": notice.reason,
        "regarding": {"apiVersion": api_version, "kind": kind, "namespace": namespace, "name": subject, "uid": uid},
        "note": shortened(&notice.note, NOTE_BYTES),
        "type": match notice.severity {
            Severity::Normal => "Normal",
            Severity::Warning => "Warning",
        },
    })
}

/// At most so many bytes, whole characters.
fn shortened(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_cut_between_characters() {
        assert_eq!(shortened("äää", 5), "ää");
        assert_eq!(shortened("abc", 5), "abc");
    }
}
