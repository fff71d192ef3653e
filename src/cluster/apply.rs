//! Server-side apply under our field manager, with strict field validation
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).

use serde_json::Value;

use super::address;
use super::call::{APPLY, Call};
use super::{Cluster, ClusterError};
use crate::object::{FIELD_MANAGER, Object, apply_body};

/// How an object is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The first apply: without force, so that fields of other managers answer [`ClusterError::Conflict`].
    Create,
    /// Later ones: git wins.
    Force {
        /// Uid of the object as we know it: when it was re-created (422 of `metadata.uid`) or is gone (409), this
        /// is [`ClusterError::ResourceVersionConflict`] and nothing is written. None only after a live read said
        /// that there is no object.
        uid: Option<String>,
    },
    /// What [`Mode::Force`] or [`Mode::Create`] would give; nothing is stored.
    DryRun {
        /// Whether other managers' fields are taken over.
        force: bool,
    },
}

impl Cluster {
    /// Applies an object and answers with it as stored, defaults and `managedFields` included. Safe to repeat.
    pub async fn apply(&self, object: &Object, mode: &Mode) -> Result<Value, ClusterError> {
        let (force, dry_run, uid) = match mode {
            Mode::Create => (false, false, None),
            Mode::Force { uid } => (true, false, uid.as_deref()),
            Mode::DryRun { force } => (*force, true, None),
        };
        let url = address::with_query(
            &address::object(&object.reference)?,
            &[
                ("fieldManager", Some(FIELD_MANAGER)),
                ("fieldValidation", Some("Strict")),
                ("force", force.then_some("true")),
                ("dryRun", dry_run.then_some("All")),
            ],
        );
        let body = match uid {
            Some(uid) => apply_body(&with_uid(object.content.clone(), uid)),
            None => apply_body(&object.content),
        };
        self.send(&Call::patch(url, object.reference.to_string(), APPLY, body)).await
    }
}

fn with_uid(mut content: Value, uid: &str) -> Value {
    if let Some(metadata) = content.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("uid".to_owned(), Value::from(uid));
    }
    content
}
