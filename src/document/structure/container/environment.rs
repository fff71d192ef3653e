//! Environment variables of a container.

use super::{Rules, items, present, text};
use crate::document::diagnostic::{all_of, one_of, quoted};
use crate::document::node::Node;
use crate::document::validate::is_env_name;
use crate::document::{Code, Span};

/// Where the value of a variable comes from.
const SOURCES: [&str; 5] = ["secretKeyRef", "configMapKeyRef", "fieldRef", "resourceFieldRef", "fileKeyRef"];
/// Where a set of variables comes from.
const SETS: [&str; 2] = ["secretRef", "configMapRef"];

impl Rules<'_> {
    pub(super) fn environment(&mut self) {
        for variable in items(self.node, "env") {
            if let Some((entry, name)) = text(variable, "name").filter(|(_, name)| !is_env_name(name)) {
                self.error(
                    Code::InvalidEnvName,
                    entry.place(),
                    format!("{} cannot be the name of an environment variable", quoted(name)),
                    "letters, digits, `_`, `-` and `.`, with no digit first",
                );
            }
            self.value(variable);
        }
        for set in items(self.node, "envFrom") {
            self.one_source(set, first_key(set), "an item of `envFrom`", &SETS);
        }
    }

    fn value(&mut self, variable: &Node) {
        let Some(from) = variable.entry("valueFrom").filter(|entry| !entry.value.is_null()) else { return };
        self.one_source(&from.value, from.place(), "`valueFrom`", &SOURCES);
        if text(variable, "value").is_some_and(|(_, value)| !value.is_empty()) {
            self.error(
                Code::KubernetesValue,
                from.place(),
                "a variable has not both `value` and `valueFrom`",
                "remove one of them",
            );
        }
    }

    /// Exactly one of them must be there, and say of which object.
    fn one_source(&mut self, node: &Node, place: Span, what: &str, sources: &[&str]) {
        let found = present(node, sources);
        match found.as_slice() {
            [] => self.error(
                Code::KubernetesMissing,
                place,
                format!("{what} names no source"),
                format!("write one of {}", one_of(sources.iter().copied())),
            ),
            [source] => {
                let of_object =
                    source.key.text.starts_with("secret") || source.key.text.starts_with("configMap");
                if of_object && text(&source.value, "name").is_none_or(|(_, name)| name.is_empty()) {
                    self.error(
                        Code::KubernetesMissing,
                        source.key.span,
                        format!("`{}` needs the field `name`", source.key.text),
                        "write the name of the object",
                    );
                }
            }
            [_, second, ..] => {
                let names = found.iter().map(|entry| entry.key.text.as_str());
                let message = format!("{what} has more than one source: {}", all_of(names));
                self.error(Code::KubernetesValue, second.key.span, message, "keep one of them");
            }
        }
    }
}

/// Where to point for a map, which has no place of its own: at its first key.
fn first_key(node: &Node) -> Span {
    node.entries().first().map_or(node.span, |entry| entry.key.span)
}
