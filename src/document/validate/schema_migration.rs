//! The rules of a `DatabaseMigration` beyond those of its files.

use super::{image, names, resources, schedule};
use crate::document::diagnostic::{quoted, shown};
use crate::document::node::{Places, Value};
use crate::document::{
    Code, Diagnostic, Duration, Migration, MigrationCommand, MigrationPhase, Milliseconds, Policy, Span,
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
    // What was written but could not be read is there as well.
    let is_written = |field: &&str| places.root.entry(field).is_some();
    let sources: Vec<&str> = ["dir", "migrations", "command"].into_iter().filter(is_written).collect();
    let inline = places.node(&["migrations"]).map(|node| &node.value);
    match sources.as_slice() {
        [_] if matches!(inline, Some(Value::Seq(items)) if items.is_empty()) => rules.error(
            Code::MigrationSource,
            rules.places.key(&["migrations"]),
            "no migration is in the list",
            "write `- {version: \"0001\", name: create_orders, sql: …}` below it",
        ),
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
    if spec.lock_timeout == Some(Milliseconds::new(0)) {
        let span = places.of(&["lockTimeout"]);
        let message = "without an end, a statement that queues for a lock holds up all that come after it";
        rules.error(Code::NotPositive, span, message, "write `300ms`");
    }
    if spec.deadline == Some(Duration::from_secs(0)) {
        let span = places.of(&["deadline"]);
        rules.error(Code::NotPositive, span, "`deadline` must be more than zero", "write `1h`");
    }
    rules.not_yet(migration);
    rules.database(migration);
    if let Some(schema) = &spec.schema {
        rules.identifier("a schema", &["schema"], schema);
    }
    if let Some(role) = spec.runner.as_ref().and_then(|runner| runner.app_role.as_ref()) {
        rules.identifier("a role", &["runner", "appRole"], role);
    }
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
            let written = ["database", "command"].map(|field| self.places.root.entry(field).is_some());
            if written == [false, false] {
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
            let message = format!("{} is neither a host name nor an address", quoted(&database.host));
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
        self.identifier("a database", &["database", "name"], &database.name);
        let login = &database.secret_ref;
        self.secret(&["database", "secretRef", "name"], &login.name);
        for (field, key) in [("usernameKey", &login.username_key), ("passwordKey", &login.password_key)] {
            if let Some(key) = key {
                self.secret_key(&["database", "secretRef", field], key);
            }
        }
        if let Some(file) = &database.ca_secret {
            self.secret(&["database", "caSecret", "name"], &file.name);
            self.secret_key(&["database", "caSecret", "key"], &file.key);
        }
    }

    fn command(&mut self, command: &MigrationCommand) {
        image::check(&command.image, self.places.of(&["command", "image"]), self.diagnostics);
        for (field, name) in (command.env.keys().map(|name| ("env", name)))
            .chain(command.secrets.keys().map(|name| ("secrets", name)))
            .filter(|(_, name)| !names::is_env_name(name))
        {
            let span = self.places.key(&["command", field, name]);
            let message = format!("{} cannot be the name of an environment variable", quoted(name));
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
            self.secret_key(&["command", "secrets", name, "key"], &secret.key);
        }
    }

    fn secret(&mut self, path: &[&str], name: &str) {
        if !names::is_subdomain(name) {
            let message = format!("{} cannot be the name of a Secret", quoted(name));
            self.error(
                Code::InvalidReference,
                self.places.of(path),
                message,
                "at most 253 lower-case letters, digits, `-` and `.`, with a letter or digit at both ends",
            );
        }
    }

    fn secret_key(&mut self, path: &[&str], key: &str) {
        if !names::is_data_key(key) {
            let message = format!("{} cannot be a key of a Secret", quoted(key));
            let span = self.places.of(path);
            self.error(
                Code::InvalidReference,
                span,
                message,
                "at most 253 letters, digits, `-`, `_` and `.`",
            );
        }
    }

    /// The name of something in PostgreSQL, which takes nearly any text and cuts off what is beyond 63 bytes.
    /// Source: PostgreSQL manual, 4.1.1 Identifiers and Key Words.
    fn identifier(&mut self, what: &str, path: &[&str], name: &str) {
        if name.trim().is_empty() || name.len() > 63 || name.contains(char::is_control) {
            let message = format!("{} cannot be the name of {what}", quoted(name));
            let span = self.places.of(path);
            self.error(Code::InvalidReference, span, message, "at most 63 bytes, without line breaks");
        }
    }
}
