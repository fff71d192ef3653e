//! `HorizontalPodAutoscaler`: quick to add pods, slow to take them away. Only the app's container counts where there are
//! others in the pod.

use k8s_openapi::api::autoscaling::v2::{
    ContainerResourceMetricSource, CrossVersionObjectReference, HPAScalingPolicy, HPAScalingRules,
    HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior, HorizontalPodAutoscalerSpec, MetricSpec,
    MetricTarget, ResourceMetricSource,
};

use super::names;
use super::subject::{Subject, int};
use crate::document::Autoscaling;
use crate::object::{Kind, Object};

const DEFAULT_CPU: u32 = 80;
/// Load that comes in waves must not take away pods that are needed in a moment.
const SCALE_DOWN_SECONDS: i32 = 300;

pub(super) fn render(subject: &Subject<'_>) -> Option<Object> {
    let asked = subject.spec.autoscaling.as_ref()?;
    let scaler = HorizontalPodAutoscaler {
        metadata: subject.meta(subject.name()),
        spec: Some(HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some(Kind::Deployment.api_version()),
                kind: Kind::Deployment.name().to_owned(),
                name: subject.name().to_owned(),
            },
            min_replicas: Some(int(asked.fewest())),
            max_replicas: int(asked.max),
            metrics: Some(metrics(subject, asked)),
            behavior: Some(behavior()),
        }),
        status: None,
    };
    Some(subject.object(Kind::HorizontalPodAutoscaler, scaler))
}

fn metrics(subject: &Subject<'_>, asked: &Autoscaling) -> Vec<MetricSpec> {
    let cpu = match (asked.cpu, asked.memory) {
        (None, None) => Some(DEFAULT_CPU),
        (cpu, _) => cpu,
    };
    let alone = subject.spec.sidecars.is_empty() && subject.spec.init_containers.is_empty();
    [("cpu", cpu), ("memory", asked.memory)]
        .into_iter()
        .filter_map(|(resource, percent)| Some(metric(resource, percent?, alone)))
        .collect()
}

fn metric(resource: &str, percent: u32, alone: bool) -> MetricSpec {
    let name = resource.to_owned();
    let target = MetricTarget {
        type_: "Utilization".to_owned(),
        average_utilization: Some(int(percent)),
        ..MetricTarget::default()
    };
    if alone {
        MetricSpec {
            type_: "Resource".to_owned(),
            resource: Some(ResourceMetricSource { name, target }),
            ..MetricSpec::default()
        }
    } else {
        let container = names::CONTAINER.to_owned();
        MetricSpec {
            type_: "ContainerResource".to_owned(),
            container_resource: Some(ContainerResourceMetricSource { container, name, target }),
            ..MetricSpec::default()
        }
    }
}

fn behavior() -> HorizontalPodAutoscalerBehavior {
    let half = HPAScalingPolicy { type_: "Percent".to_owned(), value: 50, period_seconds: 60 };
    HorizontalPodAutoscalerBehavior {
        scale_down: Some(HPAScalingRules {
            stabilization_window_seconds: Some(SCALE_DOWN_SECONDS),
            policies: Some(vec![half]),
            ..HPAScalingRules::default()
        }),
        scale_up: None,
    }
}
