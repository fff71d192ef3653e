//! [`Target`]: the database of a run, named by libpq's environment variables (PostgreSQL manual, 34.15).
//!
//! Only those that are read here count, and PGSSLCERT with PGSSLKEY: no file of the user's home, no `PGOPTIONS` that
//! would change what a migration does. The authorities of the system are trusted beside that of PGSSLROOTCERT.

use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::MigrateError;

/// A database and how to log in. The password is in none of its texts.
#[derive(Clone)]
pub struct Target {
    host: String,
    port: u16,
    database: String,
    user: String,
    password: SecretString,
    ssl_mode: PgSslMode,
    ca_file: Option<PathBuf>,
    application_name: String,
}

impl Target {
    /// Reads the environment through `variable`. `application_name` is how the server shows us.
    pub fn from_environment(
        application_name: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, MigrateError> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let needed = |name: &str| {
            variable(name).ok_or_else(|| {
                let hint = "the database is named by PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD, PGSSLMODE and PGSSLROOTCERT";
                MigrateError::refused(format!("the environment variable {name} is not set"), hint)
            })
        };
        if variable("PGOPTIONS").is_some() {
            let hint = "unset it, and write what a file needs into the file";
            return Err(MigrateError::refused("PGOPTIONS is set: it changes what a migration does", hint));
        }
        let ca_file = variable("PGSSLROOTCERT").map(PathBuf::from);
        let port = variable("PGPORT").map_or(Ok(5432), |port| {
            let hint = "write a number from 1 to 65535";
            port.parse().map_err(|_| MigrateError::refused(format!("PGPORT=`{port}` is not a port"), hint))
        })?;
        Ok(Self {
            host: needed("PGHOST")?,
            port,
            database: needed("PGDATABASE")?,
            user: needed("PGUSER")?,
            password: variable("PGPASSWORD").unwrap_or_default().into(),
            ssl_mode: ssl_mode(variable("PGSSLMODE").as_deref(), ca_file.is_some())?,
            ca_file,
            application_name: application_name.to_owned(),
        })
    }

    /// `host:port/database`.
    pub fn server(&self) -> String {
        format!("{}:{}/{}", self.host, self.port, self.database)
    }

    pub(super) fn database(&self) -> &str {
        &self.database
    }

    pub(super) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        // It reads the environment as well: whatever could come from there is set again.
        let options = PgConnectOptions::new_without_pgpass()
            .host(&self.host)
            .port(self.port)
            .database(&self.database)
            .username(&self.user)
            .password(self.password.expose_secret())
            .ssl_mode(self.ssl_mode)
            .application_name(&self.application_name)
            // What a pool does not know. The server's own (1) writes numbers in full, too.
            .extra_float_digits(None)
            .statement_cache_capacity(0);
        match &self.ca_file {
            Some(file) => options.ssl_root_cert(file),
            None => options,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("server", &self.server())
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// As in libpq, where `require` checks the authority if there is one to check against; without it, what a
/// `DatabaseMigration` has without it.
fn ssl_mode(text: Option<&str>, has_authority: bool) -> Result<PgSslMode, MigrateError> {
    match text {
        Some("disable") => Ok(PgSslMode::Disable),
        Some("require") if has_authority => Ok(PgSslMode::VerifyCa),
        Some("require") => Ok(PgSslMode::Require),
        Some("verify-ca") => Ok(PgSslMode::VerifyCa),
        Some("verify-full") | None => Ok(PgSslMode::VerifyFull),
        Some(other) => Err(MigrateError::refused(
            format!("PGSSLMODE=`{other}` is not a mode of this program"),
            "write `disable`, `require`, `verify-ca` or `verify-full`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(more: &[(&str, &str)]) -> Result<Target, MigrateError> {
        let set =
            [("PGHOST", "pg"), ("PGDATABASE", "shop"), ("PGUSER", "migrator"), ("PGPASSWORD", "canary")];
        Target::from_environment("portfolio-migrate/shop/db", |name| {
            let all = more.iter().chain(&set);
            all.into_iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_password_is_in_no_text() {
        assert!(!format!("{:?}", target(&[]).unwrap()).contains("canary"));
        assert_eq!(target(&[]).unwrap().server(), "pg:5432/shop");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        for (variable, value) in
            [("PGHOST", ""), ("PGPORT", "x"), ("PGSSLMODE", "prefer"), ("PGOPTIONS", "-c work_mem=1GB")]
        {
            let error = target(&[(variable, value)]).unwrap_err().to_string();
            assert!(error.contains(variable), "{error}");
        }
    }

    #[test]
    fn the_server_is_checked_unless_told_otherwise() {
        assert!(matches!(target(&[]).unwrap().ssl_mode, PgSslMode::VerifyFull));
        assert!(matches!(target(&[("PGSSLMODE", "disable")]).unwrap().ssl_mode, PgSslMode::Disable));
        assert!(matches!(target(&[("PGSSLMODE", "require")]).unwrap().ssl_mode, PgSslMode::Require));
        let checked = target(&[("PGSSLMODE", "require"), ("PGSSLROOTCERT", "/ca.crt")]).unwrap();
        assert!(matches!(checked.ssl_mode, PgSslMode::VerifyCa));
    }
}
