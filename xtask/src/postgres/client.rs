//! SQL, sent and answered.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use sqlx::postgres::{PgConnectOptions, PgRow, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::Login;

pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Runs SQL in a connection of its own; returns the rows, each value as text, and an empty one for NULL. Works inside of
/// an async runtime, too: it has its own thread.
pub(super) fn query(
    address: SocketAddr,
    login: &Login,
    database: &str,
    sql: &str,
) -> Result<Vec<Vec<String>>> {
    let options = options(address, login, database);
    let work = async move {
        let mut connection = options.connect().await?;
        // By the simple protocol, where every value comes as text.
        let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await?;
        connection.close().await?;
        rows.iter().map(texts).collect::<sqlx::Result<Vec<_>>>()
    };
    let on_a_thread = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { tokio::time::timeout(PATIENCE, work).await })?.context("asking the database")
    };
    thread::scope(|scope| scope.spawn(on_a_thread).join()).map_err(|_| anyhow!("the client panicked"))?
}

/// How to get in.
pub(super) fn options(address: SocketAddr, login: &Login, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host(&address.ip().to_string())
        .port(address.port())
        .username(&login.name)
        .password(&login.password)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
}

fn texts(row: &PgRow) -> sqlx::Result<Vec<String>> {
    (0..row.len())
        .map(|column| row.try_get_unchecked::<Option<String>, _>(column).map(Option::unwrap_or_default))
        .collect()
}
