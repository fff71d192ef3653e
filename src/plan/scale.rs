//! Who says how many pods a Deployment has: handed to an autoscaler without a dip, and taken back once it is gone.
//!
//! An apply without a field that only its manager held resets the field, and the default of `spec.replicas` is 1. So a
//! second manager claims the value that is there, ours lets go, and the autoscaler takes it from the second with the
//! first change that it makes. What is due follows from who holds the field, so a crash anywhere changes nothing.
//! Source: <https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership>.

use serde_json::Value;

use super::objects::is_ours;
use super::{How, Input, Stage, Step, Target, Yields};
use crate::document::App;
use crate::object::{Kind, Object, ObjectRef, Observed, Pods};
use crate::record::{Inventory, Record};

/// Our manager still holds what an autoscaler is to have.
pub(super) fn is_due(input: &Input<'_>, record: &Record, target: &Target) -> bool {
    let Some(app) = target.app().filter(|app| app.spec.autoscaling.is_some()) else { return false };
    let deployment = deployment_of(app);
    let item = record.inventory.items.get(&deployment);
    let observed = input.cluster.observed(&deployment);
    item.zip(observed)
        .is_some_and(|(item, observed)| is_ours(&record.document, item, observed) && is_held(observed))
}

fn deployment_of(app: &App) -> ObjectRef {
    ObjectRef::new(Kind::Deployment, app.id.namespace.as_str(), app.id.name.as_str())
}

fn is_held(observed: &Observed) -> bool {
    !observed.deleting && observed.replicas.is_some_and(|held| held.ours)
}

/// The Deployment of an autoscaled app that was good has the pods that it must have, all of them new: that the autoscaler
/// is adding some is no way to go.
pub(super) fn has_enough(
    record: &Record,
    target: Option<&Target>,
    reference: &ObjectRef,
    seen: &Observed,
) -> bool {
    let app = target.filter(|target| record.is_good_at(target.document.hash())).and_then(Target::app);
    let Some((app, scaling)) = app.and_then(|app| Some((app, app.spec.autoscaling.as_ref()?))) else {
        return false;
    };
    let enough = |pods: Pods| pods.total == pods.updated && pods.available >= scaling.fewest();
    *reference == deployment_of(app) && seen.pods.is_some_and(enough)
}

/// What has to come before a Deployment that leaves its replicas to others is applied, if anything. What we scaled to
/// zero begins again first: an autoscaler leaves it alone.
pub(super) fn hand_over(deployment: &ObjectRef, ours: Option<&Observed>) -> Option<Step> {
    let ours = ours.filter(|ours| is_held(ours))?;
    let held = ours.replicas.unwrap_or_default();
    let pods = ours.pods.map_or(0, |pods| pods.wanted);
    (pods > 0 && !held.keeper)
        .then(|| Step::HandOver { deployment: deployment.clone(), uid: ours.uid.to_string() })
}

/// How a Deployment is applied that is as it should be but for who holds its replicas.
pub(super) fn release(ours: Option<&Observed>) -> Option<How> {
    let ours = ours.filter(|ours| is_held(ours))?;
    Some(How::Update { uid: ours.uid.to_string() })
}

/// The autoscalers that are not part of the target and not seen to be gone: they would change back what is written.
pub(super) fn lingering<'a>(
    inventory: &'a Inventory,
    objects: &'a [Object],
) -> impl Iterator<Item = &'a ObjectRef> {
    let is_asked_for = |reference: &ObjectRef| objects.iter().any(|object| object.reference == *reference);
    let scalers = inventory.items.keys().filter(|reference| reference.kind == Kind::HorizontalPodAutoscaler);
    scalers.filter(move |reference| !is_asked_for(reference))
}

/// They go first, not last.
pub(super) fn clear(input: &Input<'_>, record: &Record, lingering: &[ObjectRef]) -> Stage {
    let going = |reference: &ObjectRef| input.cluster.observed(reference).is_some_and(|one| one.deleting);
    let steps = lingering.iter().filter(|reference| !going(reference)).map(|reference| {
        let uid = record.inventory.items.get(reference).and_then(|item| item.uid.clone());
        Step::Delete { reference: reference.clone(), uid }
    });
    steps.collect()
}

/// Until they are gone a Deployment gets all but its number of pods.
pub(super) fn withhold(object: &mut Object, yields: &mut Yields) {
    if object.reference.kind != Kind::Deployment {
        return;
    }
    let mut replicas = None;
    super::desired::change(object, |content| {
        let spec = content.get_mut("spec").and_then(Value::as_object_mut);
        replicas = spec.and_then(|spec| spec.remove("replicas")).as_ref().and_then(Value::as_u64);
    });
    if let Some(replicas) = replicas {
        yields.leave_replicas(u32::try_from(replicas).unwrap_or(1));
    }
}
