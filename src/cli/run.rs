//! `portfolio run`: the daemon, and with `--once` a deploy step.
//!
//! It joins the election, runs an engine while it leads, serves HTTP all the time, and starts the engine anew
//! when the configuration changes.

mod daemon;
mod once;
mod progress;
mod setup;
mod stop;

use std::path::PathBuf;
use std::time::Duration;

use super::{CliError, Exit, Globals};
use crate::config::{Config, ConfigWatch, Overrides};
use crate::source::Location;
use crate::telemetry;

/// Keeps the cluster equal to a branch, until it is told to stop.
#[derive(Clone, Debug, clap::Args)]
#[command(after_long_help = EXAMPLE)]
pub struct RunArgs {
    /// The daemon's configuration; reloaded when it changes
    #[arg(long, value_name = "FILE", env = "PORTFOLIO_CONFIG", default_value = "portfolio.yaml")]
    config: PathBuf,
    /// Without a configuration file: follow this repository (https, http, git, file) or plain folder
    #[arg(long, value_name = "URL", conflicts_with = "config")]
    url: Option<String>,
    /// With --url: the branch to follow [default: main; a folder is taken as it lies there]
    #[arg(long, value_name = "BRANCH", requires = "url")]
    branch: Option<String>,
    /// With --url: the folder of the repository that holds the documents
    #[arg(long, value_name = "PATH", requires = "url", default_value = ".")]
    path: String,
    /// With --url: the environment whose overlays are merged
    #[arg(long, value_name = "NAME", requires = "url")]
    environment: Option<String>,
    /// With --url: the longest time between two looks at the branch
    #[arg(long, value_name = "DURATION", requires = "url", default_value = "10s")]
    poll: crate::document::Duration,
    /// With --url: the name of the source
    #[arg(long, value_name = "NAME", requires = "url", default_value = "main")]
    source: String,
    /// Reconcile until everything is settled or failed, then exit: 0 when all is ready, 1 when not
    #[arg(long)]
    once: bool,
    /// With --once: give up after this time
    #[arg(long, value_name = "DURATION", default_value = "10m", requires = "once")]
    timeout: crate::document::Duration,
    /// Where clones of git repositories are kept; losing it loses nothing
    #[arg(long, value_name = "DIR", env = "PORTFOLIO_CACHE_DIR")]
    cache_dir: Option<PathBuf>,
    /// Set a field of the configuration, such as http.listen=127.0.0.1:8080
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    access: super::Access,
}

const EXAMPLE: &str = "\
Examples:
  portfolio run --config portfolio.yaml
  portfolio run --url https://git.example.com/team/apps.git --branch main --path apps
  portfolio run --once --url . --context staging      deploy this folder and wait until it is ready";

/// Runs the daemon.
pub async fn run(args: RunArgs, globals: &Globals) -> Result<Exit, CliError> {
    let mut overrides = Overrides::from_env(std::env::vars());
    for assignment in &args.set {
        let (field, value) = assignment
            .split_once('=')
            .ok_or_else(|| CliError::usage(format!("--set {assignment}: write FIELD=VALUE")))?;
        overrides = overrides.set(field, value);
    }
    let (config, watch) = read(&args, overrides)?;
    crate::source::prepare(&setup::cache(&args));
    let stop = stop::on_signals().map_err(|error| CliError::io("signals", error))?;
    if args.once {
        return once::run(&args, &config, globals, stop).await;
    }
    let telemetry = telemetry::init(&config.logging).map_err(|error| CliError::usage(error.to_string()))?;
    daemon::run(&args, config, watch, &telemetry, stop).await
}

fn read(args: &RunArgs, overrides: Overrides) -> Result<(Config, Option<ConfigWatch>), CliError> {
    let Some(url) = &args.url else {
        let (config, watch) = ConfigWatch::start(&args.config, overrides)
            .map_err(|error| CliError::usage(error.to_string()))?;
        return Ok((config, Some(watch)));
    };
    let (url, branch) = followed(url, args.branch.as_deref());
    // The same text as in a file, so that there is one way to read it and one set of messages.
    let mut source = serde_json::json!({
        "name": args.source,
        "url": url,
        "path": args.path,
        "poll": args.poll,
    });
    for (field, value) in [("branch", branch), ("environment", args.environment.as_deref())] {
        if let Some(value) = value {
            source[field] = value.into();
        }
    }
    let text = serde_json::json!({"sources": [source]}).to_string();
    let config = crate::config::parse("--url", &text, &overrides)
        .map_err(|error| CliError::usage(error.to_string()))?;
    Ok((config, None))
}

/// The URL and the branch that are meant. A folder is relative to where the command runs; with a branch it is the
/// repository that lies there.
fn followed<'a>(url: &str, branch: Option<&'a str>) -> (String, Option<&'a str>) {
    match (url.parse(), branch) {
        (Ok(Location::Folder(path)), branch) => {
            let path =
                std::path::absolute(path).map_or_else(|_| url.to_owned(), |path| path.display().to_string());
            (if branch.is_some() { format!("file://{path}") } else { path }, branch)
        }
        // What is wrong with it is said where the configuration is read.
        (Ok(Location::Git(_) | Location::Ssh(_)) | Err(_), branch) => {
            (url.to_owned(), Some(branch.unwrap_or("main")))
        }
    }
}

/// How long to wait before the cluster is asked again after `failures` failures.
fn back_off(failures: u32) -> Duration {
    let limit = Duration::from_millis(500).saturating_mul(1 << failures.min(6)).min(Duration::from_secs(30));
    limit.mul_f64(0.1 + 0.9 * fastrand::f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_as_it_is_and_with_a_branch_it_is_a_repository() {
        let here = std::path::absolute("apps").unwrap().display().to_string();
        assert_eq!(followed("apps", None), (here.clone(), None));
        assert_eq!(followed("apps", Some("main")), (format!("file://{here}"), Some("main")));
        let remote = "https://git.example.com/apps.git";
        assert_eq!(followed(remote, None), (remote.to_owned(), Some("main")));
    }
}
