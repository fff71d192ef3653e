//! Fields of an object that no document writes: by which it is known, whose it is, and what only the cluster sets. One list
//! for written objects, for patches and for ignored fields.

use serde_json::Value;

use super::API_GROUP;

/// Why a field is not for documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reserved {
    /// It says which object it is.
    Identity,
    /// It says whose object it is.
    Mark,
    /// The cluster sets it.
    Cluster,
}

/// Source: `ObjectMeta` of k8s.io/apimachinery; whatever of it the API server fills in or a controller does.
const FIELDS: [(Reserved, &[&str]); 16] = [
    (Reserved::Identity, &["apiVersion"]),
    (Reserved::Identity, &["kind"]),
    (Reserved::Identity, &["metadata", "name"]),
    (Reserved::Identity, &["metadata", "namespace"]),
    (Reserved::Cluster, &["metadata", "generateName"]),
    (Reserved::Cluster, &["metadata", "ownerReferences"]),
    (Reserved::Cluster, &["metadata", "managedFields"]),
    (Reserved::Cluster, &["metadata", "uid"]),
    (Reserved::Cluster, &["metadata", "resourceVersion"]),
    (Reserved::Cluster, &["metadata", "finalizers"]),
    (Reserved::Cluster, &["metadata", "generation"]),
    (Reserved::Cluster, &["metadata", "creationTimestamp"]),
    (Reserved::Cluster, &["metadata", "deletionTimestamp"]),
    (Reserved::Cluster, &["metadata", "deletionGracePeriodSeconds"]),
    (Reserved::Cluster, &["metadata", "selfLink"]),
    (Reserved::Cluster, &["status"]),
];

/// Where keys of ours mark an object, below `metadata`.
const MARKED: [&str; 2] = ["labels", "annotations"];

fn is_mark(key: &str) -> bool {
    key.strip_prefix(API_GROUP).is_some_and(|rest| rest.starts_with('/'))
}

fn field<'v>(object: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(object, |value, key| value.get(key))
}

/// The first field, if any, that is reserved and not the same in both objects, with dots between its parts.
pub fn reserved_change(before: &Value, after: &Value) -> Option<(Reserved, String)> {
    let marks = |object: &'_ Value, map: &str| -> Vec<(String, Value)> {
        let all = field(object, &["metadata", map]).and_then(Value::as_object).into_iter().flatten();
        let all = all.filter(|(key, _)| is_mark(key));
        all.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let changed = FIELDS.iter().find(|(_, path)| field(before, path) != field(after, path));
    changed.map(|(why, path)| (*why, path.join("."))).or_else(|| {
        MARKED.iter().find_map(|map| {
            let (before, after) = (marks(before, map), marks(after, map));
            let lost = before.iter().find(|mark| !after.contains(mark));
            let mark = lost.or_else(|| after.iter().find(|mark| !before.contains(mark)));
            mark.map(|(key, _)| (Reserved::Mark, key.clone()))
        })
    })
}

/// The first field, if any, that is written in the object though the cluster sets it.
pub fn set_by_cluster(object: &Value) -> Option<&'static [&'static str]> {
    let mut set = FIELDS.iter().filter(|(why, _)| *why == Reserved::Cluster).map(|(_, path)| *path);
    set.find(|path| field(object, path).is_some())
}

/// What is reserved where a JSON pointer leads to, into, or around. What is no pointer leads nowhere.
pub(in crate::document) fn reserved(pointer: &str) -> Option<Reserved> {
    let rest = pointer.strip_prefix('/')?;
    let parts: Vec<String> = rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let meets = |path: &[&str]| parts.iter().zip(path).all(|(part, key)| part == key);
    match parts.as_slice() {
        [""] => Some(Reserved::Identity),
        ["metadata", map, key, ..] if MARKED.contains(map) => is_mark(key).then_some(Reserved::Mark),
        ["metadata", map] if MARKED.contains(map) => Some(Reserved::Mark),
        _ => FIELDS.iter().find(|(_, path)| meets(path)).map(|(why, _)| *why),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_meets_what_it_leads_to_and_what_lies_around_it() {
        for reserved in [
            "/",
            "/kind",
            "/metadata",
            "/metadata/labels",
            "/metadata/name",
            "/metadata/uid",
            "/metadata/finalizers/0",
            "/metadata/ownerReferences/0/uid",
            "/metadata/annotations/portfolio.dev~1owner",
            "/status/replicas",
        ] {
            assert!(super::reserved(reserved).is_some(), "{reserved}");
        }
        for free in [
            "",
            "kind",
            "/spec",
            "/spec/replicas",
            "/metadata/labels/team",
            "/metadata/labels/portfolio.devil",
            "/data",
        ] {
            assert!(reserved(free).is_none(), "{free}");
        }
    }

    #[test]
    fn a_mark_may_neither_go_nor_come_nor_change() {
        let object = |marks: Value| json!({"metadata": {"annotations": marks}});
        let marked = object(json!({"portfolio.dev/a": "1", "team": "web"}));
        for (other, changed) in [
            (object(json!({"portfolio.dev/a": "1"})), None),
            (object(json!({"team": "web"})), Some("portfolio.dev/a")),
            (object(json!({"portfolio.dev/a": "2"})), Some("portfolio.dev/a")),
            (object(json!({"portfolio.dev/a": "1", "portfolio.dev/b": "1"})), Some("portfolio.dev/b")),
            (json!({}), Some("portfolio.dev/a")),
        ] {
            let expected = changed.map(|key| (Reserved::Mark, key.to_owned()));
            assert_eq!(reserved_change(&marked, &other), expected, "{other}");
        }
    }
}
