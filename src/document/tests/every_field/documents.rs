//! Documents that together set every field: those of the golden files, and a few for what is in no object.

use serde_json::{Value, json};

use crate::document::{API_VERSION, DocumentKind};
use crate::render::tests::golden;

/// Fields of which the golden files show nothing, by the beginning of their path.
const IN_NO_OBJECT: [&str; 9] = [
    // Identity and kind; the golden files show one name.
    "apiVersion",
    "kind",
    // Merged away before anything is rendered; `examples/three-environments` shows what comes out.
    "spec.environments",
    // Steps are the same from files and from the document; the golden files have those of files.
    "spec.dir",
    "spec.migrations[]",
    // Not carried out yet.
    "spec.allow",
    "spec.contract",
    "spec.backup.",
    "spec.suspend",
];

/// Whether no golden file could show this field.
pub(super) fn shows_in_no_object(field: &str) -> bool {
    IN_NO_OBJECT.iter().any(|beginning| field.starts_with(beginning)) || field == "spec.runner.appRole"
}

/// The documents of the golden files.
pub(super) fn goldens(kind: DocumentKind) -> Vec<Value> {
    let fields: Vec<Value> = match kind {
        DocumentKind::PortfolioApp => {
            let options = golden::options().into_iter().map(|(_, fields)| fields);
            options.chain([golden::reconciler_only()]).collect()
        }
        DocumentKind::DatabaseMigration => {
            golden::migration_options().into_iter().map(|(_, fields)| fields).collect()
        }
    };
    fields.into_iter().map(|fields| document(kind, fields)).collect()
}

/// Documents that together set every field.
pub(super) fn documents(kind: DocumentKind) -> Vec<Value> {
    let overlay = json!({"environments": {"prod": {"enabled": true}}});
    let others = match kind {
        DocumentKind::PortfolioApp => vec![overlay],
        DocumentKind::DatabaseMigration => vec![
            overlay,
            json!({"migrations": [
                {"version": "0001", "name": "a", "phase": "expand", "sql": "SELECT 1;", "rollback": "SELECT 2;"}]}),
            json!({"allow": [{"rule": "ban-drop-column", "reason": "nothing reads it"}],
                "contract": {"when": "approval", "after": "1h", "backup": "required",
                    "window": {"allow": ["0 9 * * * for 8h"], "timeZone": "Europe/Berlin"}},
                "backup": {"image": "registry.example.com/backup:1", "command": ["/bin/backup"]},
                "runner": {"appRole": "shop"}, "suspend": true}),
        ],
    };
    let others = others.into_iter().map(|fields| document(kind, fields));
    goldens(kind).into_iter().chain(others).collect()
}

/// The smallest document of this kind, and these fields of its `spec`.
fn document(kind: DocumentKind, fields: Value) -> Value {
    let mut spec = match kind {
        DocumentKind::PortfolioApp => json!({"image": "registry.example.com/web:1.4.2"}),
        DocumentKind::DatabaseMigration => {
            json!({"database": {"host": "pg.data", "name": "shop", "secretRef": {"name": "shop-db"}}})
        }
    };
    let runs = fields.get("command").or(fields.get("migrations")).is_some();
    if let (Some(spec), Value::Object(fields)) = (spec.as_object_mut(), fields) {
        spec.extend(fields);
        if kind == DocumentKind::DatabaseMigration && !runs {
            spec.insert("dir".to_owned(), "sql".into());
        }
    }
    json!({
        "apiVersion": API_VERSION,
        "kind": kind.name(),
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {"team": "web"},
            "annotations": {"example.com/contact": "web@example.com"}
        },
        "spec": spec
    })
}
