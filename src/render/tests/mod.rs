//! What rendering gives for each option, and what holds whatever the options are.

pub(crate) mod golden;
mod invariants;

use serde_json::{Value, json};

use super::{Owner, RendererVersion, render_app};
use crate::document::{App, AppSpec, ConfigFile, DocumentId};
use crate::object::{Kind, Object};

pub(super) fn owner() -> Owner {
    Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() }
}

/// An app with this specification; `config` becomes its files, as the document's reader does it. The folder of
/// `configFrom` has one file, which is no text.
pub(super) fn app(spec: AppSpec) -> App {
    let folder = spec.config_from.iter().map(|_| ("logo.png", ConfigFile::Base64("iVBORw0KGgo=".to_owned())));
    let config = spec.config.iter().map(|(name, text)| (name.as_str(), ConfigFile::Text(text.clone())));
    let config_files = config.chain(folder).map(|(name, file)| (name.to_owned(), file)).collect();
    App {
        id: DocumentId::app("shop", "web"),
        labels: [("team".to_owned(), "web".to_owned())].into(),
        annotations: [("example.com/contact".to_owned(), "web@example.com".to_owned())].into(),
        spec,
        config_files,
    }
}

/// The specification with `image` and these fields.
pub(super) fn spec(fields: Value) -> AppSpec {
    let mut all = json!({"image": "registry.example.com/web:1.4.2"});
    if let (Some(all), Value::Object(fields)) = (all.as_object_mut(), fields) {
        all.extend(fields);
    }
    serde_json::from_value(all).unwrap()
}

pub(super) fn rendered(app: &App) -> Vec<Object> {
    render_app(app, &owner(), RendererVersion::V1)
}

pub(super) fn find(objects: &[Object], kind: Kind) -> Option<&Value> {
    objects.iter().find(|object| object.reference.kind == kind).map(|object| &*object.content)
}
