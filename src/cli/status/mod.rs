//! `portfolio status`: what the daemon remembers, and for one document what is behind it in the cluster.

pub(super) mod detail;
mod list;
mod wait;

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use self::detail::Detail;
use self::list::Wide;
use self::wait::{Wanted, judge};
use super::access::{find_record, known_sources};
use super::progress::{Deadline, Progress, QUIET, Timeout, follow};
use super::{Access, CliError, Exit, StoredSource, Ui, live};
use crate::cluster::Cluster;
use crate::source::{Side, WorkingClone};

/// Shows what the cluster is doing, down to the reason of a pod.
///
/// Without a name: every source and document. With one: its conditions, objects, last drift and attempts, and why
/// its pods are not ready. With --wait or --revision it answers "is my commit live?": 0 yes, 1 no, 3 when the
/// cluster cannot be asked.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  portfolio status                         every source and document
  portfolio status shop/web                one document, with its root cause
  portfolio status --wait --revision \"$GITHUB_SHA\" --timeout 10m")]
pub struct Args {
    /// A document: `name`, `namespace/name` or `Kind/namespace/name`.
    #[arg(value_name = "APP")]
    document: Option<String>,

    /// In which form.
    #[arg(long, short, value_name = "FORM")]
    output: Option<Output>,

    /// Wait until everything, or the document, is settled.
    #[arg(long)]
    wait: bool,

    /// Whether this commit is live; the beginning of its id is enough.
    #[arg(long, value_name = "SHA", value_parser = revision)]
    revision: Option<String>,

    /// How long to wait.
    #[arg(long, value_name = "DURATION", default_value = "10m", requires = "wait")]
    timeout: Timeout,

    #[command(flatten)]
    access: Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// More columns
    Wide,
    Json,
    Yaml,
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let cluster = args.access.connect().await?;
    if args.wait || args.revision.is_some() {
        return is_live(args, &cluster, ui).await;
    }
    let sources = known_sources(&cluster, &args.access.namespace, ui).await?;
    match &args.document {
        None => everything(args.output, &sources, ui),
        Some(document) => one(document, args.output, &sources, &cluster, ui).await,
    }
}

fn everything(output: Option<Output>, sources: &[StoredSource], ui: Ui) -> Result<Exit, CliError> {
    let value = || {
        let sources = sources.iter().map(|source| {
            json!({
                "name": source.name,
                "summary": source.summary,
                "records": source.records.values().collect::<Vec<_>>(),
            })
        });
        json!({"sources": sources.collect::<Vec<_>>()})
    };
    ui.data(&match output {
        Some(Output::Json) => format!("{:#}\n", value()),
        Some(Output::Yaml) => yaml(&value())?,
        None => list::text(sources, Wide(false), ui.width(), ui.paint(), Timestamp::now()),
        Some(Output::Wide) => list::text(sources, Wide(true), ui.width(), ui.paint(), Timestamp::now()),
    })?;
    Ok(Exit::Good)
}

async fn one(
    document: &str,
    output: Option<Output>,
    sources: &[StoredSource],
    cluster: &Cluster,
    ui: Ui,
) -> Result<Exit, CliError> {
    let (source, record) = find_record(document, sources)?;
    let live = live::read(cluster, record, ui).await?;
    let cause = if record.phase.is_good() { None } else { live.cause() };
    let now = Timestamp::now();
    let value = || {
        let objects = record.inventory.items.keys().map(|reference| {
            let (health, message) = detail::health_words(&live, reference, now);
            json!({"object": reference, "health": health, "message": message})
        });
        let objects: Vec<Value> = objects.collect();
        json!({"source": source.name, "record": record, "objects": objects, "cause": cause})
    };
    let detail = Detail { source, record, live: &live, cause: cause.as_ref(), now };
    ui.data(&match output {
        Some(Output::Json) => format!("{:#}\n", value()),
        Some(Output::Yaml) => yaml(&value())?,
        None | Some(Output::Wide) => detail.text(ui.width(), ui.paint()),
    })?;
    Ok(Exit::Good)
}

/// Looks once, or until it is settled.
async fn is_live(args: &Args, cluster: &Cluster, ui: Ui) -> Result<Exit, CliError> {
    let namespace = &args.access.namespace;
    let sources = known_sources(cluster, namespace, ui).await?;
    let document = match &args.document {
        Some(text) => Some(find_record(text, &sources)?.1.document.clone()),
        None => None,
    };
    let wanted = Wanted { revision: args.revision.clone(), document };
    let contains = |observed: &str| {
        wanted.revision.as_ref().is_some_and(|revision| is_ancestor(Path::new("."), revision, observed))
    };
    if !args.wait {
        return Ok(match judge(&wanted, &sources, contains) {
            Progress::Done(message) => {
                ui.talk(message);
                Exit::Good
            }
            Progress::Going(message) | Progress::Failed(message) => {
                ui.talk(message);
                Exit::NotGood
            }
        });
    }
    let look = async || Ok(judge(&wanted, &super::stored_sources(cluster, namespace).await?, contains));
    follow(Deadline::after(args.timeout), QUIET, ui, look).await
}

/// Whether `observed` has `revision` in its history, as far as a clone around here knows.
fn is_ancestor(here: &Path, revision: &str, observed: &str) -> bool {
    let Ok(clone) = WorkingClone::discover(here) else { return false };
    match clone.sides(&format!("{revision}...{observed}")) {
        Ok((Side::Revision(base), _)) => base.starts_with(revision),
        Ok(_) | Err(_) => false,
    }
}

fn revision(text: &str) -> Result<String, String> {
    let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if (hexadecimal && (7..=64).contains(&text.len())) || text.starts_with("folder-") {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("write the commit's id, at least 7 of its hexadecimal digits".to_owned())
    }
}

fn yaml(value: &Value) -> Result<String, CliError> {
    serde_saphyr::to_string(value).map_err(|error| CliError::refused(error.to_string()))
}
