//! The app's ports: `port` and `ports` together, the main one first.

use crate::document::{AppSpec, Port, Protocol};

/// A named container port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedPort<'a> {
    /// Its name, by which Service, Ingress, probes and network policy refer to it.
    pub name: &'a str,
    /// Container port.
    pub number: u16,
    /// Transport protocol.
    pub protocol: Protocol,
}

impl NamedPort<'_> {
    pub(super) const fn protocol_name(&self) -> &'static str {
        self.protocol.name()
    }

    /// The application protocol that the name tells, for meshes and gateways.
    /// Source: <https://kubernetes.io/docs/concepts/services-networking/service/#application-protocol>.
    pub(super) fn app_protocol(&self) -> Option<&'static str> {
        match self.name {
            "http" | "web" => Some("http"),
            "https" => Some("https"),
            "grpc" | "h2c" => Some("kubernetes.io/h2c"),
            "ws" => Some("kubernetes.io/ws"),
            "wss" => Some("kubernetes.io/wss"),
            _ => None,
        }
    }
}

/// The declared ports. The first is the main one, which Ingress, probes and `service.port` mean: `http` when
/// there is one, else the first by name.
pub fn app_ports(spec: &AppSpec) -> Vec<NamedPort<'_>> {
    let short = spec.port.map(|number| NamedPort { name: "http", number, protocol: Protocol::TCP });
    let declared = spec.ports.iter().map(|(name, port)| {
        let (number, protocol) = match port {
            Port::Number(number) => (*number, Protocol::TCP),
            Port::Full(full) => (full.port, full.protocol),
        };
        NamedPort { name, number, protocol }
    });
    let mut ports: Vec<_> = short.into_iter().chain(declared).collect();
    ports.sort_by_key(|port| (port.name != "http", port.name));
    ports.dedup_by_key(|port| port.name);
    ports
}
