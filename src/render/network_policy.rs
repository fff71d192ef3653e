//! `NetworkPolicy`: the declared ports from anywhere unless the document names who, nothing else in; everything out
//! unless it names whom. Pods beside the app have one of their own, which lets nobody in.

use std::collections::BTreeMap;

use k8s_openapi::api::networking::v1::{
    IPBlock, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer,
    NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::labels;
use super::ports::NamedPort;
use super::subject::{Subject, some_entries, some_items};
use crate::document::{AppSpec, Peer, PeerPort};
use crate::object::{Kind, Object};

/// The label that Kubernetes gives to every namespace.
const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";
const DNS: i32 = 53;

pub(super) fn render(subject: &Subject<'_>) -> Vec<Object> {
    let app = policy(subject, subject.name(), subject.label_selector(), ingress(subject));
    let spec = subject.spec;
    let has_others = !spec.jobs.is_empty() || spec.backup.is_some();
    let beside = has_others.then(|| {
        policy(
            subject,
            &format!("{}-jobs", subject.name()),
            labels::beside(subject.app, &subject.selector),
            Vec::new(),
        )
    });
    [app].into_iter().chain(beside).collect()
}

fn policy(
    subject: &Subject<'_>,
    name: &str,
    pods: LabelSelector,
    ingress: Vec<NetworkPolicyIngressRule>,
) -> Object {
    let policy = NetworkPolicy {
        metadata: subject.meta(name),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(pods),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: some_items(ingress),
            egress: Some(egress(subject.spec)),
        }),
    };
    subject.object(Kind::NetworkPolicy, policy)
}

fn ingress(subject: &Subject<'_>) -> Vec<NetworkPolicyIngressRule> {
    // A rule without ports would open all of them; no rule opens none.
    if subject.ports.is_empty() {
        return Vec::new();
    }
    let declared: Vec<NetworkPolicyPort> = subject.ports.iter().map(by_name).collect();
    let Some(from) = subject.spec.network.as_ref().and_then(|network| network.from.as_ref()) else {
        return vec![NetworkPolicyIngressRule { from: None, ports: Some(declared) }];
    };
    let rule = |peer: &Peer| {
        let ports = subject.ports.iter().filter(|port| peer.ports.is_empty() || names_it(&peer.ports, port));
        NetworkPolicyIngressRule {
            from: Some(vec![selected(peer)]),
            ports: Some(ports.map(by_name).collect()),
        }
    };
    from.iter().map(rule).collect()
}

fn names_it(ports: &[PeerPort], port: &NamedPort<'_>) -> bool {
    ports.iter().any(|wanted| wanted.means(port.name, port.number, port.protocol))
}

fn by_name(port: &NamedPort<'_>) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::String(port.name.to_owned())),
        protocol: Some(port.protocol_name().to_owned()),
        end_port: None,
    }
}

fn egress(spec: &AppSpec) -> Vec<NetworkPolicyEgressRule> {
    let Some(to) = spec.network.as_ref().and_then(|network| network.to.as_ref()) else {
        return vec![NetworkPolicyEgressRule::default()];
    };
    let numbered = |port: i32, protocol: &str| NetworkPolicyPort {
        port: Some(IntOrString::Int(port)),
        protocol: Some(protocol.to_owned()),
        end_port: None,
    };
    // Without names, nothing else could be found.
    let dns =
        NetworkPolicyEgressRule { to: None, ports: Some(vec![numbered(DNS, "UDP"), numbered(DNS, "TCP")]) };
    let rule = |peer: &Peer| {
        let ports = peer.ports.iter().filter_map(|port| {
            let (number, protocol) = port.number();
            Some(numbered(number?.into(), protocol.unwrap_or_default().name()))
        });
        let ports = ports.collect();
        NetworkPolicyEgressRule { to: Some(vec![selected(peer)]), ports: some_items(ports) }
    };
    [dns].into_iter().chain(to.iter().map(rule)).collect()
}

fn selected(peer: &Peer) -> NetworkPolicyPeer {
    let selector = |labels: BTreeMap<String, String>| LabelSelector {
        match_labels: some_entries(labels),
        match_expressions: None,
    };
    if let Some(cidr) = &peer.cidr {
        let block = IPBlock { cidr: cidr.clone(), except: some_items(peer.except.clone()) };
        return NetworkPolicyPeer { ip_block: Some(block), ..NetworkPolicyPeer::default() };
    }
    let namespace = peer.namespace.as_ref();
    NetworkPolicyPeer {
        namespace_selector: namespace
            .map(|name| selector([(NAMESPACE_NAME.to_owned(), name.clone())].into())),
        pod_selector: peer.app.as_deref().map(|app| selector(labels::all_of(app))),
        ip_block: None,
    }
}
