//! A draft as the real reader and the real renderer take it: only what they give back counts.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_yaml::Value;

use super::app::Draft;
use super::report::{Fate, Finding};
use super::write::{Remark, Written, write};
use super::yaml::{self, Node};
use crate::document::{
    AllowedKind, AppSpec, Cache, Code, Diagnostic, Document, Entry, Json, Loaded, Options, Policy, Span,
    Tree, load,
};
use crate::object::{Object, Owner};
use crate::render::{RendererVersion, judge, render};

/// Attempts after which a draft is given up. Each takes away what the one before was refused for.
const MOST_ATTEMPTS: usize = 64;

/// A document that is valid, and its objects.
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) objects: Vec<Object>,
}

/// Renders a draft. What the reader refuses is taken out of it, and told; an error is told when nothing is left.
pub(super) fn rendered(draft: &mut Draft, remarks: &mut Vec<Remark>) -> Result<Rendered, Box<Diagnostic>> {
    let mut last = None;
    for _ in 0..MOST_ATTEMPTS {
        let text = text(draft, remarks);
        let mut loaded = read(&[("document.yaml", &text)], everything(&draft.spec));
        if let Some((_, found)) = loaded.documents.pop_first() {
            let Document::App(app) = found.document else { break };
            // Were it not so, the comparison with the input would tell.
            debug_assert_eq!(app.spec, draft.spec, "what was written is read back: {text}");
            return Ok(Rendered { text, objects: render(&app, &owner(), RendererVersion::CURRENT) });
        }
        let Some(refusal) = loaded.diagnostics.into_iter().find(Diagnostic::is_error) else { break };
        let path = place(&text, &refusal);
        if !take_out(draft, remarks, &path, &refusal) {
            return Err(Box::new(refusal));
        }
        last = Some(refusal);
    }
    let nothing = Diagnostic::error(Code::Unreadable, Span::START, "it cannot be read");
    Err(Box::new(last.unwrap_or(nothing)))
}

/// Fields that may say no more than portfolio has by itself.
const PERHAPS_DEFAULT: [&str; 10] = [
    "/resources",
    "/network",
    "/network/from",
    "/network/to",
    "/probes",
    "/rollout",
    "/security",
    "/disruption",
    "/placement",
    "/service",
];

/// Takes out of a draft what makes no difference.
pub(super) fn shorten(draft: &mut Draft) {
    let Some(before) = objects(draft) else { return };
    for pointer in PERHAPS_DEFAULT {
        let Ok(mut spec) = serde_json::to_value(&draft.spec) else { return };
        let (parent, field) = pointer.rsplit_once('/').unwrap_or_default();
        let removed = spec.pointer_mut(parent).and_then(|parent| parent.as_object_mut()?.remove(field));
        let Some(spec) = removed.and_then(|_| serde_json::from_value::<AppSpec>(spec).ok()) else { continue };
        let longer = std::mem::replace(&mut draft.spec, spec);
        if objects(draft).as_ref() != Some(&before) {
            draft.spec = longer;
        }
    }
}

/// The objects of a draft as it is.
fn objects(draft: &Draft) -> Option<Vec<Object>> {
    let mut loaded = read(&[("document.yaml", &text(draft, &[]))], everything(&draft.spec));
    let (_, found) = loaded.documents.pop_first()?;
    match found.document {
        Document::App(app) => Some(render(&app, &owner(), RendererVersion::CURRENT)),
        Document::Migration(_) => None,
    }
}

/// Whose the objects are makes no difference here.
fn owner() -> Owner {
    Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() }
}

/// The text of a draft.
pub(super) fn text(draft: &Draft, remarks: &[Remark]) -> String {
    write(&Written {
        id: &draft.id,
        labels: serde_json::json!(draft.labels),
        annotations: serde_json::json!(draft.annotations),
        spec: &draft.spec,
        remarks,
    })
}

/// What the daemon's configuration must allow for a draft: kinds of its `objects`.
pub(super) fn kinds(spec: &AppSpec) -> BTreeSet<AllowedKind> {
    let of = |object: &Json| {
        let text = |key: &str| object.0.get(key).and_then(serde_json::Value::as_str);
        Some(AllowedKind::of(text("apiVersion")?, text("kind")?))
    };
    spec.objects.iter().filter_map(of).collect()
}

/// A policy that allows whatever a draft asks for: what that is, is told.
fn everything(spec: &AppSpec) -> Policy {
    Policy { kinds: kinds(spec), privileged: true, ..Policy::default() }
}

