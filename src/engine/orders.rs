//! Runtime orders: annotations on a source's summary ConfigMap, so that RBAC and audit are Kubernetes' own. An
//! order is carried out and its annotation removed.

use super::message::Key;
use super::persist::Urgency;
use super::{Engine, view};
use crate::cluster::{Shard, StatusEvent, StatusMeta};

/// Releases exactly the removal with this hash.
pub const ANNOTATION_APPROVE: &str = "portfolio.dev/approve";
/// Polls the source now, tries again what failed and takes back drift that is only reported. The value is of no matter; a new one is a new order.
pub const ANNOTATION_RECONCILE: &str = "portfolio.dev/reconcile";

impl Engine {
    /// Takes in that a status ConfigMap changed.
    pub(super) fn ordered(&mut self, event: StatusEvent) {
        match event {
            StatusEvent::Changed(meta) => {
                self.keep_status(&meta);
                if meta.shard == Shard::Summary {
                    self.carry_out(&meta);
                }
            }
            StatusEvent::Deleted(meta) => self.restore_status(&meta),
            StatusEvent::InitStart | StatusEvent::InitDone | StatusEvent::Resumed => {}
            StatusEvent::Interrupted(error) => tracing::warn!(%error, "watch of the status interrupted"),
        }
    }

    fn carry_out(&mut self, meta: &StatusMeta) {
        let Some(index) = self.sources.iter().position(|one| one.identity.owner.source == meta.source) else {
            return;
        };
        if let Some(hash) = meta.annotations.get(ANNOTATION_APPROVE) {
            let known = self.sources[index].summary().approvals().any(|asked| asked.hash == *hash);
            if known {
                tracing::info!(source = meta.source, hash, "approved");
                for id in self.sources[index].approve(hash, Self::now()) {
                    self.queue.add(Key { source: index, id });
                }
            } else if self.sources[index].reading().is_none() {
                // What waits for approval is known once the branch was read: the order stays until then.
                return;
            } else {
                tracing::warn!(source = meta.source, hash, "this approval names nothing that waits for one");
            }
            self.sources[index].persist.acknowledge(ANNOTATION_APPROVE);
        }
        if meta.annotations.contains_key(ANNOTATION_RECONCILE) {
            tracing::info!(source = meta.source, "reconcile");
            if let Some(waker) = self.wakers.get(index) {
                waker.notify_one();
            }
            for id in self.sources[index].records.keys().cloned().collect::<Vec<_>>() {
                let key = Key { source: index, id };
                self.sources[index].try_again(&key.id);
                self.queue.forgive(&key);
                self.queue.add(key);
            }
            self.sources[index].persist.acknowledge(ANNOTATION_RECONCILE);
        }
        self.view_due.get_or_insert_with(view::next);
    }

    /// Somebody else may have changed what is in a ConfigMap: it is written again from memory.
    fn keep_status(&mut self, meta: &StatusMeta) {
        let Some(index) = self.sources.iter().position(|one| one.identity.owner.source == meta.source) else {
            return;
        };
        self.sources[index].persist.saw(meta.shard, &meta.resource_version);
        self.rewrite_touched(index, meta.shard);
    }

    /// Writes a ConfigMap again that somebody else has written.
    pub(super) fn rewrite_touched(&mut self, index: usize, shard: Shard) {
        let source = &mut self.sources[index];
        if source.persist.is_touched(shard) {
            tracing::info!(source = %source.identity.owner.source, %shard, "written by somebody else; writing it again");
            // Not at once: should they do the same, neither keeps the server busy.
            source.rewrite(shard, Urgency::Status);
        }
    }

    /// Somebody deleted a ConfigMap of records: it is written again from memory.
    fn restore_status(&mut self, meta: &StatusMeta) {
        let Some(source) = self.sources.iter_mut().find(|one| one.identity.owner.source == meta.source)
        else {
            return;
        };
        tracing::warn!(source = meta.source, shard = %meta.shard, "somebody deleted records; writing them again");
        source.persist.lost(meta.shard);
        source.rewrite(meta.shard, Urgency::Effect);
    }
}
