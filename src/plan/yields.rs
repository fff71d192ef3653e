//! [`Yields`]: which fields of an object others may have, by `drift.ignore` and under an autoscaler.

use serde_json::Value;

use crate::document::{App, Document};
use crate::object::{Kind, Managers, Object, with_replicas, yielded};

/// Where a Deployment says how many pods it has.
const REPLICAS: &str = "/spec/replicas";
/// What tells the items of a list from each other, where the API has a key for them. In a port the name is none.
/// Source: the `x-kubernetes-list-map-keys` of k8s.io/api.
const KEYS: [&str; 7] = ["containerPort", "mountPath", "topologyKey", "port", "ip", "name", "type"];

/// What others may have of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Yields {
    /// JSON pointers, as [`Managers::ignoring`] reads them, sorted. A field there is sent until somebody else took it,
    /// and is never drift.
    pub ignored: Vec<String>,
    /// An autoscaler says how many pods a Deployment has: so many it begins with, and the object says nothing of it.
    pub replicas: Option<u32>,
}

impl Yields {
    /// What others may have of an object of a document.
    pub fn of(document: &Document, object: &Object) -> Self {
        match document {
            Document::App(app) => Self::of_app(app, object),
            Document::Migration(_) => Self::default(),
        }
    }

    fn of_app(app: &App, object: &Object) -> Self {
        let ignored = app.spec.drift.iter().flat_map(|drift| &drift.ignore);
        let ignored = ignored
            .filter(|ignored| object.reference.is_meant_by(&ignored.target))
            .map(|ignored| by_keys(&ignored.path, &object.content));
        let mut yields = Self { ignored: ignored.collect(), replicas: None };
        let is_pods = object.reference.kind == Kind::Deployment && object.reference.name == app.id.name;
        if let Some(scaling) = app.spec.autoscaling.as_ref().filter(|_| is_pods) {
            yields.leave_replicas(scaling.fewest().max(1));
        }
        yields.ignored.sort_unstable();
        yields.ignored.dedup();
        yields
    }

    /// Somebody else says how many pods there are; a new Deployment begins with so many.
    pub(super) fn leave_replicas(&mut self, fewest: u32) {
        self.replicas = Some(fewest);
        self.ignored.push(REPLICAS.to_owned());
        self.ignored.sort_unstable();
        self.ignored.dedup();
    }

    /// An object as it is sent while this is there; `managers` are those of all objects. The hash stays that of what was
    /// rendered.
    #[must_use]
    pub fn outgoing(&self, object: &Object, live: Option<&Value>, managers: &Managers) -> Object {
        let mut content = Value::clone(&object.content);
        if let Some(live) = live {
            content = yielded(content, live, &managers.sparing(&self.ignored));
        }
        if let Some(fewest) = self.replicas {
            content = with_replicas(content, live, fewest);
        }
        Object { content: content.into(), ..object.clone() }
    }

    /// Nothing.
    pub const fn is_empty(&self) -> bool {
        self.ignored.is_empty() && self.replicas.is_none()
    }
}

/// The pointer with the items of lists named by their keys in place of their numbers: others may put items before them.
fn by_keys(pointer: &str, content: &Value) -> String {
    let mut value = Some(content);
    let mut path = String::with_capacity(pointer.len());
    for segment in pointer.split('/').skip(1) {
        let next = value.and_then(|value| value.pointer(&format!("/{segment}")));
        let key = match value {
            Some(Value::Array(_)) => next.and_then(key_of),
            Some(_) | None => None,
        };
        path.push('/');
        path.push_str(key.as_deref().unwrap_or(segment));
        value = next;
    }
    path
}

fn key_of(item: &Value) -> Option<String> {
    let (key, value) = KEYS.iter().find_map(|key| Some((key, item.get(key)?)))?;
    let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    Some(format!("{key}={}", value.replace('~', "~0").replace('/', "~1")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_of_a_list_is_named_by_its_key() {
        let content = json!({"spec": {"template": {"spec": {"containers": [
            {"name": "app", "env": [{"name": "A"}, {"name": "B"}], "ports": [{"name": "http", "containerPort": 80}],
                "volumeMounts": [{"name": "data", "mountPath": "/data"}], "args": ["x"]}]}}}});
        for (path, expected) in [
            ("/0/image", "/name=app/image"),
            ("/0/env/1", "/name=app/env/name=B"),
            ("/0/env/name=A/value", "/name=app/env/name=A/value"),
            ("/0/ports/0", "/name=app/ports/containerPort=80"),
            ("/0/volumeMounts/0", "/name=app/volumeMounts/mountPath=~1data"),
            ("/0/args/0", "/name=app/args/0"),
            ("/7/image", "/7/image"),
        ] {
            let root = "/spec/template/spec/containers";
            assert_eq!(by_keys(&format!("{root}{path}"), &content), format!("{root}{expected}"));
        }
    }
}
