//! Health checks and hooks of a container.

use super::{Rules, entries, items, number, present, text};
use crate::document::Code;
use crate::document::diagnostic::{all_of, one_of, shown};
use crate::document::node::Entry;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
/// What a probe can do.
const CHECKS: [&str; 4] = ["httpGet", "tcpSocket", "grpc", "exec"];
/// What a hook can do.
const ACTIONS: [&str; 4] = ["exec", "httpGet", "sleep", "tcpSocket"];
const COUNTS: [&str; 5] =
    ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"];

impl Rules<'_> {
    pub(super) fn probes(&mut self) {
        if !self.goes_on() {
            for entry in present(self.node, &[&PROBES[..], &["lifecycle"]].concat()) {
                self.error(
                    Code::KubernetesValue,
                    entry.key.span,
                    format!("an init container that runs to its end has no `{}`", entry.key.text),
                    "remove it; or write `restartPolicy: Always` for one that goes on beside the app",
                );
            }
            return;
        }
        for probe in present(self.node, &PROBES) {
            self.handler(probe, &CHECKS, Code::ProbeKind);
            self.counts(probe);
        }
        for hook in entries(self.node, "lifecycle") {
            if matches!(hook.key.text.as_str(), "postStart" | "preStop") {
                self.handler(hook, &ACTIONS, Code::KubernetesValue);
            }
        }
    }

    /// Exactly one thing to do.
    fn handler(&mut self, of: &Entry, kinds: &[&str], code: Code) {
        let what = of.key.text.as_str();
        let found = present(&of.value, kinds);
        match found.as_slice() {
            [] => self.error(
                code,
                of.key.span,
                format!("`{what}` says nothing to do"),
                format!("write one of {}", one_of(kinds.iter().copied())),
            ),
            [action] => self.action(action),
            [_, second, ..] => {
                let names = found.iter().map(|entry| entry.key.text.as_str());
                let message = format!("`{what}` says more than one thing to do: {}", all_of(names));
                self.error(code, second.key.span, message, "keep one of them");
            }
        }
    }

    fn action(&mut self, action: &Entry) {
        match action.key.text.as_str() {
            "exec" if items(&action.value, "command").is_empty() => self.error(
                Code::KubernetesMissing,
                action.key.span,
                "`exec` needs a command",
                "write `command: [\"…\"]`",
            ),
            "httpGet" | "tcpSocket" | "grpc" => self.checked_port(&action.value),
            _ => {}
        }
    }

    fn counts(&mut self, probe: &Entry) {
        for field in COUNTS {
            let Some((entry, count)) = number(&probe.value, field).filter(|(_, count)| *count < 0) else {
                continue;
            };
            self.error(
                Code::KubernetesValue,
                entry.place(),
                format!("`{field}` cannot be {count}"),
                "write a number that is not negative",
            );
        }
        // Only readiness may be asked more than once to be believed; 0 is the default, which is 1.
        if probe.key.text != "readinessProbe"
            && let Some((entry, count)) =
                number(&probe.value, "successThreshold").filter(|(_, count)| *count > 1)
        {
            self.error(
                Code::KubernetesValue,
                entry.place(),
                format!("`successThreshold` of `{}` cannot be {count}", probe.key.text),
                "leave it out: one success is enough here",
            );
        }
        let Some((entry, grace)) = text(&probe.value, "terminationGracePeriodSeconds") else { return };
        if probe.key.text == "readinessProbe" {
            self.error(
                Code::KubernetesValue,
                entry.key.span,
                "`readinessProbe` ends nothing, so it has no `terminationGracePeriodSeconds`",
                "remove it",
            );
        } else if grace.parse::<i64>().is_ok_and(|grace| grace <= 0) {
            self.error(
                Code::KubernetesValue,
                entry.place(),
                format!("`terminationGracePeriodSeconds` cannot be {}", shown(grace)),
                "write 1 or more",
            );
        }
    }
}
