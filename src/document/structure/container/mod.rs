//! [`container`]: what the API server refuses in a container beyond its structure, and what a kubelet could not run.
//!
//! Source: k8s.io/kubernetes `pkg/apis/core/validation`. `tests/fixtures/containers.yaml` has a container for each
//! rule; a test shows all of them to a real API server.

mod environment;
mod mounts;
mod ports;
mod probes;
mod resources;
mod security;

use std::collections::{BTreeSet, HashMap};

use super::types::structure;
use super::walk::{MOST_PROBLEMS, Mode, Spot, check_type};
use crate::document::diagnostic::{keep_most, quoted, shown};
use crate::document::node::{Entry, Node, Value};
use crate::document::validate::{image, is_dns_label, suggest_label};
use crate::document::{Code, Diagnostic, Span};

/// The type of a container.
const CONTAINER: &str = "core.v1.Container";

/// Which list of the pod a container is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::document) enum Role {
    /// Beside the app's own.
    Sidecar,
    /// Before it; one with `restartPolicy: Always` goes on beside it.
    Init,
}

/// The pod that containers are for, as far as it is known.
pub(in crate::document) struct Pod {
    /// Names that are taken, with the places of those that were written.
    names: HashMap<String, Option<Span>>,
    volumes: BTreeSet<String>,
}

impl Pod {
    /// A pod with the names of the containers that it has already and of all its volumes.
    pub(in crate::document) fn new(
        containers: impl IntoIterator<Item = String>,
        volumes: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            names: containers.into_iter().map(|name| (name, None)).collect(),
            volumes: volumes.into_iter().collect(),
        }
    }
}

/// Checks a container that is written out, its structure included, and adds it to the pod. `list` is the field that
/// it is an item of.
pub(in crate::document) fn container(
    node: &Node,
    role: Role,
    list: &str,
    pod: &mut Pod,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let place = node.entry("name").map_or(node.span, Entry::place);
    if let Some(id) = structure().type_id(CONTAINER) {
        check_type(id, node, Spot { name: list, place, item: true }, Mode::Whole, diagnostics);
    }
    if !matches!(node.value, Value::Map(_)) {
        return;
    }
    let before = diagnostics.len();
    let mut rules = Rules { node, role, place, diagnostics };
    rules.name(pod);
    rules.image();
    rules.restarts();
    rules.ports();
    rules.environment();
    rules.mounts(&pod.volumes);
    rules.probes();
    rules.resources();
    rules.security();
    keep_most(diagnostics, before, MOST_PROBLEMS);
}

/// A container under examination. Each file of this module adds its own rules. What has another type than it should
/// is reported already, and as if it were not there.
struct Rules<'a> {
    node: &'a Node,
    role: Role,
    /// Where to point for what is missing.
    place: Span,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Rules<'_> {
    fn error(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    fn name(&mut self, pod: &mut Pod) {
        let Some((entry, name)) = text(self.node, "name") else { return };
        let place = entry.place();
        if !is_dns_label(name) {
            let mut help = "at most 63 lower-case letters, digits and `-`".to_owned();
            if let Some(name) = suggest_label(name) {
                help = format!("{help}: `{name}`");
            }
            let message = format!("{} cannot be the name of a container", quoted(name));
            self.error(Code::KubernetesValue, place, message, help);
        }
        let Some(first) = pod.names.insert(name.to_owned(), Some(place)) else { return };
        let message = format!("two containers of the pod are called `{}`", shown(name));
        let mut problem = Diagnostic::error(Code::KubernetesDuplicate, place, message);
        problem = match first {
            Some(first) => problem.label(first, "the first of them").help("give one of them another name"),
            None => problem.help(format!("`{}` is there already; choose another name", shown(name))),
        };
        self.diagnostics.push(problem);
    }

    /// The structure takes a container without one: templates of workloads may have it filled in later.
    fn image(&mut self) {
        match (self.node.entry("image"), text(self.node, "image")) {
            (_, Some((entry, reference))) => image(reference, entry.place(), self.diagnostics),
            (Some(_), None) => {}
            (None, None) => self.error(
                Code::KubernetesMissing,
                self.place,
                "a container needs the field `image`",
                "write it, such as `image: registry.example.com/proxy:1.0.0`",
            ),
        }
    }

    /// Whether it goes on beside the app rather than running to its end before it.
    fn goes_on(&self) -> bool {
        self.role == Role::Sidecar
            || text(self.node, "restartPolicy").is_some_and(|(_, policy)| policy == "Always")
    }

    /// Newer versions take more than this, as an alpha or beta feature of 1.34 and later.
    fn restarts(&mut self) {
        let Some((entry, policy)) = text(self.node, "restartPolicy") else { return };
        let place = entry.place();
        match self.role {
            Role::Sidecar => self.error(
                Code::KubernetesValue,
                place,
                "a container beside the app has no `restartPolicy` of its own",
                "leave it out; one that starts before the app belongs into `initContainers`, with `restartPolicy: Always`",
            ),
            Role::Init if policy == "Always" => {}
            Role::Init => self.error(
                Code::KubernetesValue,
                place,
                format!("`restartPolicy` of an init container cannot be `{}`", shown(policy)),
                "write `Always` for one that goes on beside the app, or leave it out",
            ),
        }
    }
}

/// A text by its key, with its entry.
fn text<'n>(node: &'n Node, key: &str) -> Option<(&'n Entry, &'n str)> {
    let entry = node.entry(key)?;
    Some((entry, entry.value.text()?))
}

/// A whole number by its key, with its entry.
fn number<'n>(node: &'n Node, key: &str) -> Option<(&'n Entry, i64)> {
    let (entry, text) = text(node, key)?;
    Some((entry, text.parse().ok()?))
}

/// The items of a list by its key.
fn items<'n>(node: &'n Node, key: &str) -> &'n [Node] {
    match node.get(key).map(|node| &node.value) {
        Some(Value::Seq(items)) => items,
        Some(Value::Scalar { .. } | Value::Map(_)) | None => &[],
    }
}

/// The entries of a map by its key.
fn entries<'n>(node: &'n Node, key: &str) -> &'n [Entry] {
    node.get(key).map(Node::entries).unwrap_or_default()
}

/// Those of the keys that are there and not null.
fn present<'n>(node: &'n Node, keys: &[&str]) -> Vec<&'n Entry> {
    let there = |key: &&str| node.entry(key).filter(|entry| !entry.value.is_null());
    keys.iter().filter_map(there).collect()
}
