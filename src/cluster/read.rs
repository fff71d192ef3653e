//! Live reads. Lists are consistent (no `resourceVersion`, so never out of a stale cache) and paged.

use serde_json::Value;

use super::address::{self, Scope};
use super::call::{Call, JSON, METADATA, METADATA_LIST};
use super::discovery::Versions;
use super::{Cluster, ClusterError};
use crate::object::{Kind, ObjectRef};

/// Objects a page (as client-go).
const PAGE: &str = "500";
/// How often a list is begun again when its continue token expired between two pages.
const LIST_ATTEMPTS: usize = 3;

/// Metadata of a live object.
#[derive(Clone, Debug, PartialEq)]
pub struct Meta {
    /// Identity.
    pub reference: ObjectRef,
    /// Changes when an object is re-created.
    pub uid: String,
    /// Changes with every write.
    pub resource_version: String,
    /// An object of `metadata` alone (labels, annotations, ownerReferences, managedFields…), as
    /// `{"metadata": {…}}`; null where [`Detail::Identity`] was asked for.
    pub object: Value,
}

/// How much of the metadata is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// uid and resourceVersion.
    Identity,
    /// All.
    Full,
}

impl Cluster {
    /// The object, or None if there is none. No namespace, no object.
    pub async fn get(&self, object: &ObjectRef) -> Result<Option<Value>, ClusterError> {
        let url = self.object_url(object, Versions::Own).await?;
        let answer = absent_as_none(self.send(&Call::get(url, object.to_string())).await);
        self.outcome(object.kind, Versions::Own, answer).await
    }

    /// Metadata of the object, or None if there is none. A kind that is only there in another version is looked up in
    /// that one.
    pub async fn get_metadata(&self, object: &ObjectRef) -> Result<Option<Meta>, ClusterError> {
        let url = self.object_url(object, Versions::Any).await?;
        let call = Call::get(url, object.to_string()).accept(METADATA);
        let answer = absent_as_none(self.send(&call).await);
        let value = self.outcome(object.kind, Versions::Any, answer).await?;
        Ok(value.and_then(|value| meta(object.kind, value, Detail::Full)))
    }

    /// Metadata of the objects of a kind, those with a label when asked.
    pub async fn list_metadata(
        &self,
        kind: Kind,
        scope: &Scope,
        labels: Option<&str>,
        detail: Detail,
    ) -> Result<Vec<Meta>, ClusterError> {
        let url = self.collection_url(kind, scope).await?;
        let selectors = Selectors { labels, fields: None };
        let keep = |item| meta(kind, item, detail);
        let answer = self.pages(&url, &kind.objects(), selectors, METADATA_LIST, keep).await;
        self.outcome(kind, Versions::Own, answer).await
    }

    /// The objects of a kind, whole.
    pub async fn list(
        &self,
        kind: Kind,
        scope: &Scope,
        labels: Option<&str>,
    ) -> Result<Vec<Value>, ClusterError> {
        let url = self.collection_url(kind, scope).await?;
        let selectors = Selectors { labels, fields: None };
        let typed = |item| Some(with_type(item, &kind.api_version(), kind.name()));
        let answer = self.pages(&url, &kind.objects(), selectors, JSON, typed).await;
        self.outcome(kind, Versions::Own, answer).await
    }

    /// All pages of a list, each item taken through `keep`, so that only what is kept stays in memory.
    pub(super) async fn pages<T>(
        &self,
        url: &str,
        target: &str,
        selectors: Selectors<'_>,
        accept: &'static str,
        keep: impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, ClusterError> {
        let mut attempt = 1;
        loop {
            match self.pages_once(url, target, &selectors, accept, &keep).await {
                Err(ClusterError::Expired { .. }) if attempt < LIST_ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn pages_once<T>(
        &self,
        url: &str,
        target: &str,
        selectors: &Selectors<'_>,
        accept: &'static str,
        keep: &impl Fn(Value) -> Option<T>,
    ) -> Result<Vec<T>, ClusterError> {
        let mut items = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let page = self.page(url, target, selectors, accept, next.as_deref()).await?;
            items.extend(page.items.into_iter().filter_map(keep));
            next = page.next;
            if next.is_none() {
                return Ok(items);
            }
        }
    }

    /// One page of a list.
    pub(super) async fn page(
        &self,
        url: &str,
        target: &str,
        selectors: &Selectors<'_>,
        accept: &'static str,
        from: Option<&str>,
    ) -> Result<Page, ClusterError> {
        let url = address::with_query(
            url,
            &[
                ("labelSelector", selectors.labels),
                ("fieldSelector", selectors.fields),
                ("limit", Some(PAGE)),
                ("continue", from),
            ],
        );
        let mut list = self.send(&Call::get(url, target.to_owned()).accept(accept)).await?;
        // A list without items is not taken for an empty one, but for Go's null.
        let items = match list.get_mut("items").map(Value::take) {
            Some(Value::Array(items)) => items,
            Some(Value::Null) => Vec::new(),
            _ => {
                let message = "the API server's list has no items".to_owned();
                return Err(ClusterError::Other { target: target.to_owned(), message });
            }
        };
        Ok(Page {
            items,
            next: text(&list, "/metadata/continue").filter(|token| !token.is_empty()),
            resource_version: text(&list, "/metadata/resourceVersion").unwrap_or_default(),
        })
    }
}

/// What a list is narrowed to.
#[derive(Clone, Copy, Default)]
pub(super) struct Selectors<'a> {
    pub(super) labels: Option<&'a str>,
    pub(super) fields: Option<&'a str>,
}

/// A part of a list.
pub(super) struct Page {
    pub(super) items: Vec<Value>,
    /// Where the next one begins.
    pub(super) next: Option<String>,
    /// State of the collection that the whole list shows.
    pub(super) resource_version: String,
}

/// Lists leave `apiVersion` and `kind` out of their items.
pub(super) fn with_type(mut item: Value, api_version: &str, kind: &str) -> Value {
    if let Value::Object(fields) = &mut item {
        fields.insert("apiVersion".to_owned(), Value::from(api_version));
        fields.insert("kind".to_owned(), Value::from(kind));
    }
    item
}

/// The text at a JSON pointer.
pub(super) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// Identity of an object that came from the server.
pub(super) fn meta(kind: Kind, mut object: Value, detail: Detail) -> Option<Meta> {
    Some(Meta {
        reference: ObjectRef::new(
            kind,
            text(&object, "/metadata/namespace")?,
            text(&object, "/metadata/name")?,
        ),
        uid: text(&object, "/metadata/uid")?,
        resource_version: text(&object, "/metadata/resourceVersion")?,
        object: match detail {
            Detail::Identity => Value::Null,
            Detail::Full => {
                serde_json::json!({"metadata": object.get_mut("metadata").map(Value::take)})
            }
        },
    })
}

pub(super) fn absent_as_none<T>(outcome: Result<T, ClusterError>) -> Result<Option<T>, ClusterError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(ClusterError::NotFound { .. } | ClusterError::NamespaceMissing { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
