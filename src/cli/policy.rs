//! [`PolicyArgs`]: what documents may ask for, as the daemon's configuration says it under `allow`.

use std::str::FromStr;

use crate::document::{AllowedKind, Policy, PolicyError, Registry};

/// The daemon's `allow`, so that documents are judged here as there.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PolicyArgs {
    /// Kind that `objects` may be of, as the daemon's `allow.kinds`: Role, or
    /// ServiceMonitor.v1.monitoring.coreos.com. May be repeated, or given with commas.
    #[arg(long = "allow-kind", value_name = "KIND", env = "PORTFOLIO_ALLOW_KINDS", value_parser = list::<AllowedKind>)]
    kinds: Vec<Vec<AllowedKind>>,

    /// Registry, or folder of one, that images may come from, as the daemon's `allow.registries`; without any, all
    /// may. May be repeated, or given with commas.
    #[arg(long = "allow-registry", value_name = "REGISTRY", env = "PORTFOLIO_ALLOW_REGISTRIES", value_parser = list::<Registry>)]
    registries: Vec<Vec<Registry>>,

    /// Privileged pods are allowed, as by the daemon's `allow.privileged`.
    #[arg(long = "allow-privileged", env = "PORTFOLIO_ALLOW_PRIVILEGED")]
    privileged: bool,
}

impl PolicyArgs {
    /// As documents are judged by it.
    pub(super) fn policy(&self) -> Policy {
        Policy {
            kinds: self.kinds.iter().flatten().cloned().collect(),
            registries: self.registries.iter().flatten().cloned().collect(),
            privileged: self.privileged,
        }
    }
}

/// Empty items are none, as in the daemon's variables.
fn list<T: FromStr<Err = PolicyError>>(text: &str) -> Result<Vec<T>, PolicyError> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::parse).collect()
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, Command, FromArgMatches as _};

    use super::PolicyArgs;
    use crate::document::Policy;

    fn policy(arguments: &[&str]) -> Result<Policy, String> {
        let command = PolicyArgs::augment_args(Command::new("validate"));
        let matches = command
            .try_get_matches_from([&["validate"], arguments].concat())
            .map_err(|error| error.to_string())?;
        Ok(PolicyArgs::from_arg_matches(&matches).unwrap().policy())
    }

    #[test]
    fn flags_are_repeated_or_written_with_commas() {
        assert_eq!(policy(&[]).unwrap(), Policy::default());
        let given = policy(&[
            "--allow-kind=Role,RoleBinding",
            "--allow-kind=Certificate.v1.cert-manager.io",
            "--allow-registry=ghcr.io/team,",
            "--allow-privileged",
        ]);
        let given = given.unwrap();
        let kinds: Vec<String> = given.kinds.iter().map(ToString::to_string).collect();
        assert_eq!(kinds, ["Certificate.v1.cert-manager.io", "Role", "RoleBinding"]);
        assert!(given.allows_image("ghcr.io/team/a") && !given.allows_image("a") && given.privileged);
    }

    #[test]
    fn a_kind_that_is_none_is_refused_with_what_to_write() {
        let error = policy(&["--allow-kind=ServiceMonitor"]).unwrap_err();
        assert!(error.contains("such as `ServiceMonitor.v1.example.com`"), "{error}");
    }
}
