//! The pods that run beside the app: of its jobs and its backups. They are hardened as the app's are, and carry another
//! component, so that no Service, budget or autoscaler takes them for the app.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{
    JobSpec, PodFailurePolicy, PodFailurePolicyOnPodConditionsPattern, PodFailurePolicyRule,
};
use k8s_openapi::api::core::v1::{
    Affinity, Container, EnvVar, PodAffinity, PodAffinityTerm, PodSpec, PodTemplateSpec, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::labels::{self, Component};
use super::subject::{Subject, int, some_entries, some_items};
use super::{deployment, pod, resources, service_account, volumes};
use crate::document::{self, AccessMode, Backup, Duration, Resources, Scalar};

const DEFAULT_DEADLINE: Duration = Duration::from_secs(3_600);
const GRACE_SECONDS: i64 = 30;
/// Name of the container of backups.
pub const BACKUP_CONTAINER: &str = Component::Backup.name();

/// What a pod beside the app does.
pub(super) struct Work<'a> {
    component: Component,
    image: &'a str,
    command: &'a [String],
    args: &'a [String],
    env: Vec<EnvVar>,
    resources: Option<&'a Resources>,
    deadline: Option<Duration>,
    retries: u32,
    /// Names of the app's volumes.
    storage: &'a [String],
    /// It only reads them, and nothing else of the app's is mounted.
    reads_only: bool,
    /// The app has no pods any more.
    is_last: bool,
}

impl<'a> Work<'a> {
    pub(super) fn job(subject: &Subject<'a>, job: &'a document::JobSpec) -> Self {
        Self {
            component: Component::Job,
            image: job.image.as_deref().unwrap_or(&subject.spec.image),
            command: &job.command,
            args: &job.args,
            env: job_env(subject, &job.env),
            resources: job.resources.as_ref(),
            deadline: job.deadline,
            retries: job.retries.unwrap_or(0),
            storage: &job.volumes,
            reads_only: false,
            is_last: false,
        }
    }

    pub(super) fn backup(subject: &Subject<'a>, backup: &'a Backup) -> Self {
        let secrets = backup.secrets.iter().map(|(name, key)| pod::env_from_secret(name, key));
        let plain = backup.env.iter().map(|(name, value)| pod::env_var(name, &value.0));
        Self {
            component: Component::Backup,
            image: backup.image.as_deref().unwrap_or(&subject.spec.image),
            command: &backup.command,
            args: &backup.args,
            env: secrets.chain(plain).collect(),
            resources: backup.resources.as_ref(),
            deadline: backup.deadline,
            retries: 1,
            storage: &backup.volumes,
            reads_only: true,
            is_last: false,
        }
    }

    /// The backup of an app that is deleted.
    pub(super) fn last_backup(subject: &Subject<'a>, backup: &'a Backup) -> Self {
        Self { is_last: true, ..Self::backup(subject, backup) }
    }
}

/// The app's variables, with the job's own in the place of those of the same name.
fn job_env(subject: &Subject<'_>, own: &BTreeMap<String, Scalar>) -> Vec<EnvVar> {
    let app = pod::env(subject.spec).into_iter().filter(|var| !own.contains_key(&var.name));
    app.chain(own.iter().map(|(name, value)| pod::env_var(name, &value.0))).collect()
}

/// The Job of a work.
pub(super) fn job(subject: &Subject<'_>, work: &Work<'_>) -> JobSpec {
    let deadline = work.deadline.unwrap_or(DEFAULT_DEADLINE).as_secs();
    JobSpec {
        active_deadline_seconds: Some(int(deadline).into()),
        backoff_limit: Some(int(work.retries)),
        pod_failure_policy: Some(disruptions_do_not_count()),
        pod_replacement_policy: Some("Failed".to_owned()),
        template: template(subject, work),
        ..JobSpec::default()
    }
}

