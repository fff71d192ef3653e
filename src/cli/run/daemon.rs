//! The daemon's life: elect, run, serve, reload, stop.

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{RunArgs, back_off, setup};
use crate::cli::{CliError, Exit};
use crate::cluster::{Cluster, ClusterError, Election, Leadership};
use crate::config::{Config, ConfigWatch};
use crate::engine::{Engine, EngineError, Setup};
use crate::metrics::Metrics;
use crate::server::{self, Role, ServerState};
use crate::telemetry::Telemetry;

/// Why an engine's run ended.
enum Ended {
    /// The daemon is to stop.
    Stopped,
    /// The configuration is another one now.
    Reloaded(Box<Config>),
    /// Another daemon leads, or the cluster could not be reached: try again.
    Again,
}

/// Runs until told to stop.
pub(super) async fn run(
    args: &RunArgs,
    mut config: Config,
    mut watch: Option<ConfigWatch>,
    telemetry: &Telemetry,
    stop: CancellationToken,
) -> Result<Exit, CliError> {
    setup::check(&config)?;
    let metrics = Arc::new(Metrics::default());
    let (publish, role) = watch::channel(Role::Starting("connecting to the cluster".to_owned()));
    let listener = TcpListener::bind(config.http.listen)
        .await
        .map_err(|error| CliError::io(format!("http.listen {}", config.http.listen), error))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), listen = %config.http.listen, "portfolio starts");
    let state = ServerState { role, metrics: Arc::clone(&metrics) };
    let serving = tokio::spawn(server::serve(listener, state, stop.clone()));
    let mut failures = 0;
    loop {
        let life = Life { args, config: &config, metrics: &metrics, publish: &publish };
        let ended = life.run(&stop, watch.as_mut(), &mut failures).await?;
        publish.send_replace(Role::Starting("connecting to the cluster again".to_owned()));
        match ended {
            Ended::Stopped => break,
            Ended::Reloaded(new) => {
                if let Err(error) = setup::check(&new) {
                    tracing::error!(%error, "the new configuration is not used; the old one stays");
                    continue;
                }
                telemetry.set_level(&new.logging.level);
                tracing::info!("configuration reloaded");
                config = *new;
            }
            Ended::Again => {
                failures += 1;
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(back_off(failures)) => {}
                }
            }
        }
    }
    // The server ends by the same token; how is of no matter any more.
    let _ = serving.await;
    tracing::info!("stopped");
    Ok(Exit::Good)
}

struct Life<'a> {
    args: &'a RunArgs,
    config: &'a Config,
    metrics: &'a Arc<Metrics>,
    publish: &'a watch::Sender<Role>,
}

impl Life<'_> {
    /// From connecting to the end of one engine.
    async fn run(
        &self,
        stop: &CancellationToken,
        watch: Option<&mut ConfigWatch>,
        failures: &mut u32,
    ) -> Result<Ended, CliError> {
        let reload = reloaded(watch);
        tokio::pin!(reload);
        let joined = tokio::select! {
            () = stop.cancelled() => return Ok(Ended::Stopped),
            joined = self.join() => joined,
        };
        let (cluster, election) = match joined {
            Ok(joined) => joined,
            Err(error @ (ClusterError::Access { .. } | ClusterError::Unsupported { .. })) => {
                return Err(error.into());
            }
            Err(error) => {
                tracing::error!(%error, "the cluster cannot be asked; trying again");
                self.publish.send_replace(Role::Starting(error.to_string()));
                return Ok(Ended::Again);
            }
        };
        let mut leadership = election.leadership();
        self.publish.send_replace(Role::Standby);
        let led = tokio::select! {
            () = stop.cancelled() => Some(Ended::Stopped),
            config = &mut reload => Some(Ended::Reloaded(Box::new(config))),
            () = leads(&mut leadership) => None,
        };
        let ended = if let Some(ended) = led {
            ended
        } else {
            let engine_stop = stop.child_token();
            let engine = self.engine(cluster, leadership, engine_stop.clone());
            tokio::pin!(engine);
            tokio::select! {
                result = &mut engine => Self::ended(result, failures),
                config = &mut reload => {
                    engine_stop.cancel();
                    // Whatever it has begun comes to its end under the old configuration.
                    let _ = engine.await;
                    Ended::Reloaded(Box::new(config))
                }
            }
        };
        election.resign().await;
        Ok(ended)
    }

    fn ended(result: Result<(), EngineError>, failures: &mut u32) -> Ended {
        match result {
            Ok(()) => Ended::Stopped,
            Err(EngineError::LostLeadership) => {
                *failures = 0;
                tracing::warn!("another daemon leads now; standing by");
                Ended::Again
            }
            Err(EngineError::Cluster(error)) => {
                tracing::error!(%error, "the engine could not start; trying again");
                Ended::Again
            }
        }
    }

    async fn join(&self) -> Result<(Cluster, Election), ClusterError> {
        let cluster = setup::connect(self.args, self.config).await?;
        let election = setup::election(self.args, self.config, &cluster).await?;
        Ok((cluster, election))
    }

    async fn engine(
        &self,
        cluster: Cluster,
        leadership: watch::Receiver<Leadership>,
        stop: CancellationToken,
    ) -> Result<(), EngineError> {
        let setup = Setup {
            cluster,
            namespace: self.args.access.namespace.clone(),
            // They were made once before, so they can be made again.
            sources: setup::sources(self.args, self.config),
            concurrency: self.config.apply.concurrency.get(),
            sweep: self.config.drift.schedule.clone(),
            leadership,
            metrics: Arc::clone(self.metrics),
        };
        let (engine, handle) = Engine::start(setup).await?;
        self.publish.send_replace(Role::Leading(handle.view));
        engine.run(stop).await
    }
}

/// Waits until we lead.
pub(super) async fn leads(leadership: &mut watch::Receiver<Leadership>) {
    loop {
        if leadership.borrow_and_update().epoch().is_some() {
            return;
        }
        if leadership.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for a new configuration that is valid; what is wrong with others is said.
async fn reloaded(watch: Option<&mut ConfigWatch>) -> Config {
    let Some(watch) = watch else { return std::future::pending().await };
    loop {
        match watch.next().await {
            Ok(config) => return config,
            Err(error) => tracing::error!(%error, "the new configuration is not used; the old one stays"),
        }
    }
}
