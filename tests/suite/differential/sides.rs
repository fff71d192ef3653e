//! Both sides: what we say of a document, and the objects that the server is asked about.

use portfolio::document::{App, AppSpec, Cache, Code, Document, Entry, Options, Tree, Validated, load};
use portfolio::object::{Object, Owner};
use portfolio::render::{RendererVersion, judge, render};
use serde_json::{Value, json};

use super::edges::{Edge, replaced};

/// What we say of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ours {
    Accepted,
    /// By the first error.
    Refused(Code),
}

/// Reads the document as a daemon would.
pub fn ours(document: &Value) -> Result<Validated<App>, Code> {
    let text = serde_yaml::to_string(document).unwrap();
    let file = Entry::File { id: String::new(), bytes: text.into_bytes().into() };
    let tree = Tree { entries: [("edge.yaml".to_owned(), file)].into() };
    let mut options = Options::new(judge);
    options.policy.privileged = true;
    let loaded = load(&tree, &options, &mut Cache::default());
    if let Some(error) = loaded.diagnostics.iter().find(|diagnostic| diagnostic.is_error()) {
        return Err(error.code);
    }
    match loaded.documents.into_values().next().map(|loaded| loaded.document) {
        Some(Document::App(app)) => Ok(app),
        other => panic!("{other:?} of {document}"),
    }
}

/// What the server would be shown, had we accepted the value: rendered without the rules where it is of the right type,
/// else put into what a valid value is rendered to. Nothing where the server has no such form.
pub fn unjudged(edge: &Edge, value: &Value) -> Option<Vec<Object>> {
    if let Some(app) = unvalidated(&edge.with(value)) {
        return Some(rendered(&app));
    }
    let marker = edge.marker.as_ref()?;
    let valid = ours(&edge.with(marker))
        .unwrap_or_else(|code| panic!("{}: the marker is refused: {code:?}", edge.field));
    let objects = rendered(&valid)
        .into_iter()
        .map(|object| Object::new(object.reference.clone(), replaced(&object.content, marker, value)));
    Some(objects.collect())
}

/// As it would be on record had it been valid.
fn unvalidated(document: &Value) -> Option<Validated<App>> {
    let spec: AppSpec = serde_json::from_value(document["spec"].clone()).ok()?;
    let metadata = &document["metadata"];
    let files = spec.config.iter().map(|(name, text)| (name.clone(), json!({"text": text})));
    let app = json!({
        "id": format!("PortfolioApp/{}/{}", metadata["namespace"].as_str()?, metadata["name"].as_str()?),
        "labels": metadata.get("labels").cloned().unwrap_or_else(|| json!({})),
        "annotations": metadata.get("annotations").cloned().unwrap_or_else(|| json!({})),
        "spec": spec,
        "configFiles": files.collect::<serde_json::Map<_, _>>(),
    });
    serde_json::from_value(json!({"value": app, "hash": ""})).ok()
}

pub fn rendered(app: &Validated<App>) -> Vec<Object> {
    let owner = Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() };
    render(app, &owner, RendererVersion::CURRENT)
}
