//! The kinds that every cluster has, by the scope of their objects: those of a stable version, of the newest where there
//! are several. They are known by the same data that written objects are checked against.

use std::cmp::Reverse;

use super::structure::{Kind, kinds};

/// Group and version of a namespaced built-in kind, known by its name alone.
pub(super) fn namespaced(name: &str) -> Option<(&'static str, &'static str)> {
    newest(name, true).map(group_and_version)
}

/// Names of the namespaced built-in kinds.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    kinds().filter(|kind| kind.namespaced && is_stable(kind)).map(|kind| kind.name.as_str())
}

/// Group of a built-in kind whose objects are in no namespace.
pub(super) fn cluster_scoped(name: &str) -> Option<&'static str> {
    newest(name, false).map(|kind| group_and_version(kind).0)
}

fn newest(name: &str, namespaced: bool) -> Option<&'static Kind> {
    let named = kinds().filter(|kind| kind.name == name && kind.namespaced == namespaced && is_stable(kind));
    named.max_by_key(|kind| {
        let (group, version) = group_and_version(kind);
        // The same name in two groups: the one of fewer letters is the older and the better known.
        (Reverse(group.len()), version.get(1..).and_then(|number| number.parse::<u32>().ok()))
    })
}

fn group_and_version(kind: &'static Kind) -> (&'static str, &'static str) {
    kind.api_version.split_once('/').unwrap_or(("", kind.api_version.as_str()))
}

/// `v1`, and not `v1beta1`.
fn is_stable(kind: &Kind) -> bool {
    let version = kind.api_version.rsplit('/').next().unwrap_or_default();
    version.get(1..).is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_built_in_kind_is_known_by_its_name() {
        for (name, known) in [
            ("HorizontalPodAutoscaler", Some(("autoscaling", "v2"))),
            ("Role", Some(("rbac.authorization.k8s.io", "v1"))),
            ("ConfigMap", Some(("", "v1"))),
            ("Event", Some(("", "v1"))),
            ("ClusterRole", None),
            ("Nothing", None),
        ] {
            assert_eq!(namespaced(name), known, "{name}");
        }
        assert_eq!(cluster_scoped("ClusterRole"), Some("rbac.authorization.k8s.io"));
        assert_eq!(cluster_scoped("Role"), None);
        assert!(names().count() > 20);
    }
}
