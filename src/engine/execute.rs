//! Carrying a plan out: a plain loop over its stages. It decides nothing but what a live look forces on it, and
//! every answer becomes an [`Outcome`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use futures::future::join_all;
use serde_json::Value;

use super::claim::{Claim, Claims};
use super::sight::Sight;
use crate::cluster::{Cluster, ClusterError, DeleteOutcome, Mode, Preconditions, Propagation};
use crate::document::DocumentId;
use crate::object::{self, Drift, Kind, Managers, Object, ObjectRef, Observed, Owner};
use crate::plan::{How, Outcome, Stage, Step, Yields, run_end};

/// What the steps of one document need.
#[derive(Clone)]
pub struct Executor {
    /// The API server.
    pub cluster: Cluster,
    /// Whose objects.
    pub owner: Arc<Owner>,
    /// Whose additions are drift.
    pub managers: Arc<Managers>,
    /// Who owns what exists already.
    pub claims: Arc<Claims>,
    /// What is seen of the cluster.
    pub sight: Arc<Sight>,
}

/// What came of a plan.
#[derive(Debug, Default)]
pub struct Executed {
    /// One for each step that was tried.
    pub outcomes: Vec<Outcome>,
    /// What the API server answered, digested.
    pub observed: Vec<(ObjectRef, Observed)>,
}

/// What was seen to be wrong with an object before its repair.
#[derive(Debug)]
pub struct Change {
    /// As it was seen.
    pub live: Option<Box<Value>>,
    /// When.
    pub since: Instant,
}

impl Executor {
    /// Runs the stages in order and stops after the first that did not succeed in whole.
    pub async fn execute(
        &self,
        document: &DocumentId,
        stages: &[Stage],
        mut changes: HashMap<ObjectRef, Change>,
    ) -> Executed {
        let mut executed = Executed::default();
        for stage in stages {
            let steps = stage.iter().map(|step| {
                let change = step.reference().and_then(|reference| changes.remove(reference));
                self.step(document, step, change)
            });
            let mut failed = false;
            for (outcome, observed) in join_all(steps.collect::<Vec<_>>()).await {
                failed |= outcome.is_failure();
                executed.outcomes.push(outcome);
                executed.observed.extend(observed);
            }
            if failed {
                break;
            }
        }
        executed
    }

    async fn step(
        &self,
        document: &DocumentId,
        step: &Step,
        change: Option<Change>,
    ) -> (Outcome, Option<(ObjectRef, Observed)>) {
        let done = match step {
            Step::Apply { object, how, yields } => self.apply(document, object, how, yields, change).await,
            Step::HandOver { deployment, uid } => {
                self.hand_over(deployment, uid).await.map(|outcome| (outcome, None))
            }
            Step::Delete { reference, uid } => {
                self.delete(document, reference, uid.as_deref()).await.map(|outcome| (outcome, None))
            }
            Step::ReadRun { job, reason, message } => {
                let pods = self.cluster.pods_of_job(job).await;
                pods.map(|pods| (Outcome::RunEnded { end: run_end(&pods, reason, message) }, None))
            }
            Step::CountPods { namespace, selectors } => {
                self.count_pods(namespace, selectors).await.map(|left| (Outcome::Pods { left }, None))
            }
        };
        done.unwrap_or_else(|error| (failed(step.reference().cloned(), &error), None))
    }

