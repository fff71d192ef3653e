//! `run --once`: reconcile until everything is settled, show it, answer by the exit code.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::progress::Progress;
use super::{RunArgs, daemon, setup};
use crate::cli::{CliError, Exit, Globals};
use crate::cluster::Leadership;
use crate::config::Config;
use crate::engine::{Engine, EngineError, Handle, Setup, View};
use crate::metrics::Metrics;
use crate::record::SourceState;

/// How long another daemon may hold the lease before that is an answer.
const LEASE_PATIENCE: Duration = Duration::from_secs(20);

/// Reconciles once.
pub(super) async fn run(
    args: &RunArgs,
    config: &Config,
    globals: &Globals,
    stop: CancellationToken,
) -> Result<Exit, CliError> {
    let sources = setup::sources(args, config);
    let cluster = setup::connect(args, config).await?;
    let election = setup::election(args, config, &cluster).await?;
    let mut leadership = election.leadership();
    tokio::select! {
        () = daemon::leads(&mut leadership) => {}
        () = stop.cancelled() => return Ok(Exit::NotGood),
        () = tokio::time::sleep(LEASE_PATIENCE) => {
            let leader = match &*leadership.borrow() {
                Leadership::Standby { leader: Some(leader) } => leader.clone(),
                Leadership::Standby { leader: None } | Leadership::Leading { .. } => "another daemon".to_owned(),
            };
            return Err(CliError::refused(format!("{leader} holds the lease and reconciles this cluster already"))
                .with_hint("`portfolio reconcile` asks it to look now; `portfolio status --wait` waits for it"));
        }
    }
    let setup = Setup {
        cluster,
        namespace: args.access.namespace.clone(),
        sources,
        concurrency: config.apply.concurrency.get(),
        sweep: config.drift.schedule.clone(),
        leadership,
        metrics: Arc::new(Metrics::default()),
    };
    let (engine, handle) = Engine::start(setup).await.map_err(failed)?;
    let mut progress = Progress::new(globals);
    let engine_stop = stop.child_token();
    let mut running = tokio::spawn(engine.run(engine_stop.clone()));
    let limit = tokio::time::sleep(args.timeout.into());
    tokio::pin!(limit);
    let mut ended = None;
    let outcome = tokio::select! {
        result = &mut running => {
            ended = Some(result);
            None
        }
        view = settled(handle, &mut progress) => Some(view),
        () = &mut limit => None,
        () = stop.cancelled() => None,
    };
    engine_stop.cancel();
    // The records are written before the answer.
    let ended = match ended {
        Some(ended) => ended,
        None => running.await,
    };
    match ended {
        Ok(result) => result.map_err(failed)?,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => {}
    }
    election.resign().await;
    let Some(view) = outcome else {
        progress.gave_up(args.timeout);
        return Ok(Exit::NotGood);
    };
    let unreadable = view.sources.iter().find(|source| source.summary.state == SourceState::Unreachable);
    progress.finish(&view);
    if let Some(source) = unreadable {
        return Err(CliError::refused(source.summary.message.clone()));
    }
    Ok(Exit::good_if(is_good(&view)))
}

fn failed(error: EngineError) -> CliError {
    match error {
        EngineError::Cluster(error) => error.into(),
        EngineError::LostLeadership => CliError::refused("another daemon took the lease over"),
    }
}

/// Waits until there is nothing left to do, showing what happens.
async fn settled(mut handle: Handle, progress: &mut Progress) -> Arc<View> {
    loop {
        let view = Arc::clone(&handle.view.borrow_and_update());
        progress.show(&view);
        if is_settled(&view) {
            return view;
        }
        if handle.view.changed().await.is_err() {
            // The engine ended: its own result says why.
            std::future::pending::<()>().await;
        }
    }
}

/// Each source was read, or could not be, and no document is on its way.
fn is_settled(view: &View) -> bool {
    view.listed
        && view.sources.iter().all(|source| {
            source.summary.state == SourceState::Unreachable
                || (source.read && view.idle && source.documents.iter().all(|document| document.settled))
        })
}

fn is_good(view: &View) -> bool {
    view.sources.iter().all(|source| {
        source.summary.state == SourceState::Ready
            && source.documents.iter().all(|document| document.phase.is_good())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocumentId;
    use crate::engine::{DocumentView, SourceView};
    use crate::record::{Phase, Summary};

    fn view(phase: Phase, state: SourceState) -> View {
        let document = DocumentView {
            id: DocumentId::app("shop", "web"),
            phase,
            settled: phase != Phase::Progressing,
            message: String::new(),
            revision: String::new(),
        };
        let summary = Summary { state, ..Summary::default() };
        View {
            listed: true,
            idle: true,
            sources: vec![SourceView { read: true, summary, documents: vec![document] }],
        }
    }

    #[test]
    fn a_document_on_its_way_is_not_settled_and_a_failed_one_is_not_good() {
        assert!(!is_settled(&view(Phase::Progressing, SourceState::Ready)));
        assert!(is_settled(&view(Phase::Failed, SourceState::Ready)));
        assert!(!is_good(&view(Phase::Failed, SourceState::Ready)));
        assert!(is_good(&view(Phase::Ready, SourceState::Ready)));
    }

    #[test]
    fn a_source_with_broken_files_is_not_good_even_when_all_that_was_read_is_ready() {
        assert!(!is_good(&view(Phase::Ready, SourceState::Incomplete)));
    }
}
