//! What others may have of an object: fields that are left out of what is sent, and `spec.replicas`, which a second
//! manager holds until an autoscaler does. What is sent is decided on the live object, not on what was seen last.

use std::borrow::Cow;

use super::execute::Executor;
use crate::cluster::{ClusterError, Mode};
use crate::object::{self, Object, ObjectRef, ReplicasHeld};
use crate::plan::{Outcome, Yields};

impl Executor {
    /// An object as it is sent.
    pub(super) async fn outgoing<'a>(
        &self,
        object: &'a Object,
        yields: &Yields,
        mode: &Mode,
    ) -> Result<Cow<'a, Object>, ClusterError> {
        if yields.is_empty() {
            return Ok(Cow::Borrowed(object));
        }
        let live = match mode {
            Mode::Create | Mode::Force { uid: None } => None,
            Mode::Force { uid: Some(_) } | Mode::DryRun { .. } => self.cluster.get(&object.reference).await?,
        };
        Ok(Cow::Owned(yields.outgoing(object, live.as_ref(), &self.managers)))
    }

    /// Lets a second manager hold the replicas of a Deployment that only we hold, as they are. Whoever changed them
    /// meanwhile holds them already.
    pub(super) async fn hand_over(&self, deployment: &ObjectRef, uid: &str) -> Result<Outcome, ClusterError> {
        let live = self.cluster.get(deployment).await?.filter(|live| ReplicasHeld::of(live).is_ours_alone());
        let replicas = live.as_ref().and_then(object::replicas_of).filter(|replicas| *replicas > 0);
        if let Some(replicas) = replicas {
            match self.cluster.claim_replicas(deployment, uid, replicas).await {
                Ok(_) | Err(ClusterError::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Outcome::HandedOver { reference: deployment.clone() })
    }
}
