//! `portfolio migrate exec`: what a migration's Job runs.

use std::path::{Path, PathBuf};

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::notice;
use super::tell::Teller;
use crate::cli::{CliError, Exit, Ui};
use crate::document::{Duration, Milliseconds};
use crate::migrate::{self, Ended, MigrateError, Settings, Target};
use crate::record::RunReport;

/// Applies the migrations that a database does not have yet.
///
/// Each file runs in one transaction together with its row in the history, so it is applied once or not at all,
/// however often this is run or killed. The database is named by PGHOST, PGPORT, PGDATABASE, PGUSER, PGPASSWORD,
/// PGSSLMODE (verify-full unless told otherwise) and PGSSLROOTCERT.
///
/// Exit codes: 0 done; 10 nothing to do, with --detailed-exitcode; 11 database not reachable or lock not obtained,
/// nothing changed; 20 failed, the file that failed changed nothing; 21 interrupted, safe to run again; 22 failed
/// part-way, needs a person.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  PGHOST=pg.data PGDATABASE=shop PGUSER=migrator PGPASSWORD=… \\
    portfolio migrate exec --dir migrations
  portfolio migrate exec --dir migrations --lock-timeout 1s --detailed-exitcode")]
pub(super) struct Args {
    /// Folder of the SQL files; packed ones end in `.sql.gz`.
    #[arg(long)]
    dir: PathBuf,

    /// The document it belongs to, for people who look at the database's connections.
    #[arg(long, value_name = "NAMESPACE/NAME")]
    document: Option<String>,

    /// Schema that statements without one refer to.
    #[arg(long, default_value = "public")]
    schema: String,

    /// Schema of the history table; made when it is not there.
    #[arg(long, value_name = "SCHEMA", default_value = "portfolio")]
    history_schema: String,

    /// How long a statement may queue for a lock, with others queueing behind it, before it steps back.
    #[arg(long, value_name = "TIME", default_value = "300ms")]
    lock_timeout: Milliseconds,

    /// How long a statement may take; 0s for any time.
    #[arg(long, value_name = "TIME", default_value = "0s")]
    statement_timeout: Milliseconds,

    /// How long to try for what others hold.
    #[arg(long, value_name = "TIME", default_value = "5m")]
    lock_wait: Duration,

    /// The revision that the files come from, for the history.
    #[arg(long, default_value = "")]
    revision: String,

    /// Who runs it, for the history.
    #[arg(long, value_name = "NAME", env = "HOSTNAME", default_value = "")]
    runner: String,

    /// Exit with 10 when there was nothing to do.
    #[arg(long)]
    detailed_exitcode: bool,

    /// Write how it ended to this file, in JSON of at most 4096 bytes.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let teller = Teller::new(ui);
    notice::listen(teller);
    let ended = match stopped_by_signals() {
        Ok((stop, _listening)) => exec(args, &stop, teller).await,
        Err(error) => return Err(CliError::io("cannot listen for signals", error)),
    };
    if let Some(file) = &args.report {
        write_report(file, &ended.report(), ui);
    }
    match ended.error {
        Some(error) => {
            teller.failed(&error, &ended.applied);
            Ok(Exit::Migration(error.exit_code()))
        }
        None if ended.applied.is_empty() && args.detailed_exitcode => Ok(Exit::NothingToDo),
        None => Ok(Exit::Good),
    }
}

async fn exec(args: &Args, stop: &CancellationToken, teller: Teller) -> Ended {
    let prepared = target(args).and_then(|target| Ok((target, migrate::read(&args.dir)?)));
    let (target, files) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => return Ended { applied: Vec::new(), error: Some(error) },
    };
    let settings = Settings {
        schema: args.schema.clone(),
        history_schema: args.history_schema.clone(),
        lock_timeout: args.lock_timeout,
        statement_timeout: args.statement_timeout,
        lock_wait: args.lock_wait.into(),
        runner: args.runner.clone(),
        revision: args.revision.clone(),
    };
    migrate::run(&target, &files, &settings, stop, &move |event| teller.event(&event)).await
}

fn target(args: &Args) -> Result<Target, MigrateError> {
    let application = match &args.document {
        Some(document) => format!("portfolio-migrate/{document}"),
        None => "portfolio-migrate".to_owned(),
    };
    Target::from_environment(&application, |name| std::env::var(name).ok())
}

/// A token that SIGTERM, as Kubernetes stops a pod, and Ctrl-C cancel.
fn stopped_by_signals() -> std::io::Result<(CancellationToken, AbortOnDropHandle<()>)> {
    let (mut terminated, mut interrupted) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let listening = tokio::spawn(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        stopped.cancel();
    });
    Ok((stop, AbortOnDropHandle::new(listening)))
}

/// What was done is done: a report that cannot be written changes nothing but what is known of it.
fn write_report(file: &Path, report: &RunReport, ui: Ui) {
    if let Err(error) = std::fs::write(file, report.to_json()) {
        ui.warning(format_args!("cannot write the report to {}: {error}", file.display()));
    }
}
