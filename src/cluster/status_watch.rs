//! [`StatusWatch`]: sees that somebody touched the status `ConfigMaps`, above all a user who gave an order.
//!
//! Metadata only: a shard's data would come back to us with each of our own writes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::address::{self, Scope};
use super::call::{METADATA, METADATA_LIST};
use super::list_watch::{Change, ListWatch, Place, Watched};
use super::read::text;
use super::records::{LABEL_STATUS, texts};
use super::watch::selector;
use super::{Cluster, ClusterError, Shard};

/// A status `ConfigMap` without its data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusMeta {
    /// Whose.
    pub source: String,
    /// Which.
    pub shard: Shard,
    /// Which one it was.
    pub uid: String,
    /// Of this state.
    pub resource_version: String,
    /// Runtime orders among them.
    pub annotations: BTreeMap<String, String>,
}

/// Something that happened to the status `ConfigMaps`, our own writes included.
#[derive(Debug)]
pub enum StatusEvent {
    /// A complete listing begins.
    InitStart,
    /// One of the listing, or a new state of one.
    Changed(StatusMeta),
    /// One was deleted.
    Deleted(StatusMeta),
    /// The listing is complete.
    InitDone,
    /// The watch is down and being restored; sent with each failed try.
    Interrupted(ClusterError),
    /// The watch goes on where it was interrupted; nothing was missed.
    Resumed,
}

/// A running watch; it ends when this is dropped or when the receiver is.
pub struct StatusWatch {
    _tasks: JoinSet<()>,
}

impl StatusWatch {
    /// Watches the status `ConfigMaps` of these sources in the daemon's namespace.
    pub fn start(
        cluster: &Cluster,
        namespace: &str,
        sources: &[String],
        sender: mpsc::Sender<StatusEvent>,
    ) -> Result<Self, ClusterError> {
        let watched = Watched {
            place: Place::Url(address::plural(
                "",
                "v1",
                &Scope::Namespace(namespace.to_owned()),
                "configmaps",
            )?),
            target: format!("status ConfigMaps in {namespace}"),
            labels: selector(LABEL_STATUS, sources),
            accept: METADATA,
            accept_list: METADATA_LIST,
        };
        let watch = ListWatch::new(cluster.clone(), watched, Arc::new(Notify::new()), sender, translate);
        let mut tasks = JoinSet::new();
        tasks.spawn(watch.run());
        Ok(Self { _tasks: tasks })
    }
}

fn translate(change: Change) -> Option<StatusEvent> {
    match change {
        Change::InitStart => Some(StatusEvent::InitStart),
        Change::Object(object) => status(&object).map(StatusEvent::Changed),
        Change::Deleted(object) => status(&object).map(StatusEvent::Deleted),
        Change::InitDone => Some(StatusEvent::InitDone),
        Change::Interrupted(error) => Some(StatusEvent::Interrupted(error)),
        Change::Resumed => Some(StatusEvent::Resumed),
    }
}

fn status(object: &Value) -> Option<StatusMeta> {
    let source = texts(object, "/metadata/labels").remove(LABEL_STATUS)?;
    Some(StatusMeta {
        shard: Shard::from_name(&source, &text(object, "/metadata/name")?)?,
        source,
        uid: text(object, "/metadata/uid")?,
        resource_version: text(object, "/metadata/resourceVersion")?,
        annotations: texts(object, "/metadata/annotations"),
    })
}
