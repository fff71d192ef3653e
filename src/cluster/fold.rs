//! Rewrites `managedFields`, so that what people added with other tools becomes ours to take away again.

use serde_json::{Value, json};

use super::address;
use super::call::{Call, JSON_PATCH};
use super::discovery::Versions;
use super::{Cluster, ClusterError};
use crate::object::{FIELD_MANAGER, ObjectRef};

impl Cluster {
    /// Replaces the object's `managedFields`, unless the object has changed since `resource_version`
    /// ([`ClusterError::ResourceVersionConflict`]). Nothing else of the object changes.
    ///
    /// The resourceVersion is written, not tested: the server then answers 409, where a failed JSON Patch
    /// `test` is a 422 like any other (as client-go's `csaupgrade` does).
    pub async fn patch_managed_fields(
        &self,
        object: &ObjectRef,
        resource_version: &str,
        managed_fields: &Value,
    ) -> Result<Value, ClusterError> {
        let patch = json!([
            {"op": "replace", "path": "/metadata/managedFields", "value": managed_fields},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": resource_version},
        ]);
        let url = self.object_url(object, Versions::Own).await?;
        let url = address::with_query(&url, &[("fieldManager", Some(FIELD_MANAGER))]);
        let call = Call::patch(url, object.to_string(), JSON_PATCH, patch.to_string().into_bytes());
        let answer = self.send(&call).await;
        self.outcome(object.kind, Versions::Own, answer).await
    }
}
