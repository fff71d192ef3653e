//! The checks of the standard `baseline`.

use serde_json::Value;

use super::{Review, Said};

/// What may be added: what container runtimes give anyway.
pub(super) const CAPABILITIES: [&str; 13] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// Of the pod alone, each with the version that first allowed it.
const SYSCTLS: [(&str, u16); 14] = [
    ("kernel.shm_rmid_forced", 0),
    ("net.ipv4.ip_local_port_range", 0),
    ("net.ipv4.ip_local_reserved_ports", 27),
    ("net.ipv4.ip_unprivileged_port_start", 0),
    ("net.ipv4.ping_group_range", 0),
    ("net.ipv4.tcp_fin_timeout", 29),
    ("net.ipv4.tcp_keepalive_intvl", 29),
    ("net.ipv4.tcp_keepalive_probes", 29),
    ("net.ipv4.tcp_keepalive_time", 29),
    ("net.ipv4.tcp_notsent_lowat", 37),
    ("net.ipv4.tcp_rmem", 32),
    ("net.ipv4.tcp_slow_start_after_idle", 37),
    ("net.ipv4.tcp_syncookies", 0),
    ("net.ipv4.tcp_wmem", 32),
];

const SELINUX_TYPES: [&str; 5] =
    ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];

/// `AppArmor` by annotation, as it was before it had fields.
const APPARMOR: &str = "container.apparmor.security.beta.kubernetes.io/";

