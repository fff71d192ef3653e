//! Which objects differ from what they are to be, and in which order they are written.

use super::fight::Fight;
use super::migration::{self, Turn};
use super::{Desired, How, Input, Purpose, Stage, Step, Target, desired};
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
}

/// Compares the target with the record and with the cluster.
pub(super) fn compare(input: &Input<'_>, record: &Record, target: &Target) -> Work {
    let (hash, items) = (target.document.hash(), &record.inventory.items);
    let good = record.is_good_at(hash);
    let turn = due(input, record, target);
    if record.is_whole_at(hash)
        && !turn.as_ref().is_some_and(Turn::acts)
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
    for object in objects {
        let wave = &mut waves[wave(object.reference.kind)];
        desired.push(object.reference.clone());
        if object.reference.kind == Kind::Job {
            match &turn {
                Some(Turn::Start(how)) => wave.push(Step::Apply { object, how: how.clone() }),
                Some(Turn::ClearWay { steps, .. }) => wave.extend(steps.iter().cloned()),
                Some(Turn::Done | Turn::Pause(_) | Turn::Watch | Turn::Failed | Turn::Lost) | None => {}
            }
            continue;
        }
        let item = items.get(&object.reference);
        let observed = input.cluster.observed(&object.reference);
        if let Some(how) = how(&record.document, &object, item, observed, adopt) {
            wave.push(Step::Apply { object, how });
        }
    }
    Work { stages: waves.into_iter().filter(|stage| !stage.is_empty()).collect(), desired, wide }
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
const fn wave(kind: Kind) -> usize {
    match kind {
        Kind::ServiceAccount
        | Kind::ConfigMap
        | Kind::PersistentVolumeClaim
        | Kind::Service
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget => 0,
        Kind::Deployment | Kind::Job => 1,
        Kind::Ingress => 2,
    }
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
    item: Option<&Item>,
    observed: Option<&Observed>,
    adopt: bool,
) -> Option<How> {
    match (item, observed) {
        // It goes away at somebody's word; what comes after is decided when it is gone.
        (Some(_), Some(observed)) if observed.deleting => None,
        (Some(item), Some(observed)) if is_ours(document, item, observed) => {
            if item.rendered.as_deref() != Some(object.hash.as_str()) {
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
    for (reference, item) in &mut inventory.items {
        item.stale = !desired.contains(reference);
        item.wide = wide.contains(reference);
    }
}
