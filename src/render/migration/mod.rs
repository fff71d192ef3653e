//! A migration's objects: what its pod needs, and the Job that runs it once.

mod content;
mod job;

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, ServiceAccount};
use k8s_openapi::api::networking::v1::{NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicySpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::carried::Carried;
use super::labels::Named;
use super::names;
use crate::document::Migration;
use crate::object::{Kind, Object, Owner};

pub use content::Content;
use content::expand_steps;
pub use job::CONTAINER as JOB_CONTAINER;

/// Where a migration runs, and for the how manieth time.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Image of the runner, for documents that name none.
    pub image: &'a str,
    /// Counts from 1 for each content.
    pub attempt: u32,
    /// The revision that the content came with, for the history; empty where none is known.
    pub revision: &'a str,
    /// What is run, where that is known already.
    pub content: Option<&'a Content>,
}

/// The image that runs SQL where neither document nor configuration name one: this release's own.
pub const RUNNER_IMAGE: &str = match option_env!("PORTFOLIO_IMAGE") {
    Some(image) => image,
    None => concat!("registry.example.com/portfolio:", env!("CARGO_PKG_VERSION")),
};

impl Default for Run<'_> {
    fn default() -> Self {
        Self { image: RUNNER_IMAGE, attempt: 1, revision: "", content: None }
    }
}

/// The Job of this content and attempt.
pub fn job_name(migration: &Migration, content: &Content, attempt: u32) -> String {
    names::migration_job(&migration.id.name, content.as_str(), attempt)
}

pub(super) fn objects(migration: &Migration, owner: &Owner, run: Run<'_>) -> Vec<Object> {
    let named = Named::migration(migration);
    let carried = Carried::new(&named, owner);
    let name = migration.account();
    let account = ServiceAccount {
        metadata: carried.meta(&name),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    let policy = network_policy(&carried, &named, &name);
    let mut objects =
        vec![carried.object(Kind::ServiceAccount, account), carried.object(Kind::NetworkPolicy, policy)];
    let files: BTreeMap<String, String> =
        expand_steps(migration).map(|step| (step.file.clone(), step.sql.clone())).collect();
    let sql = (!files.is_empty()).then(|| names::sql(&migration.id.name, &files));
    if let Some(name) = &sql {
        let map = ConfigMap {
            metadata: carried.meta(name),
            immutable: Some(true),
            data: Some(files),
            binary_data: None,
        };
        objects.push(carried.object(Kind::ConfigMap, map));
    }
    let job = job::render(migration, &carried, &named, sql.as_deref(), run);
    objects.push(carried.object(Kind::Job, job));
    objects
}

/// Nobody asks the pod for anything; where its database is, nobody else knows.
fn network_policy(carried: &Carried<'_>, named: &Named<'_>, name: &str) -> NetworkPolicy {
    NetworkPolicy {
        metadata: carried.meta(name),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector {
                match_labels: Some(named.identity().into()),
                match_expressions: None,
            }),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: None,
            egress: Some(vec![NetworkPolicyEgressRule::default()]),
        }),
    }
}
