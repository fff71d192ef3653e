//! `NetworkPolicy`: the declared ports from anywhere, nothing else in; everything out.

use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::subject::Subject;
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Object {
    let ports: Vec<_> = subject
        .ports
        .iter()
        .map(|port| NetworkPolicyPort {
            port: Some(IntOrString::String(port.name.to_owned())),
            protocol: Some(port.protocol_name().to_owned()),
            end_port: None,
        })
        .collect();
    // A rule without ports would open all of them; no rule opens none.
    let ingress = (!ports.is_empty()).then_some(NetworkPolicyIngressRule { from: None, ports: Some(ports) });
    let policy = NetworkPolicy {
        metadata: subject.meta(subject.name()),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(subject.label_selector()),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: ingress.map(|rule| vec![rule]),
            egress: Some(vec![NetworkPolicyEgressRule::default()]),
        }),
    };
    subject.object(Kind::NetworkPolicy, &policy.metadata, &policy)
}
