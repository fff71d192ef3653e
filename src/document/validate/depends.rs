//! Dependencies, and the names that documents could fight over.

use serde_json::Value;

use super::{Rules, names};
use crate::document::across::{dependency_id, volume_claim};
use crate::document::awaited::{awaited, target};
use crate::document::diagnostic::quoted;
use crate::document::node::Places;
use crate::document::{App, AppSpec, Code, Diagnostic, Document, DocumentId, DocumentKind, Span};

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
        for (at, dependency) in self.app.spec.depends_on.iter().enumerate() {
            let number = at.to_string();
            let Some((kind, field, name)) = target(dependency) else {
                if self.whole || dependency.app.is_some() {
                    self.error(
                        Code::InvalidDependency,
                        &["dependsOn", &number],
                        "a dependency names exactly one document",
                        "write `{app: cart}` or `{migration: shop-db}`, each as an item of its own",
                    );
                }
                continue;
            };
            if !names::is_dns_label(name) {
                self.error(
                    Code::InvalidDependency,
                    &["dependsOn", &number, field],
                    format!("{} cannot be the name of a {kind}", quoted(name)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
            if let Some(namespace) = dependency.namespace.as_ref().filter(|name| !names::is_dns_label(name)) {
                self.error(
                    Code::InvalidNamespace,
                    &["dependsOn", &number, "namespace"],
                    format!("{} cannot be the name of a namespace", quoted(namespace)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
            let mut earlier = self.app.spec.depends_on.iter().take(at);
            if let Some(first) = earlier.position(|earlier| earlier == dependency) {
                let first = self.at(&["dependsOn", &first.to_string()]);
                let message = format!("the dependency on the {kind} {} is there twice", quoted(name));
                let diagnostic =
                    Diagnostic::error(Code::InvalidDependency, self.at(&["dependsOn", &number]), message);
                self.push(diagnostic.label(first, "the first of them").help("remove one of them"));
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
            if names::is_dns_label(name) {
                self.twice(Code::InvalidDependency, &["migrations", &place], names);
            } else {
                self.error(
                    Code::InvalidDependency,
                    &["migrations", &place],
                    format!("{} cannot be the name of a {}", quoted(name), DocumentKind::DatabaseMigration),
                    "at most 63 lower-case letters, digits and `-`",
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

/// The objects of this document whose names another document could make as well: `a` with the volume or job `b-c` and
/// `a-b` with the volume or job `c`; the migration `a` and the app `a-migration`; what a document names itself. All other
/// names are the document's own name, or end in a hash.
pub(in crate::document) fn claims(document: &Document, places: Places<'_>) -> Vec<(String, Span)> {
    match document {
        Document::App(app) => app_claims(app, places),
        Document::Migration(migration) => {
            vec![(account(&migration.account()), places.fallback)]
        }
    }
}

fn app_claims(app: &App, places: Places<'_>) -> Vec<(String, Span)> {
    let AppSpec { jobs, backup, storage, service_account, objects, .. } = &app.spec;
    let name = &app.id.name;
    let named = service_account.as_ref().and_then(|account| account.name.as_deref());
    let mut claims = match named {
        Some(named) => vec![(account(named), places.of(&["serviceAccount", "name"]))],
        None => vec![(account(name), places.fallback)],
    };
    let volume = |volume| (volume_claim(name, volume), places.key(&["storage", volume]));
    claims.extend(storage.keys().map(|name| volume(name)));
    let cron_job = |suffix: &str, place| (format!("CronJob/{name}-{suffix}"), place);
    claims.extend(jobs.keys().map(|job| cron_job(job, places.key(&["jobs", job]))));
    if backup.as_ref().is_some_and(|backup| backup.schedule.is_some()) {
        claims.push(cron_job("backup", places.key(&["backup"])));
    }
    if !jobs.is_empty() || backup.is_some() {
        let field = if jobs.is_empty() { "backup" } else { "jobs" };
        claims.push((format!("NetworkPolicy/{name}-jobs"), places.key(&[field])));
    }
    claims.extend(objects.iter().enumerate().filter_map(|(number, object)| {
        let place = places.of(&["objects", &number.to_string(), "metadata", "name"]);
        Some((written_claim(&object.0)?, place))
    }));
    claims
}

/// The object of this manifest, as a claim: its kind with its group, where that is not one of Kubernetes' own.
fn written_claim(object: &Value) -> Option<String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str);
    let (kind, name) = (text("/kind")?, text("/metadata/name")?);
    let group = text("/apiVersion")?.split_once('/').map_or("", |(group, _)| group);
    let is_own = !group.contains('.') || group.ends_with(".k8s.io");
    Some(if is_own { format!("{kind}/{name}") } else { format!("{kind}.{group}/{name}") })
}

/// The ServiceAccount of this name, as a claim.
fn account(name: &str) -> String {
    format!("ServiceAccount/{name}")
}
