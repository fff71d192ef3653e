//! What is imported, rendered again, is what it was: for files as people and tools write them, for whatever portfolio
//! renders itself, and for input that means no good.

mod fixtures;
mod hostile;
mod losses;
mod mappings;
mod round_trip;
mod secrets;

use std::collections::BTreeMap;

use serde_json::Value;

use super::{File, Imported, ImportedApp, Options, import, render};
use crate::document::{Document, Policy};
use crate::object::{Object, Owner};
use crate::render::{RendererVersion, render as render_app};

pub(super) fn imported(name: &str, text: &str, options: &Options) -> Imported {
    import(&[File { name: name.to_owned(), bytes: text.as_bytes().to_vec() }], options)
}

pub(super) fn owner() -> Owner {
    Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() }
}

/// The objects of a document as the daemon reads and renders it.
pub(super) fn objects(app: &ImportedApp) -> Vec<Object> {
    let kinds = app.needs.kinds.iter().map(|kind| kind.parse().unwrap()).collect();
    let policy = Policy { kinds, privileged: app.needs.privileged, ..Policy::default() };
    let loaded = render::read(&[("a.yaml", &app.text)], policy);
    let found =
        loaded.documents.get(&app.id).unwrap_or_else(|| panic!("{:?}\n{}", loaded.diagnostics, app.text));
    let Document::App(app) = &found.document else { panic!("not an app") };
    render_app(app, &owner(), RendererVersion::CURRENT)
}

/// The objects by kind and name, without what says nothing.
pub(super) fn said(objects: &[Object]) -> BTreeMap<(String, String), Value> {
    let said = objects.iter().map(|object| {
        let mut content = Value::clone(&object.content);
        super::defaults::strip(object.reference.kind.name(), &mut content, false);
        ((object.reference.kind.name().to_owned(), object.reference.name.clone()), content)
    });
    said.collect()
}
