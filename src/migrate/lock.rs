//! The lock that lets one run at a time have a history: an advisory lock of the session (PostgreSQL manual, 13.3.5).
//!
//! It belongs to the server's process, not to us. Through a proxy that pools transactions each of our transactions
//! may be served by another process: such a lock protects nothing, so it is proven to be where our statements run,
//! here and again in the transaction of each file.

use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::session::{Fault, Session, Tell, number};
use super::{Event, MigrateError};

const POLL: Duration = Duration::from_millis(500);
const TELL_EVERY: Duration = Duration::from_secs(10);

/// The name of the lock of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LockKey(i64);

impl LockKey {
    /// Advisory locks are a database's own, so the schema is what tells histories apart. The database's name is no
    /// part of it: a pool may know the same database by another one.
    pub(super) fn new(schema: &str) -> Self {
        let digest = Sha256::digest(format!("portfolio migrate\n{schema}"));
        let mut bytes = [0; 8];
        bytes.iter_mut().zip(digest).for_each(|(byte, one)| *byte = one);
        Self(i64::from_be_bytes(bytes))
    }

    /// Whether the process that answers holds it: a condition in SQL.
    pub(super) fn is_held(self) -> String {
        let bits = self.0.cast_unsigned();
        let (high, low) = (bits >> 32, bits & 0xffff_ffff);
        format!(
            "EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
             AND pid = pg_backend_pid() AND classid = {high} AND objid = {low} \
             AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))"
        )
    }

    fn holder(self) -> String {
        let bits = self.0.cast_unsigned();
        let (high, low) = (bits >> 32, bits & 0xffff_ffff);
        format!(
            "SELECT format('pid %s, %s, since %s', a.pid, a.application_name, a.backend_start) \
             FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' \
             AND l.granted AND l.objsubid = 1 AND l.classid = {high} AND l.objid = {low} \
             AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"
        )
    }
}

/// Waits for the lock, at most so long.
pub(super) async fn obtain(
    session: &mut Session,
    key: LockKey,
    patience: Duration,
    stop: &CancellationToken,
    tell: Tell<'_>,
) -> Result<(), MigrateError> {
    let server = session.target().server();
    let asking = |fault: Fault| match fault {
        Fault::Lost(message) => MigrateError::Unreachable {
            server: server.clone(),
            message,
            hint: "is the server up?".to_owned(),
        },
        other => other.while_doing("asking for the lock"),
    };
    // Before there is a lock: a process of a pool would keep it, and lock out whoever is served by others.
    if !is_served_by_one_process(session).await? {
        return Err(pooled());
    }
    let since = Instant::now();
    let mut told = None;
    loop {
        let row = session.row(&format!("SELECT pg_try_advisory_lock({})", key.0)).await.map_err(asking)?;
        if row.try_get::<bool, _>(0).unwrap_or_default() {
            break;
        }
        if told.is_none_or(|told: Instant| told.elapsed() >= TELL_EVERY) || since.elapsed() >= patience {
            let rows = session.rows(&key.holder()).await.map_err(asking)?;
            let holder = rows.first().and_then(|row| row.try_get::<String, _>(0).ok());
            let holder = holder.unwrap_or_else(|| "it has just ended".to_owned());
            if since.elapsed() >= patience {
                return Err(MigrateError::Busy {
                    message: format!("another run did not end within {} s: {holder}", patience.as_secs()),
                    hint: "wait for it, or end it by pg_terminate_backend".to_owned(),
                });
            }
            tell(Event::WaitingForLock { holder, seconds: since.elapsed().as_secs() });
            told = Some(Instant::now());
        }
        tokio::select! {
            () = sleep(POLL.mul_f64(0.5 + fastrand::f64())) => {}
            () = stop.cancelled() => {
                return Err(MigrateError::interrupted("asked to stop while waiting for the lock"));
            }
        }
    }
    let row = session.row(&format!("SELECT {}", key.is_held())).await.map_err(asking)?;
    if row.try_get::<bool, _>(0).unwrap_or_default() {
        tell(Event::Locked);
        return Ok(());
    }
    // Should it be held by a process that serves others next, it would lock them out.
    let _ = session.run(&format!("SELECT pg_advisory_unlock({})", key.0)).await;
    Err(pooled())
}

/// We are served by the same process as before, while a second connection of ours is served by another one.
async fn is_served_by_one_process(session: &mut Session) -> Result<bool, MigrateError> {
    let checking = |fault: Fault| fault.while_doing("looking for a pool between us and the server");
    let mut second = Session::open(session.target()).await?;
    // While it has a transaction open, a pool cannot give its process to us.
    second.run("BEGIN").await.map_err(checking)?;
    let other = second.row("SELECT pg_backend_pid()").await.map_err(checking)?;
    let ours = session.row("SELECT pg_backend_pid()").await.map_err(checking)?;
    second.close().await;
    Ok(number(&ours, 0) == session.pid && number(&other, 0) != session.pid)
}

/// What to say of a lock that is not where our statements run.
pub(super) fn pooled() -> MigrateError {
    MigrateError::refused(
        "the lock is not held by the server process that runs our statements: the connection goes through a proxy \
         that pools transactions, such as PgBouncer with pool_mode = transaction",
        "name the database server itself by PGHOST and PGPORT, or a pool with pool_mode = session",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_history_has_a_lock_of_its_own() {
        assert_eq!(LockKey::new("portfolio"), LockKey::new("portfolio"));
        assert_ne!(LockKey::new("portfolio"), LockKey::new("other"));
    }
}
