//! A valid document in, its Kubernetes objects out: deterministic, sorted, infallible.
//!
//! Pure. Called for what git asks for and, with the record's own [`RendererVersion`], for repair and rollback.
//! One file a kind; `subject` holds what they share. Within a version the pod template of an unchanged
//! document never changes by a byte, which the golden files in `examples/` and `tests/golden/` guard.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod backup;
mod carried;
mod config_map;
mod cron_job;
mod deployment;
mod horizontal_pod_autoscaler;
mod ingress;
mod job_pod;
mod judge;
mod labels;
mod migration;
pub mod names;
mod network_policy;
mod objects;
mod patch;
mod persistent_volume_claim;
mod pod;
mod pod_disruption_budget;
mod ports;
mod probe;
mod resources;
mod service;
mod service_account;
mod subject;
mod volumes;
mod yaml;

use serde::{Deserialize, Serialize};

use crate::document::{App, Document, Migration, Validated};
use crate::object::Object;
use subject::Subject;

pub use crate::object::Owner;
pub use deployment::replicas;
pub use job_pod::BACKUP_CONTAINER;
pub use judge::judge;
pub use labels::{ANNOTATION_RESTART, image_version, pod_selectors};
pub use migration::{Content, JOB_CONTAINER, RUNNER_IMAGE, Run, job_name};
pub use ports::{NamedPort, app_ports};
pub use yaml::to_yaml;

/// How documents become objects. A change of rendered pod templates is a new version beside the old one, so
/// that an upgrade of the daemon restarts nobody: each app is repaired with the version in its record and
/// moves on with its next edit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RendererVersion {
    /// The first.
    #[default]
    V1,
}

impl RendererVersion {
    /// What an app gets with its next edit.
    pub const CURRENT: RendererVersion = RendererVersion::V1;
}

/// The objects of an app, sorted by reference, which is the order of their creation.
pub fn render(app: &Validated<App>, owner: &Owner, version: RendererVersion) -> Vec<Object> {
    render_app(app, owner, version)
}

/// The Job that backs an app up before it is deleted; `None` for an app that asks for none. It is no part of what an app
/// is rendered to: it is made once, when the app's last pod has ended. `occasion` tells that removal from others.
pub fn deletion_backup(
    app: &Validated<App>,
    owner: &Owner,
    occasion: &str,
    version: RendererVersion,
) -> Option<Object> {
    match version {
        RendererVersion::V1 => backup::render(&Subject::new(app, owner), occasion),
    }
}

/// The objects of any document.
pub fn render_document(
    document: &Document,
    owner: &Owner,
    run: Run<'_>,
    version: RendererVersion,
) -> Vec<Object> {
    match document {
        Document::App(app) => render(app, owner, version),
        Document::Migration(migration) => render_migration(migration, owner, run, version),
    }
}

/// The objects of a migration, its Job among them, sorted by reference.
pub fn render_migration(
    migration: &Migration,
    owner: &Owner,
    run: Run<'_>,
    version: RendererVersion,
) -> Vec<Object> {
    match version {
        RendererVersion::V1 => sorted(migration::objects(migration, owner, run)),
    }
}

/// [`render`] without the proof of validity; what it makes of an app that is not valid has no meaning.
fn render_app(app: &App, owner: &Owner, version: RendererVersion) -> Vec<Object> {
    match version {
        RendererVersion::V1 => objects(&Subject::new(app, owner)),
    }
}

fn objects(subject: &Subject<'_>) -> Vec<Object> {
    let mut objects = own_objects(subject);
    objects.extend(objects::render(subject));
    // What is wrong with a patch is the business of `judge`, before a document is valid.
    patch::apply(&mut objects, &subject.spec.patches);
    sorted(objects)
}

/// What the fields of an app make, patches left aside.
fn own_objects(subject: &Subject<'_>) -> Vec<Object> {
    let mut objects = vec![service_account::render(subject), deployment::render(subject)];
    objects.extend(network_policy::render(subject));
    objects.extend(config_map::render(subject));
    objects.extend(persistent_volume_claim::render(subject));
    objects.extend(service::render(subject));
    objects.extend(pod_disruption_budget::render(subject));
    objects.extend(horizontal_pod_autoscaler::render(subject));
    objects.extend(ingress::render(subject));
    objects.extend(cron_job::render(subject));
    objects
}

fn sorted(mut objects: Vec<Object>) -> Vec<Object> {
    objects.sort_unstable_by(|one, other| one.reference.cmp(&other.reference));
    objects
}

#[cfg(test)]
pub(crate) mod tests;
