//! [`Observed`]: all that is kept of a live object. The watch store holds one for each, never the object.

use serde_json::Value;

use super::health::{self, Health, Pods};
use super::managers::Managers;
use super::ownership::{Owner, Ownership, ownership};
use super::projection::{Projection, projection};
use super::replicas::ReplicasHeld;
use super::{Kind, ObjectRef};

/// A live object, as far as decisions need it.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Which incarnation of the name it is: a re-created object has another.
    pub uid: Box<str>,
    /// Version of the object, comparable within a kind (KEP-5504); 0 when it cannot be read.
    pub resource_version: u64,
    /// Version of its specification; 0 for kinds without one.
    pub generation: i64,
    /// Digest of what is ours in it. `None`: our manager owns nothing, which is drift.
    pub projection: Option<Projection>,
    /// Whose it is.
    pub ownership: Ownership,
    /// How it is doing.
    pub health: Health,
    /// A delete is under way.
    pub deleting: bool,
    /// The pods that a Deployment or a Job wants and has; `None` for other kinds.
    pub pods: Option<Pods>,
    /// Who holds `spec.replicas` of a Deployment; `None` for other kinds.
    pub replicas: Option<ReplicasHeld>,
}

impl Observed {
    /// Digests a live object: a watch event, an item of a list or the answer to an apply.
    pub fn of(kind: Kind, live: &Value, owner: &Owner, managers: &Managers) -> Self {
        let metadata = |key: &str| live.get("metadata").and_then(|metadata| metadata.get(key));
        let text = |key: &str| metadata(key).and_then(Value::as_str).unwrap_or_default();
        Self {
            uid: text("uid").into(),
            resource_version: text("resourceVersion").parse().unwrap_or(0),
            generation: metadata("generation").and_then(Value::as_i64).unwrap_or(0),
            projection: projection(live, managers),
            ownership: ownership(live, owner),
            health: health::health(kind, live),
            deleting: metadata("deletionTimestamp").is_some(),
            pods: match kind {
                Kind::Deployment => Some(Pods::of(live)),
                Kind::Job => Some(Pods::of_job(live)),
                _ => None,
            },
            replicas: (kind == Kind::Deployment).then(|| ReplicasHeld::of(live)),
        }
    }

    /// Whether this is not older than `earlier`. A watch event that was on its way while our own answer came
    /// in is. Versions grow across incarnations of a name as well.
    pub fn supersedes(&self, earlier: &Self) -> bool {
        self.resource_version >= earlier.resource_version
    }
}

/// The identity of a live object; `None` when it is of no kind of ours.
pub fn reference(live: &Value) -> Option<ObjectRef> {
    let text = |pointer: &str| live.pointer(pointer).and_then(Value::as_str);
    let kind = Kind::of(text("/apiVersion")?, text("/kind")?)?;
    Some(ObjectRef::new(kind, text("/metadata/namespace")?, text("/metadata/name")?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn seen(version: &str, uid: &str) -> Observed {
        let live = json!({"metadata": {"uid": uid, "resourceVersion": version, "generation": 3,
            "deletionTimestamp": "2026-01-01T00:00:00Z"}, "spec": {"replicas": 4}});
        let owner = Owner { namespace: "portfolio-system".into(), source: "main".into() };
        Observed::of(Kind::Deployment, &live, &owner, &Managers::default())
    }

    #[test]
    fn what_decisions_need_is_kept() {
        let observed = seen("17", "a");
        assert_eq!((observed.resource_version, observed.generation, observed.deleting), (17, 3, true));
        assert_eq!(observed.pods.map(|pods| pods.wanted), Some(4));
        assert_eq!(observed.projection, None);
        assert_eq!(observed.ownership.document(), None);
    }

    #[test]
    fn an_older_event_is_no_news() {
        assert!(!seen("16", "a").supersedes(&seen("17", "a")));
        assert!(seen("17", "a").supersedes(&seen("17", "a")));
        assert!(!seen("16", "b").supersedes(&seen("17", "a")));
    }

    #[test]
    fn a_live_object_names_itself() {
        let live = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": "shop", "name": "web"}});
        assert_eq!(reference(&live), Some(ObjectRef::new(Kind::Deployment, "shop", "web")));
        assert_eq!(reference(&json!({"apiVersion": "apps/v1", "kind": "Deployment"})), None);
    }
}
