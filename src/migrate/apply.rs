//! Applies one file: its statements and its row in the history in one transaction, tried again while others are in
//! the way.

use std::time::{Duration, Instant};

use sqlx::Row as _;
use sqlx::postgres::PgDatabaseError;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::blocker::Blocker;
use super::decide::Pending;
use super::failure::{Step, failure};
use super::history::History;
use super::lock::{LockKey, pooled};
use super::quote::identifier;
use super::session::{Fault, Session, Tell};
use super::{Event, MigrateError, Settings};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What applying a file needs.
pub(super) struct Applier<'a> {
    pub(super) session: &'a mut Session,
    pub(super) history: &'a History,
    pub(super) key: LockKey,
    pub(super) settings: &'a Settings,
    pub(super) stop: &'a CancellationToken,
    pub(super) tell: Tell<'a>,
}

/// Why a transaction did not come to its end.
enum Trouble {
    /// At this step.
    Fault { step: Step, fault: Fault },
    /// What was found before or after the statements.
    Refused(MigrateError),
}

impl Trouble {
    fn ours(fault: Fault) -> Self {
        Self::Fault { step: Step::Ours, fault }
    }
}

impl Applier<'_> {
    /// Applies the file, or says why it is not applied.
    pub(super) async fn apply(&mut self, pending: &Pending<'_>) -> Result<(), MigrateError> {
        let (version, file) = (pending.file.version, pending.file.file.clone());
        let (since, mut blocker) = (Instant::now(), Blocker::default());
        (self.tell)(Event::Applying { version, file: file.clone(), statements: pending.statements.len() });
        let mut attempt = 0;
        loop {
            attempt += 1;
            if attempt > 1 {
                blocker.get_ready(self.session.target()).await;
            }
            let began = Instant::now();
            let trouble = match self.transaction(pending, &mut blocker, attempt > 1).await {
                Ok(()) => {
                    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                    (self.tell)(Event::Applied { version, file, statements: pending.statements.len(), ms });
                    return Ok(());
                }
                Err(trouble) => trouble,
            };
            // When there is nobody to hear it, the transaction is gone already.
            let _ = self.session.run("ROLLBACK").await;
            let (step, fault) = match trouble {
                Trouble::Fault { step, fault } => (step, fault),
                Trouble::Refused(error) => return Err(error),
            };
            let error = match fault {
                Fault::Server(error) => error,
                Fault::Lost(message) => return Err(lost(&file, step, &message)),
                Fault::Stopped => return Err(stopped(&file)),
            };
            if !is_worth_trying_again(&error) {
                return Err(failure(pending, step, &error, self.settings));
            }
            let reason = error.message().to_owned();
            if since.elapsed() >= self.settings.lock_wait {
                return Err(MigrateError::Busy {
                    message: format!(
                        "{file}: {reason}, {attempt} times in {} s{}",
                        since.elapsed().as_secs(),
                        blocker.described()
                    ),
                    hint: "end the transaction that is in the way; nothing of the file is applied".to_owned(),
                });
            }
            let pause = pause(attempt);
            let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
            let told = blocker.last().to_owned();
            (self.tell)(Event::Retrying {
                version,
                file: file.clone(),
                attempt,
                reason,
                blocker: told,
                pause_ms,
            });
            tokio::select! {
                () = sleep(pause) => {}
                () = self.stop.cancelled() => return Err(stopped(&file)),
            }
        }
    }

    async fn transaction(
        &mut self,
        pending: &Pending<'_>,
        blocker: &mut Blocker,
        watch: bool,
    ) -> Result<(), Trouble> {
        let id = self.begin(pending).await?;
        for (index, statement) in pending.statements.iter().enumerate() {
            if self.stop.is_cancelled() {
                return Err(Trouble::ours(Fault::Stopped));
            }
            let line = statement.place(&pending.file.sql).line;
            (self.tell)(Event::Statement { version: pending.file.version, number: index + 1, line });
            let pid = self.session.pid;
            let ran = self.session.statement(&statement.text, self.stop, self.tell);
            let ran = if watch {
                tokio::select! { ran = ran => ran, never = blocker.watch(pid) => match never {} }
            } else {
                ran.await
            };
            ran.map_err(|fault| Trouble::Fault { step: Step::Statement(index), fault })?;
        }
        self.end(pending, &id).await
    }

    /// Begins the transaction, proves within it that we may, and returns its number.
    async fn begin(&mut self, pending: &Pending<'_>) -> Result<String, Trouble> {
        let Settings { lock_timeout, statement_timeout, schema, .. } = self.settings;
        self.session.reset().await.map_err(Trouble::ours)?;
        self.session.run("BEGIN").await.map_err(Trouble::ours)?;
        let sql = format!(
            "SELECT {}, {}, pg_catalog.txid_current()::text",
            self.key.is_held(),
            self.history.has(pending.file.version)
        );
        let row = self.session.row(&sql).await.map_err(Trouble::ours)?;
        let says = |column: usize| row.try_get::<bool, _>(column).unwrap_or_default();
        if !says(0) {
            return Err(Trouble::Refused(pooled()));
        }
        if says(1) {
            let message = format!("{} was applied by somebody else meanwhile", pending.file.file);
            return Err(Trouble::Refused(MigrateError::interrupted(message)));
        }
        let sql = format!(
            "SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; SET LOCAL search_path = {}",
            lock_timeout.get(),
            statement_timeout.get(),
            identifier(schema)
        );
        self.session.run(&sql).await.map_err(Trouble::ours)?;
        row.try_get(2).map_err(|error| Trouble::ours(Fault::Lost(error.to_string())))
    }

    /// Writes the history and commits.
    async fn end(&mut self, pending: &Pending<'_>, id: &str) -> Result<(), Trouble> {
        let at_the_end = |fault| Trouble::Fault { step: Step::End, fault };
        let never = CancellationToken::new();
        // What was put off until the end fails here, while there is somebody to say where.
        self.session
            .statement("SET CONSTRAINTS ALL IMMEDIATE", self.stop, self.tell)
            .await
            .map_err(at_the_end)?;
        // Of what the file may have set, that which our own statement depends on.
        self.session
            .run("RESET SESSION AUTHORIZATION; RESET ROLE; SET LOCAL standard_conforming_strings = on")
            .await
            .map_err(Trouble::ours)?;
        let row = self.session.row("SELECT pg_catalog.txid_current()::text").await.map_err(Trouble::ours)?;
        if row.try_get::<String, _>(0).ok().as_deref() != Some(id) {
            return Err(Trouble::Refused(MigrateError::PartWay {
                message: format!("{} ended the transaction that it ran in", pending.file.file),
                hint: "what came before is in the database, and it is not in the history: look, finish it by hand, \
                       and take out what ends the transaction"
                    .to_owned(),
            }));
        }
        let remember = self.history.remember(pending, &self.settings.runner, &self.settings.revision);
        self.session.run(&remember).await.map_err(Trouble::ours)?;
        // Not to be stopped any more: half a commit is what nobody could tell.
        self.session.statement("COMMIT", &never, self.tell).await.map_err(at_the_end)
    }
}

/// Somebody held a lock for too long, or two transactions were in each other's way.
fn is_worth_trying_again(error: &PgDatabaseError) -> bool {
    ["55P03", "40P01", "40001"].contains(&error.code())
}

/// Full jitter: anything up to a bound that doubles.
fn pause(attempt: u32) -> Duration {
    let bound = FIRST_PAUSE.saturating_mul(1 << attempt.min(10)).min(LONGEST_PAUSE);
    bound.mul_f64(fastrand::f64())
}

fn lost(file: &str, step: Step, message: &str) -> MigrateError {
    MigrateError::interrupted(match step {
        Step::Statement(_) | Step::Ours => format!("{file}: the connection was lost: {message}"),
        // Nobody can tell from here whether the server heard it; the history can.
        Step::End => format!(
            "{file}: the connection was lost at its end, so it is applied or changed nothing: {message}"
        ),
    })
}

fn stopped(file: &str) -> MigrateError {
    MigrateError::interrupted(format!("{file}: asked to stop; it was rolled back"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound() {
        for attempt in 1..40 {
            assert!(pause(attempt) <= LONGEST_PAUSE);
        }
        assert!((0..100).all(|_| pause(1) <= FIRST_PAUSE * 2));
    }
}
