//! [`Managers`]: whose additions to our objects are drift, and what is left alone all the same.
//!
//! Server-side apply leaves a field of another manager where it is. For people's tools that would mean that
//! `kubectl set env` adds to git's word forever; controllers and injectors, on the other hand, must keep what
//! they add. The list tells the two apart.

use std::borrow::Cow;

use serde_json::Value;

use super::fields::{Entry, Step};

/// The field managers of people's tools; `*` at the end stands for anything.
pub const PEOPLE: [&str; 12] = [
    "kubectl*",
    "k9s",
    "lens",
    "Lens",
    "OpenLens",
    "freelens",
    "Headlamp",
    "headlamp",
    "Helm",
    "helm",
    "oc",
    "before-first-apply",
];

/// Where `kubectl rollout restart` writes; it is an order to the controller, not a change of the app.
const RESTARTED_AT: [&str; 5] =
    ["spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt"];

/// Whose fields count as drift, and which fields never do. One value serves all objects, but where a document
/// has a `drift.ignore` of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Managers {
    people: Vec<String>,
    ignore: Vec<Vec<String>>,
}

impl Default for Managers {
    fn default() -> Self {
        Self::new(PEOPLE)
    }
}

impl Managers {
    /// These managers are people's tools.
    pub fn new<S: Into<String>>(people: impl IntoIterator<Item = S>) -> Self {
        Self { people: people.into_iter().map(Into::into).collect(), ignore: Vec::new() }
    }

    /// The same, leaving alone whatever lies at or below these JSON pointers (RFC 6901). An item of a list is
    /// named by `<key>=<value>` or by `*`: `/spec/template/spec/containers/name=app/image`. Its place would not
    /// do: it changes whenever an injector adds a container.
    #[must_use]
    pub fn ignoring<S: AsRef<str>>(mut self, pointers: impl IntoIterator<Item = S>) -> Self {
        self.ignore.extend(pointers.into_iter().map(|pointer| segments(pointer.as_ref())));
        self
    }

    /// [`Self::ignoring`], for an object of which this is ignored.
    pub fn sparing(&self, pointers: &[String]) -> Cow<'_, Self> {
        if pointers.is_empty() { Cow::Borrowed(self) } else { Cow::Owned(self.clone().ignoring(pointers)) }
    }

    /// Whether a manager is a person's tool.
    pub fn is_person(&self, manager: &str) -> bool {
        self.people.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(start) => manager.starts_with(start),
            None => manager == pattern,
        })
    }

    /// Whether the fields of an entry are a person's. A status is the controllers' business.
    pub(super) fn covers(&self, entry: &Entry<'_>) -> bool {
        entry.subresource != "status" && self.is_person(entry.manager)
    }

    /// Whether what lies at this path is ignored in this object, whoever owns it.
    pub(super) fn ignores(&self, path: &[Step<'_>]) -> bool {
        self.ignore.iter().any(|pointer| matches(pointer, path))
    }

    /// Whether a person may own what lies at this path.
    pub(super) fn spares(&self, path: &[Step<'_>]) -> bool {
        is_restarted_at(path) || self.ignores(path)
    }
}

fn is_restarted_at(path: &[Step<'_>]) -> bool {
    path.len() == RESTARTED_AT.len()
        && path.iter().zip(RESTARTED_AT).all(|(step, name)| *step == Step::Field(name))
}

fn segments(pointer: &str) -> Vec<String> {
    let unescape = |segment: &str| segment.replace("~1", "/").replace("~0", "~");
    pointer.trim_start_matches('/').split('/').map(unescape).collect()
}

fn matches(pointer: &[String], path: &[Step<'_>]) -> bool {
    pointer.len() == path.len() && pointer.iter().zip(path).all(|(segment, step)| matches_step(segment, step))
}

fn matches_step(segment: &str, step: &Step<'_>) -> bool {
    if segment == "*" {
        return true;
    }
    match step {
        Step::This => false,
        Step::Field(name) => segment == *name,
        Step::Index(index) => segment == index.to_string(),
        Step::Item(item) => item.as_str().is_some_and(|item| item == segment),
        Step::Key(keys) => segment.split_once('=').is_some_and(|(key, value)| {
            keys.get(key).is_some_and(|found| match found.as_str() {
                Some(text) => text == value,
                None => serde_json::from_str(value).is_ok_and(|value: Value| *found == value),
            })
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_list_knows_people_from_controllers() {
        let managers = Managers::default();
        for person in ["kubectl", "kubectl-client-side-apply", "kubectl-edit", "k9s", "before-first-apply"] {
            assert!(managers.is_person(person), "{person}");
        }
        for controller in ["kube-controller-manager", "istio-sidecar-injector", "portfolio-reconciler"] {
            assert!(!managers.is_person(controller), "{controller}");
        }
    }

    #[test]
    fn an_ignored_path_names_list_items_by_key() {
        let managers = Managers::default().ignoring([
            "/spec/replicas",
            "/spec/template/spec/containers/name=app/image",
            "/metadata/annotations/a.example.com~1b",
        ]);
        let container =
            |name: &str| Step::Key(serde_json::json!({"name": name}).as_object().unwrap().clone());
        let image = |name: &str| {
            let mut path: Vec<_> = ["spec", "template", "spec", "containers"].map(Step::Field).to_vec();
            path.extend([container(name), Step::Field("image")]);
            path
        };
        assert!(managers.ignores(&["spec", "replicas"].map(Step::Field)));
        assert!(managers.ignores(&image("app")));
        assert!(!managers.ignores(&image("other")));
        assert!(managers.ignores(&["metadata", "annotations", "a.example.com/b"].map(Step::Field)));
        assert!(!managers.ignores(&["spec"].map(Step::Field)));
    }
}
