//! What runs without portfolio into documents: Kubernetes manifests and compose files.
//!
//! Pure. `portfolio import` calls [`import`]. Nothing of the input is lost without a word, and that does not rest on the
//! mapping being complete: what it writes is read by the reader of documents, rendered by the renderer, and compared
//! with the input, field by field. What no field says is kept by a patch; what differs after all is told.
//!
//! 1. `yaml` and `manifest` read files into objects; `defaults` takes out what says nothing, `withhold` what looks like a
//!    secret.
//! 2. `group` finds which objects make an app.
//! 3. `app` maps a group's objects to fields; `compose` does the same for the services of a compose file.
//! 4. `settle` renders, compares (`equivalent`, `compare`), patches (`patch`), and does it again.
//! 5. `write` makes the text, [`Imported`] tells the rest.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod additions;
mod app;
mod compare;
mod compose;
mod defaults;
mod equivalent;
mod exact;
mod group;
mod json;
mod kubernetes;
mod manifest;
mod patch;
mod render;
mod report;
mod settle;
mod tell;
mod well_known;
mod withhold;
mod write;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

pub use report::{Fate, Finding, Imported, ImportedApp, Needs, Place, Restart};

/// A file of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, as it is told.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// How to import.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Namespace of what names none.
    pub namespace: Option<String>,
    /// Take portfolio's defaults wherever nothing is said, though that changes how things run.
    pub harden: bool,
    /// Files that a compose file refers to, by their name beside it: `<file of the input>` to path to bytes.
    pub beside: BTreeMap<(String, String), Vec<u8>>,
}

/// Files that the input refers to, as file of the input and path beside it.
pub fn references(files: &[File]) -> BTreeSet<(String, String)> {
    compose::references(files)
}

/// Makes documents of manifests and compose files.
pub fn import(files: &[File], options: &Options) -> Imported {
    let mut imported = Imported::default();
    let mut manifests = Vec::new();
    let mut projects = Vec::new();
    for file in files {
        match yaml::read(&file.bytes) {
            Ok(documents) => {
                for node in documents.into_iter().filter(|node| !node.is_null()) {
                    if compose::is_compose(&node) {
                        projects.push((file.name.as_str(), node));
                    } else {
                        manifest::manifests(&file.name, node, options, &mut manifests, &mut imported.errors);
                    }
                }
            }
            Err(problems) => {
                imported.errors.extend(problems.into_iter().map(|problem| problem.in_file(&file.name)));
            }
        }
    }
    imported.errors.extend(manifest::twice(&manifests));
    if imported.errors.is_empty() {
        kubernetes::import(&manifests, options, &mut imported);
        for (file, node) in &projects {
            compose::import(file, node, options, &mut imported);
        }
    }
    imported.apps.sort_by(|one, other| one.id.cmp(&other.id));
    imported.errors.extend(report::twice(&imported.apps));
    if !imported.errors.is_empty() {
        imported.apps.clear();
    }
    imported.findings.sort();
    imported
}

#[cfg(test)]
mod tests;
