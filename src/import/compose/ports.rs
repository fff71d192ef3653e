//! Ports. What compose publishes on its host is a matter of its own in a cluster; here it only says what the container
//! listens on. Services of a project reach each other at the container's port, so that is what the Service offers.

use std::collections::BTreeMap;

use super::Scope;
use super::fields::Fields;
use crate::document::{FullPort, Port, Protocol, ServiceSpec};
use crate::import::app::Draft;
use crate::import::well_known;
use crate::import::yaml::{Entry, Node};

/// The most ports that a range may stand for.
const MOST: u16 = 100;

/// A port that the container listens on.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Listening {
    name: Option<String>,
    number: u16,
    protocol: Protocol,
}

pub(super) fn ports(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let mut found: Vec<Listening> = Vec::new();
    let mut published = Vec::new();
    for (key, is_published) in [("ports", true), ("expose", false)] {
        let Some(entry) = fields.take(key) else { continue };
        for item in entry.value.items() {
            let Some((ports, host)) = one(scope, service, key, entry, item) else {
                scope.unfit(
                    service,
                    key,
                    entry,
                    "a port that cannot be read: write it into `ports` of the document",
                );
                continue;
            };
            found.extend(ports);
            if is_published && let Some(host) = host {
                published.push((host, entry));
            }
        }
    }
    if found.is_empty()
        && let Some(number) = well_known::port_of(&draft.spec.image)
    {
        found.push(Listening { name: None, number, protocol: Protocol::TCP });
        let message =
            format!("declares port {number}, on which images of this name listen; compose does not say it");
        let finding =
            crate::import::report::Finding::new(crate::import::report::Fate::Note, service, message);
        scope.findings.push(finding);
    }
    declare(found, draft);
    for (host, entry) in published {
        let name = &draft.id.name;
        let message = format!(
            "{host} of the host: within the cluster it is the Service `{name}`; for people outside write \
             `ingress: {{host: …}}`, or `service: {{type: LoadBalancer}}`"
        );
        scope.unfit(service, "ports", entry, &message);
    }
}

fn declare(found: Vec<Listening>, draft: &mut Draft) {
    let mut ports: BTreeMap<String, Port> = BTreeMap::new();
    let mut known: Vec<(u16, Protocol)> = Vec::new();
    let is_only = found.iter().filter(|port| port.protocol == Protocol::TCP).count() == 1;
    for port in found {
        if known.contains(&(port.number, port.protocol)) {
            continue;
        }
        known.push((port.number, port.protocol));
        let is_free = |name: &str| !ports.contains_key(name);
        let likely = well_known::likely_name(port.number, is_only);
        let likely = likely.filter(|name| port.protocol == Protocol::TCP && is_free(name));
        let name = port.name.filter(|name| is_free(name)).or_else(|| likely.map(str::to_owned));
        let protocol = match port.protocol {
            Protocol::TCP => "tcp",
            Protocol::UDP => "udp",
            Protocol::SCTP => "sctp",
        };
        let name = name.unwrap_or_else(|| format!("{protocol}-{}", port.number));
        let value = match port.protocol {
            Protocol::TCP => Port::Number(port.number),
            protocol => Port::Full(FullPort { port: port.number, protocol }),
        };
        ports.insert(name, value);
    }
    match ports.get("http") {
        Some(Port::Number(number)) => {
            // Otherwise it would be 80, and the others know it by the container's number.
            let offered = ServiceSpec { port: Some(*number), ..ServiceSpec::default() };
            draft.spec.service = (*number != 80).then_some(offered);
            if ports.len() == 1 {
                draft.spec.port = Some(*number);
                return;
            }
        }
        Some(Port::Full(_)) | None => {}
    }
    draft.spec.ports = ports;
}

/// The ports of an item, and what it publishes them as.
fn one(
    scope: &mut Scope<'_>,
    service: &str,
    key: &str,
    entry: &Entry,
    item: &Node,
) -> Option<(Vec<Listening>, Option<String>)> {
    if item.entries().is_empty() {
        let text = scope.text(service, key, entry, item)?;
        return short(&text, key == "ports");
    }
    let mut fields = Fields::new(item);
    let mut text = |key: &str| {
        let entry = fields.take(key)?;
        scope.text(service, "ports", entry, &entry.value)
    };
    let number: u16 = text("target")?.parse().ok().filter(|number| *number > 0)?;
    let protocol = protocol(text("protocol").as_deref().unwrap_or("tcp"))?;
    let name = text("name").filter(|name| super::words::label(name) == *name && name.len() <= 15);
    let published = text("published").filter(|port| !port.is_empty());
    let is_local = text("host_ip").is_some_and(|address| is_loopback(&address));
    // How a port of the host is taken says nothing in a cluster.
    fields.take("mode");
    for entry in fields.rest() {
        scope.unfit(service, &format!("ports.{}", entry.key), entry, "it has no counterpart");
    }
    let host = published.filter(|_| !is_local).map(|port| format!("port {port}"));
    Some((vec![Listening { name, number, protocol }], host))
}

/// `[[address:]published:]target[/protocol]`, each perhaps a range.
fn short(text: &str, may_publish: bool) -> Option<(Vec<Listening>, Option<String>)> {
    let (rest, protocol) = match text.rsplit_once('/') {
        Some((rest, name)) => (rest, protocol(name)?),
        None => (text, Protocol::TCP),
    };
    let (front, target) = rest.rsplit_once(':').map_or((None, rest), |(front, target)| (Some(front), target));
    let (first, last) = target.split_once('-').unwrap_or((target, target));
    let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    if first == 0 || last < first || last - first >= MOST {
        return None;
    }
    let ports = (first..=last).map(|number| Listening { name: None, number, protocol }).collect();
    let host = front.filter(|_| may_publish).and_then(|front| {
        let (address, published) =
            front.rsplit_once(':').map_or((None, front), |(address, port)| (Some(address), port));
        let is_local = address.is_some_and(is_loopback);
        (!is_local && !published.is_empty()).then(|| format!("port {published}"))
    });
    Some((ports, host))
}

fn protocol(name: &str) -> Option<Protocol> {
    match name.to_ascii_lowercase().as_str() {
        "tcp" => Some(Protocol::TCP),
        "udp" => Some(Protocol::UDP),
        "sctp" => Some(Protocol::SCTP),
        _ => None,
    }
}

fn is_loopback(address: &str) -> bool {
    let address = address.trim_matches(['[', ']']);
    address == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Option<(Vec<u16>, Option<String>)> {
        short(text, true).map(|(ports, host)| (ports.into_iter().map(|port| port.number).collect(), host))
    }

    #[test]
    fn the_short_forms_of_a_port() {
        let host = |text: &str| Some(text.to_owned());
        assert_eq!(numbers("80"), Some((vec![80], None)));
        assert_eq!(numbers("8080:80"), Some((vec![80], host("port 8080"))));
        assert_eq!(numbers("127.0.0.1:8080:80"), Some((vec![80], None)));
        assert_eq!(numbers("[::1]:8080:80"), Some((vec![80], None)));
        assert_eq!(numbers("0.0.0.0:8080:80/tcp"), Some((vec![80], host("port 8080"))));
        assert_eq!(numbers("9000-9002:8000-8002"), Some((vec![8000, 8001, 8002], host("port 9000-9002"))));
        assert_eq!(short("53:53/udp", true).unwrap().0[0].protocol, Protocol::UDP);
        for wrong in ["", "a", "0", "80/x", "1-70000", "1-65535", "9-8", ":"] {
            assert_eq!(numbers(wrong), None, "{wrong}");
        }
    }
}
