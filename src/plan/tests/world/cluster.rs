//! What happens in the cluster: objects and who changed them, deletions that take their time, an autoscaler, and what the
//! watches show of it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{BAD, World};
use crate::document::{DocumentId, Quantity};
use crate::object::{
    Change, Digest, Drift, FIELD_MANAGER, Health, Kind, NotOurs, Object, ObjectRef, Observed, Ownership,
    Pods, REPLICAS_MANAGER, ReplicasHeld,
};
use crate::plan::{Cluster, Prune, desired};

const START: SignedDuration = SignedDuration::from_secs(4);
const GIVE_UP: SignedDuration = SignedDuration::from_secs(30);
/// How long what has a grace takes to go away.
pub(super) const LINGER: SignedDuration = SignedDuration::from_secs(3);

/// A live object.
#[derive(Clone, Debug)]
pub struct Live {
    pub uid: String,
    pub object: Object,
    /// How often somebody changed a field of ours since it was applied last.
    pub foreign: u32,
    /// Our label is on it.
    pub labelled: bool,
    /// The document that its annotation names; `None` when it is somebody else's.
    pub document: Option<DocumentId>,
    pub deleting: Option<Timestamp>,
    pub changed: Timestamp,
    /// Of a Deployment.
    pub replicas: Replicas,
    /// When an autoscaler changed that, and how many there were before.
    pub scaled: Option<(Timestamp, u32)>,
}

/// How many pods there are, and who says so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replicas {
    pub count: u32,
    pub held: ReplicasHeld,
}

