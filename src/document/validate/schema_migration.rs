//! The rules of a `DatabaseMigration` beyond those of its files.

use super::{image, names, resources, schedule};
use crate::document::diagnostic::shown;
use crate::document::node::Places;
use crate::document::{
    Code, Diagnostic, Duration, Migration, MigrationCommand, MigrationPhase, Policy, Span,
};

/// Reports what is wrong with a migration.
pub(in crate::document) fn migration(
    migration: &Migration,
    policy: &Policy,
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let spec = &migration.spec;
    let mut rules = Rules { places, diagnostics };
    let sources: Vec<&str> = [
        ("dir", spec.dir.is_some()),
        ("migrations", places.root.entry("migrations").is_some()),
        ("command", spec.command.is_some()),
    ]
    .into_iter()
    .filter_map(|(name, there)| there.then_some(name))
    .collect();
    match sources.as_slice() {
        [_] => {}
        [] => rules.error(
            Code::MigrationSource,
            rules.places.fallback,
            "the migration says nothing to run",
            "write `dir: ./migrations` for a folder of SQL files, or `migrations` or `command`",
        ),
        [_, second, ..] => rules.error(
            Code::MigrationSource,
            rules.places.key(&[second]),
            format!("`{}` are together", sources.join("` and `")),
            "keep one of `dir`, `migrations` and `command`",
        ),
    }
    if spec.deadline == Some(Duration::from_secs(0)) {
        let span = places.of(&["deadline"]);
        rules.error(Code::NotPositive, span, "`deadline` must be more than zero", "write `1h`");
    }
    let name = &migration.id.name;
    if name.len() > Migration::MAX_NAME {
        rules.error(
            Code::DerivedNameTooLong,
            places.fallback,
            format!("the names of its Jobs, `{}-0123456789-1`, would be too long", shown(name)),
            &format!(
                "the name of a migration has at most {} characters; shorten it by {}",
                Migration::MAX_NAME,
                name.len() - Migration::MAX_NAME
            ),
        );
    }
    rules.not_yet(migration);
    rules.database(migration);
    if let Some(command) = &spec.command {
        rules.command(command);
    }
    for (number, exception) in spec.allow.iter().enumerate() {
        let number = number.to_string();
        if exception.reason.trim().is_empty() {
            let span = places.of(&["allow", &number, "reason"]);
            rules.error(
                Code::LintException,
                span,
                format!("the exception from `{}` gives no reason", shown(&exception.rule)),
                "say in a few words why it is safe here",
            );
        }
    }
    if let Some(window) = spec.contract.as_ref().and_then(|contract| contract.window.as_ref()) {
        schedule::window(window, &["contract", "window"], places, rules.diagnostics);
    }
    for (path, image) in [
        (["backup", "image"], spec.backup.as_ref().and_then(|backup| backup.image.as_ref())),
        (["runner", "image"], spec.runner.as_ref().and_then(|runner| runner.image.as_ref())),
    ] {
        if let Some(image) = image {
            image::check(image, places.of(&path), rules.diagnostics);
        }
    }
    for (path, image) in [
        (["command", "image"], spec.command.as_ref().map(|command| &command.image)),
        (["backup", "image"], spec.backup.as_ref().and_then(|backup| backup.image.as_ref())),
        (["runner", "image"], spec.runner.as_ref().and_then(|runner| runner.image.as_ref())),
    ] {
        if let Some(refusal) = image.and_then(|image| policy.refuses_image(image)) {
            rules.error(Code::RegistryRefused, places.of(&path), refusal.message, &refusal.help);
        }
    }
    if let Some(wanted) = spec.runner.as_ref().and_then(|runner| runner.resources.as_ref()) {
        resources::check(wanted, &["runner", "resources"], places, rules.diagnostics);
    }
}

