//! Probes: startup, readiness, liveness. Without a word about them, an app is ready when its main port accepts
//! connections, and is never restarted for being slow.

use k8s_openapi::api::core::v1::{self as core, ExecAction, GRPCAction, HTTPGetAction, TCPSocketAction};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::ports::NamedPort;
use super::subject::{Subject, int};
use crate::document::{Duration, Probe, Protocol};

/// What is not said of a probe, in seconds and failures in a row.
#[derive(Clone, Copy)]
struct Defaults {
    period: u64,
    failures: u32,
}

/// Five minutes to come up.
const STARTUP: Defaults = Defaults { period: 5, failures: 60 };
const READY: Defaults = Defaults { period: 5, failures: 3 };
/// Later than readiness: a pod is first taken out of the Service, and restarted only if that does not help.
const LIVE: Defaults = Defaults { period: 10, failures: 6 };
const TIMEOUT: Duration = Duration::from_secs(2);

pub(super) fn startup(subject: &Subject<'_>) -> Option<core::Probe> {
    let asked = subject.spec.probes.as_ref()?.startup.as_ref()?;
    Some(probe(subject, asked, STARTUP))
}

pub(super) fn ready(subject: &Subject<'_>) -> Option<core::Probe> {
    let asked = subject.spec.probes.as_ref().and_then(|probes| probes.ready.as_ref());
    if let Some(asked) = asked {
        Some(probe(subject, asked, READY))
    } else {
        tcp_port(subject)?;
        Some(probe(subject, &Probe { tcp: true, ..Probe::default() }, READY))
    }
}

pub(super) fn live(subject: &Subject<'_>) -> Option<core::Probe> {
    let asked = subject.spec.probes.as_ref()?.live.as_ref()?;
    Some(probe(subject, asked, LIVE))
}

fn probe(subject: &Subject<'_>, asked: &Probe, defaults: Defaults) -> core::Probe {
    let seconds = |duration: Duration| int(duration.as_secs().max(1));
    let mut probe = core::Probe {
        period_seconds: Some(asked.period.map_or_else(|| int(defaults.period), seconds)),
        timeout_seconds: Some(seconds(asked.timeout.unwrap_or(TIMEOUT))),
        failure_threshold: Some(int(asked.failures.unwrap_or(defaults.failures))),
        ..core::Probe::default()
    };
    let port = port(subject, asked);
    let by_name = IntOrString::String(port.map_or("http", |port| port.name).to_owned());
    if !asked.command.is_empty() {
        probe.exec = Some(ExecAction { command: Some(asked.command.clone()) });
    } else if asked.grpc {
        // The API takes no name here.
        let port = port.map_or(0, |port| port.number.into());
        probe.grpc = Some(GRPCAction { port, service: None });
    } else if let Some(path) = &asked.path {
        let scheme = port.filter(|port| port.name == "https").map(|_| "HTTPS".to_owned());
        probe.http_get = Some(HTTPGetAction {
            path: Some(path.clone()),
            port: by_name,
            scheme,
            ..HTTPGetAction::default()
        });
    } else {
        probe.tcp_socket = Some(TCPSocketAction { port: by_name, host: None });
    }
    probe
}

/// The declared port that a probe means, by name or number; the main one by default.
fn port<'a>(subject: &Subject<'a>, asked: &Probe) -> Option<NamedPort<'a>> {
    let is_named = |port: &&NamedPort<'_>, text: &str| port.name == text || port.number.to_string() == text;
    match &asked.port {
        Some(text) => subject.ports.iter().find(|port| is_named(port, &text.0)).copied(),
        None => tcp_port(subject),
    }
}

fn tcp_port<'a>(subject: &Subject<'a>) -> Option<NamedPort<'a>> {
    subject.ports.iter().find(|port| port.protocol == Protocol::TCP).copied()
}
