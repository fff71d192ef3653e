//! Requests and limits of a container.

use super::{Rules, entries};
use crate::document::diagnostic::{did_you_mean, quoted, shown};
use crate::document::node::{Entry, Node};
use crate::document::validate::bytes;
use crate::document::{Code, Diagnostic, Quantity};

/// What every container can have, besides `hugepages-<size>`.
const STANDARD: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

impl Rules<'_> {
    pub(super) fn resources(&mut self) {
        let Some(resources) = self.node.get("resources") else { return };
        let (requests, limits) = (entries(resources, "requests"), entries(resources, "limits"));
        for entry in requests.iter().chain(limits) {
            self.resource_name(entry);
            let name = entry.key.text.as_str();
            match quantity(entry) {
                Some(amount) if is_bytes(name) && amount.is_positive() => {
                    self.diagnostics.extend(bytes(name, amount, entry.place()));
                }
                None if entry.value.text().is_some_and(|text| text.starts_with('-')) => self.error(
                    Code::KubernetesValue,
                    entry.place(),
                    format!("{} cannot be less than zero", quoted(name)),
                    "write what the container needs",
                ),
                Some(_) | None => {}
            }
        }
        self.above_limits(requests, resources);
    }

    fn resource_name(&mut self, entry: &Entry) {
        let name = entry.key.text.as_str();
        if STANDARD.contains(&name) || name.starts_with("hugepages-") || name.contains('/') {
            return;
        }
        let help = did_you_mean(name, STANDARD).unwrap_or_else(|| {
            "write `cpu`, `memory` or `ephemeral-storage`; others have a domain, as in `example.com/gpu`"
                .to_owned()
        });
        let message = format!("a container has no resource `{}`", shown(name));
        self.error(Code::KubernetesValue, entry.key.span, message, help);
    }

    fn above_limits(&mut self, requests: &[Entry], resources: &Node) {
        let limits = resources.get("limits");
        for entry in requests {
            let name = entry.key.text.as_str();
            let Some(at_most) = limits.and_then(|limits| limits.entry(name)) else { continue };
            let (Some(request), Some(limit)) = (quantity(entry), quantity(at_most)) else { continue };
            if request > limit {
                let name = shown(name);
                let message = format!("the request for {name}, {request}, is more than the limit, {limit}");
                self.diagnostics.push(
                    Diagnostic::error(Code::RequestAboveLimit, entry.place(), message)
                        .label(at_most.place(), "the limit")
                        .help("raise the limit or lower the request"),
                );
            }
        }
    }
}

fn is_bytes(name: &str) -> bool {
    matches!(name, "memory" | "ephemeral-storage") || name.starts_with("hugepages-")
}

fn quantity(entry: &Entry) -> Option<Quantity> {
    entry.value.text()?.parse().ok()
}
