//! [`Tracked`]: all that the engine holds of one source: what was read last, what is remembered, what may go.

mod orders;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::persist::{Persist, Urgency};
use crate::cluster::{Loaded as LoadedRecords, Shard};
use crate::document::{App, Awaited, Document, DocumentId, Loaded, Revision, awaited};
use crate::object::{Kind, ObjectRef, Owner};
use crate::plan::{
    Branch, Candidate, DependencyState, Guard, Prune, PrunePolicy, Verdict, approval_of_leftovers,
    approval_without_backup,
};
use crate::record::{Approval, Finding, Phase, Record, SourceState, Summary};
use crate::source::{CommitInfo, History};

/// How many findings the summary keeps.
const MAX_FINDINGS: usize = 100;

/// A revision that was read.
#[derive(Debug)]
pub struct Reading {
    /// Which.
    pub revision: Revision,
    /// Its documents, and what is wrong with its files.
    pub loaded: Loaded,
    /// Who committed what; none for a plain folder.
    pub commit: Option<CommitInfo>,
    /// How it relates to the one before.
    pub history: History,
}

/// What does not change of a source while the daemon runs.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Whose objects.
    pub owner: Arc<Owner>,
    /// Where it comes from, without credentials.
    pub url: String,
    /// The branch, tag or commit.
    pub reference: String,
    /// The environment whose overlays are merged.
    pub environment: Option<String>,
    /// How much may go at once.
    pub prune: PrunePolicy,
    /// Image that runs migrations which name none.
    pub runner_image: String,
}

/// One source.
#[derive(Debug)]
pub struct Tracked {
    /// What does not change.
    pub identity: Identity,
    /// What is remembered of each document.
    pub records: BTreeMap<DocumentId, Record>,
    /// When they are written.
    pub persist: Persist,
    /// What was read last.
    reading: Option<Reading>,
    prune: Prune,
    /// Objects of all documents, when that was counted last.
    objects_in_all: usize,
    approved: Option<String>,
    summary: Summary,
    /// Which record has an object in its inventory.
    holders: HashMap<ObjectRef, DocumentId>,
    /// Documents that the last revision changed and that are still on their way.
    unsettled: BTreeSet<DocumentId>,
    /// Who waits for whom.
    dependents: HashMap<DocumentId, Vec<DocumentId>>,
}

impl Tracked {
    /// A source as it is remembered. Records that cannot be read are left out, with a warning: their objects are
    /// then in no record, so they are not deleted either.
    pub fn restore(identity: Identity, loaded: &LoadedRecords, epoch: u64) -> Self {
        let mut records = BTreeMap::new();
        for (key, text) in loaded.shards.iter().flat_map(|shard| &shard.data) {
            match serde_json::from_str::<Record>(text) {
                Ok(record) => {
                    records.insert(record.document.clone(), record);
                }
                Err(error) => {
                    tracing::error!(source = %identity.owner.source, key, %error, "a record cannot be read");
                }
            }
        }
        let text = loaded.summary.as_ref().and_then(|state| state.data.get("summary"));
        let summary = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let persist = Persist::new(loaded, epoch);
        let (reading, prune, approved, dependents) = (None, Prune::default(), None, HashMap::new());
        let summary = forget_unreachable(summary);
        let holders = records.values().flat_map(held_by).collect();
        Self {
            identity,
            records,
            persist,
            reading,
            prune,
            objects_in_all: 0,
            approved,
            summary,
            holders,
            dependents,
            unsettled: BTreeSet::new(),
        }
    }

