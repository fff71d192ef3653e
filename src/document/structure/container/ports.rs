//! Ports of a container.

use std::collections::HashMap;

use super::{Rules, items, number, text};
use crate::document::diagnostic::{quoted, shown};
use crate::document::node::{Entry, Node};
use crate::document::validate::is_port_name;
use crate::document::{Code, Diagnostic, Span};

impl Rules<'_> {
    pub(super) fn ports(&mut self) {
        let mut names: HashMap<&str, Span> = HashMap::new();
        for port in items(self.node, "ports") {
            for field in ["containerPort", "hostPort"] {
                if let Some((entry, number)) = number(port, field) {
                    self.port_number(entry, number);
                }
            }
            let Some((entry, name)) = text(port, "name") else { continue };
            self.port_name(entry, name);
            if let Some(first) = names.insert(name, entry.place()) {
                let message = format!("two ports of the container are called `{}`", shown(name));
                self.diagnostics.push(
                    Diagnostic::error(Code::KubernetesDuplicate, entry.place(), message)
                        .label(first, "the first of them")
                        .help("give one of them another name"),
                );
            }
        }
    }

    fn port_number(&mut self, entry: &Entry, number: i64) {
        if !(1..=65_535).contains(&number) {
            self.error(
                Code::InvalidPort,
                entry.place(),
                format!("{number} is not a port"),
                "write a number from 1 to 65535",
            );
        }
    }

    fn port_name(&mut self, entry: &Entry, name: &str) {
        if !is_port_name(name) {
            self.error(
                Code::InvalidPortName,
                entry.place(),
                format!("{} cannot be the name of a port", quoted(name)),
                "at most 15 lower-case letters, digits and `-`, with a letter among them",
            );
        }
    }

    /// The port that a check goes to: a number, or the name of a port of this container. The API server would take
    /// any name, and the kubelet not find it.
    pub(super) fn checked_port(&mut self, action: &Node) {
        if let Some((entry, number)) = number(action, "port") {
            self.port_number(entry, number);
            return;
        }
        let Some((entry, name)) = text(action, "port") else { return };
        if !is_port_name(name) {
            self.port_name(entry, name);
            return;
        }
        let declared = items(self.node, "ports");
        if !declared.iter().any(|port| text(port, "name").is_some_and(|(_, other)| other == name)) {
            self.error(
                Code::UndeclaredPort,
                entry.place(),
                format!("the port `{}` is not declared", shown(name)),
                "write its number, or declare it in the container's `ports`",
            );
        }
    }
}
