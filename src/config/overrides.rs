//! What overrides the file, by one rule for every field but `sources`: `http.listen` is the variable
//! `PORTFOLIO_HTTP_LISTEN`, `prune.maxPercent` is `PORTFOLIO_PRUNE_MAX_PERCENT`; a list is written with commas. Flags win
//! over variables.
//!
//! Other `PORTFOLIO_*` variables are left alone: Kubernetes itself sets some for a Service of that name.

use serde_json::Value;

use super::Config;
use super::load::{ConfigError, suggest};

const PREFIX: &str = "PORTFOLIO_";

/// Values from the environment and from flags.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Variable and value.
    variables: Vec<(String, String)>,
    /// Path of the field and value.
    flags: Vec<(String, String)>,
}

impl Overrides {
    /// The variables of the process, usually `std::env::vars()`.
    pub fn from_env(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let ours = |(name, _): &(String, String)| name.starts_with(PREFIX);
        Self { variables: variables.into_iter().filter(ours).collect(), flags: Vec::new() }
    }

    /// One more field, from a flag: `set("http.listen", "…")`.
    #[must_use]
    pub fn set(mut self, field: &str, value: &str) -> Self {
        self.flags.push((field.to_owned(), value.to_owned()));
        self
    }

    /// The configuration with these values in place of the file's.
    pub(super) fn apply(&self, mut config: Config) -> Result<Config, ConfigError> {
        let mut leaves = Vec::new();
        collect(&as_value(&config)?, "", &mut leaves);
        for (name, value) in &self.variables {
            if let Some(field) = leaves.iter().find(|field| variable(field) == *name) {
                config = replace(config, field, value, name)?;
            }
        }
        for (field, value) in &self.flags {
            if !leaves.contains(field) {
                let known: Vec<&str> = leaves.iter().map(String::as_str).collect();
                let help = suggest(field, &known);
                let unknown = ConfigError::new(field.clone(), "there is no such field to set");
                return Err(ConfigError { help: Some(help), ..unknown });
            }
            config = replace(config, field, value, field)?;
        }
        Ok(config)
    }
}

/// The variable of a field.
fn variable(field: &str) -> String {
    let mut name = PREFIX.to_owned();
    for char in field.chars() {
        match char {
            '.' => name.push('_'),
            upper if upper.is_ascii_uppercase() => {
                name.push('_');
                name.push(upper);
            }
            other => name.push(other.to_ascii_uppercase()),
        }
    }
    name
}

fn as_value(config: &Config) -> Result<Value, ConfigError> {
    serde_json::to_value(config).map_err(|error| ConfigError::new("configuration", error.to_string()))
}

/// The paths of all scalars and lists.
fn collect(value: &Value, path: &str, leaves: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(field, &path, leaves);
            }
        }
        Value::Null => {}
        Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            leaves.push(path.to_owned());
        }
    }
}

fn replace(config: Config, field: &str, text: &str, origin: &str) -> Result<Config, ConfigError> {
    let wrong = |message: String| ConfigError::new(origin, message);
    let mut whole = as_value(&config)?;
    let pointer = format!("/{}", field.replace('.', "/"));
    if let Some(leaf) = whole.pointer_mut(&pointer) {
        *leaf = match leaf {
            Value::Bool(_) => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return Err(wrong(format!("`{text}` is neither `true` nor `false`"))),
            },
            Value::Number(_) => {
                let number: u64 =
                    text.parse().map_err(|_| wrong(format!("`{text}` is not a whole number")))?;
                Value::from(number)
            }
            Value::Array(_) => {
                text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Value::from).collect()
            }
            _ => Value::String(text.to_owned()),
        };
    }
    let changed: Config = serde_json::from_value(whole).map_err(|error| wrong(error.to_string()))?;
    // They are not written by this rule, so they stay those of the file.
    Ok(Config { sources: config.sources, ..changed })
}

#[cfg(test)]
mod tests {
    use super::Overrides;
    use crate::config::{Config, LogFormat, parse};

    const FILE: &str =
        "sources: [{name: main, url: ./apps}]\nlogging: {level: warn}\nprune: {minObjects: 7}\n";

    fn with(overrides: &Overrides) -> Result<Config, String> {
        parse("portfolio.yaml", FILE, overrides).map_err(|error| error.to_string())
    }

    fn env(variables: &[(&str, &str)]) -> Overrides {
        Overrides::from_env(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn every_field_has_a_variable() {
        let config = with(&env(&[
            ("PORTFOLIO_HTTP_LISTEN", "[::1]:1"),
            ("PORTFOLIO_LOGGING_FORMAT", "json"),
            ("PORTFOLIO_PRUNE_MAX_PERCENT", "5"),
            ("PORTFOLIO_LEADER_ELECTION", "false"),
            ("PORTFOLIO_APPLY_TIMEOUT", "1m"),
            ("PORTFOLIO_DRIFT_SCHEDULE", "0 * * * *"),
            ("PORTFOLIO_ALLOW_KINDS", "Role, RoleBinding,"),
            ("PORTFOLIO_ALLOW_PRIVILEGED", "true"),
            ("PORTFOLIO_PRUNE_PROTECT_KINDS", ""),
            ("PORTFOLIO_SERVICE_PORT", "8080"),
            ("PORTFOLIO_HTTP", "tcp://10.0.0.1:80"),
            ("HOME", "/root"),
        ]))
        .unwrap();
        assert_eq!(config.http.listen.to_string(), "[::1]:1");
        assert_eq!(config.logging.format, LogFormat::Json);
        assert_eq!((config.prune.max_percent.get(), config.prune.min_objects), (5, 7));
        assert!(!config.leader_election);
        assert_eq!(config.apply.timeout.as_secs(), 60);
        let kinds: Vec<String> = config.allow.kinds.iter().map(ToString::to_string).collect();
        assert_eq!(
            (kinds, config.allow.privileged),
            (vec!["Role".to_owned(), "RoleBinding".to_owned()], true)
        );
        assert_eq!(config.prune.protect_kinds, []);
        assert_eq!(config.drift.schedule.to_string(), "0 * * * *");
        assert_eq!(config.logging.level.as_str(), "warn", "what is not overridden stays");
        assert_eq!(config.sources.len(), 1);
    }

    #[test]
    fn a_flag_wins_over_a_variable() {
        let overrides = env(&[("PORTFOLIO_LOGGING_LEVEL", "debug")]).set("logging.level", "trace");
        assert_eq!(with(&overrides).unwrap().logging.level.as_str(), "trace");
    }

    #[test]
    fn a_wrong_value_names_where_it_came_from() {
        for (name, value, wanted) in [
            ("PORTFOLIO_HTTP_LISTEN", "here", "invalid socket address"),
            ("PORTFOLIO_LEADER_ELECTION", "yes", "neither `true` nor `false`"),
            ("PORTFOLIO_PRUNE_MIN_OBJECTS", "-1", "`-1` is not a whole number"),
            ("PORTFOLIO_PRUNE_MAX_PERCENT", "200", "200 is not a percentage"),
            ("PORTFOLIO_ALLOW_KINDS", "Role,Nod", "`Nod` is not a built-in kind"),
            ("PORTFOLIO_ALLOW_REGISTRIES", "nginx", "does not begin with a registry's host"),
        ] {
            let error = with(&env(&[(name, value)])).unwrap_err();
            assert!(error.starts_with(&format!("{name}: ")) && error.contains(wanted), "{error}");
        }
        let error = with(&Overrides::default().set("http.listn", "x")).unwrap_err();
        assert_eq!(error, "http.listn: there is no such field to set; did you mean `http.listen`?");
    }
}
