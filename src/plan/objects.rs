//! Which objects differ from what they are to be, and in which order they are written.

use std::collections::BTreeSet;

use super::fight::Fight;
use super::migration::{self, Turn};
use super::{Desired, How, Input, Purpose, Stage, Step, Target, Yields, desired, scale};
use crate::document::{Document, DocumentId};
use crate::object::{Kind, Object, ObjectRef, Observed};
use crate::record::{Inventory, Item, Record};

/// What is to be done to the objects of a target.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// The stages that make the cluster equal to the target; empty when it is.
    pub stages: Vec<Stage>,
    /// Every object of the target; empty where nothing had to be compared.
    pub desired: Vec<ObjectRef>,
    /// Those of them that hold more than the document says.
    pub wide: Vec<ObjectRef>,
    /// What must be gone before the rest can be written.
    pub lingering: Vec<ObjectRef>,
}

/// Compares the target with the record and with the cluster.
pub(super) fn compare(input: &Input<'_>, record: &Record, target: &Target) -> Work {
    let (hash, items) = (target.document.hash(), &record.inventory.items);
    let good = record.is_good_at(hash);
    let turn = due(input, record, target);
    if record.is_whole_at(hash)
        && !turn.as_ref().is_some_and(Turn::acts)
        && !scale::is_due(input, record, target)
        && items.iter().all(|(reference, item)| {
            item.stale
                // A run is made once and left alone; that it is gone is no drift.
                || reference.kind == Kind::Job
                || (in_sync(item, input.cluster.observed(reference)) && !(item.wide && good))
        })
    {
        // The common case costs neither rendering nor hashing.
        return Work::default();
    }
    let Desired { objects, wide } =
        desired(&target.document, target.renderer, input.owner, input.runner_image, record);
    let adopt = target.app().is_some_and(|app| app.spec.adopt);
    let mut waves: [Stage; 3] = Default::default();
    let mut desired = Vec::with_capacity(objects.len());
    let lingering: Vec<_> = scale::lingering(&record.inventory, &objects).cloned().collect();
    waves[0].extend(scale::clear(input, record, &lingering));
    for mut object in objects {
        let number = wave(object.reference.kind);
        desired.push(object.reference.clone());
        if object.reference.kind == Kind::Job {
            match &turn {
                Some(Turn::Start(how)) => {
                    waves[number].push(Step::Apply { object, how: how.clone(), yields: Yields::default() });
                }
                Some(Turn::ClearWay { steps, .. }) => waves[number].extend(steps.iter().cloned()),
                Some(Turn::Done | Turn::Pause(_) | Turn::Watch | Turn::Failed | Turn::Lost) | None => {}
            }
            continue;
        }
        let mut yields = Yields::of(&target.document, &object);
        if !lingering.is_empty() {
            scale::withhold(&mut object, &mut yields);
        }
        let item = items.get(&object.reference);
        let observed = input.cluster.observed(&object.reference);
        let ours = observed.filter(|observed| {
            item.is_some_and(|item| is_ours(&record.document, item, observed)) && yields.replicas.is_some()
        });
        let how = how(&record.document, &object, &yields, item, observed, adopt);
        let Some(how) = how.or_else(|| scale::release(ours)) else { continue };
        waves[0].extend(scale::hand_over(&object.reference, ours));
        waves[number].push(Step::Apply { object, how, yields });
    }
    let stages = waves.into_iter().filter(|stage| !stage.is_empty()).collect();
    Work { stages, desired, wide, lingering }
}

/// What is due of a migration that is followed; nothing is run while it is only kept as it is.
fn due(input: &Input<'_>, record: &Record, target: &Target) -> Option<Turn> {
    match (&target.document, &target.purpose) {
        (Document::Migration(migration), Purpose::Rollout | Purpose::Hold) => {
            Some(migration::turn(input, record, migration))
        }
        (Document::Migration(_), Purpose::Keep { .. }) | (Document::App(_), _) => None,
    }
}

impl Work {
    /// What is on record of an object whose fields are yielded otherwise than before says nothing until it is applied.
    pub(super) fn prepare(&self, inventory: &mut Inventory) {
        for step in self.stages.iter().flatten() {
            if let Step::Apply { object, yields, .. } = step
                && let Some(item) = inventory.items.get_mut(&object.reference)
                && item.ignored != yields.ignored
            {
                item.ignored.clone_from(&yields.ignored);
                (item.rendered, item.projection) = (None, None);
            }
        }
    }

