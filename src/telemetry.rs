//! Logging: to stderr, because stdout is data. Level and filter can change while the program runs.

use std::io::IsTerminal;

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, Registry, fmt, reload};

use crate::config::{LogFormat, LogLevel, LoggingConfig};

/// The running log.
#[derive(Clone, Debug)]
pub struct Telemetry {
    filter: reload::Handle<EnvFilter, Registry>,
}

/// Starts logging for the whole process; once.
pub fn init(logging: &LoggingConfig) -> Result<Telemetry, TryInitError> {
    let (filter, handle) = reload::Layer::new(filter(&logging.level));
    let colour =
        std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let lines = match logging.format {
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(colour).boxed(),
        LogFormat::Json => {
            fmt::layer().json().flatten_event(true).with_span_list(false).with_writer(std::io::stderr).boxed()
        }
    };
    tracing_subscriber::registry().with(filter).with(lines).try_init()?;
    Ok(Telemetry { filter: handle })
}

impl Telemetry {
    /// Changes what is logged from now on. The format stays until a restart.
    pub fn set_level(&self, level: &LogLevel) {
        // It fails only when the subscriber is gone, and then there is nobody to tell.
        self.filter.reload(filter(level)).ok();
    }
}

fn filter(level: &LogLevel) -> EnvFilter {
    // A `LogLevel` has been parsed before, so nothing is lost here. The client library says each failed call
    // again in its own words; ours name the call and what to do. Whoever wants both names it in the level.
    EnvFilter::builder().parse_lossy(format!("kube_client=off,{}", level.as_str()))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use crate::config::{LogFormat, LogLevel, LoggingConfig};

    #[test]
    #[ignore = "run by the other test, in a process of its own"]
    fn log_some_lines() {
        let level: LogLevel = "warn".parse().unwrap();
        let telemetry = super::init(&LoggingConfig { format: LogFormat::Json, level }).unwrap();
        tracing::info!("too low");
        telemetry.set_level(&"info".parse().unwrap());
        tracing::info!(app = "shop", "now it is told");
    }

    #[test]
    fn json_lines_go_to_stderr_and_the_level_can_change() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "telemetry::tests::log_some_lines", "--ignored", "--nocapture"]);
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<serde_json::Value> =
            told.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        assert_eq!(lines.len(), 1, "{told}");
        assert_eq!((&lines[0]["message"], &lines[0]["app"]), (&"now it is told".into(), &"shop".into()));
    }

    #[test]
    fn a_level_is_checked() {
        for good in ["error", "WARN", "off", "info,portfolio=debug", "portfolio::source=trace"] {
            good.parse::<LogLevel>().unwrap();
        }
        for bad in ["", "loud", "portfolio=loud"] {
            bad.parse::<LogLevel>().unwrap_err();
        }
    }
}
