//! `PodDisruptionBudget`: one pod at a time unless the document says otherwise, when there is more than one. Pods that are
//! not ready anyway may always be evicted, or a broken app would block the drain of its node.

use k8s_openapi::api::policy::v1::{PodDisruptionBudget, PodDisruptionBudgetSpec};

use super::deployment::most_replicas;
use super::subject::{Subject, int_or_percent};
use crate::document::{Disruption, IntOrPercent};
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Option<Object> {
    if most_replicas(subject.spec) < 2 {
        return None;
    }
    let one = Disruption { max_unavailable: Some(IntOrPercent::Int(1)), min_available: None };
    let asked = subject.spec.disruption.as_ref().unwrap_or(&one);
    let budget = PodDisruptionBudget {
        metadata: subject.meta(subject.name()),
        spec: Some(PodDisruptionBudgetSpec {
            max_unavailable: asked.max_unavailable.map(int_or_percent),
            min_available: asked.min_available.map(int_or_percent),
            selector: Some(subject.label_selector()),
            unhealthy_pod_eviction_policy: Some("AlwaysAllow".to_owned()),
        }),
        status: None,
    };
    Some(subject.object(Kind::PodDisruptionBudget, budget))
}
