//! Environments: `spec.environments.<name>` is merged onto `spec` by RFC 7396 before anything is decoded.
//!
//! What comes from an overlay keeps its place in the overlay, so that a diagnostic points there.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::decode::decode;
use super::diagnostic::shown;
use super::node::{Entry, Node, Value};
use super::{Code, Diagnostic, Span};

/// The field of `spec` that holds the overlays.
const ENVIRONMENTS: &str = "environments";
/// The field of an overlay that says whether the document is there at all.
const ENABLED: &str = "enabled";

/// The most overlays of a document: each is merged and checked whenever the document is.
const MOST_ENVIRONMENTS: usize = 32;

/// A `spec` as some environment sees it.
pub(in crate::document) struct Variant<'n> {
    pub spec: Cow<'n, Node>,
    /// Not `enabled: false`.
    pub enabled: bool,
}

/// The variants of a `spec`.
pub(in crate::document) struct Variants<'n> {
    base: Cow<'n, Node>,
    /// First the one for the daemon's environment, then each other overlay, which is there to be checked only.
    overlays: Vec<Option<&'n Entry>>,
}

impl<'n> Variants<'n> {
    /// Takes the overlays out of a `spec`, and selects the one for `environment`.
    pub(in crate::document) fn new(
        spec: &'n Node,
        environment: Option<&str>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Self {
        let Some(entry) = spec.entry(ENVIRONMENTS) else {
            return Self { base: Cow::Borrowed(spec), overlays: vec![None] };
        };
        let overlays = overlays(entry, diagnostics);
        let selected = overlays.iter().find(|overlay| Some(overlay.key.text.as_str()) == environment);
        let others = overlays.iter().filter(|overlay| Some(overlay.key.text.as_str()) != environment);
        Self {
            base: Cow::Owned(without(spec, ENVIRONMENTS)),
            overlays: std::iter::once(selected.copied())
                .chain(others.map(|overlay| Some(*overlay)))
                .collect(),
        }
    }

    pub(in crate::document) fn len(&self) -> usize {
        self.overlays.len()
    }

    /// The variant of this number; the first is the daemon's.
    pub(in crate::document) fn variant(
        &self,
        number: usize,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Variant<'_> {
        let Some(Entry { value: overlay, .. }) = self.overlays.get(number).copied().flatten() else {
            return Variant { spec: Cow::Borrowed(&self.base), enabled: true };
        };
        let enabled = overlay
            .entry(ENABLED)
            .and_then(|entry| decode(&entry.value, ENABLED, entry.place(), diagnostics));
        let spec = merge(&self.base, &without(overlay, ENABLED));
        Variant { spec: Cow::Owned(spec), enabled: enabled.unwrap_or(true) }
    }

    /// What was found in a variant, with the environment that it is so in. `said` is what is known already, of all
    /// environments together.
    pub(in crate::document) fn told(
        &self,
        number: usize,
        found: Vec<Diagnostic>,
        said: &HashSet<Diagnostic>,
    ) -> Vec<Diagnostic> {
        let Some(overlay) = self.overlays.get(number).copied().flatten() else { return found };
        let told = |diagnostic: Diagnostic| {
            if said.contains(&diagnostic) { diagnostic } else { of_overlay(overlay, number == 0, diagnostic) }
        };
        found.into_iter().map(told).collect()
    }
}

/// A diagnostic of a variant, seen from its overlay. Of the daemon's own environment nothing tells whether what is wrong
/// in the base is so because of the overlay.
fn of_overlay(overlay: &Entry, is_own: bool, mut diagnostic: Diagnostic) -> Diagnostic {
    let named = |entry: &&Entry| diagnostic.message.contains(&format!("`{}`", entry.key.text));
    let taken_away = nulls(&overlay.value).into_iter().find(named);
    let inside = |span: Span| {
        let (from, to) = extent(overlay);
        (from.line, from.column) <= (span.line, span.column)
            && (span.line, span.column) <= (to.line, to.column)
    };
    match taken_away {
        Some(entry) if diagnostic.code == Code::MissingField => {
            diagnostic.span = entry.place();
            "the overlay takes it away".clone_into(&mut diagnostic.label);
        }
        _ if inside(diagnostic.span) => {}
        _ if is_own => return diagnostic,
        _ => diagnostic = diagnostic.label(overlay.key.span, "with this overlay"),
    }
    diagnostic.message.push_str(&format!(" (environment `{}`)", shown(&overlay.key.text)));
    diagnostic
}

/// What an overlay takes away.
fn nulls(node: &Node) -> Vec<&Entry> {
    let mut found = Vec::new();
    for entry in node.entries() {
        if entry.value.is_null() {
            found.push(entry);
        }
        found.extend(nulls(&entry.value));
    }
    found
}

/// The first and the last place of an overlay.
fn extent(overlay: &Entry) -> (Span, Span) {
    fn last(node: &Node) -> Span {
        let inner = match &node.value {
            Value::Scalar { .. } => None,
            Value::Seq(items) => items.iter().map(last).max(),
            Value::Map(entries) => entries.iter().map(|entry| entry.key.span.max(last(&entry.value))).max(),
        };
        inner.map_or(node.span, |inner| inner.max(node.span))
    }
    (overlay.key.span, last(&overlay.value).max(overlay.key.span))
}

/// The overlays that are maps; the others are reported.
fn overlays<'n>(entry: &'n Entry, diagnostics: &mut Vec<Diagnostic>) -> Vec<&'n Entry> {
    let mut report = |span, message: String, help: &str| {
        diagnostics.push(Diagnostic::error(Code::InvalidEnvironment, span, message).help(help));
    };
    let Value::Map(overlays) = &entry.value.value else {
        let message = format!("`environments` must be a map of overlays by name, not {}", entry.value.kind());
        report(entry.place(), message, "write `environments: {prod: {replicas: 5}}`");
        return Vec::new();
    };
    if overlays.len() > MOST_ENVIRONMENTS {
        let message =
            format!("{} environments are more than the {MOST_ENVIRONMENTS} possible", overlays.len());
        report(entry.key.span, message, "divide the document");
        return Vec::new();
    }
    let mut maps = Vec::new();
    for overlay in overlays {
        if overlay.key.text.trim().is_empty() {
            report(overlay.key.span, "an environment needs a name".to_owned(), "write `prod: {replicas: 5}`");
        } else if let Value::Map(_) = overlay.value.value {
            maps.push(overlay);
        } else {
            let (name, kind) = (shown(&overlay.key.text), overlay.value.kind());
            let message = format!("the overlay `{name}` must be a map, not {kind}");
            report(overlay.key.span, message, "write `{}` for an environment that changes nothing");
        }
    }
    maps
}

