//! The services of a compose file into documents (<https://github.com/compose-spec/compose-spec>).
//!
//! Nothing runs in Kubernetes yet, so there is nothing to compare with. What is not lost is watched over by [`fields`]:
//! every key is taken by the code that maps it, and those that nobody took are told.

mod command;
mod deploy;
mod environment;
mod fields;
mod files;
mod health;
mod ports;
mod scope;
mod service;
mod units;
mod variables;
mod volumes;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::app::{Draft, Said};
use super::render::{is_privileged, rendered, shorten};
use super::report::{Fate, Finding, Imported, ImportedApp, Needs};
use super::yaml::{Entry, Node};
use super::{File, Options, yaml};
use crate::document::{AppSpec, Dependency, DocumentId};
use fields::Fields;
use scope::Scope;

/// Whether a YAML document is a compose file.
pub(super) fn is_compose(node: &Node) -> bool {
    node.get("services").is_some() && node.get("kind").is_none() && node.get("apiVersion").is_none()
}

/// Files that compose files refer to, as `(compose file, path beside it)`. What is read of them is handed to
/// [`super::import`] as [`Options::beside`].
pub(super) fn references(files: &[File]) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for file in files {
        let documents = yaml::read(&file.bytes).unwrap_or_default();
        for node in documents.iter().filter(|node| is_compose(node)) {
            let paths = node.get("services").map(Node::entries).unwrap_or_default();
            let paths = paths.iter().flat_map(|service| files::referred(&service.value));
            let configs = node.get("configs").map(Node::entries).unwrap_or_default();
            let configs =
                configs.iter().filter_map(|config| config.value.get("file")?.text().map(str::to_owned));
            found.extend(paths.chain(configs).map(|path| (file.name.clone(), path)));
        }
    }
    found
}

/// Imports a compose file.
pub(super) fn import(file: &str, node: &Node, options: &Options, imported: &mut Imported) {
    let mut top = Fields::new(node);
    let project = top.take("name").and_then(|entry| entry.value.text()).map(words::label);
    let namespace = options.namespace.clone().or(project).unwrap_or_else(|| "default".to_owned());
    let services = top.take("services").map(|entry| entry.value.entries()).unwrap_or_default();
    let configs = top.take("configs").map(|entry| entry.value.entries()).unwrap_or_default();
    let secrets = top.take("secrets").map(|entry| entry.value.entries()).unwrap_or_default();
    let volumes = top.take("volumes").map(|entry| entry.value.entries()).unwrap_or_default();
    let mut scope = Scope { file, namespace, options, configs, secrets, services, findings: Vec::new() };
    top.take("version");
    scope.volumes(volumes);
    scope.networks(top.take("networks").map(|entry| entry.value.entries()).unwrap_or_default());
    for entry in top.rest() {
        let message = match entry.key.as_str() {
            "include" => "import what `docker compose config` prints: it has the included files in it",
            _ => "it has no counterpart; see what it did, and write that by hand",
        };
        scope.unfit("compose", &entry.key, entry, message);
    }
    let mut drafts: Vec<(Draft, &Entry)> = Vec::new();
    for service in services {
        if let Some(draft) = draft(&mut scope, service) {
            drafts.push((draft, service));
        }
    }
    depend(&mut scope, &mut drafts);
    imported.findings.append(&mut scope.findings);
    for (draft, service) in drafts {
        finish(file, draft, service, imported);
    }
}

fn draft(scope: &mut Scope<'_>, service: &Entry) -> Option<Draft> {
    let name = words::label(&service.key);
    if name.is_empty() {
        scope.unfit(
            &service.key,
            "",
            service,
            "an app cannot have this name: write one of lower-case letters, digits and `-`",
        );
        return None;
    }
    let mut draft = Draft {
        id: DocumentId::app(&scope.namespace, &name),
        labels: BTreeMap::new(),
        annotations: BTreeMap::new(),
        spec: AppSpec::default(),
        said: Said::default(),
        compared: false,
        findings: Vec::new(),
    };
    let before = std::mem::take(&mut scope.findings);
    let is_one = service::service(scope, service, &mut draft);
    let found = std::mem::replace(&mut scope.findings, before);
    if is_one {
        draft.findings = found;
        if name != service.key {
            let message =
                format!("is called `{name}`, also by other services that reach it over the network");
            draft
                .findings
                .push(Finding::new(Fate::Note, service.key.clone(), message).at(scope.place(service)));
        }
        return Some(draft);
    }
    scope.findings.extend(found);
    None
}

/// Who waits for whom, once it is known which services are there.
fn depend(scope: &mut Scope<'_>, drafts: &mut [(Draft, &Entry)]) {
    let names: BTreeSet<String> = drafts.iter().map(|(draft, _)| draft.id.name.clone()).collect();
    let mut needed = BTreeSet::new();
    for (draft, service) in drafts.iter_mut() {
        for (name, entry, condition) in service::dependencies(&service.value) {
            let app = words::label(&name);
            if condition.as_deref() == Some("service_completed_successfully") {
                let message = format!(
                    "`{name}` runs once and ends, and an app's pods do not: make it a DatabaseMigration with `command` \
                     and name it in `migrations`"
                );
                draft.findings.push(scope.found(Fate::Unfit, &service.key, "depends_on", entry, &message));
            } else if names.contains(&app) {
                for entry in entry.value.entries().iter().filter(|entry| entry.key != "condition") {
                    let path = format!("depends_on.{name}.{}", entry.key);
                    let message = "an app waits for all that it depends on, and is not restarted with it";
                    draft.findings.push(scope.found(Fate::Unfit, &service.key, &path, entry, message));
                }
                needed.insert(app.clone());
                draft.spec.depends_on.push(Dependency { app: Some(app), ..Dependency::default() });
            } else {
                let message = format!("`{name}` is not among the documents");
                draft.findings.push(scope.found(Fate::Unfit, &service.key, "depends_on", entry, &message));
            }
        }
    }
    for (draft, service) in drafts.iter_mut() {
        if needed.contains(&draft.id.name) && draft.spec.port.is_none() && draft.spec.ports.is_empty() {
            let message = "others depend on it and it declares no port, so it has no Service and no name in the network: \
                           write `port: …`";
            let finding = Finding::new(Fate::Unfit, service.key.clone(), message).at(scope.place(service));
            draft.findings.push(finding);
        }
    }
}

fn finish(file: &str, mut draft: Draft, service: &Entry, imported: &mut Imported) {
    let place = super::Place { file: file.to_owned(), line: service.span.line };
    let mut remarks = Vec::new();
    shorten(&mut draft);
    match rendered(&mut draft, &mut remarks) {
        Ok(rendered) => {
            draft.findings.sort();
            draft.findings.dedup();
            let privileged = is_privileged(&rendered.text, &draft.spec);
            imported.apps.push(ImportedApp {
                id: draft.id,
                text: rendered.text,
                origins: vec![(format!("service {}", service.key), place)],
                findings: draft.findings,
                restart: None,
                needs: Needs { privileged, ..Needs::default() },
            });
        }
        Err(diagnostic) => {
            let message = format!("no document can be made of it: {}", diagnostic.message);
            imported.findings.push(Finding::new(Fate::Unfit, service.key.clone(), message).at(place));
            imported.findings.append(&mut draft.findings);
        }
    }
}
