//! Deletes, only ever of the very object that was looked at.

use serde_json::json;

use super::call::Call;
use super::discovery::Versions;
use super::{Cluster, ClusterError};
use crate::object::ObjectRef;

/// What must still be true of an object for it to be deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preconditions {
    /// It is still this one.
    pub uid: String,
    /// It is still in this state.
    pub resource_version: Option<String>,
}

/// What becomes of the objects that an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// They go first, the object stays until then.
    Foreground,
    /// They go later.
    Background,
}

/// What a delete came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// Accepted. With finalizers, or foreground propagation, the object may still be there for a while.
    Deleted,
    /// There was none.
    Gone,
    /// It is not, or no longer, what the preconditions say: nothing was deleted.
    PreconditionFailed,
}

impl Cluster {
    /// Deletes an object if it still is what we think it is. Safe to repeat.
    pub async fn delete(
        &self,
        object: &ObjectRef,
        preconditions: &Preconditions,
        propagation: Propagation,
    ) -> Result<DeleteOutcome, ClusterError> {
        let policy = match propagation {
            Propagation::Foreground => "Foreground",
            Propagation::Background => "Background",
        };
        let options = json!({
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": policy,
            "preconditions": {"uid": preconditions.uid, "resourceVersion": preconditions.resource_version},
        });
        let url = self.object_url(object, Versions::Any).await?;
        let answer = self.send(&Call::delete(url, object.to_string(), &options)).await;
        match self.outcome(object.kind, Versions::Any, answer).await {
            Ok(_) => Ok(DeleteOutcome::Deleted),
            Err(ClusterError::NotFound { .. } | ClusterError::NamespaceMissing { .. }) => {
                Ok(DeleteOutcome::Gone)
            }
            Err(ClusterError::ResourceVersionConflict { .. }) => Ok(DeleteOutcome::PreconditionFailed),
            Err(error) => Err(error),
        }
    }
}
