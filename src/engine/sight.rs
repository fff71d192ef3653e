//! [`Sight`]: the kinds whose objects are watched, and why those of some are not seen.
//!
//! Documents have objects of any kind that the configuration allows. That one of those kinds is not installed, or that
//! RBAC keeps it from us, is the matter of the documents that have such objects; the engine and all others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::cluster::ClusterError;
use crate::object::Kind;

/// What is seen of the cluster.
#[derive(Debug, Default)]
pub struct Sight {
    kinds: BTreeSet<Kind>,
    hidden: Mutex<BTreeMap<Kind, ClusterError>>,
}

impl Sight {
    /// The kinds that are rendered of an app's own fields, and these.
    pub fn new(further: impl IntoIterator<Item = Kind>) -> Self {
        Self { kinds: Kind::ALL.into_iter().chain(further).collect(), hidden: Mutex::default() }
    }

    /// Every kind, seen or not.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.kinds.iter().copied()
    }

    /// Why the objects of a kind are not seen: nothing of that kind is written until they are.
    pub fn hidden(&self, kind: Kind) -> Option<ClusterError> {
        self.lock().get(&kind).cloned()
    }

    /// The objects of a kind cannot be seen; says whether that is new.
    pub fn hide(&self, kind: Kind, error: &ClusterError) -> bool {
        self.lock().insert(kind, error.clone()).as_ref() != Some(error)
    }

    /// The objects of a kind are seen; says whether they were not before.
    pub fn show(&self, kind: Kind) -> bool {
        self.lock().remove(&kind).is_some()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Kind, ClusterError>> {
        self.hidden.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It does not pass by itself: somebody installs a CRD or grants a right.
pub fn is_lasting(error: &ClusterError) -> bool {
    match error {
        ClusterError::KindNotInstalled { .. }
        | ClusterError::KindUnusable { .. }
        | ClusterError::Forbidden { .. } => true,
        ClusterError::Conflict { .. }
        | ClusterError::ResourceVersionConflict { .. }
        | ClusterError::AlreadyExists { .. }
        | ClusterError::NotFound { .. }
        | ClusterError::NotServed { .. }
        | ClusterError::Unauthorized { .. }
        | ClusterError::Invalid { .. }
        | ClusterError::Denied { .. }
        | ClusterError::Quota { .. }
        | ClusterError::NamespaceMissing { .. }
        | ClusterError::NamespaceTerminating { .. }
        | ClusterError::Unreachable { .. }
        | ClusterError::Timeout { .. }
        | ClusterError::Throttled { .. }
        | ClusterError::Server { .. }
        | ClusterError::Expired { .. }
        | ClusterError::Access { .. }
        | ClusterError::Unsupported { .. }
        | ClusterError::Other { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_a_kind_is_said_once_until_it_is_seen_again() {
        let monitor = Kind::of("monitoring.coreos.com/v1", "ServiceMonitor").unwrap();
        let sight = Sight::new([monitor, monitor]);
        assert_eq!(sight.kinds().filter(|kind| *kind == monitor).count(), 1);
        let missing = ClusterError::KindNotInstalled { kind: monitor.to_string(), served: None };
        assert!(sight.hide(monitor, &missing));
        assert!(!sight.hide(monitor, &missing), "it was said");
        assert_eq!(sight.hidden(monitor), Some(missing));
        assert!(sight.show(monitor) && !sight.show(monitor));
        assert_eq!(sight.hidden(monitor), None);
    }
}
