//! The checks that the standard `restricted` adds.

use serde_json::Value;

use super::baseline::{CAPABILITIES, is_filter};
use super::{Review, Said};

/// Kinds of volumes that bring nothing of the host's.
const VOLUMES: [&str; 9] = [
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

impl Review<'_> {
    pub(super) fn restricted(&mut self) {
        self.volume_types();
        // Such pods cannot have these fields.
        if !self.is_windows() {
            self.privilege_escalation();
            self.dropped_capabilities();
            self.seccomp_is_set();
        }
        if self.has_user_namespace() {
            self.proc_mount("procMount_restricted");
        } else {
            self.non_root();
            self.root_user();
        }
    }

    fn volume_types(&mut self) {
        for (at, volume) in self.volumes().iter().enumerate() {
            let there = |kind: &str| volume.get(kind).is_some_and(|source| !source.is_null());
            // The folder of a host is a matter of the baseline already.
            if VOLUMES.into_iter().any(there) || there("hostPath") {
                continue;
            }
            let name = volume.get("name").and_then(Value::as_str).unwrap_or_default();
            let kind = volume.as_object().and_then(|volume| volume.keys().find(|key| *key != "name"));
            let message = match kind {
                Some(kind) => format!("the volume `{name}` is of the kind `{kind}`"),
                None => format!("the volume `{name}` is of no known kind"),
            };
            self.violation("restrictedVolumes", format!("/spec/volumes/{at}"), message);
        }
    }

    fn privilege_escalation(&mut self) {
        for container in self.containers() {
            if container.get("/securityContext/allowPrivilegeEscalation") != Some(&Value::Bool(false)) {
                let pointer = format!("{}/securityContext/allowPrivilegeEscalation", container.pointer);
                let message = format!(
                    "the container `{}` may gain privileges: write `allowPrivilegeEscalation: false`",
                    container.name()
                );
                self.violation("allowPrivilegeEscalation", pointer, message);
            }
        }
    }

    fn dropped_capabilities(&mut self) {
        for container in self.containers() {
            let names = |list: &str| -> Vec<&str> {
                let list =
                    container.get(&format!("/securityContext/capabilities/{list}")).and_then(Value::as_array);
                list.into_iter().flatten().filter_map(Value::as_str).collect()
            };
            let pointer = format!("{}/securityContext/capabilities", container.pointer);
            if !names("drop").contains(&"ALL") {
                let message = format!(
                    "the container `{}` keeps capabilities: write `capabilities: {{drop: [ALL]}}`",
                    container.name()
                );
                self.violation("capabilities_restricted", format!("{pointer}/drop"), message);
            }
            for (at, name) in names("add").into_iter().enumerate() {
                // Others are a matter of the baseline already.
                if name != "NET_BIND_SERVICE" && CAPABILITIES.contains(&name) {
                    let message =
                        format!("the container `{}` adds the capability `{name}`", container.name());
                    self.violation("capabilities_restricted", format!("{pointer}/add/{at}"), message);
                }
            }
        }
    }

    /// Each container has a profile that filters, of its own or the pod's. One that does not filter is a matter of
    /// the baseline already.
    fn seccomp_is_set(&mut self) {
        if self.get("/spec/securityContext/seccompProfile/type").is_some_and(is_filter) {
            return;
        }
        for container in self.containers() {
            if container.get("/securityContext/seccompProfile").is_none() {
                let message = format!(
                    "the container `{}` has no seccomp profile: write `seccompProfile: {{type: RuntimeDefault}}`",
                    container.name()
                );
                let pointer = format!("{}/securityContext/seccompProfile", container.pointer);
                self.violation("seccompProfile_restricted", pointer, message);
            }
        }
    }

    fn non_root(&mut self) {
        for Said { who, pointer, value } in self.contexts("runAsNonRoot") {
            if value == &Value::Bool(false) {
                self.violation("runAsNonRoot", pointer, format!("{who} may run as root"));
            }
        }
        if self.is_true("/spec/securityContext/runAsNonRoot") {
            return;
        }
        for container in self.containers() {
            if container.get("/securityContext/runAsNonRoot").is_none() {
                let message = format!(
                    "the container `{}` may run as root: write `runAsNonRoot: true`",
                    container.name()
                );
                let pointer = format!("{}/securityContext/runAsNonRoot", container.pointer);
                self.violation("runAsNonRoot", pointer, message);
            }
        }
    }

    fn root_user(&mut self) {
        for Said { who, pointer, value } in self.contexts("runAsUser") {
            if value.as_i64() == Some(0) {
                self.violation("runAsUser", pointer, format!("{who} runs as root"));
            }
        }
    }
}