fn without(node: &Node, key: &str) -> Node {
    let entries = node.entries().iter().filter(|entry| entry.key.text != key).cloned().collect();
    Node { value: Value::Map(entries), span: node.span }
}

/// RFC 7396: maps are merged, null removes, anything else replaces.
pub(in crate::document) fn merge(base: &Node, overlay: &Node) -> Node {
    let Value::Map(changes) = &overlay.value else { return overlay.clone() };
    let mut merged = base.entries().to_vec();
    let places: HashMap<&str, usize> =
        base.entries().iter().enumerate().map(|(at, entry)| (entry.key.text.as_str(), at)).collect();
    let mut kept = vec![true; merged.len()];
    for change in changes {
        let place = places.get(change.key.text.as_str()).copied();
        match place.and_then(|at| merged.get_mut(at).zip(kept.get_mut(at))) {
            Some((_, kept)) if change.value.is_null() => *kept = false,
            Some((entry, _)) => {
                *entry = Entry { key: change.key.clone(), value: merge(&entry.value, &change.value) };
            }
            None if change.value.is_null() => {}
            None => {
                let nothing = Node { value: Value::Map(Vec::new()), span: change.value.span };
                merged.push(Entry { key: change.key.clone(), value: merge(&nothing, &change.value) });
            }
        }
    }
    // What was added stands behind what is known to be kept or not.
    let mut kept = kept.into_iter();
    merged.retain(|_| kept.next().unwrap_or(true));
    // A block has no place of its own that says more than the overlay's.
    Node { value: Value::Map(merged), span: overlay.span }
}
