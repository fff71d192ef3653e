//! Server-side apply under our field manager, with strict field validation
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).

use serde_json::{Value, json};

use super::address;
use super::call::{APPLY, Call};
use super::discovery::Versions;
use super::{Cluster, ClusterError};
use crate::object::{FIELD_MANAGER, Manifest, Object, ObjectRef, REPLICAS_MANAGER};

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
            &self.object_url(&object.reference, Versions::Own).await?,
            &[
                ("fieldManager", Some(FIELD_MANAGER)),
                ("fieldValidation", Some("Strict")),
                ("force", force.then_some("true")),
                ("dryRun", dry_run.then_some("All")),
            ],
        );
        let body = match uid {
            Some(uid) => with_uid(&object.content, uid).apply_body(),
            None => object.content.apply_body(),
        };
        let answer = self.send(&Call::patch(url, object.reference.to_string(), APPLY, body)).await;
        self.outcome(object.reference.kind, Versions::Own, answer).await
    }

    /// Lets [`REPLICAS_MANAGER`] hold `spec.replicas` of this Deployment too. Without force: if they are not so many any
    /// more because somebody else changed them, this is [`ClusterError::Conflict`].
    pub async fn claim_replicas(
        &self,
        deployment: &ObjectRef,
        uid: &str,
        replicas: u64,
    ) -> Result<Value, ClusterError> {
        let url = address::with_query(
            &self.object_url(deployment, Versions::Own).await?,
            &[("fieldManager", Some(REPLICAS_MANAGER)), ("fieldValidation", Some("Strict"))],
        );
        let content = json!({
            "apiVersion": deployment.kind.api_version(),
            "kind": deployment.kind.name(),
            "metadata": {"namespace": deployment.namespace, "name": deployment.name, "uid": uid},
            "spec": {"replicas": replicas},
        });
        self.send(&Call::patch(url, deployment.to_string(), APPLY, Manifest::from(content).apply_body()))
            .await
    }
}

fn with_uid(content: &Manifest, uid: &str) -> Manifest {
    let mut content = Value::clone(content);
    if let Some(metadata) = content.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("uid".to_owned(), Value::from(uid));
    }
    content.into()
}
