//! Deployment: how many pods, and how new ones replace old ones. The pods themselves are [`super::pod`]'s.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};

use super::subject::{Subject, int, int_or_percent, some_entries};
use super::{labels, pod};
use crate::document::{AppSpec, Duration, IntOrPercent, Rollout};
use crate::object::{Kind, Object};

const DEFAULT_DEADLINE: Duration = Duration::from_secs(600);
/// A pod must have been ready for `minReady` before it counts as progress; this much time is left beyond.
const DEADLINE_MARGIN: u64 = 60;
const REVISIONS_KEPT: i32 = 5;

/// How many pods an app has: 2 unless it says otherwise.
pub fn replicas(spec: &AppSpec) -> u32 {
    spec.replicas.unwrap_or(2)
}

pub(super) fn render(subject: &Subject<'_>) -> Object {
    let defaults = Rollout::default();
    let rollout = subject.spec.rollout.as_ref().unwrap_or(&defaults);
    let min_ready = rollout.min_ready.unwrap_or_default().as_secs();
    let deadline = rollout.deadline.unwrap_or(DEFAULT_DEADLINE).as_secs();
    let mut metadata = subject.meta(subject.name());
    metadata.labels = some_entries(labels::deployment(subject.app));
    let deployment = Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas: Some(int(replicas(subject.spec))),
            revision_history_limit: Some(REVISIONS_KEPT),
            progress_deadline_seconds: Some(int(deadline.max(min_ready + DEADLINE_MARGIN))),
            min_ready_seconds: (min_ready > 0).then(|| int(min_ready)),
            selector: subject.label_selector(),
            strategy: Some(strategy(subject, rollout)),
            template: pod::template(subject),
            paused: None,
        }),
        status: None,
    };
    subject.object(Kind::Deployment, &deployment.metadata, &deployment)
}

fn strategy(subject: &Subject<'_>, rollout: &Rollout) -> DeploymentStrategy {
    if subject.has_single_writer() {
        return DeploymentStrategy { type_: Some("Recreate".to_owned()), rolling_update: None };
    }
    DeploymentStrategy {
        type_: Some("RollingUpdate".to_owned()),
        rolling_update: Some(RollingUpdateDeployment {
            max_surge: Some(int_or_percent(rollout.max_surge.unwrap_or(IntOrPercent::Percent(25)))),
            max_unavailable: Some(int_or_percent(rollout.max_unavailable.unwrap_or(IntOrPercent::Int(0)))),
        }),
    }
}
