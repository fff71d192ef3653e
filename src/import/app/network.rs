//! The network policy, as far as `network` can say it: whole apps, whole namespaces, ranges of addresses.

use serde_json::Value;

use super::{Draft, Source};
use crate::document::{FullPort, Network, Peer, PeerPort, Protocol, Scalar};
use crate::import::json::{list, map, scalar, text, texts};

const NAMESPACE_NAME: &str = "kubernetes.io/metadata.name";

pub(super) fn network(source: &Source<'_>, draft: &mut Draft) {
    let Some(policy) = source.group.policy else { return };
    let said = &policy.said;
    let types = texts(said, "/spec/policyTypes");
    let rules = list(said, "/spec/ingress");
    let open = rules.iter().any(|rule| list(rule, "/from").is_empty());
    let from =
        if open { None } else { rules.iter().map(|rule| peers(rule, "/from")).collect::<Option<Vec<_>>>() };
    let is_egress =
        types.iter().any(|direction| direction == "Egress") || said.pointer("/spec/egress").is_some();
    let egress = list(said, "/spec/egress");
    let to = if is_egress && !egress.iter().any(is_open) {
        egress.iter().filter(|rule| !is_dns(rule)).map(|rule| peers(rule, "/to")).collect::<Option<Vec<_>>>()
    } else {
        None
    };
    let flat = |peers: Option<Vec<Vec<Peer>>>| peers.map(|peers| peers.into_iter().flatten().collect());
    let network = Network { from: flat(from), to: flat(to) };
    draft.spec.network = (network != Network::default()).then_some(network);
}

fn is_open(rule: &Value) -> bool {
    list(rule, "/to").is_empty() && list(rule, "/ports").is_empty()
}

/// What portfolio adds to every list of its own.
fn is_dns(rule: &Value) -> bool {
    let ports = list(rule, "/ports");
    list(rule, "/to").is_empty()
        && !ports.is_empty()
        && ports.iter().all(|port| port.get("port") == Some(&53.into()))
}

/// A port of a rule. A name stands for a declared port, which has its protocol.
fn port(port: &Value) -> Option<PeerPort> {
    let protocol = match text(port, "/protocol") {
        None | Some("TCP") => Protocol::TCP,
        Some("UDP") => Protocol::UDP,
        Some("SCTP") => Protocol::SCTP,
        Some(_) => return None,
    };
    let number = port.get("port").and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok());
    match number.filter(|_| protocol != Protocol::TCP) {
        Some(port) => Some(PeerPort::Full(FullPort { port, protocol })),
        None => Some(PeerPort::Plain(Scalar(scalar(port.get("port")?)?))),
    }
}

/// The peers of a rule, each with the rule's ports; none if one of them cannot be said.
fn peers(rule: &Value, field: &str) -> Option<Vec<Peer>> {
    let ports: Option<Vec<PeerPort>> = list(rule, "/ports").iter().map(port).collect();
    let ports = ports?;
    let one = |value: &Value| {
        let mut peer = Peer { ports: ports.clone(), ..Peer::default() };
        if let Some(block) = value.get("ipBlock") {
            peer.cidr = Some(text(block, "/cidr")?.to_owned());
            peer.except = texts(block, "/except");
            return Some(peer);
        }
        let only = |pointer: &str, keys: &[&str]| {
            let labels = map(value, pointer);
            let first = labels.get(*keys.first()?)?.clone();
            let same = labels.len() == keys.len() && keys.iter().all(|key| labels.get(*key) == Some(&first));
            same.then_some(first)
        };
        if value.get("namespaceSelector").is_some() {
            peer.namespace = Some(only("/namespaceSelector/matchLabels", &[NAMESPACE_NAME])?);
        }
        if value.get("podSelector").is_some() {
            let keys = ["app.kubernetes.io/name", "app.kubernetes.io/instance"];
            peer.app = Some(only("/podSelector/matchLabels", &keys)?);
        }
        (peer.namespace.is_some() || peer.app.is_some()).then_some(peer)
    };
    list(rule, field).iter().map(one).collect()
}
