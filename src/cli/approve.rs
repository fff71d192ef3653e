//! `portfolio approve`: an annotation on the source's summary, so that RBAC and audit are Kubernetes' own.

use std::time::Duration;

use super::access::{known_sources, stored_source};
use super::input::counted;
use super::order::Order;
use super::progress::{Deadline, Progress, Timeout, follow};
use super::{Access, CliError, Exit, StoredSource, Ui};
use crate::engine::ANNOTATION_APPROVE;
use crate::record::{Approval, Phase, Summary};

/// Lets a removal go on that waits for a person.
///
/// The hash names exactly the set of documents and objects that may go: another set has another hash. `portfolio
/// status` shows what waits. Who approved is in the cluster's audit log.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Example:\n  portfolio approve 3f9c2a1b77d0")]
pub struct Args {
    /// The hash that `status` shows.
    #[arg(value_name = "HASH")]
    hash: String,

    /// How long to wait until everything is gone; 0s orders and does not wait.
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    timeout: Timeout,

    #[command(flatten)]
    access: Access,
}

pub(super) async fn run(args: &Args, ui: Ui) -> Result<Exit, CliError> {
    let cluster = args.access.connect().await?;
    let sources = known_sources(&cluster, &args.access.namespace, ui).await?;
    let (source, approval) = find(&args.hash, &sources)?;
    let documents: Vec<String> = approval.documents.clone();
    let without = if approval.reason == "BackupFailed" { " without a backup" } else { "" };
    let is_leftover =
        source.summary.as_ref().is_some_and(|summary| summary.leftovers.iter().any(|one| one == approval));
    if is_leftover {
        ui.talk(format_args!(
            "deleting {} that {} of source {} has no more",
            counted(approval.objects, "object", "objects"),
            documents.join(", "),
            source.name
        ));
    } else {
        ui.talk(format_args!(
            "removing {}{without} with {} of source {}: {}",
            counted(documents.len(), "document", "documents"),
            counted(approval.objects, "object", "objects"),
            source.name,
            documents.join(", ")
        ));
    }
    let deadline = Deadline::after(args.timeout);
    let order = Order { cluster: &cluster, namespace: &args.access.namespace, source: &source.name };
    if !order.give(ANNOTATION_APPROVE, &args.hash, deadline, ui).await? {
        return Ok(Exit::NotGood);
    }
    // Their document stays, and they go once it is healthy.
    if deadline.is_zero() || is_leftover {
        return Ok(Exit::Good);
    }
    let look = async || {
        Ok(progress(&args.hash, &documents, &stored_source(&cluster, order.namespace, order.source).await?))
    };
    follow(deadline, Duration::ZERO, ui, look).await
}

/// The removal that a hash names.
fn find<'a>(hash: &str, sources: &'a [StoredSource]) -> Result<(&'a StoredSource, &'a Approval), CliError> {
    let pending: Vec<(&StoredSource, &Approval)> = sources
        .iter()
        .flat_map(|source| {
            source.summary.iter().flat_map(Summary::approvals).map(move |approval| (source, approval))
        })
        .collect();
    if let Some(found) = pending.iter().find(|(_, approval)| approval.hash == hash) {
        return Ok(*found);
    }
    if pending.is_empty() {
        return Err(CliError::refused("nothing waits for approval")
            .with_hint("`portfolio status` shows what the daemon is doing"));
    }
    let hashes: Vec<String> = pending
        .iter()
        .map(|(source, approval)| {
            format!(
                "{} ({}: {} of source {})",
                approval.hash,
                approval.reason,
                counted(approval.documents.len(), "document", "documents"),
                source.name
            )
        })
        .collect();
    Err(CliError::refused(format!(
        "`{hash}` does not wait for approval; what waits is {}",
        hashes.join(", ")
    ))
    .with_hint("look at the documents with `portfolio status` before you approve another set"))
}

/// How far the removal is.
fn progress(hash: &str, documents: &[String], stored: &StoredSource) -> Progress {
    let left: Vec<_> =
        stored.records.values().filter(|record| documents.contains(&record.document.to_string())).collect();
    if left.is_empty() {
        return Progress::Done("everything is removed".to_owned());
    }
    let stuck = left.iter().find(|record| record.phase == Phase::Held);
    let pending = stuck.and_then(|record| {
        let document = record.document.to_string();
        stored.summary.iter().flat_map(Summary::approvals).find(|one| one.documents.contains(&document))
    });
    // Until the daemon has written its answer, what waits is still the set that was approved.
    if let (Some(record), Some(pending)) = (stuck, pending.filter(|pending| pending.hash != hash)) {
        return Progress::Failed(format!(
            "{} is still held: the set has changed meanwhile and its hash is {} now",
            record.document, pending.hash
        ));
    }
    Progress::Going(format!("{} left", counted(left.len(), "document", "documents")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn source(approval: Option<Approval>) -> StoredSource {
        StoredSource {
            name: "main".to_owned(),
            summary: Some(Summary { approval, ..Summary::default() }),
            annotations: BTreeMap::new(),
            records: BTreeMap::new(),
            unreadable: Vec::new(),
        }
    }

    fn approval() -> Approval {
        Approval {
            hash: "3f9c2a1b77d0".to_owned(),
            reason: "EmptySource".to_owned(),
            documents: vec!["PortfolioApp/shop/web".to_owned()],
            objects: 5,
        }
    }

    #[test]
    fn an_unknown_hash_is_answered_with_the_one_that_waits() {
        let sources = [source(Some(approval()))];
        let error = find("ffff", &sources).unwrap_err().to_string();
        assert!(error.contains("3f9c2a1b77d0 (EmptySource: 1 document of source main)"), "{error}");
        assert!(find("3f9c2a1b77d0", &sources).is_ok());
        assert_eq!(find("ffff", &[source(None)]).unwrap_err().to_string(), "nothing waits for approval");
    }

    #[test]
    fn a_set_that_changed_is_not_waited_for() {
        let mut stored = source(Some(approval()));
        let mut record = crate::record::Record::new("PortfolioApp/shop/web".parse().unwrap());
        record.phase = Phase::Held;
        stored.records.insert(record.document.clone(), record.clone());
        let documents = ["PortfolioApp/shop/web".to_owned()];
        assert!(matches!(progress("ffff", &documents, &stored), Progress::Failed(_)));
        assert!(matches!(progress("3f9c2a1b77d0", &documents, &stored), Progress::Going(_)));
        stored.summary = Some(Summary::default());
        assert!(matches!(progress("3f9c2a1b77d0", &documents, &stored), Progress::Going(_)));
        stored.records.clear();
        assert!(matches!(progress("3f9c2a1b77d0", &documents, &stored), Progress::Done(_)));
    }
}
