//! Loosenings of the hardened default.

use super::Rules;
use crate::document::diagnostic::{did_you_mean, quoted};
use crate::document::{Code, Diagnostic, Span};

/// Source: capabilities(7), without `CAP_`.
const CAPABILITIES: [&str; 41] = [
    "AUDIT_CONTROL",
    "AUDIT_READ",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "BPF",
    "CHECKPOINT_RESTORE",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "PERFMON",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];

impl Rules<'_> {
    pub(super) fn security(&mut self) {
        let Some(security) = &self.app.spec.security else { return };
        match security.user {
            Some(0) if !security.root => self.error(
                Code::RootConflict,
                &["security", "user"],
                "the user 0 is root",
                "write `root: true` as well if the app must run as root",
            ),
            Some(user) if user != 0 && security.root => self.error(
                Code::RootConflict,
                &["security", "root"],
                format!("`root: true`, but the app runs as user {user}"),
                "remove one of them",
            ),
            Some(_) | None => {}
        }
        for (number, name) in security.capabilities.iter().enumerate() {
            let place = self.at(&["security", "capabilities", &number.to_string()]);
            self.diagnostics.extend(capability(name, place));
        }
    }
}

/// What is wrong with the name of a capability.
pub(in crate::document) fn capability(name: &str, span: Span) -> Option<Diagnostic> {
    if CAPABILITIES.contains(&name) {
        return None;
    }
    let bare = name.strip_prefix("CAP_").unwrap_or(name);
    let help = did_you_mean(bare, CAPABILITIES).unwrap_or_else(|| {
        "write it as in capabilities(7) without `CAP_`, such as `NET_BIND_SERVICE`".into()
    });
    let message = format!("{} is not a capability", quoted(name));
    Some(Diagnostic::error(Code::InvalidCapability, span, message).help(help))
}
