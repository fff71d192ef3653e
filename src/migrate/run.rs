//! A run, from the connection to the last file.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::apply::Applier;
use super::decide::{Decision, decide};
use super::history::History;
use super::lock::{self, LockKey};
use super::session::{Session, Tell};
use super::{Event, MigrateError, MigrationFile, Target};
use crate::document::Milliseconds;
use crate::record::RunReport;

/// How a run is to go about it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Schema that statements without one refer to.
    pub schema: String,
    /// Schema of the history table.
    pub history_schema: String,
    /// How long a statement may queue for a lock, with others queueing behind it.
    pub lock_timeout: Milliseconds,
    /// How long a statement may take; 0 for any time.
    pub statement_timeout: Milliseconds,
    /// How long to try again for what others hold: the lock of the run, and locks of tables.
    pub lock_wait: Duration,
    /// Who runs it, for the history: the pod's name.
    pub runner: String,
    /// The revision it comes from, for the history.
    pub revision: String,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The versions that it applied, whatever came then.
    pub applied: Vec<u64>,
    /// Why it ended before it was done, if it did.
    pub error: Option<MigrateError>,
}

impl Ended {
    /// What the run says of itself to the daemon.
    pub fn report(&self) -> RunReport {
        if let Some(error) = &self.error {
            return error.report(&self.applied);
        }
        let message = match self.applied.as_slice() {
            [] => "nothing to do".to_owned(),
            [one] => format!("version {one} applied"),
            [first, .., last] => format!("{} versions applied, {first} to {last}", self.applied.len()),
        };
        RunReport { message, applied: self.applied.clone(), failure: None }
    }
}

/// Applies what is pending. Ends at the first trouble, or soon after `stop`.
pub async fn run(
    target: &Target,
    files: &[MigrationFile],
    settings: &Settings,
    stop: &CancellationToken,
    tell: Tell<'_>,
) -> Ended {
    let mut applied = Vec::new();
    let opened = tokio::select! {
        opened = Session::open(target) => opened,
        () = stop.cancelled() => Err(MigrateError::interrupted("asked to stop while connecting")),
    };
    let mut session = match opened {
        Ok(session) => session,
        Err(error) => return Ended { applied, error: Some(error) },
    };
    let (server, version, pid) = (target.server(), session.version(), session.pid);
    tell(Event::Connected { server, version, pid });
    let done = in_session(&mut session, files, settings, stop, tell, &mut applied).await;
    session.close().await;
    Ended { applied, error: done.err() }
}

async fn in_session(
    session: &mut Session,
    files: &[MigrationFile],
    settings: &Settings,
    stop: &CancellationToken,
    tell: Tell<'_>,
    applied: &mut Vec<u64>,
) -> Result<(), MigrateError> {
    let key = LockKey::new(&settings.history_schema);
    lock::obtain(session, key, settings.lock_wait, stop, tell).await?;
    session.reset().await.map_err(|fault| fault.while_doing("setting up the session"))?;
    let history = History::new(&settings.history_schema, &settings.schema);
    history.create(session).await?;
    let rows = history.read(session).await?;
    let highest = rows.iter().map(|row| row.version).max().unwrap_or_default();
    let decision = decide(files, rows)?;
    announce(&decision, highest, tell);
    let mut applier = Applier { session, history: &history, key, settings, stop, tell };
    for pending in &decision.pending {
        if stop.is_cancelled() {
            return Err(MigrateError::interrupted(format!("asked to stop before {}", pending.file.file)));
        }
        applier.apply(pending).await?;
        applied.push(pending.file.version);
    }
    tell(Event::Done { applied: applied.clone(), waiting: decision.waiting.len() });
    Ok(())
}

fn announce(decision: &Decision<'_>, highest: u64, tell: Tell<'_>) {
    for row in &decision.missing {
        tell(Event::Missing { version: row.version, name: row.name.clone() });
    }
    for file in &decision.waiting {
        let (version, phase) = (file.version, file.phase.name());
        tell(Event::Waiting { version, file: file.file.clone(), phase });
    }
    for file in &decision.late {
        tell(Event::Late { version: file.version, file: file.file.clone(), highest });
    }
}
