//! The objects that a document asks for at this moment: what is rendered from it, but that nothing which pods of
//! the last good version still need is taken from them, and that no volume shrinks.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::{migration, narrow};
use crate::document::{App, Document, Quantity, Validated};
use crate::object::{Kind, Object, ObjectRef, Owner};
use crate::record::Record;
use crate::render::{RendererVersion, render, render_migration};

/// Where a claim says its size.
const CLAIM_SIZE: &str = "/spec/resources/requests/storage";

/// Rendered objects, and which of them hold more than the document says.
#[derive(Debug, Default)]
pub struct Desired {
    /// Sorted by reference.
    pub objects: Vec<Object>,
    /// Those that are narrowed once the document is healthy.
    pub wide: Vec<ObjectRef>,
}

/// The objects of `document`, given what is remembered of it. `runner_image` runs the SQL of a migration that
/// names none.
pub fn desired(
    document: &Document,
    renderer: RendererVersion,
    owner: &Owner,
    runner_image: &str,
    record: &Record,
) -> Desired {
    match document {
        Document::App(app) => desired_of_app(app, renderer, owner, record),
        Document::Migration(migration) => {
            let run = migration::run_of(record, migration);
            let run = migration::rendered(&run, runner_image);
            Desired { objects: render_migration(migration, owner, run, renderer), wide: Vec::new() }
        }
    }
}

fn desired_of_app(
    app: &Validated<App>,
    renderer: RendererVersion,
    owner: &Owner,
    record: &Record,
) -> Desired {
    let mut objects = render(app, owner, renderer);
    for object in &mut objects {
        keep_size(object, record);
    }
    let wide = match (&record.good, record.good_document()) {
        (Some(good), Some(Ok(Document::App(old)))) if good.hash != app.hash() => {
            narrow::widen(&mut objects, &render(&old, owner, good.renderer))
        }
        _ => Vec::new(),
    };
    Desired { objects, wide }
}

/// The size that a claim asks for; `None` for any other object.
pub(super) fn claim_size(object: &Object) -> Option<String> {
    if object.reference.kind != Kind::PersistentVolumeClaim {
        return None;
    }
    object.content.pointer(CLAIM_SIZE)?.as_str().map(str::to_owned)
}

fn keep_size(object: &mut Object, record: &Record) {
    let known = record.inventory.items.get(&object.reference).and_then(|item| item.size.as_deref());
    let Some((known, asked)) = known.zip(claim_size(object)) else { return };
    if order(known, &asked) == Some(Ordering::Greater) {
        change(object, |content| {
            if let Some(size) = content.pointer_mut(CLAIM_SIZE) {
                *size = json!(known);
            }
        });
    }
}

fn order(one: &str, other: &str) -> Option<Ordering> {
    let size = |text: &str| text.parse::<Quantity>().ok();
    Some(size(one)?.cmp(&size(other)?))
}

/// Changes the content of an object and hashes it again.
pub(super) fn change(object: &mut Object, change: impl FnOnce(&mut Value)) {
    let mut content = Value::clone(&object.content);
    change(&mut content);
    *object = Object::new(object.reference.clone(), content);
}
