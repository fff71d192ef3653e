//! [`ownership`]: whether an object in the cluster is ours to change and to delete.
//!
//! It is only with the source's label, both annotations, an Apply entry of our manager and no controller above
//! it: Deployment annotations are copied to `ReplicaSets` and Service labels to `EndpointSlices`, and those are
//! not ours.

use std::fmt;

use serde_json::Value;

use super::fields::{self, Entry};
use super::{ANNOTATION_DOCUMENT, ANNOTATION_OWNER, LABEL_SOURCE};
use crate::document::DocumentId;

/// Whose objects these are: a source of a daemon. Goes into label and annotation of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Namespace of the daemon.
    pub namespace: String,
    /// Name of the source.
    pub source: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.source)
    }
}

/// Whose an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// Ours, rendered from this document.
    Ours {
        /// The document that its annotation names.
        document: DocumentId,
    },
    /// Somebody else's.
    NotOurs {
        /// Which of the conditions does not hold.
        reason: NotOurs,
        /// The field managers that wrote to it, status apart; sorted.
        managers: Vec<String>,
    },
}

impl Ownership {
    /// The document it comes from, when it is ours.
    pub const fn document(&self) -> Option<&DocumentId> {
        match self {
            Ownership::Ours { document } => Some(document),
            Ownership::NotOurs { .. } => None,
        }
    }

    /// Whether it is ours and comes from this document.
    pub fn is_of(&self, document: &DocumentId) -> bool {
        self.document() == Some(document)
    }
}

/// Why an object is not ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotOurs {
    /// A controller made it.
    #[error("it belongs to {kind}/{name}")]
    Controlled {
        /// Kind of the controller.
        kind: String,
        /// Name of the controller.
        name: String,
    },
    /// The source's label is missing or another's.
    #[error("its label {} is {}, not {expected:?}", LABEL_SOURCE, quoted(.found.as_deref()))]
    Label {
        /// The label's value.
        found: Option<String>,
        /// Ours.
        expected: String,
    },
    /// The owner's annotation is missing or another's.
    #[error("its annotation {} is {}, not {expected:?}", ANNOTATION_OWNER, quoted(.found.as_deref()))]
    OtherOwner {
        /// The annotation's value.
        found: Option<String>,
        /// Ours.
        expected: String,
    },
    /// The document's annotation is missing or names no document.
    #[error("its annotation {} is {}, which names no document", ANNOTATION_DOCUMENT, quoted(.found.as_deref()))]
    NoDocument {
        /// The annotation's value.
        found: Option<String>,
    },
    /// Our field manager has not applied it.
    #[error("the field manager {} has not applied it", super::FIELD_MANAGER)]
    NotApplied,
}

fn quoted(found: Option<&str>) -> String {
    found.map_or_else(|| "missing".to_owned(), |found| format!("{found:?}"))
}

/// Whose a live object is, seen by this owner.
pub fn ownership(live: &Value, owner: &Owner) -> Ownership {
    match document(live, owner) {
        Ok(document) => Ownership::Ours { document },
        Err(reason) => Ownership::NotOurs { reason, managers: managers(live) },
    }
}

fn document(live: &Value, owner: &Owner) -> Result<DocumentId, NotOurs> {
    if let Some(controller) = controller(live) {
        return Err(controller);
    }
    let metadata = |map: &str, key: &str| live.get("metadata")?.get(map)?.get(key)?.as_str();
    let found = metadata("labels", LABEL_SOURCE);
    if found != Some(owner.source.as_str()) {
        return Err(NotOurs::Label { found: found.map(Into::into), expected: owner.source.clone() });
    }
    let found = metadata("annotations", ANNOTATION_OWNER);
    let expected = owner.to_string();
    if found != Some(expected.as_str()) {
        return Err(NotOurs::OtherOwner { found: found.map(Into::into), expected });
    }
    let found = metadata("annotations", ANNOTATION_DOCUMENT);
    let document = found
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| NotOurs::NoDocument { found: found.map(Into::into) })?;
    if fields::ours(live).is_none() {
        return Err(NotOurs::NotApplied);
    }
    Ok(document)
}

fn controller(live: &Value) -> Option<NotOurs> {
    let references = live.pointer("/metadata/ownerReferences")?.as_array()?;
    let reference =
        references.iter().find(|reference| reference.get("controller") == Some(&Value::Bool(true)))?;
    let text = |key: &str| reference.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(NotOurs::Controlled { kind: text("kind"), name: text("name") })
}

fn managers(live: &Value) -> Vec<String> {
    let wrote = |entry: &Entry<'_>| entry.subresource != "status" && !entry.is_our_apply();
    let mut managers: Vec<_> =
        fields::entries(live).filter(wrote).map(|entry| entry.manager.to_owned()).collect();
    managers.sort_unstable();
    managers.dedup();
    managers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::FIELD_MANAGER;

    fn owner() -> Owner {
        Owner { namespace: "portfolio-system".into(), source: "main".into() }
    }

    fn live() -> Value {
        json!({"metadata": {
            "labels": {"portfolio.dev/source": "main"},
            "annotations": {
                "portfolio.dev/document": "PortfolioApp/shop/web",
                "portfolio.dev/owner": "portfolio-system/main",
            },
            "managedFields": [
                {"manager": FIELD_MANAGER, "operation": "Apply", "fieldsV1": {"f:spec": {}}},
                {"manager": "kubectl-edit", "operation": "Update", "fieldsV1": {"f:spec": {}}},
                {"manager": "kubelet", "operation": "Update", "subresource": "status", "fieldsV1": {}},
            ],
        }})
    }

    fn reason(live: &Value) -> NotOurs {
        match ownership(live, &owner()) {
            Ownership::NotOurs { reason, .. } => reason,
            Ownership::Ours { .. } => panic!("ours"),
        }
    }

    #[test]
    fn an_object_that_we_applied_is_ours_and_names_its_document() {
        assert!(ownership(&live(), &owner()).is_of(&DocumentId::app("shop", "web")));
    }

    #[test]
    fn an_object_with_a_controller_is_not_ours() {
        let mut live = live();
        live["metadata"]["ownerReferences"] =
            json!([{"kind": "Deployment", "name": "web", "controller": true}]);
        assert_eq!(reason(&live).to_string(), "it belongs to Deployment/web");
    }

    #[test]
    fn every_mark_is_needed() {
        for (pointer, message) in [
            ("/metadata/labels", "its label portfolio.dev/source is missing, not \"main\""),
            (
                "/metadata/annotations",
                "its annotation portfolio.dev/owner is missing, not \"portfolio-system/main\"",
            ),
            ("/metadata/managedFields", "the field manager portfolio-reconciler has not applied it"),
        ] {
            let mut live = live();
            *live.pointer_mut(pointer).unwrap() = json!({});
            assert_eq!(reason(&live).to_string(), message);
        }
        let mut other = live();
        other["metadata"]["annotations"]["portfolio.dev/document"] = json!("nonsense");
        assert_eq!(reason(&other), NotOurs::NoDocument { found: Some("nonsense".into()) });
    }

    #[test]
    fn the_managers_of_a_foreign_object_are_named() {
        let mut live = live();
        live["metadata"]["labels"] = json!({});
        let Ownership::NotOurs { managers, .. } = ownership(&live, &owner()) else { panic!("ours") };
        assert_eq!(managers, ["kubectl-edit"]);
    }
}
