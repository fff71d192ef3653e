//! The scheduled sweep: whatever the watches say, each kind is listed as metadata and compared with the store. A
//! difference that is still there after a while means that a watch is unwell: it is restarted.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Engine;
use super::message::Message;
use crate::cluster::{Detail, Meta, Scope};
use crate::object::{Kind, LABEL_SOURCE, ObjectRef};

/// How long a watch may lag behind a listing.
const LAG: Duration = Duration::from_secs(10);

/// Differences between a listing and the store, each with the time it was first seen.
#[derive(Debug, Default)]
pub struct Suspects {
    since: HashMap<ObjectRef, Instant>,
    again: Option<Instant>,
}

impl Suspects {
    /// When to look again.
    pub fn due(&self) -> Option<Instant> {
        self.again
    }
}

impl Engine {
    /// When the next sweep begins.
    pub(super) fn next_sweep(&self) -> Instant {
        let now = chrono::Utc::now();
        let wait = self
            .sweep
            .next_after(&now)
            .map_or(Duration::from_mins(2), |next| (next - now).to_std().unwrap_or_default());
        Instant::now() + wait
    }

    /// Lists every kind; the answers come as messages.
    pub(super) fn begin_sweep(&mut self) {
        self.metrics.sweeps.inc();
        self.suspects.again = None;
        let sight = Arc::clone(&self.sight);
        for kind in sight.kinds().filter(|kind| sight.hidden(*kind).is_none()) {
            self.list_for_sweep(kind);
        }
    }

    /// Looks again at the kinds in which something differed.
    pub(super) fn sweep_again(&mut self) {
        if self.suspects.again.is_none_or(|again| again > Instant::now()) {
            return;
        }
        self.suspects.again = None;
        let mut kinds: Vec<_> = self.suspects.since.keys().map(|reference| reference.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        for kind in kinds {
            self.list_for_sweep(kind);
        }
    }

    fn list_for_sweep(&mut self, kind: Kind) {
        let (cluster, mailbox) = (self.cluster.clone(), self.sender.clone());
        let names: Vec<_> = self.sources.iter().map(|source| source.identity.owner.source.as_str()).collect();
        let selector = format!("{LABEL_SOURCE} in ({})", names.join(","));
        self.feeds.spawn(async move {
            match cluster.list_metadata(kind, &Scope::All, Some(&selector), Detail::Identity).await {
                // The engine that is not there any more needs no answer.
                Ok(metas) => drop(mailbox.send(Message::Listed { kind, metas }).await),
                Err(error) => tracing::warn!(%kind, %error, "sweep"),
            }
        });
    }

    /// Compares a listing with the store.
    pub(super) fn compare_listing(&mut self, kind: Kind, metas: &[Meta]) {
        let listed: HashMap<&ObjectRef, &Meta> = metas.iter().map(|meta| (&meta.reference, meta)).collect();
        let mut differing: Vec<ObjectRef> = self
            .store
            .objects()
            .filter(|(reference, _)| reference.kind == kind)
            .filter(|(reference, observed)| {
                listed.get(reference).is_none_or(|meta| {
                    *meta.uid != *observed.uid
                        || meta
                            .resource_version
                            .parse()
                            .is_ok_and(|version: u64| version > observed.resource_version)
                })
            })
            .map(|(reference, _)| reference.clone())
            .collect();
        differing.extend(
            listed
                .keys()
                .filter(|reference| self.store.get(reference).is_none())
                .map(|reference| (*reference).clone()),
        );
        let now = Instant::now();
        let first_seen = |reference: &ObjectRef| self.suspects.since.get(reference).copied();
        let unwell =
            differing.iter().any(|reference| first_seen(reference).is_some_and(|since| since + LAG <= now));
        let known: Vec<_> = differing
            .iter()
            .map(|reference| (reference.clone(), first_seen(reference).unwrap_or(now)))
            .collect();
        self.suspects.since.retain(|reference, _| reference.kind != kind);
        if unwell {
            tracing::warn!(%kind, objects = differing.len(), "the watch missed something; listing again");
            self.metrics.watch_restarts.inc();
            self.watches.restart(kind);
        } else if !known.is_empty() {
            self.suspects.since.extend(known);
            self.suspects.again = Some(now + LAG);
        }
    }
}
