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
    use super::super::{Config, LogFormat};
    use super::parse;
    use crate::config::Overrides;
    use crate::source::{Location, Reference};

    fn read(text: &str) -> Result<Config, String> {
        parse("portfolio.yaml", text, &Overrides::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn everything_can_be_written() {
        let config = read(
            r#"
sources:
  - name: main
    url: https://git.example.com/team/apps.git
    tag: v1.2
    path: ./apps/
    poll: 1m30s
    environment: prod
    auth: {dir: /etc/portfolio/git}
    namespaces: [shop, "team-*"]
drift: {schedule: "*/5 * * * *"}
prune: {maxPercent: 10, minObjects: 3, protectKinds: [Namespace]}
apply: {concurrency: 4, timeout: 5s}
allow: {kinds: [Role, ServiceMonitor.v1.monitoring.coreos.com], registries: [ghcr.io/team], privileged: true}
http: {listen: "127.0.0.1:9000"}
leaderElection: false
logging: {format: json, level: "info,portfolio::source=debug"}
"#,
        )
        .unwrap();
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
        for (text, wanted) in [
            (
                "sources:\n- name: main\n  ulr: x\n",
                ":3:3: sources[0]: unknown field `ulr`; did you mean `url`?",
            ),
            ("sources: []\nprun: {}\n", ":2:1: unknown field `prun`; did you mean `prune`?"),
            ("prune: {maxPercent: 101}", "101 is not a percentage"),
            (
                "prune: {maxPercent: -1}",
                "prune.maxPercent: invalid type: integer `-1`, expected a whole number from 0",
            ),
            ("apply: {concurrency: 0}", "0 is not from 1 to 256"),
            ("apply:\n  timeout: soon\n", ":2:12: apply.timeout: `soon` is not a duration"),
            ("drift:\n  schedule: often\n", ":2:13: drift.schedule: `often` is not a cron line"),
            (
                "allow:\n  kinds:\n  - Role\n  - Rolle\n",
                ":4:5: allow.kinds[1]: `Rolle` is not a built-in kind; did you mean `Role`?",
            ),
            (
                "allow:\n  kinds: [ClusterRole]\n",
                ":2:11: allow.kinds[0]: objects of kind `ClusterRole` are in no namespace",
            ),
            (
                "allow: {registries: [\"https://ghcr.io\"]}",
                "allow.registries[0]: `https://ghcr.io` has a scheme",
            ),
            ("allow: {kinds: Role}", "allow.kinds: invalid type: string \"Role\", expected a sequence"),
            ("allow: {kind: []}", "allow: unknown field `kind`; did you mean `kinds`?"),
            ("http:\n  listen: here\n", ":2:11: http.listen: invalid socket address"),
            ("logging: {level: inof}", "`inof` is not a level"),
            ("logging: {format: xml}", "unknown variant `xml`"),
            ("sources:\n- name: Main\n  url: x\n", ":2:9: sources[0].name: `Main` must be lower-case"),
            ("sources: [{name: a-records-b, url: x}]", "must not contain `-records-`"),
            ("sources: [{name: main, url: \"ftp://x/y\"}]", "scheme `ftp` is unknown"),
            ("sources: [{name: main, url: \"git@x:y\"}]", "`url` is ssh, which needs `auth: {dir: …}`"),
            ("sources: [{name: main, url: \"ssh://git@x/y\"}]", "with the files `identity` (private key)"),
            ("sources: [{name: main, url: \"ssh://u:p@x/y\"}]", "put the key into the file `identity`"),
            ("sources: [{name: main, url: \"u:p@x:y\"}]", "put the key into the file `identity`"),
            ("sources: [{name: main, url: \"https://u:p@x/y\"}]", "put them into files of `auth.dir`"),
            ("sources: [{name: main, url: \"https://x/y\", branch: a, tag: b}]", "write only one of"),
            ("sources: [{name: main, url: \"https://x/y\", commit: abc}]", "write all 40 hexadecimal digits"),
            (
                "sources: [{name: main, url: \"https://x/y\", branch: refs/heads/a}]",
                "write the short name: `a`",
            ),
            (
                "sources: [{name: main, url: \"https://x/y\", branch: \"a..b\"}]",
                "is not a name that git allows",
            ),
            ("sources: [{name: main, url: \"https://x/y\", path: ../up}]", "remove `..`"),
            ("sources: [{name: main, url: \"https://x/y\", path: /abs}]", "must be relative"),
            ("sources: [{name: main, url: \"https://x/y\", poll: 0s}]", "`poll` must be at least 1s"),
            ("sources: [{name: main, url: ./x, branch: main}]", "is a plain folder"),
            ("sources: [{name: main, url: x, namespaces: [Shop]}]", "`Shop` is not a namespace"),
            ("sources: [{name: a, url: x}, {name: a, url: y}]", "two sources are named `a`"),
            ("sources: [{name: a, name: b, url: y}]", "duplicate field `name`"),
            ("sources: [{name: a}]", "missing field `url`"),
            ("", "there is no source"),
            ("sources: []", "there is no source"),
            ("[]", ":1:1: invalid type: sequence, expected a mapping"),
            ("sources: [}", "did not find expected node content"),
            ("sources: [{name: a, url: x}]\n---\nsources: []\n", "more than one document"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(wanted), "{text}\n  {error}\n  {wanted}");
            assert!(error.starts_with("portfolio.yaml:"), "{error}");
            assert!(!error.contains(":p@"), "{error}");
        }
    }

    #[test]
    fn what_is_designed_but_not_built_is_refused() {
        for field in ["notify: []", "http: {externalUrl: x}"] {
            let error = read(&format!("{field}\nsources: [{{name: a, url: x}}]")).unwrap_err();
            assert!(error.contains("is not supported yet: remove it"), "{field}: {error}");
        }
        for field in ["verify: {mode: commit}", "createNamespaces: true", "serviceAccount: x", "semver: 1.x"]
        {
            let error = read(&format!("sources:\n- name: a\n  url: x\n  {field}\n")).unwrap_err();
            let name = field.split(':').next().unwrap();
            assert!(error.contains(&format!("sources[0].{name}: is not supported yet")), "{field}: {error}");
        }
    }
}