impl Review<'_> {
    pub(super) fn baseline(&mut self) {
        self.host_process();
        self.host_namespaces();
        self.privileged();
        self.capabilities();
        self.host_path();
        self.host_ports();
        self.host_probes();
        self.app_armor();
        self.selinux();
        if !self.has_user_namespace() {
            self.proc_mount("procMount");
        }
        self.seccomp("seccompProfile_baseline");
        self.sysctls();
    }

    fn host_process(&mut self) {
        for Said { who, pointer, value } in self.contexts("windowsOptions/hostProcess") {
            if value == &Value::Bool(true) {
                self.violation("windowsHostProcess", pointer, format!("{who} runs as a process of the host"));
            }
        }
    }

    fn host_namespaces(&mut self) {
        for field in ["hostNetwork", "hostPID", "hostIPC"] {
            let pointer = format!("/spec/{field}");
            if self.is_true(&pointer) {
                self.violation(
                    "hostNamespaces",
                    pointer,
                    format!("`{field}` shares a namespace of the host"),
                );
            }
        }
    }

    fn privileged(&mut self) {
        for Said { who, pointer, value } in self.container_contexts("privileged") {
            if value == &Value::Bool(true) {
                self.violation("privileged", pointer, format!("{who} is privileged"));
            }
        }
    }

    fn capabilities(&mut self) {
        for container in self.containers() {
            let added = container.get("/securityContext/capabilities/add").and_then(Value::as_array);
            for (at, name) in added.into_iter().flatten().filter_map(Value::as_str).enumerate() {
                if !CAPABILITIES.contains(&name) {
                    let pointer = format!("{}/securityContext/capabilities/add/{at}", container.pointer);
                    let message =
                        format!("the container `{}` adds the capability `{name}`", container.name());
                    self.violation("capabilities_baseline", pointer, message);
                }
            }
        }
    }

    fn host_path(&mut self) {
        for (at, volume) in self.volumes().iter().enumerate() {
            if volume.get("hostPath").is_some_and(|source| !source.is_null()) {
                let message = format!("the volume `{}` is a folder of the host", name(volume));
                self.violation("hostPathVolumes", format!("/spec/volumes/{at}/hostPath"), message);
            }
        }
    }

    fn host_ports(&mut self) {
        for container in self.containers() {
            let ports = container.get("/ports").and_then(Value::as_array);
            for (at, port) in ports.into_iter().flatten().enumerate() {
                if let Some(number) =
                    port.get("hostPort").and_then(Value::as_i64).filter(|number| *number != 0)
                {
                    let pointer = format!("{}/ports/{at}/hostPort", container.pointer);
                    let message =
                        format!("the container `{}` takes the host's port {number}", container.name());
                    self.violation("hostPorts", pointer, message);
                }
            }
        }
    }

    /// A check that goes elsewhere lets the kubelet ask what the pod itself may not reach.
    fn host_probes(&mut self) {
        if self.minor < 34 {
            return;
        }
        for container in self.containers() {
            for handler in [
                "livenessProbe",
                "readinessProbe",
                "startupProbe",
                "lifecycle/postStart",
                "lifecycle/preStop",
            ] {
                for action in ["httpGet", "tcpSocket"] {
                    let inner = format!("/{handler}/{action}/host");
                    let host = container.get(&inner).and_then(Value::as_str).filter(|host| !host.is_empty());
                    if let Some(host) = host {
                        let message = format!(
                            "the container `{}` lets the kubelet ask the host `{host}`",
                            container.name()
                        );
                        let pointer = format!("{}{inner}", container.pointer);
                        self.violation("hostProbesAndHostLifecycle", pointer, message);
                    }
                }
            }
        }
    }

    fn app_armor(&mut self) {
        for Said { who, pointer, value } in self.contexts("appArmorProfile/type") {
            if !matches!(value.as_str(), Some("RuntimeDefault" | "Localhost")) {
                self.violation("appArmorProfile", pointer, format!("{who} has the AppArmor profile {value}"));
            }
        }
        let annotations = self.get("/metadata/annotations").and_then(Value::as_object);
        for (key, value) in annotations.into_iter().flatten() {
            let profile = value.as_str().unwrap_or_default();
            let good =
                profile.is_empty() || profile == "runtime/default" || profile.starts_with("localhost/");
            if key.starts_with(APPARMOR) && !good {
                let pointer = format!("/metadata/annotations/{}", key.replace('~', "~0").replace('/', "~1"));
                let message = format!("the annotation `{key}` asks for the AppArmor profile `{profile}`");
                self.violation("appArmorProfile", pointer, message);
            }
        }
    }

    fn selinux(&mut self) {
        for Said { who, pointer, value: options } in self.contexts("seLinuxOptions") {
            let text = |field: &str| options.get(field).and_then(Value::as_str).unwrap_or_default();
            if !SELINUX_TYPES.contains(&text("type")) {
                let message = format!("{who} has the SELinux type `{}`", text("type"));
                self.violation("seLinuxOptions", format!("{pointer}/type"), message);
            }
            for field in ["user", "role"] {
                if !text(field).is_empty() {
                    let message = format!("{who} sets the SELinux {field}");
                    self.violation("seLinuxOptions", format!("{pointer}/{field}"), message);
                }
            }
        }
    }

    pub(super) fn proc_mount(&mut self, rule: &'static str) {
        for Said { who, pointer, value } in self.container_contexts("procMount") {
            if value.as_str() != Some("Default") {
                self.violation(rule, pointer, format!("{who} sees more of /proc than by default"));
            }
        }
    }

    /// A profile that is set must be one that filters.
    pub(super) fn seccomp(&mut self, rule: &'static str) {
        for Said { who, pointer, value } in self.contexts("seccompProfile") {
            let profile = value.get("type").unwrap_or(&Value::Null);
            if !is_filter(profile) {
                self.violation(
                    rule,
                    format!("{pointer}/type"),
                    format!("{who} has the seccomp profile {profile}"),
                );
            }
        }
    }

    fn sysctls(&mut self) {
        let sysctls = self.get("/spec/securityContext/sysctls").and_then(Value::as_array);
        for (at, sysctl) in sysctls.into_iter().flatten().enumerate() {
            let name = name(sysctl);
            if !SYSCTLS.iter().any(|(allowed, since)| *allowed == name && *since <= self.minor) {
                let pointer = format!("/spec/securityContext/sysctls/{at}");
                self.violation("sysctls", pointer, format!("the sysctl `{name}` is not one that is safe"));
            }
        }
    }
}

/// Whether a seccomp profile filters anything.
pub(super) fn is_filter(profile: &Value) -> bool {
    matches!(profile.as_str(), Some("RuntimeDefault" | "Localhost"))
}

fn name(value: &Value) -> &str {
    value.get("name").and_then(Value::as_str).unwrap_or_default()
}
