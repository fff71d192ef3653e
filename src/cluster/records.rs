//! [`Records`]: the `ConfigMaps` in which the daemon remembers, one summary and some shards a source.
//!
//! Every write is one request that carries the resourceVersion last seen, so that whatever came in between
//! (another leader, a user's order, a deletion) refuses it. What the data means is `record`'s business.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};
use thiserror::Error;

use super::address::{self, Scope};
use super::call::{Call, JSON, MERGE_PATCH, METADATA};
use super::read::{Selectors, absent_as_none, text};
use super::{Cluster, ClusterError};
use crate::object::FIELD_MANAGER;

/// Label on every status `ConfigMap`; its value is the source's name.
pub const LABEL_STATUS: &str = "portfolio.dev/status";
/// Annotation on every status `ConfigMap`: epoch of the leader that wrote it last.
pub const ANNOTATION_EPOCH: &str = "portfolio.dev/epoch";

/// One of a source's `ConfigMaps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shard {
    /// `portfolio-<source>`
    Summary,
    /// `portfolio-<source>-records-<n>`
    Records(u32),
}

impl Shard {
    /// Name of the `ConfigMap`.
    pub fn name(self, source: &str) -> String {
        match self {
            Self::Summary => format!("portfolio-{source}"),
            Self::Records(index) => format!("portfolio-{source}-records-{index}"),
        }
    }

    /// The other way; None if it is no such name.
    pub fn from_name(source: &str, name: &str) -> Option<Self> {
        match name.strip_prefix("portfolio-")?.strip_prefix(source)? {
            "" => Some(Self::Summary),
            rest => {
                let shard = Self::Records(rest.strip_prefix("-records-")?.parse().ok()?);
                (shard.name(source) == name).then_some(shard)
            }
        }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Summary => f.write_str("summary"),
            Self::Records(index) => write!(f, "records-{index}"),
        }
    }
}

/// A status `ConfigMap` as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardState {
    /// Which one.
    pub shard: Shard,
    /// For the next write.
    pub resource_version: String,
    /// For events about it.
    pub uid: String,
    /// Of the leader that wrote it last; 0 if it says none.
    pub epoch: u64,
    /// Documents' records, by key.
    pub data: BTreeMap<String, String>,
    /// Runtime orders among them.
    pub annotations: BTreeMap<String, String>,
}

/// All that is remembered of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loaded {
    /// None before the first write, or if somebody deleted it.
    pub summary: Option<ShardState>,
    /// In order of their numbers; some may be missing.
    pub shards: Vec<ShardState>,
}

/// A change of one shard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ShardWrite {
    /// resourceVersion last seen; None creates the `ConfigMap`.
    pub expected: Option<String>,
    /// Epoch of the leader that writes.
    pub epoch: u64,
    /// By key: the new text, or None to remove it.
    pub data: BTreeMap<String, Option<String>>,
    /// By key: the new text, or None to remove it.
    pub annotations: BTreeMap<String, Option<String>>,
}

/// What the server says of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// For the next write.
    pub resource_version: String,
    /// Changes when the `ConfigMap` was re-created.
    pub uid: String,
}

/// A write that did not happen, or (transient errors) may have happened.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// Somebody else wrote, created or deleted it in between: its state now, None if it is gone.
    #[error("the record was changed by somebody else")]
    Conflict {
        /// Read after the refusal.
        current: Option<Box<ShardState>>,
    },
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] ClusterError),
}

/// The status `ConfigMaps` of one source.
#[derive(Clone)]
pub struct Records {
    cluster: Cluster,
    namespace: String,
    source: String,
}

impl Records {
    /// Those of a source in the daemon's namespace, which must exist.
    pub fn new(cluster: &Cluster, namespace: &str, source: &str) -> Self {
        Self { cluster: cluster.clone(), namespace: namespace.to_owned(), source: source.to_owned() }
    }

    /// All of them, read from etcd and not from a cache.
    pub async fn load(&self) -> Result<Loaded, ClusterError> {
        let url = address::plural("", "v1", &Scope::Namespace(self.namespace.clone()), "configmaps")?;
        let target = format!("status ConfigMaps of {} in {}", self.source, self.namespace);
        let label = format!("{LABEL_STATUS}={}", self.source);
        let selectors = Selectors { labels: Some(&label), fields: None };
        let states =
            self.cluster.pages(&url, &target, selectors, JSON, |item| state(&self.source, &item)).await?;
        let (mut summary, mut shards) = (None, Vec::new());
        for state in states {
            match state.shard {
                Shard::Summary => summary = Some(state),
                Shard::Records(_) => shards.push(state),
            }
        }
        shards.sort_by_key(|state| state.shard);
        Ok(Loaded { summary, shards })
    }

    /// One of them, or None if there is none.
    pub async fn read(&self, shard: Shard) -> Result<Option<ShardState>, ClusterError> {
        let call = Call::get(self.url(shard)?, self.target(shard));
        let value = absent_as_none(self.cluster.send(&call).await)?;
        Ok(value.and_then(|value| state(&self.source, &value)))
    }

