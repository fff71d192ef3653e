//! What the environment says. The database's variables are those of libpq (PostgreSQL manual, 34.15).

use std::fmt;
use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::Error;

/// Where and as what the shop serves.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `LISTEN`, an address and a port. Default `0.0.0.0:8080`.
    pub listen: String,
    /// `SHOP_VERSION`. Default 1.
    pub version: Version,
    /// `POD_NAME`, else `HOSTNAME`, which is the pod's name unless it says otherwise.
    pub pod: String,
    /// `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER`, `PGPASSWORD`, `PGSSLMODE`, `PGSSLROOTCERT`, `PGAPPNAME`. None without
    /// `PGHOST`.
    pub database: Option<PgConnectOptions>,
}

impl Settings {
    /// Those of this process.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self {
            listen: variable("LISTEN").unwrap_or_else(|| "0.0.0.0:8080".to_owned()),
            version: Version::new(&variable("SHOP_VERSION").unwrap_or_else(|| "1".to_owned())),
            pod: variable("POD_NAME")
                .or_else(|| variable("HOSTNAME"))
                .unwrap_or_else(|| "nowhere".to_owned()),
            database: variable("PGHOST").map(|_| database()).transpose()?,
        })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The client library reads the variables, but takes its default where one is not valid: no TLS would be the effect of
/// a typing error.
fn database() -> Result<PgConnectOptions, Error> {
    let mut options = PgConnectOptions::new_without_pgpass();
    if let Some(value) = variable("PGSSLMODE") {
        let Ok(mode) = PgSslMode::from_str(&value) else {
            let expected = "disable, allow, prefer, require, verify-ca or verify-full";
            return Err(Error::Setting { name: "PGSSLMODE", value, expected });
        };
        options = options.ssl_mode(mode);
    }
    if let Some(value) = variable("PGPORT") {
        let Ok(port) = value.parse() else {
            return Err(Error::Setting { name: "PGPORT", value, expected: "a port, 5432 by default" });
        };
        options = options.port(port);
    }
    Ok(options)
}

/// A version of the shop: a number and whatever follows it, `2` or `2.1-rc`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    text: String,
    major: u32,
}

impl Version {
    /// What does not start with a number is as good as 1.
    pub fn new(text: &str) -> Self {
        let digits = text.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or_default();
        Self { text: text.to_owned(), major: digits.parse().unwrap_or(1) }
    }

    /// Whether its orders have a quantity, which came with version 2.
    pub fn has_quantity(&self) -> bool {
        self.major >= 2
    }
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_came_with_version_2() {
        for (version, has_quantity) in
            [("1", false), ("1.9", false), ("2", true), ("2.0-rc", true), ("10", true), ("blue", false)]
        {
            assert_eq!(Version::new(version).has_quantity(), has_quantity, "{version}");
        }
    }
}