    async fn apply(
        &self,
        document: &DocumentId,
        object: &Object,
        how: &How,
        yields: &Yields,
        change: Option<Change>,
    ) -> Result<(Outcome, Option<(ObjectRef, Observed)>), ClusterError> {
        // What is not seen could not be held against drift.
        if let Some(error) = self.sight.hidden(object.reference.kind) {
            return Err(error);
        }
        let managers = self.managers.sparing(&yields.ignored);
        let since = change.as_ref().map(|change| change.since);
        let mut repaired = Vec::new();
        let mode = match how {
            How::Create { adopt } => {
                match self.claim(document, &object.reference, *adopt, &managers).await? {
                    Claimed::Free => Mode::Create,
                    Claimed::Ours { uid } => Mode::Force { uid: Some(uid) },
                    Claimed::Others { message } => {
                        return Ok((Outcome::NotOurs { reference: object.reference.clone(), message }, None));
                    }
                }
            }
            How::Update { uid } => Mode::Force { uid: Some(uid.clone()) },
            How::Repair { uid } => {
                let live = match change.and_then(|change| change.live) {
                    Some(live) => Some(*live),
                    None => self.cluster.get(&object.reference).await?,
                };
                if let Some(live) = live {
                    repaired = object::explain(&live, &object.content, &managers);
                    self.fold(&object.reference, &live, &managers).await?;
                }
                Mode::Force { uid: Some(uid.clone()) }
            }
            How::Restore { uid } => match self.cluster.get(&object.reference).await? {
                None => {
                    repaired.push(Drift::gone());
                    Mode::Force { uid: None }
                }
                Some(live)
                    if uid.is_none()
                        || live.pointer("/metadata/uid").and_then(Value::as_str) == uid.as_deref() =>
                {
                    repaired = object::explain(&live, &object.content, &managers);
                    self.fold(&object.reference, &live, &managers).await?;
                    Mode::Force { uid: uid.clone() }
                }
                // Made by us when no answer came back.
                Some(live) if object::ownership(&live, &self.owner).is_of(document) => Mode::Force {
                    uid: live.pointer("/metadata/uid").and_then(Value::as_str).map(ToOwned::to_owned),
                },
                Some(_) => {
                    let message = format!(
                        "{} was deleted and created again by somebody else; delete it, or set `adopt: true` to take it over",
                        object.reference
                    );
                    return Ok((Outcome::NotOurs { reference: object.reference.clone(), message }, None));
                }
            },
        };
        let object = &*self.outgoing(object, yields, &mode).await?;
        let live = match self.cluster.apply(object, &mode).await {
            Err(ClusterError::Conflict { conflicts, .. }) if mode == Mode::Create => {
                let managers: Vec<_> = conflicts.iter().map(|conflict| conflict.manager.clone()).collect();
                let message = not_ours(&object.reference, &managers);
                return Ok((Outcome::NotOurs { reference: object.reference.clone(), message }, None));
            }
            answer => answer?,
        };
        let live = self.fold_again(object, &mode, &managers, live).await?;
        let observed = Observed::of(object.reference.kind, &live, &self.owner, &managers);
        let outcome = Outcome::Applied {
            reference: object.reference.clone(),
            uid: observed.uid.to_string(),
            projection: observed.projection,
            repaired,
            repaired_in_ms: since
                .map_or(0, |since| u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)),
        };
        Ok((outcome, Some((object.reference.clone(), observed))))
    }

    async fn count_pods(&self, namespace: &str, selectors: &[String]) -> Result<usize, ClusterError> {
        let mut left = 0;
        for selector in selectors {
            let pods = self.cluster.pods(namespace, selector).await?;
            left += pods.iter().filter(|pod| !has_ended(pod)).count();
        }
        Ok(left)
    }

    async fn claim(
        &self,
        document: &DocumentId,
        reference: &ObjectRef,
        adopt: bool,
        managers: &Managers,
    ) -> Result<Claimed, ClusterError> {
        Ok(match self.claims.of(&self.cluster, &self.owner, reference).await? {
            Claim::Free => Claimed::Free,
            Claim::Ours { uid, document: other } if other == *document => Claimed::Ours { uid },
            Claim::Ours { document: other, .. } => Claimed::Others {
                message: format!("{reference} belongs to {other}; give one of the two another name"),
            },
            Claim::Others { uid, .. } if adopt => {
                if let Some(live) = self.cluster.get(reference).await? {
                    self.fold(reference, &live, managers).await?;
                }
                Claimed::Ours { uid }
            }
            Claim::Others { managers, .. } => Claimed::Others { message: not_ours(reference, &managers) },
        })
    }

    async fn delete(
        &self,
        document: &DocumentId,
        reference: &ObjectRef,
        uid: Option<&str>,
    ) -> Result<Outcome, ClusterError> {
        let gone = || Outcome::Gone { reference: reference.clone() };
        let live = match self.cluster.get_metadata(reference).await {
            // Its objects went with the kind.
            Err(ClusterError::KindNotInstalled { .. }) => return Ok(gone()),
            answer => answer?,
        };
        let Some(live) = live else { return Ok(gone()) };
        // A daemon that died before its answer was on record may have made it again.
        let proven = uid == Some(&live.uid) || object::ownership(&live.object, &self.owner).is_of(document);
        if !proven {
            tracing::warn!(object = %reference, document = %document, "not deleted: what has this name now is not ours");
            return Ok(gone());
        }
        if live.object.pointer("/metadata/deletionTimestamp").is_some() {
            return Ok(Outcome::Deleting { reference: reference.clone() });
        }
        let preconditions = Preconditions { uid: live.uid, resource_version: Some(live.resource_version) };
        Ok(match self.cluster.delete(reference, &preconditions, propagation(reference.kind)).await? {
            DeleteOutcome::Deleted => Outcome::Deleting { reference: reference.clone() },
            DeleteOutcome::Gone => gone(),
            DeleteOutcome::PreconditionFailed => Outcome::Failed {
                reference: Some(reference.clone()),
                reason: "ObjectChanged".to_owned(),
                message: format!("{reference} changed while it was being deleted; looking again"),
                transient: true,
            },
        })
    }
}

