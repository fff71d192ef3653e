//! What people changed with their tools becomes ours, so that it can be taken away again.

use std::borrow::Cow;

use serde_json::Value;

use super::execute::Executor;
use crate::cluster::{ClusterError, Mode};
use crate::object::{self, Managers, Object, ObjectRef};

impl Executor {
    /// Fields of people's tools become ours, so that the apply that follows takes away what git does not say.
    pub(super) async fn fold(
        &self,
        reference: &ObjectRef,
        live: &Value,
        managers: &Managers,
    ) -> Result<(), ClusterError> {
        let mut live = Cow::Borrowed(live);
        for _ in 0..3 {
            let version =
                live.pointer("/metadata/resourceVersion").and_then(Value::as_str).unwrap_or_default();
            let Some(managed_fields) = object::fold(&live, managers) else { return Ok(()) };
            match self.cluster.patch_managed_fields(reference, version, &managed_fields).await {
                Err(ClusterError::ResourceVersionConflict { .. }) => match self.cluster.get(reference).await?
                {
                    Some(newer) => live = Cow::Owned(newer),
                    None => return Ok(()),
                },
                answer => return answer.map(drop),
            }
        }
        Ok(())
    }

    /// An object whose `managedFields` were wiped gets them back, with this apply, as somebody else's.
    pub(super) async fn fold_again(
        &self,
        object: &Object,
        mode: &Mode,
        managers: &Managers,
        live: Value,
    ) -> Result<Value, ClusterError> {
        if *mode == Mode::Create || object::fold(&live, managers).is_none() {
            return Ok(live);
        }
        self.fold(&object.reference, &live, managers).await?;
        let uid = live.pointer("/metadata/uid").and_then(Value::as_str).map(ToOwned::to_owned);
        self.cluster.apply(object, &Mode::Force { uid }).await
    }
}
