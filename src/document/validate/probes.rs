//! Health checks.

use super::Rules;
use super::ports::declared;
use crate::document::diagnostic::quoted;
use crate::document::{Code, Diagnostic, Duration, Probe, Probes, Protocol};

impl Rules<'_> {
    pub(super) fn probes(&mut self) {
        let Some(probes) = &self.app.spec.probes else { return };
        for (name, probe) in [("startup", &probes.startup), ("ready", &probes.ready), ("live", &probes.live)]
        {
            if let Some(probe) = probe {
                self.probe(name, probe);
            }
        }
        self.alike(probes);
    }

    /// Without `ready`, the default is meant: whether the first port can be connected to.
    fn alike(&mut self, probes: &Probes) {
        let default = Probe { tcp: true, ..Probe::default() };
        let ready = probes.ready.as_ref().unwrap_or(&default);
        if probes.live.as_ref() != Some(ready) {
            return;
        }
        let alike = match probes.ready {
            Some(_) => "the probes `ready` and `live` are alike",
            None => "the probe `live` is what `ready` is by default",
        };
        let mut diagnostic = Diagnostic::warning(
            Code::ProbesAlike,
            self.places.key(&["probes", "live"]),
            format!("{alike}: a pod that is only busy is restarted"),
        );
        if probes.ready.is_some() {
            diagnostic = diagnostic.label(self.places.key(&["probes", "ready"]), "the same check");
        }
        self.push(diagnostic.help("leave `live` out, or check there only what a restart would cure"));
    }

    fn probe(&mut self, name: &str, probe: &Probe) {
        let kinds = [probe.path.is_some(), probe.tcp, probe.grpc, !probe.command.is_empty()];
        let count = kinds.into_iter().filter(|kind| *kind).count();
        if count > 1 || (count == 0 && self.whole) {
            let message = match count {
                0 => format!("the probe `{name}` says nothing to check"),
                _ => format!("the probe `{name}` says more than one thing to check"),
            };
            // An empty command is what people look at; the other ways to check say themselves that they are there.
            let path: &[&str] = if count == 0 { &["probes", name, "command"] } else { &["probes", name] };
            self.key_error(
                Code::ProbeKind,
                path,
                message,
                "write one of `path: /health`, `tcp: true`, `grpc: true` and `command: […]`",
            );
        }
        if let Some(path) = &probe.path {
            self.url_path(&["probes", name, "path"], path);
        }
        if let Some(port) = &probe.port {
            if probe.command.is_empty() {
                self.declared_port(&["probes", name, "port"], &port.0, true);
            } else {
                self.error(
                    Code::ProbeKind,
                    &["probes", name, "port"],
                    format!("the probe `{name}` runs a command, which has no port"),
                    "remove `port`",
                );
            }
        } else if probe.command.is_empty() && count == 1 {
            self.default_port(name);
        }
        for (field, duration) in [("period", probe.period), ("timeout", probe.timeout)] {
            if duration.is_some_and(|duration| duration == Duration::from_secs(0)) {
                let path = ["probes", name, field];
                self.error(
                    Code::NotPositive,
                    &path,
                    format!("`{field}` must be at least 1s"),
                    "write `1s` or more",
                );
            }
        }
        if probe.failures == Some(0) {
            let path = ["probes", name, "failures"];
            self.error(Code::NotPositive, &path, "`failures` must be at least 1", "write `1` or more");
        }
    }

    /// A check over the network that names no port needs one to be there.
    fn default_port(&mut self, name: &str) {
        let ports = declared(&self.app.spec);
        let has_tcp = ports.iter().any(|(.., protocol)| *protocol == Protocol::TCP);
        if has_tcp || !self.whole {
            return;
        }
        if ports.is_empty() {
            self.key_error(
                Code::NoPort,
                &["probes", name],
                format!("the probe `{name}` needs a port of the app, and none is declared"),
                "write `port: 8080` into `spec`, with the port that the app listens on",
            );
        } else {
            self.key_error(
                Code::NotTcp,
                &["probes", name],
                format!("the probe `{name}` needs a TCP port, and the app has none"),
                "declare one in `ports`, or check with `command: […]`",
            );
        }
    }

    /// The path of a URL, or a prefix of it.
    pub(super) fn url_path(&mut self, path: &[&str], url_path: &str) {
        if !url_path.starts_with('/')
            || url_path.chars().any(|char| char.is_whitespace() || char.is_control())
        {
            self.error(
                Code::InvalidUrlPath,
                path,
                format!("{} is not the path of a URL", quoted(url_path)),
                "it begins with `/` and has no spaces",
            );
        }
    }
}