    /// Writes one shard: exactly one request, never repeated in here. After a conflict its state is read.
    pub async fn write(&self, shard: Shard, write: &ShardWrite) -> Result<Written, WriteError> {
        let outcome = match &write.expected {
            Some(expected) => self.change(shard, expected, write).await,
            None => self.create(shard, write).await,
        };
        match outcome {
            Ok(answer) => Ok(Written {
                resource_version: text(&answer, "/metadata/resourceVersion").unwrap_or_default(),
                uid: text(&answer, "/metadata/uid").unwrap_or_default(),
            }),
            Err(
                ClusterError::ResourceVersionConflict { .. }
                | ClusterError::AlreadyExists { .. }
                | ClusterError::NotFound { .. },
            ) => Err(WriteError::Conflict { current: self.read(shard).await?.map(Box::new) }),
            Err(error) => Err(error.into()),
        }
    }

    /// Sets and removes annotations of the summary whatever its state: how a user's runtime order gets there.
    pub async fn annotate(
        &self,
        annotations: &BTreeMap<String, Option<String>>,
    ) -> Result<ShardState, ClusterError> {
        let body = json!({"metadata": {"annotations": annotations}});
        let answer = self.cluster.send(&self.patch(Shard::Summary, &body, "portfolio-cli")?).await?;
        state(&self.source, &answer)
            .ok_or_else(|| ClusterError::NotFound { target: self.target(Shard::Summary) })
    }

    async fn change(&self, shard: Shard, expected: &str, write: &ShardWrite) -> Result<Value, ClusterError> {
        let mut body = json!({
            "metadata": {
                "resourceVersion": expected,
                "annotations": annotations(write),
                // Without it the next start would not find what is written here.
                "labels": {LABEL_STATUS: self.source},
            },
        });
        if !write.data.is_empty() {
            body["data"] = json!(write.data);
        }
        self.cluster.send(&self.patch(shard, &body, FIELD_MANAGER)?.accept(METADATA).once()).await
    }

    async fn create(&self, shard: Shard, write: &ShardWrite) -> Result<Value, ClusterError> {
        let present = |changes: &BTreeMap<String, Option<String>>| -> BTreeMap<String, String> {
            changes.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect()
        };
        let body = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": shard.name(&self.source),
                "namespace": self.namespace,
                "labels": {LABEL_STATUS: self.source, "app.kubernetes.io/managed-by": FIELD_MANAGER},
                "annotations": present(&annotations(write)),
            },
            "data": present(&write.data),
        });
        let url = address::plural("", "v1", &Scope::Namespace(self.namespace.clone()), "configmaps")?;
        let url = address::with_query(&url, &[("fieldManager", Some(FIELD_MANAGER))]);
        self.cluster.send(&Call::post(url, self.target(shard), &body).accept(METADATA).once()).await
    }

    fn patch(&self, shard: Shard, body: &Value, manager: &str) -> Result<Call, ClusterError> {
        let url = address::with_query(&self.url(shard)?, &[("fieldManager", Some(manager))]);
        Ok(Call::patch(url, self.target(shard), MERGE_PATCH, body.to_string().into_bytes()))
    }

    fn url(&self, shard: Shard) -> Result<String, ClusterError> {
        address::named("", "v1", &self.namespace, "configmaps", &shard.name(&self.source))
    }

    fn target(&self, shard: Shard) -> String {
        format!("ConfigMap/{}/{}", self.namespace, shard.name(&self.source))
    }
}

fn annotations(write: &ShardWrite) -> BTreeMap<String, Option<String>> {
    let mut annotations = write.annotations.clone();
    annotations.insert(ANNOTATION_EPOCH.to_owned(), Some(write.epoch.to_string()));
    annotations
}

/// None for a `ConfigMap` that has the label but no name of ours.
fn state(source: &str, object: &Value) -> Option<ShardState> {
    let annotations = texts(object, "/metadata/annotations");
    Some(ShardState {
        shard: Shard::from_name(source, &text(object, "/metadata/name")?)?,
        resource_version: text(object, "/metadata/resourceVersion")?,
        uid: text(object, "/metadata/uid")?,
        epoch: annotations.get(ANNOTATION_EPOCH).and_then(|epoch| epoch.parse().ok()).unwrap_or(0),
        data: texts(object, "/data"),
        annotations,
    })
}

/// The map of texts at a JSON pointer.
pub(super) fn texts(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let entries = object.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_found_by_its_name_and_by_no_other() {
        for shard in [Shard::Summary, Shard::Records(0), Shard::Records(12)] {
            assert_eq!(Shard::from_name("web", &shard.name("web")), Some(shard));
        }
        for name in
            ["web", "portfolio-web2", "portfolio-web-records-", "portfolio-web-records-01", "portfolio-we"]
        {
            assert_eq!(Shard::from_name("web", name), None, "{name}");
        }
    }
}
