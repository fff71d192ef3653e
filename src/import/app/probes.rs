//! Probes. Kubernetes and portfolio take different things for granted, so what is not said is written out where it
//! differs.

use serde_json::Value;

use super::{Draft, Source};
use crate::document::{Duration, Probe, Probes, Scalar};
use crate::import::json::{number, scalar, text, texts};

/// What Kubernetes has when nothing is said: seconds between checks, seconds of a check, failures in a row.
const KUBERNETES: (u64, u64, u32) = (10, 1, 3);
/// What portfolio has, by probe.
const STARTUP: (u64, u64, u32) = (5, 2, 60);
const READY: (u64, u64, u32) = (5, 2, 3);
const LIVE: (u64, u64, u32) = (10, 2, 6);

pub(super) fn probes(source: &Source<'_>, draft: &mut Draft) {
    let ports = crate::render::app_ports(&draft.spec);
    let main = ports
        .iter()
        .find(|port| port.protocol == crate::document::Protocol::TCP)
        .map(|port| (port.name, port.number));
    let one = |field: &str, own| source.main.get(field).and_then(|asked| probe(asked, own, main));
    let probes = Probes {
        startup: one("startupProbe", STARTUP),
        ready: one("readinessProbe", READY),
        live: one("livenessProbe", LIVE),
    };
    let only_default = Probe { tcp: true, ..Probe::default() };
    let probes = Probes { ready: probes.ready.filter(|ready| *ready != only_default), ..probes };
    draft.spec.probes = (probes != Probes::default()).then_some(probes);
}

fn probe(asked: &Value, own: (u64, u64, u32), main: Option<(&str, u16)>) -> Option<Probe> {
    let seconds = |pointer: &str, default: u64, own: u64| {
        Some(number(asked, pointer).unwrap_or(default))
            .filter(|seconds| *seconds != own)
            .map(Duration::from_secs)
    };
    let mut probe = Probe {
        period: seconds("/periodSeconds", KUBERNETES.0, own.0),
        timeout: seconds("/timeoutSeconds", KUBERNETES.1, own.1),
        failures: Some(number(asked, "/failureThreshold").unwrap_or(KUBERNETES.2))
            .filter(|count| *count != own.2),
        ..Probe::default()
    };
    let port = if let Some(http) = asked.get("httpGet") {
        probe.path = Some(text(http, "/path").unwrap_or("/").to_owned());
        http.get("port")
    } else if let Some(tcp) = asked.get("tcpSocket") {
        probe.tcp = true;
        tcp.get("port")
    } else if let Some(grpc) = asked.get("grpc") {
        probe.grpc = true;
        grpc.get("port")
    } else {
        probe.command = texts(asked, "/exec/command");
        return (!probe.command.is_empty()).then_some(probe);
    };
    let port = port.and_then(scalar)?;
    let is_main = main.is_some_and(|(name, number)| port == name || port == number.to_string());
    probe.port = (!is_main).then_some(Scalar(port));
    Some(probe)
}
