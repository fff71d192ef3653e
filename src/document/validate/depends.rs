//! Dependencies, and the names that documents could fight over.

use super::{Rules, names};
use crate::document::across::{dependency_id, volume_claim};
use crate::document::awaited::{awaited, target};
use crate::document::diagnostic::shown;
use crate::document::node::Places;
use crate::document::{Code, Document, DocumentId, DocumentKind, Span};

/// The most dependencies of a document.
const MOST_DEPENDENCIES: usize = 100;

impl Rules<'_> {
    pub(super) fn depends(&mut self) {
        let count = self.app.spec.depends_on.len();
        if count > MOST_DEPENDENCIES {
            self.key_error(
                Code::InvalidDependency,
                &["dependsOn"],
                format!("{count} dependencies are more than the {MOST_DEPENDENCIES} possible"),
                "name only the documents that this one needs itself",
            );
            return;
        }
        for (number, dependency) in self.app.spec.depends_on.iter().enumerate() {
            let number = number.to_string();
            let Some((kind, field, name)) = target(dependency) else {
                self.error(
                    Code::InvalidDependency,
                    &["dependsOn", &number],
                    "a dependency names exactly one document",
                    "write `{app: cart}` or `{migration: shop-db}`, each as an item of its own",
                );
                continue;
            };
            if !names::is_dns_label(name) {
                self.error(
                    Code::InvalidDependency,
                    &["dependsOn", &number, field],
                    format!("`{}` cannot be the name of a {kind}", shown(name)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
            if let Some(namespace) = dependency.namespace.as_ref().filter(|name| !names::is_dns_label(name)) {
                self.error(
                    Code::InvalidNamespace,
                    &["dependsOn", &number, "namespace"],
                    format!("`{}` cannot be the name of a namespace", shown(namespace)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
            if dependency_id(kind, dependency.namespace.as_deref(), &self.app.id, name) == self.app.id {
                self.error(
                    Code::SelfDependency,
                    &["dependsOn", &number, field],
                    format!("{} depends on itself", self.app.id),
                    "remove it",
                );
            }
        }
    }
}

impl Rules<'_> {
    pub(super) fn migrations(&mut self) {
        let names = &self.app.spec.migrations;
        for (number, name) in names.iter().enumerate() {
            let place = number.to_string();
            if !names::is_dns_label(name) {
                self.error(
                    Code::InvalidDependency,
                    &["migrations", &place],
                    format!("`{}` cannot be the name of a {}", shown(name), DocumentKind::DatabaseMigration),
                    "at most 63 lower-case letters, digits and `-`",
                );
            } else if names.iter().take(number).any(|before| before == name) {
                self.error(
                    Code::InvalidDependency,
                    &["migrations", &place],
                    format!("`{name}` is there twice"),
                    "remove one of them",
                );
            }
        }
    }
}

/// The documents that this one waits for, each with its place.
pub(in crate::document) fn dependencies(document: &Document, places: Places<'_>) -> Vec<(DocumentId, Span)> {
    let Document::App(app) = document else { return Vec::new() };
    let place = |path: &[String]| places.of(&path.iter().map(String::as_str).collect::<Vec<_>>());
    awaited(app).map(|awaited| (awaited.id, place(&awaited.place))).collect()
}

/// The objects of this document whose names another document could make as well: `a` with the volume `b-c` and
/// `a-b` with the volume `c`; the migration `a` and the app `a-migration`. All other names are the document's own
/// name, or end in a hash.
pub(in crate::document) fn claims(document: &Document, places: Places<'_>) -> Vec<(String, Span)> {
    match document {
        Document::App(app) => {
            let volumes = app.spec.storage.keys();
            volumes
                .map(|volume| (volume_claim(&app.id.name, volume), places.key(&["storage", volume])))
                .chain([(account(&app.id.name), places.fallback)])
                .collect()
        }
        Document::Migration(migration) => {
            vec![(account(&migration.account()), places.fallback)]
        }
    }
}

/// The ServiceAccount of this name, as a claim.
fn account(name: &str) -> String {
    format!("ServiceAccount/{name}")
}
