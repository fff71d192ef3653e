//! Environment variables.

use std::collections::BTreeMap;

use super::{Rules, names};
use crate::document::diagnostic::{quoted, shown};
use crate::document::{Code, Diagnostic, Scalar, SecretKey};

impl Rules<'_> {
    pub(super) fn environment(&mut self) {
        let spec = &self.app.spec;
        variables(&spec.env, &spec.secrets, &[], self);
    }
}

/// The variables of a container, whose fields are below `path`.
pub(super) fn variables(
    env: &BTreeMap<String, Scalar>,
    secrets: &BTreeMap<String, SecretKey>,
    path: &[&str],
    rules: &mut Rules<'_>,
) {
    let all = env.keys().map(|name| ("env", name)).chain(secrets.keys().map(|name| ("secrets", name)));
    for (field, name) in all.filter(|(_, name)| !names::is_env_name(name)) {
        rules.key_error(
            Code::InvalidEnvName,
            &[path, &[field, name]].concat(),
            format!("{} cannot be the name of an environment variable", quoted(name)),
            "letters, digits, `_`, `-` and `.`, no digit first",
        );
    }
    for (name, secret) in secrets {
        let at = |rest: &[&'static str]| [path, &["secrets", name.as_str()], rest].concat();
        if env.contains_key(name) {
            let diagnostic = Diagnostic::error(
                Code::EnvTwice,
                rules.places.key(&at(&[])),
                format!("`{}` is in `env` and in `secrets`", shown(name)),
            );
            let other = rules.places.key(&[path, &["env", name]].concat());
            rules.push(diagnostic.label(other, "also here").help("remove one of them"));
        }
        rules.reference("a Secret", &at(&["secret"]), &secret.secret);
        if !names::is_data_key(&secret.key) {
            rules.error(
                Code::InvalidReference,
                &at(&["key"]),
                format!("{} cannot be a key of a Secret", quoted(&secret.key)),
                "at most 253 letters, digits, `-`, `_` and `.`",
            );
        }
    }
}
