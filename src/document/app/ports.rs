//! Ports of the container and the Service in front of them.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::is_false;

/// A named container port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Port {
    /// A TCP port.
    Number(u16),
    /// A port with its protocol.
    Full(FullPort),
}

/// Written out, because a derived untagged enum forgets what was wrong with which of its forms.
impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl<'de> Visitor<'de> for PortVisitor {
            type Value = Port;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port number such as `8080`, or a map such as `{port: 53, protocol: UDP}`")
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Port, E> {
                let wrong = |_| E::custom(format!("`{number}` is not a port, a number from 1 to 65535"));
                u16::try_from(number).map(Port::Number).map_err(wrong)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Port, E> {
                Err(E::custom(format!("`{number}` is not a port, a number from 1 to 65535")))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Port, A::Error> {
                FullPort::deserialize(MapAccessDeserializer::new(map)).map(Port::Full)
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}

/// A port with its protocol.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FullPort {
    /// Port number, 1 to 65535.
    pub port: u16,
    /// Transport protocol. Default TCP.
    #[serde(default)]
    pub protocol: Protocol,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Protocol {
    /// TCP, the default.
    #[default]
    TCP,
    /// UDP.
    UDP,
    /// SCTP.
    SCTP,
}

impl Protocol {
    /// As Kubernetes writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::TCP => "TCP",
            Protocol::UDP => "UDP",
            Protocol::SCTP => "SCTP",
        }
    }
}

/// The Service in front of the app.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServiceSpec {
    /// Port that the Service offers for the app's first port. Default: 80 for `http`, else the container's port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Service type. Default `ClusterIP`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ServiceType>,
    /// Annotations of the Service only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// No cluster IP: DNS answers with the pods' addresses. Fixed once applied.
    #[serde(default, skip_serializing_if = "is_false")]
    pub headless: bool,
}

/// Type of a Service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ServiceType {
    /// Reachable within the cluster.
    ClusterIP,
    /// Reachable on every node's address.
    NodePort,
    /// Reachable through the cloud's load balancer.
    LoadBalancer,
}
