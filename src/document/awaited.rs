//! [`awaited`]: the documents that an app waits for, by `dependsOn` and by `migrations`.

use super::across::dependency_id;
use super::{App, Dependency, DocumentId, DocumentKind};

/// A document that an app waits for, and where the app says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Awaited {
    /// Which.
    pub id: DocumentId,
    /// The path of its name in the app's spec: `dependsOn`, `0`, `app`.
    pub(super) place: Vec<String>,
}

/// Everything that an app waits for, in the order in which it is written.
pub fn awaited(app: &App) -> impl Iterator<Item = Awaited> {
    let others = app.spec.depends_on.iter().enumerate().filter_map(|(number, dependency)| {
        let (kind, field, name) = target(dependency)?;
        let id = dependency_id(kind, dependency.namespace.as_deref(), &app.id, name);
        Some(Awaited { id, place: vec!["dependsOn".to_owned(), number.to_string(), field.to_owned()] })
    });
    let migrations = app.spec.migrations.iter().enumerate().map(|(number, name)| {
        let id = dependency_id(DocumentKind::DatabaseMigration, None, &app.id, name);
        Awaited { id, place: vec!["migrations".to_owned(), number.to_string()] }
    });
    others.chain(migrations)
}

/// What one entry of `dependsOn` names: the kind, the field and the name; none where it does not name exactly one.
pub(super) fn target(dependency: &Dependency) -> Option<(DocumentKind, &'static str, &str)> {
    match (&dependency.app, &dependency.migration) {
        (Some(app), None) => Some((DocumentKind::PortfolioApp, "app", app)),
        (None, Some(migration)) => Some((DocumentKind::DatabaseMigration, "migration", migration)),
        (Some(_), Some(_)) | (None, None) => None,
    }
}
