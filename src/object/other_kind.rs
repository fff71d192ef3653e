//! [`OtherKind`]: kinds that are known only by the words of a manifest. Each is kept once and for good, so that
//! references to objects stay small and cheap to compare.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

/// More kinds than any cluster has: beyond, somebody makes them up.
const MOST: usize = 2_000;

static KNOWN: LazyLock<Mutex<BTreeSet<&'static Words>>> = LazyLock::new(Mutex::default);

/// A kind that is none of those that are rendered of a document's own fields.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct OtherKind(&'static Words);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Words {
    group: String,
    version: String,
    name: String,
}

impl OtherKind {
    /// The kind of these words; `None` for words that are none, and once there are too many.
    pub(super) fn of(group: &str, version: &str, name: &str) -> Option<Self> {
        let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let domain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
        if !word(version) || !word(name) || !group.bytes().all(domain) {
            return None;
        }
        let words = Words { group: group.to_owned(), version: version.to_owned(), name: name.to_owned() };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = known.get(&words) {
            return Some(Self(there));
        }
        if known.len() >= MOST {
            return None;
        }
        let kept: &'static Words = Box::leak(Box::new(words));
        known.insert(kept);
        Some(Self(kept))
    }

    pub(super) fn group(self) -> &'static str {
        &self.0.group
    }

    pub(super) fn version(self) -> &'static str {
        &self.0.version
    }

    pub(super) fn name(self) -> &'static str {
        &self.0.name
    }
}

impl PartialOrd for OtherKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OtherKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(other.0)
    }
}

impl fmt::Debug for OtherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for OtherKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Words { group, version, name } = self.0;
        let dot = if group.is_empty() { "" } else { "." };
        f.pad(&format!("{name}.{version}{dot}{group}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_kept_once() {
        let one = OtherKind::of("rbac.authorization.k8s.io", "v1", "RoleBinding").unwrap();
        let two = OtherKind::of("rbac.authorization.k8s.io", "v1", "RoleBinding").unwrap();
        assert!(std::ptr::eq(one.0, two.0));
    }

    #[test]
    fn words_that_are_no_kind_are_refused() {
        for (group, version, name) in [("", "", "A"), ("", "v1", ""), ("a/b", "v1", "A"), ("", "v1", "A/b")] {
            assert_eq!(OtherKind::of(group, version, name), None);
        }
    }
}
