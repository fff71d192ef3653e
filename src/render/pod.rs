//! The pod template: what runs, hardened by default, spread over zones and nodes.
//!
//! Any byte that changes here restarts the app, so nothing in it may depend on what does not concern its pods,
//! such as the number of replicas.

use k8s_openapi::api::core::v1::{
    self as core, Affinity, Capabilities, Container, ContainerPort, EnvVar, EnvVarSource, Lifecycle,
    LifecycleHandler, LocalObjectReference, ObjectFieldSelector, PodAffinityTerm, PodAntiAffinity,
    PodSecurityContext, PodSpec, PodTemplateSpec, SeccompProfile, SecretKeySelector, SecurityContext,
    SleepAction, TopologySpreadConstraint, WeightedPodAffinityTerm,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::subject::{Subject, int, some_entries, some_items};
use super::{labels, names, probe, resources, service_account, volumes};
use crate::document::{
    AppSpec, Duration, Placement, SecretKey, Security, Spread, TaintEffect, Toleration, TolerationOperator,
};

const DEFAULT_GRACE: Duration = Duration::from_secs(30);
const DEFAULT_DRAIN: Duration = Duration::from_secs(5);
/// Beyond the ids that distributions give to their own accounts.
const DEFAULT_ID: u32 = 10_001;
const ZONE: &str = "topology.kubernetes.io/zone";
pub(super) const NODE: &str = "kubernetes.io/hostname";

pub(super) fn template(subject: &Subject<'_>) -> PodTemplateSpec {
    let drain = drain(subject);
    let grace = subject.spec.rollout.as_ref().and_then(|rollout| rollout.grace).unwrap_or(DEFAULT_GRACE);
    let placement = subject.spec.placement.as_ref();
    PodTemplateSpec {
        metadata: Some(ObjectMeta {
            labels: Some(labels::pod(subject.app, &subject.selector)),
            annotations: some_entries(labels::pod_annotations(subject.app)),
            ..ObjectMeta::default()
        }),
        spec: Some(PodSpec {
            service_account_name: Some(subject.account().to_owned()),
            automount_service_account_token: Some(service_account::has_token(subject.spec)),
            enable_service_links: Some(false),
            termination_grace_period_seconds: Some(i64::from(int(grace.as_secs() + drain.as_secs()))),
            security_context: Some(pod_security(subject.spec.security.as_ref())),
            topology_spread_constraints: some_items(spread(subject)),
            affinity: apart(subject),
            node_selector: placement.and_then(|placement| some_entries(placement.node_selector.clone())),
            tolerations: placement.and_then(tolerations),
            priority_class_name: placement.and_then(|placement| placement.priority_class.clone()),
            image_pull_secrets: pull_secrets(subject.spec),
            containers: vec![container(subject, drain)],
            volumes: some_items(volumes::volumes(subject)),
            ..PodSpec::default()
        }),
    }
}

/// The end of the log stands in for a message that the container did not write.
pub(super) const LAST_WORDS: &str = "FallbackToLogsOnError";

fn container(subject: &Subject<'_>, drain: Duration) -> Container {
    let spec = subject.spec;
    Container {
        name: names::CONTAINER.to_owned(),
        image: Some(spec.image.clone()),
        image_pull_policy: Some(pull_policy(spec).to_owned()),
        command: some_items(spec.command.clone()),
        args: some_items(spec.args.clone()),
        ports: some_items(ports(subject)),
        env: some_items(env(spec)),
        resources: Some(resources::requirements(spec)),
        startup_probe: probe::startup(subject),
        readiness_probe: probe::ready(subject),
        liveness_probe: probe::live(subject),
        lifecycle: (drain.as_secs() > 0).then(|| sleep_before_stop(drain)),
        security_context: Some(container_security(spec.security.as_ref())),
        // What it said last is the best guess at why it ended, and `status` shows it.
        termination_message_policy: Some(LAST_WORDS.to_owned()),
        volume_mounts: some_items(volumes::mounts(subject)),
        ..Container::default()
    }
}

fn ports(subject: &Subject<'_>) -> Vec<ContainerPort> {
    subject
        .ports
        .iter()
        .map(|port| ContainerPort {
            name: Some(port.name.to_owned()),
            container_port: port.number.into(),
            protocol: Some(port.protocol_name().to_owned()),
            ..ContainerPort::default()
        })
        .collect()
}

/// Secrets first: a variable may then be made of them, `postgres://$(USER):$(PASSWORD)@db`, since Kubernetes
/// resolves only names that stand before.
pub(super) fn env(spec: &AppSpec) -> Vec<EnvVar> {
    let secrets = spec.secrets.iter().map(|(name, key)| env_from_secret(name, key));
    let plain = spec.env.iter().filter(|(name, _)| !spec.secrets.contains_key(*name));
    let own = secrets.chain(plain.map(|(name, value)| env_var(name, &value.0)));
    pod_name(spec).into_iter().chain(own).collect()
}

/// The database then knows of each connection which pod it belongs to: `application_name` (libpq, "Environment
/// Variables"). It is what tells later that the last old pod let go.
fn pod_name(spec: &AppSpec) -> Option<EnvVar> {
    let name = "PGAPPNAME";
    let is_set = spec.env.contains_key(name) || spec.secrets.contains_key(name);
    (!spec.migrations.is_empty() && !is_set).then(|| EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource {
            field_ref: Some(ObjectFieldSelector {
                api_version: Some("v1".to_owned()),
                field_path: "metadata.name".to_owned(),
            }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    })
}

pub(super) fn env_var(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), ..EnvVar::default() }
}

