//! `PodDisruptionBudget`: one pod at a time, when there is more than one. Pods that are not ready anyway may
//! always be evicted, or a broken app would block the drain of its node.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::deployment::replicas;
use super::subject::Subject;
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Option<Object> {
    if replicas(subject.spec) < 2 {
        return None;
    }
    let budget = PodDisruptionBudget {
        metadata: subject.meta(subject.name()),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: Some(IntOrString::Int(1)),
            min_available: None,
            selector: Some(subject.label_selector()),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
        }),
        status: None,
    };
    Some(subject.object(Kind::PodDisruptionBudget, &budget.metadata, &budget))
}