    /// Kinds of the objects that may exist because of its documents.
    pub fn kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.holders.keys().map(|reference| reference.kind)
    }

    /// Documents that may have objects of this kind.
    pub fn documents_with(&self, kind: Kind) -> BTreeSet<DocumentId> {
        let of_kind = self.holders.iter().filter(|(reference, _)| reference.kind == kind);
        of_kind.map(|(_, id)| id.clone()).collect()
    }

    /// The revision that was observed last, also before a restart.
    pub fn observed_revision(&self) -> Option<Revision> {
        Some(self.summary.observed_revision.as_str())
            .filter(|text| !text.is_empty())
            .map(|text| Revision(text.to_owned()))
    }

    /// What was read last.
    pub const fn reading(&self) -> Option<&Reading> {
        self.reading.as_ref()
    }

    /// The summary.
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Takes in a new revision; gives the documents that must be looked at because of it.
    pub fn read(&mut self, reading: Reading, now: Timestamp) -> Vec<DocumentId> {
        if let History::Rewritten { previous } = &reading.history {
            self.summary.rewritten_from.get_or_insert_with(|| previous.0.clone());
        }
        let old = self.reading.replace(reading);
        let Some(reading) = &self.reading else { return Vec::new() };
        let hash_before = |id: &DocumentId| {
            old.as_ref()
                .and_then(|old| old.loaded.documents.get(id))
                .map(|one| one.document.hash().to_owned())
        };
        let blocked_before =
            |id: &DocumentId| old.as_ref().is_some_and(|old| old.loaded.blocked.contains_key(id));
        let mut changed: Vec<DocumentId> = reading
            .loaded
            .documents
            .iter()
            .filter(|(id, located)| {
                hash_before(id).as_deref() != Some(located.document.hash()) || blocked_before(id)
            })
            .map(|(id, _)| id.clone())
            .collect();
        // The window of an app is that of what it waits for, too.
        let apps = changed.iter().filter_map(|id| match &reading.loaded.documents.get(id)?.document {
            Document::App(app) => Some(app),
            Document::Migration(_) => None,
        });
        let awaited: Vec<_> = apps.flat_map(|app| awaited(app)).map(|awaited| awaited.id).collect();
        changed.extend(awaited.into_iter().filter(|id| reading.loaded.documents.contains_key(id)));
        changed.extend(reading.loaded.blocked.keys().cloned());
        changed.extend(self.records.keys().filter(|id| !reading.loaded.documents.contains_key(*id)).cloned());
        for id in reading.loaded.documents.keys().chain(reading.loaded.blocked.keys()) {
            self.records.entry(id.clone()).or_insert_with(|| Record::new(id.clone()));
        }
        self.dependents = dependents(&reading.loaded);
        self.summary.observed_revision.clone_from(&reading.revision.0);
        self.summary.subject =
            reading.commit.as_ref().map(|commit| commit.subject.clone()).unwrap_or_default();
        let (state, message) = if reading.loaded.complete {
            (SourceState::Ready, String::new())
        } else {
            (
                SourceState::Incomplete,
                "some files are in error: nothing is removed until they are mended".to_owned(),
            )
        };
        self.summary.findings = findings(&reading.loaded);
        self.set_state(state, message, now);
        self.guard();
        changed.sort_unstable();
        changed.dedup();
        self.unsettled = changed.iter().filter(|id| self.is_on_its_way(id)).cloned().collect();
        self.summary.unsettled = self.unsettled.len();
        self.write_summary(Urgency::Effect);
        changed
    }

    /// What is remembered of a document is not what the branch asks for. After a restart nearly all of it is, and
    /// saying otherwise would cost a write.
    fn is_on_its_way(&self, id: &DocumentId) -> bool {
        let Some(record) = self.records.get(id) else { return true };
        let Some(document) = self.document(id) else { return record.phase != Phase::Held };
        let suspended = match document {
            Document::App(app) => app.spec.suspend,
            Document::Migration(migration) => migration.spec.suspend,
        };
        let rollout = record.rollout.as_ref().map(|rollout| rollout.hash.as_str());
        let tried = [rollout, record.quarantined.as_deref()].contains(&Some(document.hash()));
        match record.phase {
            Phase::Suspended => !suspended,
            Phase::Ready | Phase::Degraded | Phase::Failed | Phase::RolledBack | Phase::Fighting => !tried,
            Phase::Pending
            | Phase::Waiting
            | Phase::Applying
            | Phase::Progressing
            | Phase::Held
            | Phase::Deleting => true,
        }
    }

    /// The source could not be read: what is recorded is held.
    pub fn unreadable(&mut self, message: String, now: Timestamp) {
        if self.set_state(SourceState::Unreachable, message, now) {
            self.write_summary(Urgency::Status);
        }
    }

    /// The source can be read again, and nothing is new.
    pub fn readable(&mut self, now: Timestamp) {
        let Some(reading) = &self.reading else { return };
        let state = if reading.loaded.complete { SourceState::Ready } else { SourceState::Incomplete };
        if self.summary.state == SourceState::Unreachable && self.set_state(state, String::new(), now) {
            self.write_summary(Urgency::Status);
        }
    }

    fn set_state(&mut self, state: SourceState, message: String, now: Timestamp) -> bool {
        let identity = &self.identity;
        self.summary.source.clone_from(&identity.owner.source);
        self.summary.url.clone_from(&identity.url);
        self.summary.reference.clone_from(&identity.reference);
        self.summary.environment.clone_from(&identity.environment);
        let changed = self.summary.state != state || self.summary.message != message;
        if self.summary.state != state || self.summary.since.is_none() {
            self.summary.since = Some(now);
        }
        self.summary.state = state;
        self.summary.message = message;
        changed
    }

    /// Decides anew what may be removed.
    pub fn guard(&mut self) {
        let Some(reading) = &self.reading else { return };
        let absent = |id: &DocumentId| {
            !reading.loaded.documents.contains_key(id) && !reading.loaded.blocked.contains_key(id)
        };
        let candidates = self
            .records
            .iter()
            .filter(|(id, _)| absent(id))
            .map(|(_, record)| Candidate::of(record))
            .collect();
        let incomplete = (!reading.loaded.complete)
            .then(|| self.summary.findings.first().map_or("a file", |finding| finding.place.as_str()));
        self.objects_in_all = self.records.values().map(|record| record.inventory.items.len()).sum();
        let guard = Guard {
            candidates,
            objects_in_all: self.objects_in_all,
            documents_left: reading.loaded.documents.len() + reading.loaded.blocked.len(),
            incomplete,
            rewritten: self.summary.rewritten_from.is_some(),
            approved: self.approved.as_deref(),
        };
        self.prune = guard.decide(&self.identity.prune);
        self.summary.approval.clone_from(&self.prune.approval);
        self.summary.without_backup.clone_from(&self.prune.without_backup);
        self.summary.leftovers =
            self.records.values().filter_map(|record| self.approval_of_leftovers(record)).collect();
        if self.prune.verdicts.is_empty() {
            self.summary.rewritten_from = None;
        }
    }

    /// Objects of all documents, when that was counted last.
    pub const fn objects_in_all(&self) -> usize {
        self.objects_in_all
    }

    fn approval_of_leftovers(&self, record: &Record) -> Option<Approval> {
        approval_of_leftovers(record, &self.identity.prune, self.objects_in_all)
    }

    /// What the branch says of a document.
    pub fn branch(&self, id: &DocumentId) -> Branch<'_> {
        const UNDECIDED: &Verdict = &Verdict::Held { reason: "Undecided", message: String::new() };
        let Some(reading) = &self.reading else { return Branch::Unknown };
        if let Some(located) = reading.loaded.documents.get(id) {
            return Branch::Present {
                document: &located.document,
                revision: &reading.revision,
                file: &located.file,
                line: located.line,
            };
        }
        if let Some(blocked) = reading.loaded.blocked.get(id) {
            return Branch::Blocked { by: blocked.by, message: &blocked.message };
        }
        Branch::Absent(self.prune.verdicts.get(id).unwrap_or(UNDECIDED))
    }

    /// What is known of the documents that this one waits for.
    pub fn dependencies(&self, id: &DocumentId) -> Vec<DependencyState> {
        let Some(Document::App(app)) = self.document(id) else { return Vec::new() };
        awaited(app)
            .map(|Awaited { id, .. }| {
                let hash = self.document(&id).map(Document::hash);
                DependencyState::of(id.clone(), self.records.get(&id), hash)
            })
            .collect()
    }

    /// The documents that wait for this one.
    pub fn dependents(&self, id: &DocumentId) -> &[DocumentId] {
        self.dependents.get(id).map_or(&[], Vec::as_slice)
    }

    /// The apps that wait for this document, as the branch has them.
    pub fn waiting_apps(&self, id: &DocumentId) -> Vec<&App> {
        let documents = self.dependents(id).iter().filter_map(|id| self.document(id));
        documents
            .filter_map(|document| match document {
                Document::App(app) => Some(&**app),
                Document::Migration(_) => None,
            })
            .collect()
    }

    /// A document as the branch has it.
    pub fn document(&self, id: &DocumentId) -> Option<&Document> {
        self.reading.as_ref()?.loaded.documents.get(id).map(|located| &located.document)
    }

    /// Remembers a record; says whether its phase changed.
    pub fn remember(&mut self, record: Record, urgency: Urgency) -> bool {
        let known = self.records.get(&record.document);
        if known == Some(&record) && urgency != Urgency::Effect {
            return false;
        }
        let phase_before = known.map(|known| known.phase);
        let text = serde_json::to_string(&record).unwrap_or_default();
        self.persist.put(&record.document.record_key(), Some(text), urgency);
        let phase = record.phase;
        let leftovers_before = known.and_then(|known| self.approval_of_leftovers(known));
        let is_new_approval = known.and_then(approval_without_backup) != approval_without_backup(&record)
            || leftovers_before != self.approval_of_leftovers(&record);
        for (reference, id) in held_by(&record) {
            let others = self.holder(&reference).is_some_and(|holder| holder.document != id);
            if !others {
                self.holders.insert(reference, id);
            }
        }
        self.records.insert(record.document.clone(), record);
        if is_new_approval {
            self.guard();
        }
        if phase_before != Some(phase) || is_new_approval {
            self.write_summary(Urgency::Status);
        }
        phase_before != Some(phase)
    }

    /// A document was looked at since the revision was read, and nothing is left to do for it.
    pub fn settled(&mut self, id: &DocumentId) {
        if self.unsettled.remove(id) {
            self.summary.unsettled = self.unsettled.len();
            if self.unsettled.is_empty() {
                self.write_summary(Urgency::Status);
            }
        }
    }

    /// Forgets a document whose objects are all gone.
    pub fn forget(&mut self, id: &DocumentId) {
        self.settled(id);
        self.records.remove(id);
        self.holders.retain(|_, holder| holder != id);
        self.persist.put(&id.record_key(), None, Urgency::Status);
        self.guard();
        self.write_summary(Urgency::Status);
    }

    /// The record that has this object in its inventory.
    pub fn holder(&self, reference: &ObjectRef) -> Option<&Record> {
        let record = self.records.get(self.holders.get(reference)?)?;
        record.inventory.items.contains_key(reference).then_some(record)
    }

    /// Somebody else changed or deleted a ConfigMap: all that belongs in it is written again.
    pub fn rewrite(&mut self, shard: Shard, urgency: Urgency) {
        match shard {
            Shard::Summary => self.write_summary(urgency),
            Shard::Records(_) => {
                for (id, record) in &self.records {
                    if self.persist.shard_of(&id.record_key()) == Some(shard) {
                        let text = serde_json::to_string(record).unwrap_or_default();
                        self.persist.put(&id.record_key(), Some(text), urgency);
                    }
                }
            }
        }
    }

    /// Puts the summary in line to be written.
    pub fn write_summary(&mut self, urgency: Urgency) {
        let mut counts: BTreeMap<Phase, u32> = BTreeMap::new();
        for record in self.records.values() {
            *counts.entry(record.phase).or_default() += 1;
        }
        self.summary.counts = counts;
        let text = serde_json::to_string(&self.summary).unwrap_or_default();
        self.persist.put_summary(text, urgency);
    }
}