pub(super) fn env_from_secret(name: &str, key: &SecretKey) -> EnvVar {
    EnvVar {
        name: name.to_owned(),
        value_from: Some(EnvVarSource {
            secret_key_ref: Some(SecretKeySelector {
                name: key.secret.clone(),
                key: key.key.clone(),
                optional: key.optional.then_some(true),
            }),
            ..EnvVarSource::default()
        }),
        ..EnvVar::default()
    }
}

/// How long a pod goes on serving after it was told to stop, while endpoints update.
fn drain(subject: &Subject<'_>) -> Duration {
    if subject.ports.is_empty() {
        return Duration::default();
    }
    subject.spec.rollout.as_ref().and_then(|rollout| rollout.drain).unwrap_or(DEFAULT_DRAIN)
}

fn sleep_before_stop(drain: Duration) -> Lifecycle {
    let sleep = SleepAction { seconds: i64::from(int(drain.as_secs())) };
    Lifecycle {
        pre_stop: Some(LifecycleHandler { sleep: Some(sleep), ..LifecycleHandler::default() }),
        ..Lifecycle::default()
    }
}

/// The restricted Pod Security Standard. `root: true` leaves user and group to the image unless they are given.
pub(super) fn pod_security(security: Option<&Security>) -> PodSecurityContext {
    let defaults = Security::default();
    let security = security.unwrap_or(&defaults);
    let fallback = (!security.root).then_some(DEFAULT_ID);
    let group = security.group.or(fallback).map(i64::from);
    PodSecurityContext {
        run_as_non_root: Some(!security.root),
        run_as_user: security.user.or(fallback).map(i64::from),
        run_as_group: group,
        fs_group: group,
        // Walking a large volume at each start would take minutes.
        fs_group_change_policy: group.is_some().then(|| "OnRootMismatch".to_owned()),
        seccomp_profile: Some(SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }),
        ..PodSecurityContext::default()
    }
}

pub(super) fn container_security(security: Option<&Security>) -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(security.and_then(|security| security.read_only).unwrap_or(true)),
        capabilities: Some(Capabilities {
            drop: Some(vec!["ALL".to_owned()]),
            add: security.and_then(|security| some_items(security.capabilities.clone())),
        }),
        ..SecurityContext::default()
    }
}

/// As evenly as can be had, over zones and over nodes.
fn spread(subject: &Subject<'_>) -> Vec<TopologySpreadConstraint> {
    let constraint = |over: &Spread| TopologySpreadConstraint {
        max_skew: 1,
        topology_key: topology(*over).to_owned(),
        when_unsatisfiable: "ScheduleAnyway".to_owned(),
        label_selector: Some(subject.label_selector()),
        ..TopologySpreadConstraint::default()
    };
    spreads(subject).iter().map(constraint).collect()
}

fn spreads<'a>(subject: &Subject<'a>) -> &'a [Spread] {
    let asked = subject.spec.placement.as_ref().and_then(|placement| placement.spread.as_deref());
    asked.unwrap_or(&[Spread::Zone, Spread::Node])
}

const fn topology(over: Spread) -> &'static str {
    match over {
        Spread::Zone => ZONE,
        Spread::Node => NODE,
    }
}

fn apart(subject: &Subject<'_>) -> Option<Affinity> {
    let term = PodAffinityTerm {
        topology_key: NODE.to_owned(),
        label_selector: Some(subject.label_selector()),
        ..PodAffinityTerm::default()
    };
    let affinity = || Affinity {
        pod_anti_affinity: Some(PodAntiAffinity {
            preferred_during_scheduling_ignored_during_execution: Some(vec![WeightedPodAffinityTerm {
                weight: 100,
                pod_affinity_term: term,
            }]),
            ..PodAntiAffinity::default()
        }),
        ..Affinity::default()
    };
    spreads(subject).contains(&Spread::Node).then(affinity)
}

pub(super) fn tolerations(placement: &Placement) -> Option<Vec<core::Toleration>> {
    let toleration = |asked: &Toleration| core::Toleration {
        key: asked.key.clone(),
        operator: Some(operator(asked.operator).to_owned()),
        value: asked.value.clone(),
        effect: asked.effect.map(|effect| taint_effect(effect).to_owned()),
        toleration_seconds: asked.toleration_seconds,
    };
    some_items(placement.tolerations.iter().map(toleration).collect())
}

const fn operator(operator: TolerationOperator) -> &'static str {
    match operator {
        TolerationOperator::Equal => "Equal",
        TolerationOperator::Exists => "Exists",
    }
}

const fn taint_effect(effect: TaintEffect) -> &'static str {
    match effect {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    }
}

pub(super) fn pull_policy(spec: &AppSpec) -> &'static str {
    spec.pull.as_ref().map(|pull| pull.policy).unwrap_or_default().name()
}

pub(super) fn pull_secrets(spec: &AppSpec) -> Option<Vec<LocalObjectReference>> {
    let secrets = spec.pull.as_ref().map(|pull| pull.secrets.as_slice()).unwrap_or_default();
    some_items(secrets.iter().map(|name| LocalObjectReference { name: name.clone() }).collect())
}
