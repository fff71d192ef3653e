//! The container's ports and the Service. Ports have names in a document; where they have none, one is found for them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Draft, Source};
use crate::document::{FullPort, Port, Protocol, ServiceSpec, ServiceType};
use crate::import::json::{list, map, number, text};
use crate::import::well_known;
use crate::render::app_ports;

/// A port of the container on its way.
struct Found {
    name: Option<String>,
    number: u16,
    protocol: Protocol,
}

pub(super) fn ports(source: &Source<'_>, draft: &mut Draft) {
    let mut found: Vec<Found> = list(source.main, "/ports").iter().filter_map(declared).collect();
    let service = source.group.service.map(|service| list(&service.said, "/spec/ports")).unwrap_or_default();
    // A Service may lead to a port that the container does not declare.
    for port in service {
        let target: Option<u16> = match port.get("targetPort") {
            Some(target) => target.as_u64().and_then(|number| u16::try_from(number).ok()),
            None => number(port, "/port"),
        };
        let protocol = protocol(port);
        if let Some(number) = target
            && !found.iter().any(|port| port.number == number && port.protocol == protocol)
        {
            found.push(Found { name: None, number, protocol });
        }
    }
    let mut ports: BTreeMap<String, Port> = BTreeMap::new();
    for port in &found {
        let name = name(port, &found, service, &ports);
        let value = match port.protocol {
            Protocol::TCP => Port::Number(port.number),
            protocol => Port::Full(FullPort { port: port.number, protocol }),
        };
        ports.insert(name, value);
    }
    match ports.get("http") {
        Some(Port::Number(number)) if ports.len() == 1 => draft.spec.port = Some(*number),
        Some(_) | None => draft.spec.ports = ports,
    }
    if let Some(service) = source.group.service {
        draft.spec.service = self::service(&service.said, draft);
    }
}

fn declared(port: &Value) -> Option<Found> {
    let name = text(port, "/name").map(str::to_owned);
    Some(Found { name, number: number(port, "/containerPort")?, protocol: protocol(port) })
}

fn protocol(port: &Value) -> Protocol {
    match text(port, "/protocol") {
        Some("UDP") => Protocol::UDP,
        Some("SCTP") => Protocol::SCTP,
        Some(_) | None => Protocol::TCP,
    }
}

/// Its own name, that of the Service's port that leads to it, what
/// the number is known for, `http` for the first other TCP port, or one made of its number.
fn name(port: &Found, all: &[Found], service: &[Value], taken: &BTreeMap<String, Port>) -> String {
    let is_free = |name: &str| {
        !taken.contains_key(name) && !all.iter().any(|other| other.name.as_deref() == Some(name))
    };
    if let Some(name) = port.name.as_ref().filter(|name| !taken.contains_key(*name)) {
        return name.clone();
    }
    let leads_here = |candidate: &&Value| {
        let target = candidate.get("targetPort").or_else(|| candidate.get("port"));
        target.and_then(Value::as_u64) == Some(port.number.into()) && protocol(candidate) == port.protocol
    };
    let of_service = service.iter().find(leads_here).and_then(|port| text(port, "/name"));
    if let Some(name) = of_service.filter(|name| is_free(name) && is_port_name(name)) {
        return name.to_owned();
    }
    let is_only = all.iter().filter(|other| other.protocol == Protocol::TCP).count() == 1;
    let likely = well_known::likely_name(port.number, is_only).filter(|name| is_free(name));
    if let Some(likely) = likely.filter(|_| port.protocol == Protocol::TCP) {
        return likely.to_owned();
    }
    let protocol = match port.protocol {
        Protocol::TCP => "tcp",
        Protocol::UDP => "udp",
        Protocol::SCTP => "sctp",
    };
    format!("{protocol}-{}", port.number)
}

/// Source: RFC 6335 section 5.1, as `IsValidPortName`; names of a Service's ports may be longer.
fn is_port_name(name: &str) -> bool {
    name.len() <= 15 && !name.contains("--") && name.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn service(said: &Value, draft: &Draft) -> Option<ServiceSpec> {
    let ports = app_ports(&draft.spec);
    let main = ports.first()?;
    let offered = list(said, "/spec/ports").iter().find(|port| {
        let target = port.get("targetPort").or_else(|| port.get("port"));
        let names = target.and_then(Value::as_str) == Some(main.name);
        (names || target.and_then(Value::as_u64) == Some(main.number.into()))
            && protocol(port) == main.protocol
    });
    let default = if main.name == "http" { 80 } else { main.number };
    let service = ServiceSpec {
        port: offered.and_then(|port| number(port, "/port")).filter(|port| *port != default),
        kind: match text(said, "/spec/type") {
            Some("NodePort") => Some(ServiceType::NodePort),
            Some("LoadBalancer") => Some(ServiceType::LoadBalancer),
            Some(_) | None => None,
        },
        annotations: {
            let mut annotations = own_annotations(said);
            annotations.retain(|key, _| !draft.annotations.contains_key(key));
            annotations
        },
        headless: text(said, "/spec/clusterIP") == Some("None"),
    };
    (service != ServiceSpec::default()).then_some(service)
}

/// Annotations of one object only, without those that are portfolio's.
pub(super) fn own_annotations(said: &Value) -> BTreeMap<String, String> {
    let mut annotations = map(said, "/metadata/annotations");
    annotations.retain(|key, _| !super::around::is_reserved(key));
    annotations
}
