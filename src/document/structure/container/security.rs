//! `securityContext` of a container: contradictions, and names that a runtime would not know.

use super::{Rules, items, number, text};
use crate::document::Code;
use crate::document::validate::capability;

/// Source: k8s.io/apimachinery `IsValidUserID`.
const MOST_ID: i64 = 2_147_483_647;

impl Rules<'_> {
    pub(super) fn security(&mut self) {
        let Some(context) = self.node.get("securityContext") else { return };
        let says = |key: &str, wanted: &str| text(context, key).filter(|(_, text)| *text == wanted);
        if let (Some(_), Some((entry, _))) =
            (says("privileged", "true"), says("allowPrivilegeEscalation", "false"))
        {
            self.error(
                Code::KubernetesValue,
                entry.place(),
                "a privileged container can always gain privileges",
                "remove `allowPrivilegeEscalation` or `privileged`",
            );
        }
        for field in ["runAsUser", "runAsGroup"] {
            let id = number(context, field).filter(|(_, id)| !(0..=MOST_ID).contains(id));
            if let Some((entry, id)) = id {
                self.error(
                    Code::KubernetesValue,
                    entry.place(),
                    format!("`{field}` cannot be {id}"),
                    format!("write a number from 0 to {MOST_ID}"),
                );
            }
        }
        if let (Some((user, "0")), Some(_)) = (text(context, "runAsUser"), says("runAsNonRoot", "true")) {
            self.error(
                Code::RootConflict,
                user.place(),
                "the user 0 is root, and `runAsNonRoot` is `true`",
                "write another user, or remove `runAsNonRoot`",
            );
        }
        let Some(capabilities) = context.get("capabilities") else { return };
        for list in ["add", "drop"] {
            for item in items(capabilities, list) {
                if let Some(name) = item.text().filter(|name| *name != "ALL") {
                    self.diagnostics.extend(capability(name, item.span));
                }
            }
        }
    }
}