    /// Leaves alone the objects that somebody fights over.
    pub(super) fn spare(&mut self, fights: &[Fight]) {
        let fought = |step: &Step| fights.iter().any(|fight| step.reference() == Some(&fight.reference));
        for stage in &mut self.stages {
            stage.retain(|step| !fought(step));
        }
        self.stages.retain(|stage| !stage.is_empty());
    }
}

/// What a pod needs, then the pods, then what sends them traffic.
fn wave(kind: Kind) -> usize {
    match kind {
        Kind::ServiceAccount
        | Kind::ConfigMap
        | Kind::PersistentVolumeClaim
        | Kind::Service
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget => 0,
        Kind::Deployment | Kind::Job => 1,
        Kind::Other(_) if is_for_pods(kind) => 0,
        Kind::HorizontalPodAutoscaler | Kind::Ingress | Kind::CronJob | Kind::Other(_) => 2,
    }
}

/// Of another kind: what pods may do and are given comes before them, and goes after them.
pub(super) fn is_for_pods(kind: Kind) -> bool {
    matches!(kind.group(), "" | "rbac.authorization.k8s.io")
}

fn in_sync(item: &Item, observed: Option<&Observed>) -> bool {
    observed.is_some_and(|observed| {
        item.projection.is_some()
            && item.projection == observed.projection
            && item.uid.as_deref() == Some(&*observed.uid)
            && !observed.deleting
    })
}

/// Whether and how an object is to be applied.
fn how(
    document: &DocumentId,
    object: &Object,
    yields: &Yields,
    item: Option<&Item>,
    observed: Option<&Observed>,
    adopt: bool,
) -> Option<How> {
    match (item, observed) {
        // It goes away at somebody's word; what comes after is decided when it is gone.
        (Some(_), Some(observed)) if observed.deleting => None,
        (Some(item), Some(observed)) if is_ours(document, item, observed) => {
            if item.rendered.as_deref() != Some(object.hash.as_str()) || item.ignored != yields.ignored {
                return Some(How::Update { uid: observed.uid.to_string() });
            }
            (!in_sync(item, Some(observed))).then(|| How::Repair { uid: observed.uid.to_string() })
        }
        (Some(Item { uid: Some(uid), .. }), None) => Some(How::Restore { uid: Some(uid.clone()) }),
        // On record before its creation, of which no answer is on record, or made again by somebody: whose it is
        // is looked up.
        (Some(_) | None, _) => Some(How::Create { adopt }),
    }
}

/// It is the object on record, or one that we made when no answer came back.
pub(super) fn is_ours(document: &DocumentId, item: &Item, observed: &Observed) -> bool {
    item.uid.as_deref() == Some(&*observed.uid) || observed.ownership.is_of(document)
}

/// Marks what is not part of the target, so that it goes once the target is healthy, and what holds more than
/// the target says, so that it is narrowed then.
pub(super) fn mark(inventory: &mut Inventory, desired: &[ObjectRef], wide: &[ObjectRef]) {
    // What is written in another version now is the same object, which is not to go.
    let there: BTreeSet<_> = desired.iter().map(ObjectRef::in_any_version).collect();
    inventory
        .items
        .retain(|reference, _| desired.contains(reference) || !there.contains(&reference.in_any_version()));
    for (reference, item) in &mut inventory.items {
        item.stale = !desired.contains(reference);
        item.released &= item.stale;
        item.wide = wide.contains(reference);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_that_is_written_in_another_version_does_not_go() {
        let reference = |api_version: &str, name: &str| {
            ObjectRef::new(Kind::of(api_version, "Gadget").unwrap(), "shop", name)
        };
        let mut inventory = Inventory::default();
        let (old, new, gone) =
            (reference("a.b/v1beta1", "x"), reference("a.b/v1", "x"), reference("a.b/v1beta1", "y"));
        inventory.plan([old.clone(), new.clone(), gone.clone()]);
        mark(&mut inventory, std::slice::from_ref(&new), &[]);
        let stale: Vec<_> = inventory.items.iter().map(|(reference, item)| (reference, item.stale)).collect();
        assert_eq!(stale, [(&new, false), (&gone, true)]);
    }
}
