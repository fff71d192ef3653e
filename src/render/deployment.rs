//! Deployment: how many pods, and how new ones replace old ones. The pods themselves are [`super::pod`]'s.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use serde_json::{Map, Value};

use super::subject::{Subject, int, int_or_percent, some_entries};
use super::{labels, pod};
use crate::document::{AppSpec, Autoscaling, Duration, IntOrPercent, Json, Quantity, Rollout};
use crate::object::{Kind, Object};

const DEFAULT_DEADLINE: Duration = Duration::from_secs(600);
/// A pod must have been ready for `minReady` before it counts as progress; this much time is left beyond.
const DEADLINE_MARGIN: u64 = 60;
const REVISIONS_KEPT: i32 = 5;

/// How many pods an app has: 2 unless it says otherwise; the fewest of an app that is scaled by load.
pub fn replicas(spec: &AppSpec) -> u32 {
    spec.autoscaling.as_ref().map_or(spec.replicas.unwrap_or(2), Autoscaling::fewest)
}

/// The most pods that an app has.
pub(super) fn most_replicas(spec: &AppSpec) -> u32 {
    spec.autoscaling.as_ref().map_or_else(|| replicas(spec), |scaling| scaling.max)
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
            // Under an autoscaler the number is the autoscaler's.
            replicas: subject.spec.autoscaling.is_none().then(|| int(replicas(subject.spec))),
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
    if subject.spec.sidecars.is_empty() && subject.spec.init_containers.is_empty() {
        return subject.object(Kind::Deployment, deployment);
    }
    // Serialising fails only for maps whose keys are no strings, which Kubernetes types do not have.
    let mut content = serde_json::to_value(&deployment).unwrap_or_default();
    further(&mut content, "containers", &subject.spec.sidecars);
    further(&mut content, "initContainers", &subject.spec.init_containers);
    subject.value(Kind::Deployment, subject.name(), content)
}

/// Containers that stand in the pod as they were written.
fn further(content: &mut Value, field: &str, containers: &[Json]) {
    if containers.is_empty() {
        return;
    }
    let Some(pod) = content.pointer_mut("/spec/template/spec").and_then(Value::as_object_mut) else { return };
    let all = pod.entry(field).or_insert_with(|| Value::Array(Vec::new()));
    if let Some(all) = all.as_array_mut() {
        all.extend(containers.iter().map(|container| with_canonical_amounts(container.0.clone())));
    }
}

/// An amount that the API server would store in another form, every apply would write again.
fn with_canonical_amounts(mut container: Value) -> Value {
    for group in ["requests", "limits"] {
        let amounts = container.pointer_mut(&format!("/resources/{group}")).and_then(Value::as_object_mut);
        for amount in amounts.into_iter().flat_map(Map::values_mut) {
            let text = amount.as_str().map_or_else(|| amount.to_string(), str::to_owned);
            if let Ok(quantity) = text.parse::<Quantity>() {
                *amount = quantity.to_string().into();
            }
        }
    }
    container
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