/// Whether the daemon's configuration must allow privileged pods for a document.
pub(super) fn is_privileged(text: &str, spec: &AppSpec) -> bool {
    let policy = Policy { kinds: kinds(spec), ..Policy::default() };
    let loaded = read(&[("document.yaml", text)], policy);
    loaded.diagnostics.iter().any(|diagnostic| diagnostic.code == Code::PrivilegedRefused)
}

/// Documents as a daemon would read them that allows this much, by file.
pub(super) fn read(files: &[(&str, &str)], policy: Policy) -> Loaded {
    let entries = files.iter().enumerate().map(|(number, (name, text))| {
        let bytes: Arc<[u8]> = text.as_bytes().into();
        ((*name).to_owned(), Entry::File { id: number.to_string(), bytes })
    });
    let options = Options { policy, ..Options::new(judge) };
    load(&Tree { entries: entries.collect() }, &options, &mut Cache::default())
}

/// The path in a document that a diagnostic points to.
fn place(text: &str, diagnostic: &Diagnostic) -> Vec<String> {
    let Ok(documents) = yaml::read(text.as_bytes()) else { return Vec::new() };
    let mut path = Vec::new();
    let Some(mut node) = documents.first() else { return path };
    let target = (diagnostic.span.line, diagnostic.span.column);
    let start = |node: &Node| (node.span.line, node.span.column);
    loop {
        let mut entries =
            node.entries().iter().filter(|entry| (entry.span.line, entry.span.column) <= target);
        let mut items = node.items().iter().enumerate().filter(|(_, item)| start(item) <= target);
        let (step, next) = match (entries.next_back(), items.next_back()) {
            (Some(entry), _) => (entry.key.clone(), &entry.value),
            (None, Some((number, item))) => (number.to_string(), item),
            (None, None) => return path,
        };
        path.push(step);
        node = next;
    }
}

/// Takes out of a draft what is at a path, or the smallest part around it that can go.
fn take_out(draft: &mut Draft, remarks: &mut Vec<Remark>, path: &[String], refusal: &Diagnostic) -> bool {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    let object = draft.id.to_string();
    // What no comparison would miss is told here or never.
    let is_missed = draft.compared && !matches!(parts.as_slice(), ["spec", "patches" | "objects", ..]);
    let fate = if is_missed { Fate::Note } else { Fate::Unfit };
    let say = |message: String| Finding::new(fate, object.clone(), message).path(parts.join("."));
    let said = |what: &str| {
        let how = if is_missed { "is not said by a field" } else { "is left out" };
        format!("{what} {how}, as the document would not be valid: {}", refusal.message)
    };
    match parts.as_slice() {
        ["metadata", field @ ("labels" | "annotations"), key, ..] => {
            let map = if *field == "labels" { &mut draft.labels } else { &mut draft.annotations };
            draft.findings.push(say(said("it")));
            map.remove(*key).is_some()
        }
        ["spec", "patches", number, ..] => {
            let Ok(number) = number.parse::<usize>() else { return false };
            if number >= draft.spec.patches.len() {
                return false;
            }
            let patch = draft.spec.patches.remove(number);
            remarks.retain(|remark| remark.field != "patches" || remark.item != Some(number));
            for remark in remarks.iter_mut().filter(|remark| remark.field == "patches") {
                remark.item = remark.item.map(|item| if item > number { item - 1 } else { item });
            }
            draft.findings.push(say(said(&format!("a patch of {}", patch.target))));
            true
        }
        ["spec", field, rest @ ..] if *field != "image" => {
            let Ok(mut spec) = serde_yaml::to_value(&draft.spec) else { return false };
            let Some(map) = spec.as_mapping_mut() else { return false };
            let key = match (map.get_mut(*field), rest) {
                (Some(Value::Mapping(inner)), [key, ..]) if IN_PARTS.contains(field) => {
                    inner.remove(*key).is_some()
                }
                (Some(Value::Sequence(items)), [number, ..]) => match number.parse::<usize>() {
                    Ok(number) if number < items.len() => {
                        items.remove(number);
                        true
                    }
                    Ok(_) | Err(_) => false,
                },
                _ => false,
            };
            let gone = key || map.remove(*field).is_some();
            match serde_yaml::from_value::<AppSpec>(spec) {
                Ok(spec) if gone => {
                    draft.spec = spec;
                    draft.findings.push(say(said("it")));
                    true
                }
                Ok(_) | Err(_) => false,
            }
        }
        _ => false,
    }
}

/// Fields whose entries stand for themselves.
const IN_PARTS: [&str; 12] = [
    "ports",
    "env",
    "secrets",
    "secretFiles",
    "config",
    "storage",
    "scratch",
    "jobs",
    "podLabels",
    "podAnnotations",
    "rollout",
    "security",
];
