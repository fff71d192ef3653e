//! [`Carried`]: what every object of a document carries, worked out once.

use std::collections::BTreeMap;

use k8s_openapi::Metadata;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::labels::{self, Named};
use crate::object::{
    ANNOTATION_DOCUMENT, ANNOTATION_OWNER, Kind, LABEL_SOURCE, Manifest, Object, ObjectRef, Owner,
};

type Texts = BTreeMap<String, String>;

/// Namespace, labels and annotations of every object of a document.
pub(super) struct Carried<'a> {
    namespace: &'a str,
    labels: Texts,
    annotations: Texts,
}

impl<'a> Carried<'a> {
    pub(super) fn new(document: &Named<'a>, owner: &Owner) -> Self {
        Self {
            namespace: &document.id.namespace,
            labels: labels::object(document, owner),
            annotations: labels::object_annotations(document, owner),
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
    pub(super) fn object(
        &self,
        kind: Kind,
        mut content: impl Metadata<Ty = ObjectMeta> + Serialize,
    ) -> Object {
        let metadata = content.metadata_mut();
        let labels = metadata.labels.take().unwrap_or_default();
        metadata.labels = Some(beside(&self.labels, labels));
        let annotations = metadata.annotations.take().unwrap_or_default();
        metadata.annotations = Some(beside(&self.annotations, annotations));
        let name = metadata.name.clone().unwrap_or_default();
        Object::new(ObjectRef::new(kind, self.namespace, name), Manifest::of(&content))
    }

    /// The object of this content with what every object carries, its identity and its hash.
    pub(super) fn value(&self, kind: Kind, name: &str, mut content: Value) -> Object {
        if let Some(metadata) = content.get_mut("metadata").and_then(Value::as_object_mut) {
            for (field, carried) in [("labels", &self.labels), ("annotations", &self.annotations)] {
                let own = metadata.remove(field);
                let mut all: Map<_, _> =
                    carried.iter().map(|(key, text)| (key.clone(), json!(text))).collect();
                if let Some(Value::Object(own)) = own {
                    all.extend(own.into_iter().filter(|(key, _)| !is_mark(key)));
                }
                metadata.insert(field.to_owned(), Value::Object(all));
            }
        }
        Object::new(ObjectRef::new(kind, self.namespace, name), content)
    }
}

/// What is carried beside the object's own, which wins over the document's but not over what marks it ours.
fn beside(carried: &Texts, own: Texts) -> Texts {
    let mut all = carried.clone();
    all.extend(own.into_iter().filter(|(key, _)| !is_mark(key)));
    all
}

/// Whether a label or annotation says whose the object is.
fn is_mark(key: &str) -> bool {
    [LABEL_SOURCE, ANNOTATION_DOCUMENT, ANNOTATION_OWNER].contains(&key)
}
