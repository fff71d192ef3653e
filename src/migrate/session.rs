//! [`Session`]: the one connection on which a run holds its lock and sends its statements.
//!
//! Everything goes by the simple protocol: a statement is sent as it is written, and nothing of it stays in the
//! connection.

use std::pin::pin;
use std::time::Duration;

use sqlx::postgres::{PgConnection, PgDatabaseError, PgRow, PgSeverity};
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::connect::connect;
use super::{Event, MigrateError, Target, cancel};

/// For the short questions of our own.
const ANSWER: Duration = Duration::from_secs(30);
/// The oldest server that has what we use: 13.
const OLDEST: i32 = 130_000;

/// Who is told of the steps of a run.
pub(super) type Tell<'t> = &'t (dyn Fn(Event) + Send + Sync);

/// A connection to the database of a run.
pub(super) struct Session {
    connection: PgConnection,
    target: Target,
    /// The server's process that serves us.
    pub(super) pid: i32,
    server_version: i32,
    /// A statement did not end when it was asked to: the server hears nothing before it does.
    deaf: bool,
}

/// How a request to the server went wrong.
#[derive(Debug)]
pub(super) enum Fault {
    /// The server's answer.
    Server(Box<PgDatabaseError>),
    /// There is no connection any more, or nothing to be understood.
    Lost(String),
    /// We were asked to stop, and did.
    Stopped,
}

impl Fault {
    fn of(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => match error.try_downcast::<PgDatabaseError>() {
                // It ends the connection, whatever its SQLSTATE. That of a mere error says nothing of ours: class 08
                // is also a foreign server's that cannot be reached.
                Ok(error) if matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) => {
                    Self::Lost(error.message().to_owned())
                }
                Ok(error) => Self::Server(error),
                Err(error) => Self::Lost(error.to_string()),
            },
            other => Self::Lost(other.to_string()),
        }
    }

    /// As the error of a run that was about to do this.
    pub(super) fn while_doing(self, what: &str) -> MigrateError {
        match self {
            Self::Server(error) => {
                let hint = match (error.hint(), error.code()) {
                    (Some(hint), _) => hint,
                    (None, "42501") => "grant the migrator's role what it needs, or make it the owner",
                    (None, _) => "",
                };
                let message = format!("{what}: {} (SQLSTATE {})", error.message(), error.code());
                MigrateError::refused(message, hint)
            }
            Self::Lost(message) => {
                MigrateError::interrupted(format!("{what}: the connection was lost: {message}"))
            }
            Self::Stopped => MigrateError::interrupted(format!("{what}: asked to stop")),
        }
    }
}

impl Session {
    /// Connects, and changes nothing: through a pool that would be the session of whoever is served next.
    pub(super) async fn open(target: &Target) -> Result<Self, MigrateError> {
        let connection = connect(target).await?;
        let mut session = Self { connection, target: target.clone(), pid: 0, server_version: 0, deaf: false };
        let sql = "SELECT pg_backend_pid(), current_setting('server_version_num')::int, \
                   current_setting('transaction_read_only')::bool, pg_is_in_recovery()";
        let row = session.row(sql).await.map_err(|fault| fault.while_doing("asking the server who it is"))?;
        session.pid = number(&row, 0);
        session.server_version = number(&row, 1);
        if session.server_version < OLDEST {
            return Err(MigrateError::refused(
                format!("PostgreSQL {} is too old", session.version()),
                "PostgreSQL 13 is the oldest that is known to work; use `command` with your own tool",
            ));
        }
        // A standby after a failover, or a server whose disk is full: another one may answer next time.
        let says = |column: usize| row.try_get::<bool, _>(column).unwrap_or_default();
        if says(2) {
            return Err(MigrateError::Unreachable {
                server: target.server(),
                message: if says(3) { "it is a standby, which only reads" } else { "it only reads" }
                    .to_owned(),
                hint: "name the primary by PGHOST; is default_transaction_read_only set?".to_owned(),
            });
        }
        Ok(session)
    }

    /// `15.4`.
    pub(super) fn version(&self) -> String {
        format!("{}.{}", self.server_version / 10_000, self.server_version % 10_000)
    }

    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Takes back what a file may have left in the session, and sets what is ours.
    pub(super) async fn reset(&mut self) -> Result<(), Fault> {
        // `DISCARD ALL` but for the advisory locks: each file finds the session that it would find in a run of its
        // own. Then: quotes as we read them, no time limit but ours, and a server that is lost to us lets go.
        self.run(
            "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; CLOSE ALL; DEALLOCATE ALL; UNLISTEN *; DISCARD PLANS; \
             DISCARD TEMP; DISCARD SEQUENCES; SET standard_conforming_strings = on; \
             SET idle_in_transaction_session_timeout = 0; SET tcp_keepalives_idle = 10; \
             SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '30s'",
        )
        .await?;
        if self.server_version >= 170_000 {
            self.run("SET transaction_timeout = 0").await?;
        }
        if self.server_version >= 140_000 {
            self.run("SET idle_session_timeout = 0").await?;
            match self.run("SET client_connection_check_interval = '1s'").await {
                // A server on a system that cannot tell: it notices with the next answer it sends.
                Ok(()) | Err(Fault::Server(_)) => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Runs short statements of our own.
    pub(super) async fn run(&mut self, sql: &str) -> Result<(), Fault> {
        if self.deaf {
            return Err(Fault::Stopped);
        }
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection);
        within(query).await.map(drop)
    }

    /// The rows that a short question of our own is answered with.
    pub(super) async fn rows(&mut self, sql: &str) -> Result<Vec<PgRow>, Fault> {
        within(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.connection)).await
    }

    /// The one row that a short question of our own is answered with.
    pub(super) async fn row(&mut self, sql: &str) -> Result<PgRow, Fault> {
        within(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.connection)).await
    }

    /// Runs a statement of a migration: however long it takes, or until `stop`, when it is cancelled.
    pub(super) async fn statement(
        &mut self,
        sql: &str,
        stop: &CancellationToken,
        tell: Tell<'_>,
    ) -> Result<(), Fault> {
        let (pid, target) = (self.pid, self.target.clone());
        let ended = {
            let mut query = pin!(sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection));
            tokio::select! {
                done = &mut query => return done.map(drop).map_err(Fault::of),
                () = stop.cancelled() => {}
            }
            tell(Event::Cancelling { pid });
            // Whatever its answer, the statement has ended when it comes.
            tokio::select! {
                _ = &mut query => true,
                () = cancel::until_dropped(&target, pid) => false,
            }
        };
        self.deaf = !ended;
        Err(Fault::Stopped)
    }

    /// Ends the connection, and with it the lock. Whether the server hears of it is of no matter: it sees it close.
    pub(super) async fn close(self) {
        if !self.deaf {
            let _ = timeout(ANSWER, self.connection.close()).await;
        }
    }
}

async fn within<T>(query: impl Future<Output = sqlx::Result<T>>) -> Result<T, Fault> {
    match timeout(ANSWER, query).await {
        Ok(answer) => answer.map_err(Fault::of),
        Err(_) => Err(Fault::Lost(format!("no answer within {} s", ANSWER.as_secs()))),
    }
}

/// A number of a row, 0 where there is none.
pub(super) fn number(row: &PgRow, column: usize) -> i32 {
    row.try_get(column).unwrap_or_default()
}
