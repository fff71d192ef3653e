//! Ports and the Service in front of them.

use std::collections::BTreeMap;

use super::{Rules, names};
use crate::document::diagnostic::{all_of, did_you_mean, quoted, shown};
use crate::document::{AppSpec, Code, Diagnostic, Port, Protocol, ServiceType, Span};

/// The declared ports: name, number, protocol; `port` is the one called `http`. The first is the main one, which
/// Service, ingress and probes mean when they name none.
pub(super) fn declared(spec: &AppSpec) -> Vec<(&str, u16, Protocol)> {
    let short = spec.port.map(|port| ("http", port, Protocol::TCP));
    let named = spec.ports.iter().map(|(name, port)| match port {
        Port::Number(number) => (name.as_str(), *number, Protocol::TCP),
        Port::Full(full) => (name.as_str(), full.port, full.protocol),
    });
    let mut ports: Vec<_> = short.into_iter().chain(named).collect();
    ports.sort_by_key(|(name, ..)| (*name != "http", *name));
    ports
}

impl Rules<'_> {
    pub(super) fn ports(&mut self) {
        let spec = &self.app.spec;
        if spec.port.is_some() && spec.ports.contains_key("http") {
            let diagnostic = Diagnostic::error(
                Code::PortTwice,
                self.places.key(&["ports", "http"]),
                "`port` is the port `http`, which `ports` names as well",
            );
            let first = self.places.key(&["port"]);
            self.push(diagnostic.label(first, "the same port").help("remove one of them"));
        }
        for name in spec.ports.keys().filter(|name| !names::is_port_name(name)) {
            self.key_error(
                Code::InvalidPortName,
                &["ports", name],
                format!("{} cannot be the name of a port", quoted(name)),
                "at most 15 lower-case letters, digits and `-`, with a letter among them",
            );
        }
        let mut seen: BTreeMap<(u16, &str), (&str, Span)> = BTreeMap::new();
        let short = spec.port.is_some();
        for (at, (name, number, protocol)) in declared(spec).into_iter().enumerate() {
            let path: &[&str] = if short && at == 0 { &["port"] } else { &["ports", name, "port"] };
            if number == 0 {
                self.error(Code::InvalidPort, path, "0 is not a port", "write a number from 1 to 65535");
                continue;
            }
            let protocol = protocol.name();
            let place = self.at(path);
            let other = seen.insert((number, protocol), (name, place));
            if let Some((other, first)) = other.filter(|(other, _)| *other != name) {
                let message = format!(
                    "the {protocol} port {number} is declared twice, as {} and {}",
                    quoted(other),
                    quoted(name)
                );
                self.push(
                    Diagnostic::error(Code::DuplicatePort, place, message)
                        .label(first, "the first of them")
                        .help("a container has each port once; remove one of them"),
                );
            }
        }
        self.service();
        self.service_ports();
    }

    fn service(&mut self) {
        let Some(service) = &self.app.spec.service else { return };
        self.object_annotations(&service.annotations, &["service", "annotations"]);
        if service.port == Some(0) {
            self.error(
                Code::InvalidPort,
                &["service", "port"],
                "0 is not a port",
                "write a number from 1 to 65535",
            );
        }
        if let (true, Some(kind @ (ServiceType::NodePort | ServiceType::LoadBalancer))) =
            (service.headless, service.kind)
        {
            self.error(
                Code::HeadlessType,
                &["service", "headless"],
                format!("a headless Service has no address, but the type {kind:?} needs one"),
                "remove `headless` or `type`",
            );
        }
        self.needs_port("service", "the Service");
    }

    /// The main port may have another number on the Service, which one of the others may have already.
    fn service_ports(&mut self) {
        let service = self.app.spec.service.as_ref();
        let ports = declared(&self.app.spec);
        let Some(((main, own, protocol), others)) = ports.split_first() else { return };
        let asked = service.and_then(|service| service.port);
        let offered = asked.unwrap_or(if *main == "http" { 80 } else { *own });
        // The same number of two container ports is reported as such.
        let same =
            others.iter().find(|(_, number, of)| *number == offered && number != own && of == protocol);
        let Some((other, ..)) = same else { return };
        let declared = self.at(&["ports", other]);
        let place = if asked.is_some() { self.at(&["service", "port"]) } else { declared };
        let mut diagnostic = Diagnostic::error(
            Code::ServicePortTwice,
            place,
            format!(
                "the Service would offer port {offered} twice, for `{}` and for `{}`",
                shown(main),
                shown(other)
            ),
        );
        if asked.is_some() {
            diagnostic = diagnostic.label(declared, "also offered as this number");
        }
        self.push(diagnostic.help(format!(
            "write `service: {{port: {own}}}`, or another number at which to offer `{}`",
            shown(main)
        )));
    }

    /// What leads to the app needs a port to lead to.
    pub(super) fn needs_port(&mut self, field: &str, what: &str) {
        if self.whole && declared(&self.app.spec).is_empty() {
            self.key_error(
                Code::NoPort,
                &[field],
                format!("{what} needs a port of the app, and none is declared"),
                "write `port: 8080` with the port that the app listens on",
            );
        }
    }

    /// A port that is used must be declared; it goes by name or by number.
    pub(super) fn declared_port(&mut self, path: &[&str], port: &str, tcp: bool) {
        let ports = declared(&self.app.spec);
        let found = ports.iter().find(|(name, number, _)| *name == port || number.to_string() == port);
        let message = match found {
            Some((.., Protocol::TCP)) => return,
            Some(_) if !tcp => return,
            Some(_) => format!("the port `{}` is not a TCP port", shown(port)),
            None if !self.whole => return,
            None => format!("the port `{}` is not declared", shown(port)),
        };
        let known: Vec<&str> = ports.iter().map(|(name, ..)| *name).collect();
        let help = did_you_mean(port, known.iter().copied()).unwrap_or_else(|| match known.as_slice() {
            [] => format!("declare it: `port: {}`", if port.parse::<u16>().is_ok() { port } else { "8080" }),
            // Any number of names would not fit.
            known if known.len() > 10 => "declare it in `ports`".to_owned(),
            known => format!("the declared ports are {}", all_of(known.iter().copied())),
        });
        self.error(Code::UndeclaredPort, path, message, &help);
    }
}
