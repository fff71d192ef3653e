//! Who is in the way of a statement that waits for a lock, seen from a second connection.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row as _};
use tokio::time::sleep;

use super::Target;
use super::connect::connect;

/// Several looks within the shortest lock timeout that is of use.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The last one that was seen.
#[derive(Default)]
pub(super) struct Blocker {
    connection: Option<PgConnection>,
    last: String,
}

impl Blocker {
    /// `pid 42, shop, psql, idle in transaction, …`, as much of it as our role may see; empty when none was seen.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// The same as the end of a sentence.
    pub(super) fn described(&self) -> String {
        if self.last.is_empty() { String::new() } else { format!("; in the way: {}", self.last) }
    }

    /// Connects, where that is not done: getting in may take longer than the statement waits. Without a second
    /// connection nothing is seen, which is no reason to fail.
    pub(super) async fn get_ready(&mut self, target: &Target) {
        if self.connection.is_none() {
            self.connection = connect(target).await.ok();
        }
    }

    /// Looks again and again at who is in the way of `pid`, until the caller has no more use for it.
    pub(super) async fn watch(&mut self, pid: i32) -> Infallible {
        let sql = format!(
            "SELECT concat_ws(', ', 'pid ' || pid, usename, nullif(application_name, ''), state, \
             'in a transaction since ' || xact_start) FROM pg_catalog.pg_stat_activity \
             WHERE pid = ANY (pg_catalog.pg_blocking_pids({pid})) ORDER BY xact_start LIMIT 1"
        );
        loop {
            sleep(LOOK_EVERY).await;
            let Some(connection) = &mut self.connection else { return pending().await };
            match sqlx::raw_sql(AssertSqlSafe(sql.clone())).fetch_optional(connection).await {
                Ok(Some(row)) => self.last = row.try_get(0).unwrap_or_default(),
                Ok(None) => {}
                Err(_) => self.connection = None,
            }
        }
    }
}