/// That a source could not be read before a restart says nothing of now.
fn forget_unreachable(summary: Summary) -> Summary {
    match summary.state {
        SourceState::Unreachable => {
            Summary { state: SourceState::Pending, message: String::new(), since: None, ..summary }
        }
        SourceState::Pending | SourceState::Ready | SourceState::Incomplete => summary,
    }
}

fn held_by(record: &Record) -> impl Iterator<Item = (ObjectRef, DocumentId)> + '_ {
    record.inventory.items.keys().map(|reference| (reference.clone(), record.document.clone()))
}

fn dependents(loaded: &Loaded) -> HashMap<DocumentId, Vec<DocumentId>> {
    let mut dependents: HashMap<DocumentId, Vec<DocumentId>> = HashMap::new();
    for (id, located) in &loaded.documents {
        if let Document::App(app) = &located.document {
            for Awaited { id: needed, .. } in awaited(app) {
                dependents.entry(needed).or_default().push(id.clone());
            }
        }
    }
    dependents
}

fn findings(loaded: &Loaded) -> Vec<Finding> {
    loaded
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .take(MAX_FINDINGS)
        .map(|diagnostic| Finding {
            place: format!("{}:{}:{}", diagnostic.file, diagnostic.span.line, diagnostic.span.column),
            code: diagnostic.code.to_string(),
            message: diagnostic.message.clone(),
        })
        .collect()
}
