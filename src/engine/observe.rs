//! Taking messages in: what happened outside becomes state, and the documents concerned are looked at again.

use super::message::{Key, Message};
use super::sight::is_lasting;
use super::store::News;
use super::{Engine, view};
use crate::cluster::{ClusterError, Scope, WatchEvent};
use crate::object::{Kind, LABEL_SOURCE, ObjectRef, Observed, reference};
use serde_json::Value;

impl Engine {
    /// Takes in a message.
    pub(super) fn take(&mut self, message: Message) {
        match message {
            Message::Read { source, reading } => {
                let tracked = &mut self.sources[source];
                let (revision, files) = (reading.revision.clone(), reading.loaded.diagnostics.len());
                let changed = tracked.read(*reading, Self::now());
                let name = &tracked.identity.owner.source;
                tracing::info!(source = %name, %revision, changed = changed.len(), findings = files, "read");
                for id in changed {
                    let key = Key { source, id };
                    self.queue.forgive(&key);
                    self.queue.add(key);
                }
                self.view_due.get_or_insert_with(view::next);
            }
            Message::Unchanged { source } => {
                self.sources[source].readable(Self::now());
                self.view_due.get_or_insert_with(view::next);
            }
            Message::Unreadable { source, message } => {
                tracing::warn!(source = %self.sources[source].identity.owner.source, message, "source not read");
                self.sources[source].unreadable(message, Self::now());
                self.view_due.get_or_insert_with(view::next);
            }
            Message::Watch(event) => self.watched(event),
            Message::Status(event) => self.ordered(event),
            Message::Listed { kind, metas } => self.compare_listing(kind, &metas),
        }
        self.metrics.backlog.set(i64::try_from(self.queue.backlog()).unwrap_or(i64::MAX));
    }

    fn watched(&mut self, event: WatchEvent) {
        match event {
            WatchEvent::InitStart { kind, scope } => self.store.listing_begins(kind, scope),
            WatchEvent::Object { kind, value } => self.seen(kind, value),
            WatchEvent::Deleted { reference, uid, resource_version } => {
                let version = resource_version.parse().unwrap_or(u64::MAX);
                if self.store.lose(&reference, &uid, version) == News::Changed {
                    self.lost(&reference);
                }
            }
            WatchEvent::InitDone { kind, scope } => {
                for reference in self.store.listing_ends(kind, &scope) {
                    self.lost(&reference);
                }
                self.look_at_kind_again(kind);
                self.listed(kind, scope);
            }
            WatchEvent::Interrupted { kind, scope, error } => self.unseen(kind, scope, &error),
            WatchEvent::Resumed { kind, .. } => {
                tracing::info!(%kind, "watch restored");
                self.look_at_kind_again(kind);
            }
        }
    }

    /// A watch is down. Without the kinds of an app's own fields nothing can be decided; that another kind is not there,
    /// or not ours to see, is waited for by its own documents alone.
    fn unseen(&mut self, kind: Kind, scope: Scope, error: &ClusterError) {
        let (own, lasting) = (Kind::ALL.contains(&kind), is_lasting(error));
        if own || !lasting {
            tracing::warn!(%kind, %error, "watch interrupted; it is being restored");
        } else if self.sight.hide(kind, error) {
            tracing::warn!(%kind, %error, "objects of this kind cannot be seen; their documents wait");
        }
        let rest_is_listed = || self.unlisted.iter().all(|(kind, _)| !Kind::ALL.contains(kind));
        if !own && (lasting || rest_is_listed()) {
            self.listed(kind, scope);
        }
    }

    /// Nothing is waited for any more of a kind before the first look.
    fn listed(&mut self, kind: Kind, scope: Scope) {
        if self.unlisted.remove(&(kind, scope)) && self.unlisted.is_empty() {
            self.listed_all();
        }
    }

    /// A kind that was not there, or not ours to see, is seen: what waited for it is looked at.
    fn look_at_kind_again(&mut self, kind: Kind) {
        if !self.sight.show(kind) {
            return;
        }
        tracing::info!(%kind, "objects of this kind are seen");
        for (source, tracked) in self.sources.iter().enumerate() {
            for id in tracked.documents_with(kind) {
                let key = Key { source, id };
                self.queue.forgive(&key);
                self.queue.add(key);
            }
        }
    }

    /// The first listing of every kind is complete: every document is looked at.
    fn listed_all(&mut self) {
        tracing::info!(objects = self.store.len(), "cluster listed");
        for (source, tracked) in self.sources.iter().enumerate() {
            for id in tracked.records.keys() {
                self.queue.add(Key { source, id: id.clone() });
            }
        }
    }

    /// An object was seen. It matters when it is not what is on record, or fares differently than before.
    pub(super) fn seen(&mut self, kind: Kind, value: Box<Value>) {
        let Some((source, reference)) = self.source_of(&value).zip(reference(&value)) else { return };
        let managers = self.managers.sparing(self.ignored_of(source, &reference));
        let observed = Observed::of(kind, &value, &self.sources[source].identity.owner, &managers);
        let Some(key) = self.owner_of(source, &reference) else {
            self.store.see(reference, observed);
            return;
        };
        let differs = self.sources[source]
            .records
            .get(&key.id)
            .and_then(|record| record.inventory.items.get(&reference))
            .is_some_and(|item| item.projection.is_some() && item.projection != observed.projection);
        let newer = self.store.get(&reference).is_none_or(|known| observed.supersedes(known));
        if differs && newer {
            self.store.note_change(reference.clone(), Some(value));
        } else if newer {
            self.store.settle(&reference);
        }
        if self.store.see(reference, observed) == News::Changed || differs {
            self.queue.add(key);
        }
    }

    /// An object is gone or lost its label.
    fn lost(&mut self, reference: &ObjectRef) {
        let owner = (0..self.sources.len()).find_map(|source| self.owner_of(source, reference));
        let Some(key) = owner else { return };
        self.store.note_change(reference.clone(), None);
        self.queue.add(key);
    }

    fn source_of(&self, value: &Value) -> Option<usize> {
        let label = value.get("metadata")?.get("labels")?.get(LABEL_SOURCE)?.as_str()?;
        self.sources.iter().position(|source| source.identity.owner.source == label)
    }

    /// The fields of an object that others may have.
    pub(super) fn ignored_of(&self, source: usize, reference: &ObjectRef) -> &[String] {
        let item =
            self.sources[source].holder(reference).and_then(|record| record.inventory.items.get(reference));
        item.map_or(&[], |item| item.ignored.as_slice())
    }

    /// The document whose inventory has the object.
    fn owner_of(&self, source: usize, reference: &ObjectRef) -> Option<Key> {
        let record = self.sources[source].holder(reference)?;
        Some(Key { source, id: record.document.clone() })
    }
}
