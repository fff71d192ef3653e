//! From the configuration to what an engine needs.

use std::path::PathBuf;
use std::sync::Arc;

use super::RunArgs;
use crate::cli::CliError;
use crate::cluster::{self, Candidate, Cluster, ClusterError, Election, Records};
use crate::config::{Config, ProtectedKind, SourceConfig};
use crate::document::{Duration, Options};
use crate::engine::{Identity, SourceSetup};
use crate::object::Owner;
use crate::plan::PrunePolicy;
use crate::render::{RUNNER_IMAGE, judge};
use crate::source::PollTimer;

/// An effect must end within what is left of a lease of 15 s that is renewed every 2 s.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(10);
/// The most documents of a source (reliability: limits).
const MAX_DOCUMENTS: usize = 5_000;

/// Connects to the cluster as the configuration wants it.
pub(super) async fn connect(args: &RunArgs, config: &Config) -> Result<Cluster, ClusterError> {
    let sources = config.sources.iter().map(|source| source.name.as_str().to_owned()).collect();
    cluster::connect(&cluster::Access {
        kubeconfig: args.access.kubeconfig.clone(),
        context: args.access.context.clone(),
        sources,
        concurrency: config.apply.concurrency.get(),
        timeout: config.apply.timeout.into(),
    })
    .await
}

/// Takes part in the election, named after the pod, or the machine; or leads without one.
pub(super) async fn election(
    args: &RunArgs,
    config: &Config,
    cluster: &Cluster,
) -> Result<Election, ClusterError> {
    let mut epoch_floor = 0;
    for source in &config.sources {
        let loaded = Records::new(cluster, &args.access.namespace, source.name.as_str()).load().await?;
        let epochs = loaded.summary.iter().chain(&loaded.shards).map(|state| state.epoch);
        epoch_floor = epochs.fold(epoch_floor, u64::max);
    }
    if !config.leader_election {
        return Ok(Election::unopposed(epoch_floor));
    }
    let identity = std::env::var("POD_NAME")
        .or_else(|_| std::env::var("HOSTNAME"))
        .unwrap_or_else(|_| "portfolio".into());
    let namespace = args.access.namespace.clone();
    Election::join(cluster, &Candidate { namespace, shard: "main".into(), identity, epoch_floor })
}

/// What a configuration may not say, beyond what its types know.
pub(super) fn check(config: &Config) -> Result<(), CliError> {
    let timeout = config.apply.timeout;
    if config.leader_election && timeout > LONGEST_TIMEOUT {
        return Err(CliError::usage(format!(
            "apply.timeout: {timeout} is longer than {LONGEST_TIMEOUT}: an effect must end before the lease does"
        )));
    }
    Ok(())
}

/// Where the clones are.
pub(super) fn cache(args: &RunArgs) -> PathBuf {
    args.cache_dir.clone().unwrap_or_else(default_cache)
}

/// The sources as the engine takes them.
pub(super) fn sources(args: &RunArgs, config: &Config) -> Vec<SourceSetup> {
    let cache = cache(args);
    let prune = prune(config);
    config.sources.iter().map(|source| setup(args, config, source, &prune, &cache)).collect()
}

fn setup(
    args: &RunArgs,
    config: &Config,
    source: &SourceConfig,
    prune: &PrunePolicy,
    cache: &std::path::Path,
) -> SourceSetup {
    let owner = Owner { namespace: args.access.namespace.clone(), source: source.name.as_str().to_owned() };
    SourceSetup {
        identity: Identity {
            owner: Arc::new(owner),
            url: source.location.to_string(),
            reference: source.reference.to_string(),
            environment: source.environment.clone(),
            prune: prune.clone(),
            runner_image: runner_image(config),
        },
        settings: source.settings(),
        options: Options {
            path: source.path.as_str().to_owned(),
            environment: source.environment.clone(),
            namespaces: source.namespaces.iter().map(|pattern| pattern.glob().clone()).collect(),
            policy: config.allow.policy(),
            max_documents: MAX_DOCUMENTS,
            ..Options::new(judge)
        },
        timer: PollTimer::new(source.poll.into()),
        cache: cache.to_owned(),
    }
}

fn runner_image(config: &Config) -> String {
    let image = config.runner_image.as_str();
    if image.is_empty() { RUNNER_IMAGE.to_owned() } else { image.to_owned() }
}

fn prune(config: &Config) -> PrunePolicy {
    let kind = |protected: &ProtectedKind| match protected {
        ProtectedKind::Namespace => None,
        ProtectedKind::Of(kind) => Some(*kind),
    };
    PrunePolicy {
        max_percent: u8::try_from(config.prune.max_percent.get()).unwrap_or(100),
        min_objects: config.prune.min_objects as usize,
        protect_kinds: config.prune.protect_kinds.iter().filter_map(kind).collect(),
    }
}

fn default_cache() -> PathBuf {
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let base = base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    base.unwrap_or_else(std::env::temp_dir).join("portfolio").join("clones")
}
