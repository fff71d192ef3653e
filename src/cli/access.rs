//! [`Access`]: the cluster of a command, and what the daemon remembers there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{CliError, Ui, names};
use crate::cluster::{self, Cluster, Detail, LABEL_STATUS, Records, Scope};
use crate::document::DocumentId;
use crate::object::Kind;
use crate::record::{Record, Summary};

/// Which cluster, and where in it the daemon is.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Cluster")]
pub struct Access {
    /// Kubeconfig file; otherwise KUBECONFIG, ~/.kube/config, or the pod's own access.
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Context of the kubeconfig; otherwise its current one.
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// Namespace of the daemon.
    #[arg(long, short, value_name = "NAME", default_value = "portfolio-system", env = "PORTFOLIO_NAMESPACE")]
    pub namespace: String,
}

impl Access {
    /// Connects.
    pub async fn connect(&self) -> Result<Cluster, CliError> {
        // An error says that one is installed already, which is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let access = cluster::Access {
            kubeconfig: self.kubeconfig.clone(),
            context: self.context.clone(),
            ..cluster::Access::default()
        };
        Ok(cluster::connect(&access).await?)
    }
}

/// What the daemon remembers of a source.
#[derive(Clone, Debug)]
pub struct StoredSource {
    /// Its name.
    pub name: String,
    /// As a whole; none before it was first read.
    pub summary: Option<Summary>,
    /// Runtime orders that are not acknowledged yet, among other annotations of the summary.
    pub annotations: BTreeMap<String, String>,
    /// Each document.
    pub records: BTreeMap<DocumentId, Record>,
    /// Records that cannot be read, as `ConfigMap key: why`.
    pub unreadable: Vec<String>,
}

/// The sources that the daemon in a namespace knows, by name.
pub async fn stored_sources(cluster: &Cluster, namespace: &str) -> Result<Vec<StoredSource>, CliError> {
    let scope = Scope::Namespace(namespace.to_owned());
    let metas = cluster.list_metadata(Kind::ConfigMap, &scope, Some(LABEL_STATUS), Detail::Full).await?;
    let label = |meta: &cluster::Meta| {
        meta.object.get("metadata")?.get("labels")?.get(LABEL_STATUS)?.as_str().map(str::to_owned)
    };
    let names: BTreeSet<String> = metas.iter().filter_map(label).collect();
    futures::future::try_join_all(names.iter().map(|name| stored_source(cluster, namespace, name))).await
}

/// What the daemon in a namespace remembers of a source; empty when it knows none of that name.
pub async fn stored_source(cluster: &Cluster, namespace: &str, name: &str) -> Result<StoredSource, CliError> {
    let loaded = Records::new(cluster, namespace, name).load().await?;
    let mut stored = StoredSource {
        name: name.to_owned(),
        summary: None,
        annotations: BTreeMap::new(),
        records: BTreeMap::new(),
        unreadable: Vec::new(),
    };
    if let Some(state) = loaded.summary {
        match state.data.get("summary").map(|text| serde_json::from_str(text)) {
            Some(Ok(summary)) => stored.summary = Some(summary),
            Some(Err(error)) => stored.unreadable.push(format!("summary: {error}")),
            None => {}
        }
        stored.annotations = state.annotations;
    }
    for shard in loaded.shards {
        for (key, text) in &shard.data {
            match serde_json::from_str::<Record>(text) {
                Ok(record) => drop(stored.records.insert(record.document.clone(), record)),
                Err(error) => stored.unreadable.push(format!("{} {key}: {error}", shard.shard)),
            }
        }
    }
    Ok(stored)
}

/// All sources of the daemon; an error with what to do when it knows none.
pub(super) async fn known_sources(
    cluster: &Cluster,
    namespace: &str,
    ui: Ui,
) -> Result<Vec<StoredSource>, CliError> {
    let sources = stored_sources(cluster, namespace).await?;
    if sources.is_empty() {
        let message = format!("no daemon has written its status in the namespace `{namespace}`");
        return Err(CliError::refused(message)
            .with_hint("start it with `portfolio run`, or name its namespace by --namespace"));
    }
    for source in &sources {
        for record in &source.unreadable {
            ui.warning(format_args!("source {}: a record cannot be read: {record}", source.name));
        }
    }
    Ok(sources)
}

/// The source and record of the document that a person means.
pub(super) fn find_record<'a>(
    text: &str,
    sources: &'a [StoredSource],
) -> Result<(&'a StoredSource, &'a Record), CliError> {
    let id = names::find(text, sources.iter().flat_map(|source| source.records.keys()))?;
    sources
        .iter()
        .find_map(|source| Some((source, source.records.get(id)?)))
        .ok_or_else(|| CliError::usage(format!("there is no document `{text}`")))
}
