//! What the API server calls the objects of a kind in URLs. Of kinds that are not built in only it knows, and whether
//! there is such a kind at all (<https://kubernetes.io/docs/reference/using-api/api-concepts/#discovery-api>).
//!
//! Asked once a kind and kept until a call finds it not served any more. A kind that is not there is asked for anew each
//! time: its CRD may come at any moment.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::address::{self, Resource, Scope};
use super::call::Call;
use super::{Cluster, ClusterError};
use crate::object::{Kind, ObjectRef};

/// What we do to objects.
const VERBS: [&str; 6] = ["get", "list", "watch", "create", "patch", "delete"];

/// Kinds that are known to be served.
#[derive(Default)]
pub(super) struct Discovered(Mutex<HashMap<Kind, Resource>>);

/// In which version a kind may be addressed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// Only in its own.
    Own,
    /// In another one too: it is the same objects, which is enough to look at their metadata and to delete them.
    Any,
}

impl Cluster {
    /// URL of one object.
    pub(super) async fn object_url(
        &self,
        object: &ObjectRef,
        versions: Versions,
    ) -> Result<String, ClusterError> {
        address::object(object, &self.resource(object.kind, versions).await?)
    }

    /// URL of the objects of a kind.
    pub(super) async fn collection_url(&self, kind: Kind, scope: &Scope) -> Result<String, ClusterError> {
        address::collection(kind, &self.resource(kind, Versions::Own).await?, scope)
    }

    /// The outcome of a call of a kind's URL.
    pub(super) async fn outcome<T>(
        &self,
        kind: Kind,
        versions: Versions,
        outcome: Result<T, ClusterError>,
    ) -> Result<T, ClusterError> {
        match outcome {
            Ok(answer) => Ok(answer),
            Err(error) => Err(self.error_of(kind, versions, error).await),
        }
    }

    /// What an error of a kind's URL means: where it is not served any more, what is known of the kind is forgotten, and
    /// asked for anew.
    pub(super) async fn error_of(&self, kind: Kind, versions: Versions, error: ClusterError) -> ClusterError {
        if kind.plural().is_some() || !matches!(error, ClusterError::NotServed { .. }) {
            return error;
        }
        self.discovered().remove(&kind);
        self.resource(kind, versions).await.err().unwrap_or(error)
    }

    async fn resource(&self, kind: Kind, versions: Versions) -> Result<Resource, ClusterError> {
        if let Some(plural) = kind.plural() {
            return Ok(Resource { version: kind.version().into(), plural: plural.into() });
        }
        let known = self.discovered().get(&kind).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        if let Some(found) = self.look_up(kind, kind.version()).await? {
            self.discovered().insert(kind, found.clone());
            return Ok(found);
        }
        let elsewhere = self.look_up_elsewhere(kind).await?;
        match elsewhere {
            Some(found) if versions == Versions::Any => Ok(found),
            elsewhere => Err(ClusterError::KindNotInstalled {
                kind: kind.to_string(),
                served: elsewhere.map(|found| found.version.into_owned()),
            }),
        }
    }

    fn discovered(&self) -> std::sync::MutexGuard<'_, HashMap<Kind, Resource>> {
        self.connection.discovered.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kind in this version.
    async fn look_up(&self, kind: Kind, version: &str) -> Result<Option<Resource>, ClusterError> {
        let list = self.discover(&address::group_version(kind.group(), version)?, kind).await?;
        let Some(found) = list.as_ref().and_then(|list| entry(list, kind)) else { return Ok(None) };
        usable(found, kind)?;
        let name = found.get("name").and_then(Value::as_str).unwrap_or_default();
        Ok(Some(Resource {
            version: version.to_owned().into(),
            plural: address::segment(name)?.to_owned().into(),
        }))
    }

    /// The kind in whichever other version of its group, the preferred one first.
    async fn look_up_elsewhere(&self, kind: Kind) -> Result<Option<Resource>, ClusterError> {
        if kind.group().is_empty() {
            return Ok(None);
        }
        let Some(group) = self.discover(&format!("/apis/{}", kind.group()), kind).await? else {
            return Ok(None);
        };
        for version in versions(&group).filter(|version| *version != kind.version()) {
            if let Some(found) = self.look_up(kind, version).await? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// A page of the discovery API; `None` if there is none.
    async fn discover(&self, url: &str, kind: Kind) -> Result<Option<Value>, ClusterError> {
        match self.send(&Call::get(url.to_owned(), format!("the API of {kind}"))).await {
            Ok(page) => Ok(Some(page)),
            Err(ClusterError::NotServed { .. } | ClusterError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The kind in an `APIResourceList`; what has a slash is a part of objects.
fn entry(list: &Value, kind: Kind) -> Option<&Value> {
    let text = |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
    list.get("resources")?.as_array()?.iter().find(|entry| {
        text(entry, "kind").as_deref() == Some(kind.name())
            && text(entry, "name").is_some_and(|name| !name.contains('/'))
    })
}

/// Versions of an `APIGroup`, in the order that the server prefers.
fn versions(group: &Value) -> impl Iterator<Item = &str> {
    let versions = group.get("versions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    versions.iter().filter_map(|version| version.get("version")?.as_str())
}

fn usable(entry: &Value, kind: Kind) -> Result<(), ClusterError> {
    let unusable = |why: String| Err(ClusterError::KindUnusable { kind: kind.to_string(), why });
    if entry.get("namespaced").and_then(Value::as_bool) != Some(true) {
        return unusable(
            "its objects are in no namespace, and documents have objects in their own only".to_owned(),
        );
    }
    let verbs: Vec<&str> = entry
        .get("verbs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match VERBS.into_iter().find(|verb| !verbs.contains(verb)) {
        Some(verb) => unusable(format!("the API server does not know the verb `{verb}` for it")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn monitor() -> Kind {
        Kind::of("monitoring.coreos.com/v1", "ServiceMonitor").unwrap()
    }

    #[test]
    fn a_kind_is_found_among_the_resources_of_its_version() {
        let list = json!({"resources": [
            {"name": "servicemonitors/status", "kind": "ServiceMonitor"},
            {"name": "podmonitors", "kind": "PodMonitor"},
            {"name": "servicemonitors", "kind": "ServiceMonitor"},
        ]});
        assert_eq!(entry(&list, monitor()).unwrap()["name"], "servicemonitors");
        assert_eq!(entry(&json!({"resources": null}), monitor()), None);
    }

    #[test]
    fn a_kind_that_cannot_be_kept_is_refused_with_the_reason() {
        let refused = |entry: Value| usable(&entry, monitor()).unwrap_err().to_string();
        let verbs =
            json!(["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]);
        assert_eq!(usable(&json!({"namespaced": true, "verbs": verbs}), monitor()), Ok(()));
        assert!(refused(json!({"namespaced": false, "verbs": verbs})).contains("in no namespace"));
        assert!(refused(json!({"namespaced": true, "verbs": ["get", "list"]})).contains("`watch`"));
    }

    #[test]
    fn versions_are_tried_in_the_order_that_the_server_prefers() {
        let group = json!({"versions": [{"version": "v1"}, {"version": "v1beta1"}]});
        assert_eq!(versions(&group).collect::<Vec<_>>(), ["v1", "v1beta1"]);
        assert_eq!(versions(&json!({})).count(), 0);
    }
}