struct Rules<'a> {
    places: Places<'a>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Rules<'_> {
    fn error(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    /// What is understood and not carried out: doing half of what is written would be worse than nothing.
    fn not_yet(&mut self, migration: &Migration) {
        let spec = &migration.spec;
        let mut refuse = |span: Span, what: &str| {
            let message = format!("{what} not supported yet by this version of portfolio");
            self.diagnostics.push(
                Diagnostic::error(Code::NotSupportedYet, span, message)
                    .help("leave it out for now: files of the phase expand and own tools are carried out"),
            );
        };
        let place = |field: &str| self.places.key(&[field]);
        let app_role = spec.runner.as_ref().is_some_and(|runner| runner.app_role.is_some());
        for (path, there) in [
            (&["contract"][..], spec.contract.is_some()),
            (&["backup"], spec.backup.is_some()),
            (&["allow"], !spec.allow.is_empty()),
            (&["runner", "appRole"], app_role),
        ] {
            if there {
                refuse(self.places.key(path), &format!("`{}` is", path.join(".")));
            }
        }
        for step in migration.steps.iter().filter(|step| step.phase != MigrationPhase::Expand) {
            let field = if spec.dir.is_some() { "dir" } else { "migrations" };
            let phase = match step.phase {
                MigrationPhase::Expand => "expand",
                MigrationPhase::Backfill => "backfill",
                MigrationPhase::Contract => "contract",
            };
            refuse(place(field), &format!("the {phase} phase, which `{}` is of, is", shown(&step.file)));
        }
    }

    fn database(&mut self, migration: &Migration) {
        let Some(database) = &migration.spec.database else {
            if migration.spec.command.is_none() {
                self.error(
                    Code::MissingField,
                    self.places.fallback,
                    "`spec` needs the field `database`",
                    "write `database: {host: pg.data, name: shop, secretRef: {name: shop-db-migrator}}`",
                );
            }
            return;
        };
        let address = database.host.parse::<std::net::IpAddr>().is_ok();
        if !address && !names::is_host(&database.host, false) {
            let span = self.places.of(&["database", "host"]);
            let message = format!("`{}` is neither a host name nor an address", shown(&database.host));
            self.error(
                Code::InvalidHost,
                span,
                message,
                "write `pg.data.svc` or an IP address, without a port",
            );
        }
        if database.port == Some(0) {
            let span = self.places.of(&["database", "port"]);
            self.error(Code::InvalidPort, span, "0 is not a port", "write a number from 1 to 65535");
        }
        if database.name.is_empty() {
            let span = self.places.of(&["database", "name"]);
            self.error(Code::InvalidReference, span, "the database needs a name", "write `name: shop`");
        }
        self.secret(&["database", "secretRef", "name"], &database.secret_ref.name);
        if let Some(file) = &database.ca_secret {
            self.secret(&["database", "caSecret", "name"], &file.name);
        }
    }

    fn command(&mut self, command: &MigrationCommand) {
        image::check(&command.image, self.places.of(&["command", "image"]), self.diagnostics);
        for (field, name) in (command.env.keys().map(|name| ("env", name)))
            .chain(command.secrets.keys().map(|name| ("secrets", name)))
            .filter(|(_, name)| !names::is_env_name(name))
        {
            let span = self.places.key(&["command", field, name]);
            let message = format!("`{}` cannot be the name of an environment variable", shown(name));
            self.error(
                Code::InvalidEnvName,
                span,
                message,
                "letters, digits, `_`, `-` and `.`, no digit first",
            );
        }
        for (name, secret) in &command.secrets {
            if command.env.contains_key(name) {
                let span = self.places.key(&["command", "secrets", name]);
                let message = format!("`{}` is in `env` and in `secrets`", shown(name));
                self.error(Code::EnvTwice, span, message, "remove one of them");
            }
            self.secret(&["command", "secrets", name, "secret"], &secret.secret);
        }
    }

    fn secret(&mut self, path: &[&str], name: &str) {
        if !names::is_subdomain(name) {
            let message = format!("`{}` cannot be the name of a Secret", shown(name));
            self.error(
                Code::InvalidReference,
                self.places.of(path),
                message,
                "names are lower-case letters, digits, `-` and `.`, and begin and end with a letter or digit",
            );
        }
    }
}
