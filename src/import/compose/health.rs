//! The health check. Compose marks a container that fails it and does nothing more; here it takes the pod out of the
//! Service, which is what others mean who wait for it.

use super::Scope;
use super::fields::Fields;
use super::units::seconds;
use crate::document::{Duration, Probe, Probes, Scalar};
use crate::import::app::Draft;
use crate::import::yaml::{Entry, Value};
use crate::redact::Redactor;
use crate::render::app_ports;

/// What compose has when nothing is said. Source: docker/cli, `HEALTHCHECK`.
const INTERVAL: u64 = 30;
const TIMEOUT: u64 = 30;
const RETRIES: u32 = 3;

pub(super) fn health(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let Some(entry) = fields.take("healthcheck") else { return };
    let mut check = Fields::new(&entry.value);
    let is_off = check.take("disable").is_some_and(|entry| entry.value.text() == Some("true"));
    let test = check.take("test").and_then(|test| command(scope, service, test));
    let mut time = |key: &str, default: u64| {
        let Some(entry) = check.take(key) else { return Duration::from_secs(default) };
        let text = scope.text(service, &format!("healthcheck.{key}"), entry, &entry.value);
        let read = text.as_deref().and_then(seconds);
        if read.is_none() {
            scope.unfit(service, &format!("healthcheck.{key}"), entry, "is no time such as `10s`");
        }
        read.unwrap_or(Duration::from_secs(default))
    };
    let period = time("interval", INTERVAL);
    let timeout = time("timeout", TIMEOUT);
    let start = time("start_period", 0);
    check.take("start_interval");
    let retries = check.take("retries").and_then(|entry| entry.value.text()?.parse().ok()).unwrap_or(RETRIES);
    for entry in check.rest() {
        scope.unfit(service, &format!("healthcheck.{}", entry.key), entry, "it has no counterpart");
    }
    let Some(test) = test.filter(|_| !is_off) else { return };
    if Redactor::default().arguments(&test) != test {
        let message = "holds what looks like a secret, so it is left out: write a probe whose command reads the secret from a \
                       variable that `secrets` names";
        return scope.unfit(service, "healthcheck.test", entry, message);
    }
    let probe = probe(test, draft);
    // What portfolio has by itself need not be written.
    let unless = |own: u64, duration: Duration| {
        Some(duration.as_secs().max(1)).filter(|seconds| *seconds != own).map(Duration::from_secs)
    };
    let ready = Probe {
        period: unless(5, period),
        timeout: unless(2, timeout),
        failures: Some(retries).filter(|count: &u32| *count != 3).map(|count| count.max(1)),
        ..probe.clone()
    };
    // While it starts, failures count for nothing.
    let startup = (start.as_secs() > 0).then(|| {
        let failures = start.as_secs().div_ceil(5) + u64::from(retries);
        Probe { timeout: ready.timeout, failures: u32::try_from(failures).ok(), ..probe }
    });
    draft.spec.probes = Some(Probes { startup, ready: Some(ready), live: None });
}

/// The words of the check; none of `NONE`.
fn command(scope: &mut Scope<'_>, service: &str, entry: &Entry) -> Option<Vec<String>> {
    let shell = |line: String| vec!["/bin/sh".to_owned(), "-c".to_owned(), line];
    match &entry.value.value {
        Value::Seq(items) => {
            let words: Option<Vec<String>> =
                items.iter().map(|item| scope.text(service, "healthcheck.test", entry, item)).collect();
            let mut words = words?;
            let form = if words.is_empty() { return None } else { words.remove(0) };
            match form.as_str() {
                "CMD" => Some(words).filter(|words| !words.is_empty()),
                "CMD-SHELL" => Some(shell(words.join(" "))),
                _ => None,
            }
        }
        Value::Scalar { .. } => scope.text(service, "healthcheck.test", entry, &entry.value).map(shell),
        Value::Map(_) => None,
    }
}

/// A request to the container's own port needs no program in it; anything else is run as it is.
fn probe(test: Vec<String>, draft: &Draft) -> Probe {
    if let Some((port, path)) = request(&test) {
        let ports = app_ports(&draft.spec);
        if let Some(found) = ports.iter().find(|declared| declared.number == port) {
            let is_main = ports.first() == Some(found);
            let port = (!is_main).then(|| Scalar(found.name.to_owned()));
            return Probe { path: Some(path), port, ..Probe::default() };
        }
    }
    Probe { command: test, ..Probe::default() }
}

/// Port and path of `curl -f http://localhost:8080/health`, and of wget, when that is all there is to the check.
fn request(test: &[String]) -> Option<(u16, String)> {
    let line = match test {
        [shell, flag, line] if shell.ends_with("sh") && flag == "-c" => line.clone(),
        words => words.join(" "),
    };
    let line = line.trim();
    let line = line.strip_suffix("|| exit 1").unwrap_or(line);
    let words = super::words::split(line)?;
    let (program, rest) = words.split_first()?;
    if !matches!(program.as_str(), "curl" | "wget") {
        return None;
    }
    // Flags that change nothing about what is asked for.
    let harmless = |word: &str| {
        matches!(
            word,
            "-f" | "--fail"
                | "-s"
                | "--silent"
                | "-S"
                | "--show-error"
                | "-q"
                | "--quiet"
                | "--spider"
                | "-O"
                | "-O-"
                | "-qO-"
                | "-"
                | "-o"
                | "/dev/null"
                | "-fs"
                | "-sf"
                | "-fsS"
                | "-sS"
                | "-L"
                | "--tries=1"
                | "--no-verbose"
                | "-nv"
                | "-I"
                | "--head"
                | "-fsSL"
                | "-qO"
                | "-sfS"
        )
    };
    let mut addresses = rest.iter().filter(|word| !harmless(word));
    let address = addresses.next().filter(|_| addresses.next().is_none())?;
    let rest = address.strip_prefix("http://").unwrap_or(address);
    let (host, path) = rest.split_once('/').map_or((rest, ""), |(host, path)| (host, path));
    let (name, port) = host.split_once(':').map_or((host, "80"), |(name, port)| (name, port));
    let is_own = matches!(name, "localhost" | "127.0.0.1" | "0.0.0.0");
    let is_plain = path
        .chars()
        .all(|char| char.is_ascii_graphic() && !matches!(char, '$' | '`' | ';' | '|' | '&' | '?'));
    (is_own && is_plain).then_some((port.parse().ok()?, format!("/{path}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_the_own_port_is_recognised_and_anything_else_is_not() {
        let found = |line: &str| request(&["/bin/sh".to_owned(), "-c".to_owned(), line.to_owned()]);
        assert_eq!(
            found("curl -f http://localhost:8080/health || exit 1"),
            Some((8080, "/health".to_owned()))
        );
        assert_eq!(found("wget -qO- 127.0.0.1"), Some((80, "/".to_owned())));
        for other in [
            "curl -f http://db:8080/health",
            "curl -f https://localhost/",
            "curl http://localhost/ | grep ok",
            "pg_isready",
            "curl -H 'Host: a' http://localhost/",
            "curl http://localhost/$A",
            "",
        ] {
            assert_eq!(found(other), None, "{other}");
        }
    }
}
