//! Real objects of a real API server: see `tests/fixtures/live/README.md`.

use serde_json::Value;

use super::*;
use crate::document::DocumentId;

macro_rules! live {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("../../tests/fixtures/live/", $name, ".json")))
            .unwrap()
    };
}

fn of_kind(list: &Value, kind: Kind) -> Value {
    list.as_array().unwrap().iter().find(|object| object["kind"] == kind.name()).unwrap().clone()
}

fn digest(live: &Value) -> Projection {
    projection(live, &Managers::default()).unwrap()
}

fn told(live: &Value, kind: Kind) -> Vec<String> {
    let desired = of_kind(&live!("desired"), kind);
    explain(live, &desired, &Managers::default()).iter().map(ToString::to_string).collect()
}

#[test]
fn the_answer_to_an_apply_and_the_settled_object_have_one_projection() {
    for kind in Kind::ALL {
        let (applied, settled) = (of_kind(&live!("applied"), kind), of_kind(&live!("settled"), kind));
        assert_eq!(digest(&applied), digest(&settled), "{kind}");
        assert_eq!(told(&settled, kind), [""; 0], "{kind}");
        assert_eq!(fold(&settled, &Managers::default()), None, "{kind}");
    }
}

#[test]
fn what_we_applied_is_ours() {
    let owner = Owner { namespace: "portfolio-system".into(), source: "main".into() };
    for kind in Kind::ALL {
        let settled = of_kind(&live!("settled"), kind);
        assert!(ownership(&settled, &owner).is_of(&DocumentId::app("shop", "web")), "{kind}");
        assert_eq!(reference(&settled).map(|reference| reference.kind), Some(kind));
        let observed = Observed::of(kind, &settled, &owner, &Managers::default());
        assert!(observed.resource_version > 0 && observed.uid.len() == 36, "{kind}");
    }
}

#[test]
fn a_scaled_deployment_names_kubectl() {
    let scaled = live!("deployment-scaled");
    assert_ne!(digest(&scaled), digest(&of_kind(&live!("settled"), Kind::Deployment)));
    assert_eq!(told(&scaled, Kind::Deployment), ["spec.replicas was changed by kubectl"]);
}

#[test]
fn additions_by_people_are_drift_and_a_restart_is_not() {
    let edited = live!("deployment-edited");
    assert_ne!(digest(&edited), digest(&of_kind(&live!("settled"), Kind::Deployment)));
    assert_eq!(
        told(&edited, Kind::Deployment),
        [
            "metadata.labels[extra] was added by kubectl-label",
            "spec.template.spec.containers[name=app].env[name=B] was added by kubectl-set",
        ]
    );
    assert_eq!(
        told(&live!("service-annotated"), Kind::Service),
        ["metadata.annotations[x] was added by kubectl-annotate"]
    );
}

#[test]
fn folding_makes_additions_ours_and_leaves_the_restart_alone() {
    let mut edited = live!("deployment-edited");
    edited["metadata"]["managedFields"] = fold(&edited, &Managers::default()).unwrap();
    let entries = edited["metadata"]["managedFields"].to_string();
    for manager in ["kubectl-set", "kubectl-label"] {
        assert!(!entries.contains(manager), "{manager}");
    }
    assert!(entries.contains("kubectl-rollout"));
    assert_eq!(fold(&edited, &Managers::default()), None);
}

#[test]
fn a_repaired_deployment_is_as_it_was() {
    let (settled, repaired) = (of_kind(&live!("settled"), Kind::Deployment), live!("deployment-repaired"));
    assert_eq!(digest(&settled), digest(&repaired));
    assert_eq!(told(&repaired, Kind::Deployment), [""; 0]);
    assert!(
        repaired.pointer("/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt").is_some()
    );
}

#[test]
fn a_deployment_without_a_node_progresses_and_a_balancer_without_a_cloud_waits() {
    let settled = live!("settled");
    let message = |kind: Kind| health(kind, &of_kind(&settled, kind)).to_string();
    assert_eq!(message(Kind::Deployment), "Progressing: 0 of 2 pods are available");
    assert_eq!(message(Kind::Service), "Progressing: the load balancer has no address yet");
    for kind in [
        Kind::PersistentVolumeClaim,
        Kind::PodDisruptionBudget,
        Kind::HorizontalPodAutoscaler,
        Kind::Ingress,
        Kind::CronJob,
    ] {
        assert_eq!(message(kind), "Healthy", "{kind}");
    }
}
