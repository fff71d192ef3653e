//! Who may reach the app, and whom it may reach.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// Ports: of `from`, declared ones by name or number; of `to`, numbers. Default: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Scalar>,
}