const fn propagation(kind: Kind) -> Propagation {
    match kind {
        // What its pods leave behind goes with it; and it is gone when the last pod of its jobs is.
        Kind::Deployment | Kind::Job | Kind::CronJob => Propagation::Foreground,
        Kind::ServiceAccount
        | Kind::ConfigMap
        | Kind::PersistentVolumeClaim
        | Kind::Service
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget
        | Kind::HorizontalPodAutoscaler
        | Kind::Ingress
        | Kind::Other(_) => Propagation::Background,
    }
}

/// None of its containers runs, or will again.
/// Source: <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase>.
fn has_ended(pod: &Value) -> bool {
    matches!(pod.pointer("/status/phase").and_then(Value::as_str), Some("Succeeded" | "Failed"))
}

/// Whether a name is free for a document.
enum Claimed {
    Free,
    Ours { uid: String },
    Others { message: String },
}

fn not_ours(reference: &ObjectRef, managers: &[String]) -> String {
    let managers = if managers.is_empty() { "somebody else".to_owned() } else { managers.join(", ") };
    format!(
        "{reference} exists already and is managed by {managers}: it was left alone. Rename the app, or set `adopt: true` to take it over"
    )
}

fn failed(reference: Option<ObjectRef>, error: &ClusterError) -> Outcome {
    Outcome::Failed {
        reference,
        reason: error.reason().to_owned(),
        message: error.to_string(),
        transient: error.is_transient() || matches!(error, ClusterError::ResourceVersionConflict { .. }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_makes_pods_is_gone_when_its_pods_are() {
        for kind in [Kind::Deployment, Kind::Job, Kind::CronJob] {
            assert_eq!(propagation(kind), Propagation::Foreground, "{kind}");
        }
    }

    #[test]
    fn a_pod_that_has_ended_is_not_waited_for() {
        let pod = |phase: &str| json!({"metadata": {"name": "a"}, "status": {"phase": phase}});
        assert!(["Succeeded", "Failed"].iter().all(|phase| has_ended(&pod(phase))));
        assert!(["Pending", "Running", "Unknown"].iter().all(|phase| !has_ended(&pod(phase))));
        assert!(!has_ended(&json!({})));
    }
}
