//! `objects`: what a document writes out itself. It gets the namespace and the marks of everything that is the document's.

use serde_json::Value;

use super::subject::Subject;
use crate::document::Json;
use crate::object::{Kind, Object, ObjectRef};

pub(super) fn render(subject: &Subject<'_>) -> Vec<Object> {
    subject.spec.objects.iter().filter_map(|written| object(subject, written)).collect()
}

/// `None` for what is no object, which validation lets pass in no document.
pub(super) fn object(subject: &Subject<'_>, written: &Json) -> Option<Object> {
    let reference = reference(&subject.app.id.namespace, written)?;
    let mut content = written.0.clone();
    let metadata = content.get_mut("metadata")?.as_object_mut()?;
    metadata.insert("namespace".to_owned(), reference.namespace.into());
    Some(subject.value(reference.kind, &reference.name, content))
}

/// Which object it is, in the namespace of its document.
pub(super) fn reference(namespace: &str, Json(written): &Json) -> Option<ObjectRef> {
    let text = |pointer: &str| written.pointer(pointer).and_then(Value::as_str);
    let kind = Kind::of(text("/apiVersion")?, text("/kind")?)?;
    Some(ObjectRef::new(kind, namespace, text("/metadata/name")?))
}
