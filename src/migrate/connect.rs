//! A connection to the target, or why there is none and what to do.

use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::error::DatabaseError;
use sqlx::postgres::PgConnection;
use tokio::time::timeout;

use super::{MigrateError, Target};

const CONNECT: Duration = Duration::from_secs(10);

/// Connects and logs in.
pub(super) async fn connect(target: &Target) -> Result<PgConnection, MigrateError> {
    let unreachable = |message: String, hint: &str| MigrateError::Unreachable {
        server: target.server(),
        message,
        hint: hint.to_owned(),
    };
    if let Some(file) = target.ca_file()
        && let Err(error) = std::fs::File::open(file)
    {
        let message = format!("{}: {error}", file.display());
        return Err(unreachable(
            message,
            "PGSSLROOTCERT (`database.caSecret`) names the file of the authority's certificate",
        ));
    }
    match timeout(CONNECT, target.options().disable_statement_logging().connect()).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(unreachable(message(&error), &hint(&error, target))),
        Err(_) => {
            let message = format!("no answer within {} s", CONNECT.as_secs());
            Err(unreachable(
                message,
                "is PGHOST (`database.host`) right, and may this pod reach it (NetworkPolicy, firewall)?",
            ))
        }
    }
}

/// What happened, without the words that the client puts around it.
fn message(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Tls(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// What to do when the server does not let us in.
fn hint(error: &sqlx::Error, target: &Target) -> String {
    let code = error.as_database_error().and_then(DatabaseError::code);
    let user = target.user();
    match (error, code.as_deref()) {
        (_, Some("28P01" | "28000")) => {
            format!("are user name (`{user}`) and password those of the database, and does pg_hba.conf let them in?")
        }
        (_, Some("3D000")) => "create the database, or correct PGDATABASE (`database.name`)".to_owned(),
        (_, Some("42501")) => format!("GRANT CONNECT ON DATABASE \"{}\" TO \"{user}\"", target.database()),
        (_, Some("53300")) => "all connections are taken: raise max_connections, or use fewer".to_owned(),
        (_, Some("57P03")) => "it starts or stops: wait until it is up".to_owned(),
        (sqlx::Error::Io(error), _) if is_of_tls(error) => {
            "with PGSSLMODE=verify-full (`database.sslMode`) the server's certificate must be of the authority in \
             PGSSLROOTCERT (`database.caSecret`) and name PGHOST (`database.host`)"
                .to_owned()
        }
        (sqlx::Error::Tls(_), _) => {
            "turn on TLS in the server (ssl = on) and give PGSSLROOTCERT (`database.caSecret`) a certificate in PEM; \
             PGSSLMODE=disable (`database.sslMode`) is for a network that nobody else hears"
                .to_owned()
        }
        _ => "are PGHOST and PGPORT (`database.host`, `database.port`) right, and is the server up?".to_owned(),
    }
}

/// The handshake fails as an error of the socket.
fn is_of_tls(error: &std::io::Error) -> bool {
    matches!(error.get_ref(), Some(inner) if inner.is::<rustls::Error>())
}