/// A pod that was evicted did not fail.
fn disruptions_do_not_count() -> PodFailurePolicy {
    let disrupted = PodFailurePolicyRule {
        action: "Ignore".to_owned(),
        on_exit_codes: None,
        on_pod_conditions: Some(vec![PodFailurePolicyOnPodConditionsPattern {
            type_: "DisruptionTarget".to_owned(),
            status: "True".to_owned(),
        }]),
    };
    PodFailurePolicy { rules: vec![disrupted] }
}

fn template(subject: &Subject<'_>, work: &Work<'_>) -> PodTemplateSpec {
    let spec = subject.spec;
    let placement = spec.placement.as_ref();
    let security = spec.security.as_ref();
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels::pod_beside(subject.app, work.component, &subject.selector)),
            annotations: some_entries(spec.pod_annotations.clone()),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            service_account_name: Some(subject.account().to_owned()),
            automount_service_account_token: Some(service_account::has_token(spec)),
            enable_service_links: Some(false),
            restart_policy: Some("Never".to_owned()),
            termination_grace_period_seconds: Some(GRACE_SECONDS),
            security_context: Some(pod::pod_security(security)),
            affinity: near_the_app(subject, work),
            node_selector: placement.and_then(|placement| some_entries(placement.node_selector.clone())),
            tolerations: placement.and_then(pod::tolerations),
            priority_class_name: placement.and_then(|placement| placement.priority_class.clone()),
            image_pull_secrets: pod::pull_secrets(spec),
            containers: vec![container(subject, work)],
            volumes: some_items(pod_volumes(subject, work)),
            ..PodSpec::default()
        }),
    }
}

fn container(subject: &Subject<'_>, work: &Work<'_>) -> Container {
    Container {
        name: work.component.name().to_owned(),
        image: Some(work.image.to_owned()),
        image_pull_policy: Some(pod::pull_policy(subject.spec).to_owned()),
        command: some_items(work.command.to_vec()),
        args: some_items(work.args.to_vec()),
        env: some_items(work.env.clone()),
        resources: Some(resources::with_scratch(work.resources, volumes::scratch_size(subject.spec))),
        security_context: Some(pod::container_security(subject.spec.security.as_ref())),
        termination_message_policy: Some(pod::LAST_WORDS.to_owned()),
        volume_mounts: some_items(mounts(subject, work)),
        ..Container::default()
    }
}

fn pod_volumes(subject: &Subject<'_>, work: &Work<'_>) -> Vec<k8s_openapi::api::core::v1::Volume> {
    let storage = volumes::storage(subject, |name| work.storage.iter().any(|wanted| wanted == name));
    let files = if work.reads_only { Vec::new() } else { volumes::files(subject) };
    files.into_iter().chain(volumes::scratch_volumes(subject)).chain(storage).collect()
}

fn mounts(subject: &Subject<'_>, work: &Work<'_>) -> Vec<VolumeMount> {
    let storage = volumes::storage_mounts(subject, |name| work.storage.iter().any(|wanted| wanted == name));
    let storage = storage.into_iter().map(|mount| VolumeMount {
        read_only: if work.reads_only { Some(true) } else { mount.read_only },
        ..mount
    });
    let files = if work.reads_only { Vec::new() } else { volumes::file_mounts(subject) };
    files.into_iter().chain(volumes::scratch_mounts(subject)).chain(storage).collect()
}

/// A volume for one node is where the app's pods are; while there are none, it can be anywhere.
fn near_the_app(subject: &Subject<'_>, work: &Work<'_>) -> Option<Affinity> {
    let is_single = |name: &String| {
        subject.spec.storage.get(name).is_some_and(|volume| match volume.access_mode {
            AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod => true,
            AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany => false,
        })
    };
    let is_alone = work.is_last || deployment::most_replicas(subject.spec) == 0;
    if !work.storage.iter().any(is_single) || is_alone {
        return None;
    }
    let term = PodAffinityTerm {
        topology_key: pod::NODE.to_owned(),
        label_selector: Some(subject.label_selector()),
        ..PodAffinityTerm::default()
    };
    Some(Affinity {
        pod_affinity: Some(PodAffinity {
            required_during_scheduling_ignored_during_execution: Some(vec![term]),
            ..PodAffinity::default()
        }),
        ..Affinity::default()
    })
}
