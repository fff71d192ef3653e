//! Kinds: which object a written one is, and whether an app may have it at all.

use super::foreign;
use super::types::{Kind, structure};
use super::walk::{Mode, Spot, check_type, version};
use crate::document::diagnostic::{did_you_mean, one_of, shown};
use crate::document::node::{Entry, Node, Value};
use crate::document::{Code, Diagnostic, Span};

/// The kind that is built into Kubernetes, in any supported version, with its plural.
pub fn kind(api_version: &str, kind: &str) -> Option<&'static Kind> {
    structure().kind(api_version, kind)
}

/// Every kind that is built into a supported version.
pub(in crate::document) fn kinds() -> impl Iterator<Item = &'static Kind> {
    structure().kinds()
}

impl Kind {
    /// The name of its type, for [`check_value`](super::check_value): `None` of kinds that documents cannot have and
    /// of those that are not stable.
    pub fn type_name(&self) -> Option<&'static str> {
        Some(structure().get(self.of?).full_name())
    }
}

/// The type of the only stable kind of this name, which is all that the target of a patch says.
pub(in crate::document) fn type_of_kind(name: &str) -> Option<&'static str> {
    let mut named = structure().kinds().filter_map(|kind| kind.type_name().filter(|_| kind.name == name));
    named.next().filter(|_| named.next().is_none())
}

/// Checks an object that is written out in full. Of a kind of somebody else nothing is known offline.
pub(in crate::document) fn object(node: &Node, name: &str, place: Span, diagnostics: &mut Vec<Diagnostic>) {
    let spot = Spot { name, place, item: true };
    if !matches!(node.value, Value::Map(_)) {
        diagnostics.push(spot.no_map(node));
        return;
    }
    let (Some(api_version), Some(kind_name)) =
        (text(node, "apiVersion", spot, diagnostics), text(node, "kind", spot, diagnostics))
    else {
        return;
    };
    let at = |key: &str| node.entry(key).map_or(place, Entry::place);
    let Some(kind) = kind(api_version, kind_name) else {
        match unknown(api_version, kind_name, at("kind"), at("apiVersion")) {
            Some(problem) => diagnostics.push(problem),
            None => foreign::check(node, spot, true, diagnostics),
        }
        return;
    };
    if !kind.namespaced {
        let message = format!("a {kind_name} belongs to no namespace");
        diagnostics.push(
            Diagnostic::error(Code::KubernetesKind, at("kind"), message)
                .help("the objects of an app are in its namespace; apply this one by other means"),
        );
        return;
    }
    let what = format!("the kind {kind_name} of `{api_version}`");
    diagnostics.extend(version(structure().oldest, kind.range, &what, at("kind"), "leave the object out"));
    match kind.of {
        Some(id) => check_type(id, node, spot, Mode::Whole, diagnostics),
        None => diagnostics.push(
            Diagnostic::warning(
                Code::KubernetesVersion,
                at("apiVersion"),
                format!("`{api_version}` is not stable"),
            )
            .help("a cluster serves it only if it is told to, and a later version may not have it"),
        ),
    }
}

/// A text that every object has.
fn text<'n>(node: &'n Node, key: &str, spot: Spot<'_>, diagnostics: &mut Vec<Diagnostic>) -> Option<&'n str> {
    let Some(entry) = node.entry(key) else {
        let example = if key == "kind" { "ConfigMap" } else { "v1" };
        diagnostics.push(
            spot.error(Code::KubernetesMissing, format!("needs the field `{key}`"))
                .help(format!("write it, such as `{key}: {example}`")),
        );
        return None;
    };
    let text = entry.value.text();
    if text.is_none() {
        let message = format!("`{key}` must be a text, not {}", entry.value.kind());
        diagnostics.push(Diagnostic::error(Code::KubernetesType, entry.place(), message));
    }
    text
}

/// What is wrong with a kind that is not built in; nothing if it is somebody else's.
fn unknown(api_version: &str, kind: &str, at_kind: Span, at_version: Span) -> Option<Diagnostic> {
    let kinds = || structure().kinds();
    let shown_kind = shown(kind);
    if let Some(item) = kind.strip_suffix("List")
        && (item.is_empty() || kinds().any(|kind| kind.name == item))
    {
        let message = format!("a {shown_kind} is a list of objects, not one");
        return Some(
            Diagnostic::error(Code::KubernetesKind, at_kind, message)
                .help("write each of its items as an object of its own"),
        );
    }
    let (group, _) = api_version.split_once('/').unwrap_or(("", api_version));
    let ours = |other: &Kind| other.api_version.split_once('/').map_or("", |(group, _)| group) == group;
    // Groups of others are domains.
    if group.contains('.') && !kinds().any(ours) {
        return None;
    }
    let mut versions: Vec<&str> =
        kinds().filter(|other| other.name == kind).map(|kind| kind.api_version.as_str()).collect();
    versions.sort_unstable();
    let stable: Vec<&str> = versions
        .iter()
        .copied()
        .filter(|version| !version.contains("alpha") && !version.contains("beta"))
        .collect();
    if !versions.is_empty() {
        let best = if stable.is_empty() { versions } else { stable };
        let choice: Vec<String> = best.iter().map(|version| format!("apiVersion: {version}")).collect();
        let message = format!("`{}` has no kind {shown_kind}", shown(api_version));
        return Some(
            Diagnostic::error(Code::KubernetesKind, at_version, message)
                .help(format!("write {}", one_of(choice.iter().map(String::as_str)))),
        );
    }
    let mut names: Vec<&str> =
        kinds().filter(|kind| kind.namespaced).map(|kind| kind.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let help = did_you_mean(kind, names).unwrap_or_else(|| {
        "a kind of somebody else has the group of its own, such as `example.com/v1`".to_owned()
    });
    let message = format!("Kubernetes has no kind {shown_kind} of `{}`", shown(api_version));
    Some(Diagnostic::error(Code::KubernetesKind, at_kind, message).help(help))
}
