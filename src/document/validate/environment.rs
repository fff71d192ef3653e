//! Environment variables.

use super::{Rules, names};
use crate::document::diagnostic::shown;
use crate::document::{Code, Diagnostic};

impl Rules<'_> {
    pub(super) fn environment(&mut self) {
        let spec = &self.app.spec;
        let all = spec
            .env
            .keys()
            .map(|name| ("env", name))
            .chain(spec.secrets.keys().map(|name| ("secrets", name)));
        for (field, name) in all.filter(|(_, name)| !names::is_env_name(name)) {
            self.key_error(
                Code::InvalidEnvName,
                &[field, name],
                format!("`{}` cannot be the name of an environment variable", shown(name)),
                "letters, digits, `_`, `-` and `.`, no digit first",
            );
        }
        for (name, secret) in &spec.secrets {
            if spec.env.contains_key(name) {
                let diagnostic = Diagnostic::error(
                    Code::EnvTwice,
                    self.places.key(&["secrets", name]),
                    format!("`{}` is in `env` and in `secrets`", shown(name)),
                );
                let other = self.places.key(&["env", name]);
                self.push(diagnostic.label(other, "also here").help("remove one of them"));
            }
            self.reference("a Secret", &["secrets", name, "secret"], &secret.secret);
            if !names::is_data_key(&secret.key) {
                self.error(
                    Code::InvalidReference,
                    &["secrets", name, "key"],
                    format!("`{}` cannot be a key of a Secret", shown(&secret.key)),
                    "letters, digits, `-`, `_` and `.`",
                );
            }
        }
    }
}