impl Replicas {
    /// The object as far as it tells this.
    pub fn live(self) -> Value {
        let ReplicasHeld { ours, keeper, others } = self.held;
        let managers = [(FIELD_MANAGER, ours), (REPLICAS_MANAGER, keeper), ("others", others)];
        let entries = managers.into_iter().filter(|(_, holds)| *holds).map(|(manager, _)| {
            json!({"manager": manager, "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}})
        });
        json!({"spec": {"replicas": self.count}, "metadata": {"managedFields": entries.collect::<Vec<_>>()}})
    }

    /// After our manager sent so many, or nothing of it. Source: Kubernetes docs, "Server-Side Apply".
    pub fn applied(self, sent: Option<u64>, reference: &ObjectRef) -> Self {
        let Some(count) = sent.and_then(|count| u32::try_from(count).ok()) else {
            assert!(!self.held.is_ours_alone(), "{reference}: spec.replicas falls back to 1");
            return Self { held: ReplicasHeld { ours: false, ..self.held }, ..self };
        };
        let keeps = count == self.count;
        let held =
            ReplicasHeld { ours: true, keeper: self.held.keeper && keeps, others: self.held.others && keeps };
        Self { count, held }
    }

    /// After somebody else changed it.
    fn scaled(self, count: u32) -> Self {
        if count == self.count {
            return self;
        }
        Self { count, held: ReplicasHeld { others: true, ..ReplicasHeld::default() } }
    }
}

/// What the watches have shown.
#[derive(Debug, Default)]
pub struct Seen {
    pub objects: BTreeMap<ObjectRef, Observed>,
    pub drift: BTreeMap<ObjectRef, Vec<Drift>>,
}

impl Cluster for Seen {
    fn observed(&self, reference: &ObjectRef) -> Option<&Observed> {
        self.objects.get(reference)
    }

    fn drift(&self, reference: &ObjectRef) -> &[Drift] {
        self.drift.get(reference).map_or(&[], Vec::as_slice)
    }
}

impl World {
    /// Lets time pass: deletions end, and the watches show how everything fares.
    pub fn tick(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        let now = self.now;
        self.live.retain(|_, live| live.deleting.is_none_or(|end| end > now));
        self.autoscale();
        if !self.deaf {
            self.sweep();
        }
        self.durable = self.memory.clone();
    }

    /// Autoscalers do what the load asks for. One leaves a Deployment alone that was scaled to zero.
    fn autoscale(&mut self) {
        let now = self.now;
        let scalers: Vec<_> = self
            .live
            .values()
            .filter(|live| {
                live.object.reference.kind == Kind::HorizontalPodAutoscaler && live.deleting.is_none()
            })
            .map(|live| (live.object.reference.name.clone(), live.object.content["spec"].clone()))
            .collect();
        for (name, spec) in scalers {
            let bound = |key: &str| u32::try_from(spec[key].as_u64().unwrap()).unwrap();
            let (fewest, most) = (bound("minReplicas"), bound("maxReplicas"));
            let Some(live) = self.live.get_mut(&Self::reference(Kind::Deployment, &name)) else { continue };
            if live.replicas.count > 0 {
                let before = live.replicas.count;
                let wanted = self.load.get(&name).copied().unwrap_or(before);
                live.replicas = live.replicas.scaled(wanted.clamp(fewest, most));
                if live.replicas.count != before {
                    live.scaled = Some((now, before));
                }
            }
        }
    }

    /// Somebody scales a Deployment.
    pub fn scale(&mut self, name: &str, count: u32) {
        let reference = Self::reference(Kind::Deployment, name);
        if let Some(live) = self.live.get_mut(&reference) {
            live.replicas = live.replicas.scaled(count);
        }
        self.event(&reference);
    }

    /// The watches show what is there.
    pub fn sweep(&mut self) {
        self.seen = Seen::default();
        for reference in self.live.keys().cloned().collect::<Vec<_>>() {
            self.show(&reference);
        }
    }

    /// The daemon dies and starts again: it has its records and lists the cluster, and has not read the branch.
    pub fn restart(&mut self) {
        self.log.push("restart".to_owned());
        self.memory = self.durable.clone();
        (self.reading, self.approved, self.prune) = (None, None, Prune::default());
        (self.deaf, self.fuse) = (false, None);
        self.sweep();
    }

    /// Somebody changes a field of ours.
    pub fn edit(&mut self, reference: &ObjectRef) {
        if let Some(live) = self.live.get_mut(reference) {
            live.foreign += 1;
        }
        self.event(reference);
    }

    /// Somebody deletes an object.
    pub fn lose(&mut self, reference: &ObjectRef) {
        self.live.remove(reference);
        self.event(reference);
    }

    pub fn strip_label(&mut self, reference: &ObjectRef) {
        if let Some(live) = self.live.get_mut(reference) {
            live.labelled = false;
        }
        self.event(reference);
    }

    /// Somebody makes an object of a name, in place of what is there.
    pub fn intrude(&mut self, reference: &ObjectRef) {
        let object = Object::new(reference.clone(), serde_json::json!({"by": "somebody"}));
        let live = Live { labelled: false, ..self.fresh(object, None) };
        self.live.insert(reference.clone(), live);
        self.event(reference);
    }

    fn event(&mut self, reference: &ObjectRef) {
        if !self.deaf {
            self.show(reference);
        }
    }

    pub(super) fn show(&mut self, reference: &ObjectRef) {
        self.seen.objects.remove(reference);
        self.seen.drift.remove(reference);
        let Some(live) = self.live.get(reference).filter(|live| live.labelled) else { return };
        if live.foreign > 0 {
            self.seen.drift.insert(reference.clone(), vec![drift()]);
        }
        let mut items = self.memory.values().filter_map(|record| record.inventory.items.get(reference));
        let ignored = items.next().map_or(&[][..], |item| &item.ignored);
        self.seen.objects.insert(reference.clone(), self.observed(reference, live, ignored));
    }

    pub(super) fn observed(&self, reference: &ObjectRef, live: &Live, ignored: &[String]) -> Observed {
        let mut text = format!("{} {}", live.object.hash, live.foreign);
        if !ignored.iter().any(|path| path == "/spec/replicas") {
            text += &format!(" {:?}", live.replicas);
        }
        let ownership = live.document.clone().map_or(
            Ownership::NotOurs { reason: NotOurs::NotApplied, managers: vec!["somebody".to_owned()] },
            |document| Ownership::Ours { document },
        );
        Observed {
            uid: live.uid.as_str().into(),
            resource_version: 0,
            generation: 0,
            projection: live.document.is_some().then(|| Digest::of(text.as_bytes())),
            ownership,
            health: self.health(reference, live),
            deleting: live.deleting.is_some(),
            pods: match reference.kind {
                Kind::Job => Some(Pods { ready: 1, ..Pods::default() }),
                Kind::Deployment => {
                    let count = live.replicas.count;
                    let available = self.is_scaling(live).map_or(count, |before| before.min(count));
                    let total = available.max(count.min(available + 1));
                    Some(Pods { wanted: count, total, updated: total, ready: available, available })
                }
                _ => None,
            },
            replicas: (reference.kind == Kind::Deployment).then_some(live.replicas.held),
        }
    }

    pub(super) fn health(&self, reference: &ObjectRef, live: &Live) -> Health {
        let bad = live.object.content.to_string().contains(&format!(":{BAD}"));
        match reference.kind {
            Kind::Deployment if bad && live.changed + GIVE_UP <= self.now => Health::Degraded {
                reason: "ProgressDeadlineExceeded".to_owned(),
                message: "no pod came up".to_owned(),
            },
            Kind::Deployment if bad || live.changed + START > self.now || self.is_scaling(live).is_some() => {
                Health::Progressing { message: "0 of 2 pods are available".to_owned() }
            }
            Kind::Job => self.jobs.health(reference, self.now, live.changed),
            _ => Health::Healthy,
        }
    }

    /// How many pods there were before, while the autoscaler's have not come up.
    fn is_scaling(&self, live: &Live) -> Option<u32> {
        live.scaled.filter(|(at, _)| *at + START > self.now).map(|(_, before)| before)
    }

    pub(super) fn fresh(&mut self, object: Object, document: Option<DocumentId>) -> Live {
        self.uids += 1;
        let (uid, changed) = (format!("uid-{}", self.uids), self.now);
        let replicas = Replicas::default();
        let (foreign, labelled, deleting, scaled) = (0, true, None, None);
        Live { uid, object, foreign, labelled, document, deleting, changed, replicas, scaled }
    }

    // What the daemon does.
}

pub(super) fn shrinks(live: Option<&Live>, object: &Object) -> bool {
    let size = |object: &Object| desired::claim_size(object).map(|size| size.parse::<Quantity>().unwrap());
    live.is_some_and(|live| size(&live.object) > size(object))
}

pub(super) fn drift() -> Drift {
    Drift { field: "spec".to_owned(), manager: Some("kubectl-edit".to_owned()), operation: Change::Changed }
}
