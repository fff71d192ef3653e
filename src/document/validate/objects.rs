//! Names, labels and data of `objects`, as the API server takes them: their structure alone says nothing of these.

use super::{Rules, names};
use crate::document::Code;
use crate::document::diagnostic::quoted;
use crate::document::node::{Entry, Node};

/// Whose objects have names of path segments.
const RBAC: &str = "rbac.authorization.k8s.io";
const SUBDOMAIN: &str =
    "at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends";

impl Rules<'_> {
    /// An item of `objects`, by its number. What is missing of it, or no text, is found by others.
    pub(super) fn object(&mut self, object: &Node, number: &str) {
        let text = |key: &str| object.get(key).and_then(Node::text).unwrap_or_default();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let metadata = object.get("metadata");
        if let Some(name) = metadata.and_then(|metadata| metadata.get("name")).and_then(Node::text)
            && let Some(help) = wrong_name(api_version, kind, name)
        {
            let message = format!("{} cannot be the name of a {kind}", quoted(name));
            self.error(Code::InvalidObject, &["objects", number, "metadata", "name"], message, help);
        }
        let entries = |key: &str| {
            metadata.and_then(|metadata| metadata.get(key)).map(Node::entries).unwrap_or_default()
        };
        self.written_metadata(&["objects", number, "metadata"], entries("labels"), entries("annotations"));
        if api_version == "v1" && matches!(kind, "ConfigMap" | "Secret") {
            for field in ["data", "binaryData", "stringData"] {
                let keys = object.get(field).map(Node::entries).unwrap_or_default();
                for entry in keys {
                    self.data_key(&["objects", number, field], entry);
                }
            }
        }
    }

    fn data_key(&mut self, path: &[&str], Entry { key, .. }: &Entry) {
        if !names::is_data_key(&key.text) {
            self.key_error(
                Code::InvalidObject,
                &[path, &[key.text.as_str()]].concat(),
                format!("{} cannot be a key of the data", quoted(&key.text)),
                "a key has at most 253 letters, digits, `-`, `_` and `.`, and does not begin with `..`",
            );
        }
    }
}

/// What to write instead of a name that the API server does not take. An empty one counts as missing.
///
/// Source: k8s.io/kubernetes `pkg/apis/*/validation`; for objects of custom kinds, `pkg/registry/customresource`.
fn wrong_name(api_version: &str, kind: &str, name: &str) -> Option<&'static str> {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let (good, help) = match (group, kind) {
        _ if name.is_empty() => return None,
        (RBAC, _) => (
            names::is_path_segment(name),
            "at most 253 letters, digits, `-`, `_`, `.` and `:`, with a letter or digit first",
        ),
        ("", "Service") => (
            names::is_rfc1035_label(name),
            "at most 63 lower-case letters, digits and `-`, a letter first, no `-` at the end",
        ),
        // Room for what the controller appends.
        ("batch", "CronJob") => (
            names::is_subdomain(name) && name.len() <= 52,
            "at most 52 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
        ),
        _ => (names::is_subdomain(name), SUBDOMAIN),
    };
    (!good).then_some(help)
}
