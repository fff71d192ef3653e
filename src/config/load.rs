//! Reading the file: text to [`Config`], and errors that name file, line and column and what to write instead.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use super::Config;
use super::overrides::Overrides;

/// A configuration is a page, not a database.
const MAX_BYTES: u64 = 1024 * 1024;

/// Why there is no configuration. Its `Display` is `file:line:column: what; help`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The file, or the variable or flag that overrides it.
    pub origin: String,
    /// Line and column in the file, both from 1.
    pub place: Option<(usize, usize)>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)?;
        if let Some((line, column)) = self.place {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}", self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl ConfigError {
    pub(super) fn new(origin: impl Into<String>, message: impl Into<String>) -> Self {
        Self { origin: origin.into(), place: None, message: message.into(), help: None }
    }
}

/// Reads the file and what overrides it.
pub fn load(path: &Path, overrides: &Overrides) -> Result<Config, ConfigError> {
    let origin = path.display().to_string();
    parse(&origin, &read(path)?, overrides)
}

/// The text of the file.
pub(super) fn read(path: &Path) -> Result<String, ConfigError> {
    let wrong = |message: String| ConfigError::new(path.display().to_string(), message);
    let about = std::fs::metadata(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if about.len() > MAX_BYTES {
        return Err(wrong(format!("is {} bytes long, {MAX_BYTES} are read", about.len())));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    String::from_utf8(bytes).map_err(|_| wrong("is not UTF-8".into()))
}

/// A configuration out of its text; `origin` is what errors call it.
pub fn parse(origin: &str, text: &str, overrides: &Overrides) -> Result<Config, ConfigError> {
    let written: Option<Config> = serde_yaml::from_str(text).map_err(|error| explain(origin, &error))?;
    let config = overrides.apply(written.unwrap_or_default())?;
    let mut names = BTreeSet::new();
    for source in &config.sources {
        if !names.insert(&source.name) {
            let message = format!("two sources are named `{}`", source.name);
            return Err(ConfigError::new(origin, message));
        }
    }
    if config.sources.is_empty() {
        let message = "there is no source";
        let help = "write `sources: [{name: main, url: https://…}]`".to_owned();
        return Err(ConfigError { help: Some(help), ..ConfigError::new(origin, message) });
    }
    Ok(config)
}

fn explain(origin: &str, error: &serde_yaml::Error) -> ConfigError {
    let place = error.location().map(|at| (at.line(), at.column()));
    let whole = error.to_string();
    let tail = place.map(|(line, column)| format!(" at line {line} column {column}")).unwrap_or_default();
    let message = whole.strip_suffix(&tail).unwrap_or(&whole);
    // "unknown field `x`, expected one of `a`, `b`": the list helps less than the name that was meant.
    let (message, help) = match message.split_once(", expected ") {
        Some((before, expected)) if before.contains("unknown ") => {
            (before, Some(suggest(quoted(before).last().copied().unwrap_or_default(), &quoted(expected))))
        }
        _ => (message, None),
    };
    let message = message.replace("expected u32", "expected a whole number from 0");
    let message = match message.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected a mapping"),
        None => message,
    };
    ConfigError { origin: origin.into(), place, message, help }
}

/// The name that was probably meant, else all that there are.
pub(super) fn suggest(written: &str, known: &[&str]) -> String {
    let written = written.to_lowercase();
    let near = known
        .iter()
        .map(|name| (strsim::osa_distance(&written, &name.to_lowercase()), name))
        .min_by_key(|(distance, _)| *distance);
    match near {
        Some((distance, name)) if distance <= (written.len() / 3).max(1) => format!("did you mean `{name}`?"),
        _ => format!("known are `{}`", known.join("`, `")),
    }
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::{EVERYTHING, NOT_YET, NOT_YET_OF_A_SOURCE, REFUSED, REFUSED_BY_THE_READER};
    use super::super::{Config, LogFormat};
    use super::parse;
    use crate::config::Overrides;
    use crate::source::{Location, Reference};

    fn read(text: &str) -> Result<Config, String> {
        parse("portfolio.yaml", text, &Overrides::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_can_be_written() {
        let config = read(EVERYTHING).unwrap();
        let source = &config.sources[0];
        assert!(matches!(&source.location, Location::Git(url) if url.host_str() == Some("git.example.com")));
        assert_eq!(source.reference, Reference::Tag("v1.2".into()));
        assert_eq!((source.path.as_str(), source.poll.as_secs()), ("apps", 90));
        assert!(source.allows_namespace("team-a") && source.allows_namespace("shop"));
        assert!(!source.allows_namespace("shop-b"));
        assert_eq!(config.drift.schedule.to_string(), "*/5 * * * *");
        assert_eq!((config.prune.max_percent.get(), config.prune.min_objects), (10, 3));
        assert_eq!((config.apply.concurrency.get(), config.apply.timeout.as_secs()), (4, 5));
        let policy = config.allow.policy();
        assert!(policy.allows_kind("monitoring.coreos.com/v1", "ServiceMonitor") && policy.privileged);
        assert!(policy.allows_image("ghcr.io/team/a:1") && !policy.allows_image("ghcr.io/b:1"));
        assert_eq!(config.http.listen.port(), 9000);
        assert!(!config.leader_election);
        assert_eq!(config.logging.format, LogFormat::Json);
    }

    #[test]
    fn both_forms_of_an_ssh_address_are_read() {
        for (url, written) in [
            ("ssh://git.example.com:2222/team/apps.git", "ssh://git@git.example.com:2222/team/apps.git"),
            ("git@git.example.com:team/apps.git", "git@git.example.com:team/apps.git"),
        ] {
            let config =
                read(&format!("sources: [{{name: main, url: \"{url}\", auth: {{dir: /git}}}}]")).unwrap();
            assert!(matches!(config.sources[0].location, Location::Ssh(_)));
            assert_eq!(config.sources[0].location.to_string(), written);
        }
    }

    #[test]
    fn a_source_needs_only_a_name_and_a_url() {
        let config = read("sources: [{name: main, url: ./apps}]").unwrap();
        assert_eq!(config.sources[0].reference, Reference::Branch("main".into()));
        assert_eq!(config.sources[0].poll.as_secs(), 10);
        assert_eq!(config.sources[0].location, Location::Folder("./apps".into()));
        assert_eq!(config.drift.schedule.to_string(), "*/2 * * * *");
        assert!(config.leader_election);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        for (text, wanted) in REFUSED.into_iter().chain(REFUSED_BY_THE_READER) {
            let error = read(text).unwrap_err();
            assert!(error.contains(wanted), "{text}\n  {error}\n  {wanted}");
            assert!(error.starts_with("portfolio.yaml:"), "{error}");
            assert!(!error.contains(":p@"), "{error}");
        }
    }

    #[test]
    fn what_is_designed_but_not_built_is_refused() {
        for field in NOT_YET {
            let error = read(&format!("{field}\nsources: [{{name: a, url: x}}]")).unwrap_err();
            assert!(error.contains("is not supported yet: remove it"), "{field}: {error}");
        }
        for field in NOT_YET_OF_A_SOURCE {
            let error = read(&format!("sources:\n- name: a\n  url: x\n  {field}\n")).unwrap_err();
            let name = field.split(':').next().unwrap();
            assert!(error.contains(&format!("sources[0].{name}: is not supported yet")), "{field}: {error}");
        }
    }
}
