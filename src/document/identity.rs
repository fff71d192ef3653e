//! Which YAML documents are ours, and which document each is.
//!
//! Ours is every version of our group, each of our kinds under whatever apiVersion, and what is so near to
//! both that it must be a typo. Everything else in a repository is left alone.

use super::decode::unknown_field;
use super::diagnostic::{all_of, did_you_mean, nearest, shown};
use super::node::{Index, Node, Places, Value};
use super::{API_GROUP, API_VERSION, Code, Diagnostic, DocumentId, DocumentKind, Span};

/// The namespace of a document that names none.
pub(in crate::document) const DEFAULT_NAMESPACE: &str = "default";

/// The fields of a document.
const FIELDS: [&str; 4] = ["apiVersion", "kind", "metadata", "spec"];

/// A document of ours, before anything else in it is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Identity {
    /// Its kind, or the one that was probably meant.
    pub kind: DocumentKind,
    /// Known as long as name and namespace can be read.
    pub id: Option<DocumentId>,
    /// Where its name is, or where it begins.
    pub place: Span,
    /// What is wrong with its head.
    pub problems: Vec<Diagnostic>,
}

/// The identity of a document of ours; none for those of others.
pub(in crate::document) fn identify(root: &Node) -> Option<Identity> {
    let api_version = text(root, "apiVersion");
    let written = text(root, "kind");
    let kinds = DocumentKind::ALL.map(DocumentKind::name);
    let exact = written.and_then(|kind| kinds.iter().position(|known| known.eq_ignore_ascii_case(kind)));
    let near = || {
        written.and_then(|kind| nearest(kind, kinds)).and_then(|kind| kinds.iter().position(|k| *k == kind))
    };
    let group = api_version.map(|version| version.split('/').next().unwrap_or_default());
    let kind = match (group, exact) {
        (_, Some(kind)) => Some(kind),
        (Some(group), None) if group.eq_ignore_ascii_case(API_GROUP) => near(),
        (Some(group), None) if nearest(group, [API_GROUP]).is_some() => Some(near()?),
        (None, None) if written.is_some() => Some(near()?),
        (_, None) => return None,
    };
    let kind = kind.and_then(|at| DocumentKind::ALL.get(at).copied());
    let start = root.entries().first().map_or(root.span, |entry| entry.key.span);
    let index = Index::default();
    let places = Places::new(root, start, &index);
    let problems = problems(root, api_version, written, &places);
    // A kind that resembles none of ours still needs some kind to go on with; it is in error anyway.
    let known = kind.unwrap_or(DocumentKind::PortfolioApp);
    let metadata = root.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name")).and_then(Node::text);
    let namespace = match metadata.and_then(|metadata| metadata.get("namespace")) {
        None => Some(DEFAULT_NAMESPACE),
        Some(namespace) => namespace.text(),
    };
    let id = match (kind, name, namespace) {
        (Some(kind), Some(name), Some(namespace)) if !name.is_empty() && !namespace.is_empty() => {
            Some(DocumentId { kind, namespace: namespace.to_owned(), name: name.to_owned() })
        }
        _ => None,
    };
    Some(Identity { kind: known, id, place: places.of(&["metadata", "name"]), problems })
}

/// Documents of ours that are not read, because they are the items of a list: a sequence, or what `kubectl get` prints.
pub(in crate::document) fn wrapped(root: &Node) -> Option<Identity> {
    let list = root.get("items").unwrap_or(root);
    let Value::Seq(items) = &list.value else { return None };
    let item = items.iter().find(|item| item.get("apiVersion").is_some() && identify(item).is_some())?;
    let place = item.entries().first().map_or(item.span, |entry| entry.key.span);
    let problem = Diagnostic::error(
        Code::WrongType,
        place,
        "a document is an item of a list, and as such it is not read",
    )
    .help("write each document by itself, after a line `---`");
    Some(Identity { kind: DocumentKind::PortfolioApp, id: None, place, problems: vec![problem] })
}

/// The text of a field, also under a name that differs only in case: it is an error, but tells whose it is.
fn text<'n>(root: &'n Node, key: &str) -> Option<&'n str> {
    let entries = root.entries();
    let entry = entries.iter().find(|entry| entry.key.text == key);
    entry
        .or_else(|| entries.iter().take(10).find(|entry| entry.key.text.eq_ignore_ascii_case(key)))
        .and_then(|entry| entry.value.text())
}

fn problems(
    root: &Node,
    api_version: Option<&str>,
    kind: Option<&str>,
    places: &Places<'_>,
) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let missing = |field: &str, help: String| {
        let (code, message) = match root.get(field) {
            None => (Code::MissingField, format!("the document needs the field `{field}`")),
            Some(value) if value.is_null() => {
                (Code::NullValue, format!("`{field}` is empty (null), but must be a text"))
            }
            Some(value) => (Code::WrongType, format!("`{field}` must be a text, not {}", value.kind())),
        };
        Diagnostic::error(code, places.of(&[field]), message).help(help)
    };
    match api_version {
        Some(API_VERSION) => {}
        Some(version) => {
            let message = format!("unknown apiVersion `{}`", shown(version));
            problems.push(
                Diagnostic::error(Code::UnknownApiVersion, places.of(&["apiVersion"]), message)
                    .help(format!("write `apiVersion: {API_VERSION}`")),
            );
        }
        None => problems.push(missing("apiVersion", format!("write `apiVersion: {API_VERSION}`"))),
    }
    let kinds = DocumentKind::ALL.map(DocumentKind::name);
    match kind {
        Some(kind) if kinds.contains(&kind) => {}
        Some(kind) => {
            let help =
                did_you_mean(kind, kinds).unwrap_or_else(|| format!("the kinds are {}", all_of(kinds)));
            let message = format!("unknown kind `{}`", shown(kind));
            problems.push(Diagnostic::error(Code::UnknownKind, places.of(&["kind"]), message).help(help));
        }
        None => problems.push(missing("kind", format!("write `kind: {}`", DocumentKind::PortfolioApp))),
    }
    let unknown = root.entries().iter().filter(|entry| !FIELDS.contains(&entry.key.text.as_str()));
    // A few are enough to see that it is another kind of document altogether.
    for entry in unknown.take(20) {
        problems.push(unknown_field("Document", &entry.key.text, &FIELDS, entry.key.span));
    }
    for field in ["metadata", "spec"] {
        if root.entry(field).is_none() {
            problems.push(missing(field, format!("write `{field}:` with its fields below")));
        }
    }
    problems
}
