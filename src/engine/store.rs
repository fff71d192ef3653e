//! [`Store`]: the cluster as the watches and our own responses show it, tens of bytes an object.
//!
//! An event that says nothing new is dropped here. A live object is kept whole only from the moment it differs
//! from what is on record until it is repaired, so that the status can name field and manager.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use serde_json::Value;

use crate::cluster::Scope;
use crate::object::{Drift, Kind, ObjectRef, Observed};
use crate::plan;

/// What is known of the cluster.
#[derive(Debug, Default)]
pub struct Store {
    objects: HashMap<ObjectRef, Observed>,
    changed: HashMap<ObjectRef, Changed>,
    /// Objects seen since a listing began; what is missing at its end is gone.
    listing: HashMap<(Kind, Scope), HashSet<ObjectRef>>,
}

/// An object that is not what is on record.
#[derive(Debug)]
pub struct Changed {
    /// As it was seen; `None` when it is gone or lost its label.
    pub live: Option<Box<Value>>,
    /// When that was noticed.
    pub since: Instant,
    /// What changed, once it was looked into.
    pub drift: Vec<Drift>,
}

/// What an event meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Nothing that a decision rests on.
    None,
    /// Health, existence or content differ from what was seen last.
    Changed,
}

impl Store {
    /// Takes in an object. Older sights of it than the one known are ignored.
    pub fn see(&mut self, reference: ObjectRef, observed: Observed) -> News {
        for seen in self.listing.iter_mut().filter(|((kind, scope), _)| covers(*kind, scope, &reference)) {
            seen.1.insert(reference.clone());
        }
        match self.objects.get(&reference) {
            Some(known) if !observed.supersedes(known) => News::None,
            Some(known) => {
                let same = same_for_decisions(known, &observed);
                self.objects.insert(reference, observed);
                if same { News::None } else { News::Changed }
            }
            None => {
                self.objects.insert(reference, observed);
                News::Changed
            }
        }
    }

    /// Takes in that an object is gone, or is not labelled any more.
    pub fn lose(&mut self, reference: &ObjectRef, uid: &str, resource_version: u64) -> News {
        match self.objects.get(reference) {
            Some(known) if *known.uid == *uid && known.resource_version <= resource_version => {
                self.objects.remove(reference);
                News::Changed
            }
            Some(_) | None => News::None,
        }
    }

    /// Takes in that a live read found nothing.
    pub fn forget(&mut self, reference: &ObjectRef) {
        self.objects.remove(reference);
        self.changed.remove(reference);
    }

    /// A complete listing begins.
    pub fn listing_begins(&mut self, kind: Kind, scope: Scope) {
        self.listing.insert((kind, scope), HashSet::new());
    }

    /// A listing is complete: the objects that were not in it are gone; here they are.
    pub fn listing_ends(&mut self, kind: Kind, scope: &Scope) -> Vec<ObjectRef> {
        let Some(seen) = self.listing.remove(&(kind, scope.clone())) else { return Vec::new() };
        let gone: Vec<_> = self
            .objects
            .keys()
            .filter(|reference| covers(kind, scope, reference) && !seen.contains(*reference))
            .cloned()
            .collect();
        for reference in &gone {
            self.objects.remove(reference);
        }
        gone
    }

    /// Keeps what differs from the record until it is repaired; the first sight counts for the time.
    pub fn note_change(&mut self, reference: ObjectRef, live: Option<Box<Value>>) {
        let since = self.changed.get(&reference).map_or_else(Instant::now, |known| known.since);
        self.changed.insert(reference, Changed { live, since, drift: Vec::new() });
    }

    /// What is kept of a change.
    pub fn change(&self, reference: &ObjectRef) -> Option<&Changed> {
        self.changed.get(reference)
    }

    /// Sets what changed in an object.
    pub fn explain(&mut self, reference: &ObjectRef, drift: Vec<Drift>) {
        if let Some(changed) = self.changed.get_mut(reference) {
            changed.drift = drift;
        }
    }

    /// The change is repaired, or was none.
    pub fn settle(&mut self, reference: &ObjectRef) -> Option<Changed> {
        self.changed.remove(reference)
    }

    /// Number of objects known.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Every object known.
    pub fn objects(&self) -> impl Iterator<Item = (&ObjectRef, &Observed)> {
        self.objects.iter()
    }

    /// An object.
    pub fn get(&self, reference: &ObjectRef) -> Option<&Observed> {
        self.objects.get(reference)
    }
}

impl plan::Cluster for Store {
    fn observed(&self, reference: &ObjectRef) -> Option<&Observed> {
        self.objects.get(reference)
    }

    fn drift(&self, reference: &ObjectRef) -> &[Drift] {
        self.changed.get(reference).map_or(&[], |changed| changed.drift.as_slice())
    }
}

fn covers(kind: Kind, scope: &Scope, reference: &ObjectRef) -> bool {
    reference.kind == kind
        && match scope {
            Scope::All => true,
            Scope::Namespace(namespace) => *namespace == reference.namespace,
        }
}

fn same_for_decisions(one: &Observed, other: &Observed) -> bool {
    one.uid == other.uid
        && one.projection == other.projection
        && one.health == other.health
        && one.deleting == other.deleting
        && one.replicas == other.replicas
        // The health of two counts may read the same, and one of them be enough.
        && one.pods == other.pods
        && one.ownership == other.ownership
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::{Managers, Owner};

    /// A Deployment of which nine pods are wanted and three are there, so many of them available.
    fn short_of_quota(version: u64, available: u64) -> Observed {
        let live = json!({
            "metadata": {"uid": "a", "resourceVersion": version.to_string(), "generation": 2},
            "spec": {"replicas": 9},
            "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": available,
                       "availableReplicas": available},
        });
        let owner = Owner { namespace: "portfolio-system".into(), source: "main".into() };
        Observed::of(Kind::Deployment, &live, &owner, &Managers::default())
    }

    #[test]
    fn a_pod_more_is_news_though_the_health_reads_the_same() {
        let reference = ObjectRef::new(Kind::Deployment, "shop", "web");
        let mut store = Store::default();
        let (few, enough) = (short_of_quota(1, 2), short_of_quota(2, 3));
        assert_eq!(few.health, enough.health);
        store.see(reference.clone(), few);
        assert_eq!(store.see(reference.clone(), enough), News::Changed);
        assert_eq!(store.see(reference, short_of_quota(3, 3)), News::None);
    }
}
