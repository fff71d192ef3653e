//! [`Carried`]: what every object of a document carries, worked out once.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde_json::{Map, Value};

use super::labels::{self, Named};
use crate::object::{ANNOTATION_DOCUMENT, ANNOTATION_OWNER, Kind, LABEL_SOURCE, Object, ObjectRef, Owner};

const MARKS: [&str; 3] = [LABEL_SOURCE, ANNOTATION_DOCUMENT, ANNOTATION_OWNER];

/// Namespace, labels and annotations of every object of a document, as JSON: they go into each as they are.
pub(super) struct Carried<'a> {
    namespace: &'a str,
    labels: Map<String, Value>,
    annotations: Map<String, Value>,
}

impl<'a> Carried<'a> {
    pub(super) fn new(document: &Named<'a>, owner: &Owner) -> Self {
        Self {
            namespace: &document.id.namespace,
            labels: json(labels::object(document, owner)),
            annotations: json(labels::object_annotations(document, owner)),
        }
    }

    /// Metadata of an object, but for what every object carries.
    pub(super) fn meta(&self, name: impl Into<String>) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.into()),
            namespace: Some(self.namespace.to_owned()),
            ..ObjectMeta::default()
        }
    }

    /// The object with what every object carries, its identity and its hash.
    pub(super) fn object(&self, kind: Kind, meta: &ObjectMeta, content: &impl Serialize) -> Object {
        // Serialising fails only for maps whose keys are no strings, which Kubernetes types do not have.
        let content = serde_json::to_value(content).unwrap_or_default();
        self.value(kind, meta.name.as_deref().unwrap_or_default(), content)
    }

    /// The object of this content with what every object carries, its identity and its hash.
    pub(super) fn value(&self, kind: Kind, name: &str, mut content: Value) -> Object {
        if let Some(metadata) = content.get_mut("metadata").and_then(Value::as_object_mut) {
            carry(metadata, "labels", &self.labels);
            carry(metadata, "annotations", &self.annotations);
        }
        Object::new(ObjectRef::new(kind, self.namespace, name), content)
    }
}

/// Puts these entries beside the object's own, which win over the document's but not over what marks it ours.
fn carry(metadata: &mut Map<String, Value>, field: &str, carried: &Map<String, Value>) {
    let mut all = carried.clone();
    if let Some(Value::Object(own)) = metadata.remove(field) {
        all.extend(own.into_iter().filter(|(key, _)| !MARKS.contains(&key.as_str())));
    }
    metadata.insert(field.to_owned(), Value::Object(all));
}

fn json(entries: BTreeMap<String, String>) -> Map<String, Value> {
    entries.into_iter().map(|(key, value)| (key, Value::String(value))).collect()
}
