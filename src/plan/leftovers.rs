//! What an earlier version of a document had and this one has not. It goes once the document is healthy, but for what the
//! limits of pruning leave to a person: that stays until it is approved.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Plan, PrunePolicy};
use crate::object::{Kind, ObjectRef};
use crate::record::{Approval, Phase, Reason, Record};

/// So many are told by name; the rest is counted.
const MAX_TOLD: usize = 5;

/// Volumes stay while their app is there: only its removal takes them, where the document says so.
pub(super) fn goes(reference: &ObjectRef) -> bool {
    reference.kind != Kind::PersistentVolumeClaim
}

/// Leftovers of a document that wait for a person.
pub(super) struct HeldBack<'a> {
    reason: &'static str,
    why: String,
    pub objects: Vec<&'a ObjectRef>,
    hash: String,
}

/// What waits, if anything does. `objects_in_all` is the number of objects of the source.
pub(super) fn held_back<'a>(
    record: &'a Record,
    policy: &PrunePolicy,
    objects_in_all: usize,
) -> Option<HeldBack<'a>> {
    if record.removal.is_some() {
        return None;
    }
    let items = record.inventory.items.iter();
    let left = items.filter(|(reference, item)| item.stale && !item.released && goes(reference));
    let (protected, rest): (Vec<_>, Vec<_>) =
        left.map(|(reference, _)| reference).partition(|reference| policy.protects(reference.kind));
    // What is named after its content, or is a run of it, is replaced by an edit, not dropped.
    let is_dropped = |reference: &&ObjectRef| !matches!(reference.kind, Kind::ConfigMap | Kind::Job);
    let rest: Vec<_> = rest.into_iter().filter(is_dropped).collect();
    let limit = policy.limit(objects_in_all);
    let (reason, why, objects) = if rest.len() > limit {
        let why = format!("that is more than {limit} at once");
        ("TooMuchAtOnce", why, protected.into_iter().chain(rest).collect::<Vec<_>>())
    } else if protected.is_empty() {
        return None;
    } else {
        ("ProtectedKind", "of a protected kind".to_owned(), protected)
    };
    let hash = hash(record, &objects);
    Some(HeldBack { reason, why, objects, hash })
}

/// Another set needs another approval.
fn hash(record: &Record, objects: &[&ObjectRef]) -> String {
    let mut lines: Vec<_> = objects.iter().map(ToString::to_string).collect();
    lines.sort_unstable();
    let mut digest = Sha256::new();
    for line in ["leftovers".to_owned(), record.document.to_string()].into_iter().chain(lines) {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    hex::encode(&digest.finalize()[..6])
}

impl HeldBack<'_> {
    /// Says what stays, beside whatever else the plan says.
    pub(super) fn tell(&self, plan: Plan, now: Timestamp) -> Plan {
        let mut names: Vec<_> = self.objects.iter().take(MAX_TOLD).map(ToString::to_string).collect();
        if self.objects.len() > MAX_TOLD {
            names.push(format!("{} more", self.objects.len() - MAX_TOLD));
        }
        let told = format!(
            "not in the document any more, {}, and left as it is: {}; `portfolio approve {}` deletes exactly this set",
            self.why,
            names.join(", "),
            self.hash
        );
        let (phase, reason, said) =
            (plan.record.phase, plan.record.reason.clone(), plan.record.message.clone());
        match (phase, said.as_str()) {
            (Phase::Ready, "") => plan.saying(phase, Reason::of(self.reason), told, now),
            (_, "") => plan.saying(phase, reason, told, now),
            (_, said) => plan.saying(phase, reason, format!("{said}; {told}"), now),
        }
    }
}

/// What a person approves who lets the leftovers of a document go. `None` where none wait.
pub fn approval(record: &Record, policy: &PrunePolicy, objects_in_all: usize) -> Option<Approval> {
    let held = held_back(record, policy, objects_in_all)?;
    Some(Approval {
        reason: held.reason.to_owned(),
        documents: vec![record.document.to_string()],
        objects: held.objects.len(),
        hash: held.hash,
    })
}

/// Takes note that a person approved what waits now.
pub fn release(record: &mut Record, policy: &PrunePolicy, objects_in_all: usize) {
    let held = held_back(record, policy, objects_in_all);
    let objects: Vec<_> = held.map(|held| held.objects.into_iter().cloned().collect()).unwrap_or_default();
    for (reference, item) in &mut record.inventory.items {
        item.released |= objects.contains(reference);
    }
}
