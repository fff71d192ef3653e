//! The daemon's configuration: one YAML file, over it `PORTFOLIO_*` variables, over them flags.
//!
//! Text is parsed straight into the types that are used, so an error names the line it is on and a [`Config`]
//! cannot hold a malformed value. What the design knows but this version does not do yet is refused, not ignored.

mod allow;
mod forms;
mod load;
mod names;
mod not_yet;
mod overrides;
mod prune;
mod reload;
#[cfg(test)]
mod samples;
mod schema;
mod source;
mod text;

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::Duration;
use crate::schedule::Schedule;

pub use self::allow::AllowConfig;
pub use self::load::{ConfigError, load, parse};
pub use self::names::{NamespacePattern, SourceName};
pub use self::not_yet::NotYet;
pub use self::overrides::Overrides;
pub use self::prune::{Percent, ProtectedKind, PruneConfig};
pub use self::reload::ConfigWatch;
pub use self::schema::schema;
pub use self::source::{Auth, SourceConfig};

/// Everything that `portfolio run` is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[schemars(title = "Configuration", extend("required" = ["sources"]))]
pub struct Config {
    /// The repositories, or folders of them, that are followed; at least one.
    #[serde(skip_serializing)]
    #[schemars(
        with = "Vec<source::SourceFile>",
        length(min = 1),
        extend("examples" = [[{"name": "main", "url": "https://git.example.com/team/apps.git", "path": "apps"}]])
    )]
    pub sources: Vec<SourceConfig>,
    /// How drift is looked for.
    pub drift: DriftConfig,
    /// What may be deleted without being asked.
    pub prune: PruneConfig,
    /// How objects are applied.
    pub apply: ApplyConfig,
    /// What documents may ask for.
    pub allow: AllowConfig,
    /// What is served over HTTP: health, metrics and the status page.
    pub http: HttpConfig,
    /// Whether several daemons agree on one that acts, by a Lease.
    pub leader_election: bool,
    /// What is logged, and how.
    pub logging: LoggingConfig,
    /// Image that runs migrations which name none; empty for the one of this release.
    #[schemars(extend("examples" = ["registry.example.com/portfolio:0.1.0"]))]
    pub runner_image: String,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    notify: Option<NotYet>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sources: Vec::new(),
            drift: DriftConfig::default(),
            prune: PruneConfig::default(),
            apply: ApplyConfig::default(),
            allow: AllowConfig::default(),
            http: HttpConfig::default(),
            leader_election: true,
            logging: LoggingConfig::default(),
            runner_image: String::new(),
            notify: None,
        }
    }
}

/// How drift is looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct DriftConfig {
    /// When everything is compared with the branch once more, besides the watch: a cron line, in UTC.
    #[serde(with = "text")]
    #[schemars(with = "Schedule")]
    pub schedule: Schedule,
}

impl Default for DriftConfig {
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "a constant, and a test parses it")]
        let schedule = Schedule::parse("*/2 * * * *").expect("a cron line");
        Self { schedule }
    }
}

/// How objects are applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApplyConfig {
    /// Requests in flight at once, 1 to 256; fewer while the server is slow.
    pub concurrency: Concurrency,
    /// The longest that one request may take.
    #[serde(with = "text")]
    #[schemars(with = "Duration")]
    pub timeout: Duration,
}

impl Default for ApplyConfig {
    fn default() -> Self {
        Self { concurrency: Concurrency(16), timeout: Duration::from_secs(10) }
    }
}

/// 1 to 256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct Concurrency(u32);

impl Concurrency {
    const MAX: u32 = 256;

    /// The number, never 0.
    pub fn get(self) -> usize {
        self.0 as usize
    }
}

impl TryFrom<u32> for Concurrency {
    type Error = String;

    fn try_from(value: u32) -> Result<Self, String> {
        if (1..=Self::MAX).contains(&value) {
            Ok(Self(value))
        } else {
            Err(format!("{value} is not from 1 to {}", Self::MAX))
        }
    }
}

/// What is served over HTTP: health, metrics and the status page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct HttpConfig {
    /// IP address and port to listen on; `0.0.0.0` is every address of the machine.
    #[serde(with = "text")]
    #[schemars(with = "SocketAddr", regex(pattern = forms::LISTEN), extend("examples" = ["127.0.0.1:8080", "[::]:8080"]))]
    pub listen: SocketAddr,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    webhook_secret_dir: Option<NotYet>,
    #[serde(skip_serializing)]
    #[schemars(skip)]
    external_url: Option<NotYet>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([0, 0, 0, 0], 8080)), webhook_secret_dir: None, external_url: None }
    }
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct LoggingConfig {
    /// How a line looks: `text` for people, `json` for programs.
    pub format: LogFormat,
    /// How much is logged: `error`, `warn`, `info`, `debug`, `trace` or `off`; of parts of the program by directives, such
    /// as `info,portfolio=debug`.
    #[serde(with = "text")]
    #[schemars(with = "LogLevel")]
    pub level: LogLevel,
}

impl Default for LoggingConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: LogLevel("info".into()) }
    }
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A filter that `tracing_subscriber::EnvFilter` understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// The filter as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for LogLevel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A bare word that is no level would be read as the name of a module, and silence everything else.
        let word = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let level = text.parse::<tracing::level_filters::LevelFilter>();
        if text.is_empty() || (word && level.is_err()) {
            return Err(format!("`{text}` is not a level: write error, warn, info, debug, trace or off"));
        }
        match tracing_subscriber::filter::EnvFilter::builder().parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(format!("`{text}` is not a log filter: {error}")),
        }
    }
}
