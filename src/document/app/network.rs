//! Who may reach the app, and whom it may reach.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{FullPort, Protocol};
use crate::document::Scalar;

/// What the network lets through. Rendered as a `NetworkPolicy`, which only some networks of clusters obey.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Network {
    /// Who may reach the declared ports. Default: anyone; `[]` for nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Vec<Peer>>,
    /// Whom the app may reach; DNS is always among them. Default: everyone; `[]` for DNS only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Vec<Peer>>,
}

/// Somebody in the network: an `app`, all of a `namespace`, or addresses (`cidr`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Peer {
    /// The pods of this app, its jobs among them; with `namespace`, of the app there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Everything in this namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A range of addresses, such as `10.0.0.0/8`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["10.0.0.0/8"]))]
    pub cidr: Option<String>,
    /// Ranges within `cidr` that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// Ports: of `from`, declared ones by name or number; of `to`, numbers, of TCP unless the protocol is written:
    /// `{port: 8125, protocol: UDP}`. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[443, {"port": 8125, "protocol": "UDP"}]]))]
    pub ports: Vec<PeerPort>,
}

/// A port of a peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum PeerPort {
    /// Of `from`, a declared port by name or number; of `to`, the number of a TCP port.
    Plain(Scalar),
    /// A number with its protocol.
    Full(FullPort),
}

impl PeerPort {
    /// Its number, where it is one, and its protocol, where that is written.
    pub fn number(&self) -> (Option<u16>, Option<Protocol>) {
        match self {
            PeerPort::Plain(text) => (text.0.parse().ok(), None),
            PeerPort::Full(full) => (Some(full.port), Some(full.protocol)),
        }
    }

    /// Whether a declared port is meant by it.
    pub fn means(&self, name: &str, number: u16, protocol: Protocol) -> bool {
        match self {
            PeerPort::Plain(text) => text.0 == name || text.0 == number.to_string(),
            PeerPort::Full(full) => full.port == number && full.protocol == protocol,
        }
    }
}

/// Written out, because a derived untagged enum forgets what was wrong with which of its forms.
impl<'de> Deserialize<'de> for PeerPort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PortVisitor;

        impl PortVisitor {
            fn plain(text: impl fmt::Display) -> PeerPort {
                PeerPort::Plain(Scalar(text.to_string()))
            }
        }

        impl<'de> Visitor<'de> for PortVisitor {
            type Value = PeerPort;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a port such as `443`, or a map such as `{port: 8125, protocol: UDP}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<PeerPort, E> {
                Ok(Self::plain(text))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<PeerPort, E> {
                Ok(Self::plain(number))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<PeerPort, E> {
                Ok(Self::plain(number))
            }

            fn visit_bool<E: de::Error>(self, boolean: bool) -> Result<PeerPort, E> {
                Ok(Self::plain(boolean))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<PeerPort, A::Error> {
                FullPort::deserialize(MapAccessDeserializer::new(map)).map(PeerPort::Full)
            }
        }

        deserializer.deserialize_any(PortVisitor)
    }
}
