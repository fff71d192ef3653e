//! [`Guard`]: what stands between a document that left the branch and the deletion of its objects.
//!
//! Decided for a source as a whole: how much would go is part of whether it may.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::{Verdict, backup};
use crate::document::{Document, DocumentId};
use crate::object::Kind;
use crate::record::{Approval, Record, StoredError};

/// A file of the source is in error: what is missing may be in there.
pub(super) const SOURCE_INCOMPLETE: &str = "SourceIncomplete";
/// What is kept of a document cannot be read: how it may go is not known.
pub(super) const STORED_UNREADABLE: &str = "StoredUnreadable";

/// What to do where the document in a record cannot be read: a later version may have written it.
pub(super) fn unreadable(error: &StoredError) -> String {
    format!(
        "{error}: whether it may go, and whether it is to be backed up first, is not known, and nothing of it is removed. \
         Run the version of portfolio that wrote it, or a later one; or bring the document back, push it, and remove it \
         once it is Ready"
    )
}

/// How much a single pass may delete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrunePolicy {
    /// Share of the source's objects, in percent…
    pub max_percent: u8,
    /// … or this many objects, whichever is more.
    pub min_objects: usize,
    /// Kinds whose objects go only when a person approves.
    pub protect_kinds: BTreeSet<Kind>,
}

impl PrunePolicy {
    /// Whether objects of this kind go only when a person approves, whatever version they are written in.
    pub(super) fn protects(&self, kind: Kind) -> bool {
        let name = (kind.group(), kind.name());
        self.protect_kinds.iter().any(|protected| (protected.group(), protected.name()) == name)
    }

    /// So many objects of a source that has so many may go at once.
    pub(super) fn limit(&self, objects_in_all: usize) -> usize {
        self.min_objects.max(objects_in_all * usize::from(self.max_percent) / 100)
    }
}

impl Default for PrunePolicy {
    fn default() -> Self {
        Self {
            max_percent: 25,
            min_objects: 20,
            protect_kinds: BTreeSet::from([Kind::PersistentVolumeClaim]),
        }
    }
}

/// A document that left the branch.
pub struct Candidate<'a> {
    /// What is remembered of it.
    pub record: &'a Record,
    /// The document as it was written last, which says how it may go.
    document: Result<Option<Document>, StoredError>,
}

impl<'a> Candidate<'a> {
    /// The document of this record.
    pub fn of(record: &'a Record) -> Self {
        Self { record, document: record.last_document() }
    }
}

/// What the guard looks at.
pub struct Guard<'a> {
    /// The documents that left the branch. A removal that has begun was decided already: it is no part of the set.
    pub candidates: Vec<Candidate<'a>>,
    /// Objects of the source in all.
    pub objects_in_all: usize,
    /// Documents that the branch has now.
    pub documents_left: usize,
    /// A file of the source is unreadable or in error: this one, with its place.
    pub incomplete: Option<&'a str>,
    /// The history was rewritten since the last revision that was followed.
    pub rewritten: bool,
    /// The set that a person approved.
    pub approved: Option<&'a str>,
}

/// What the guard says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prune {
    /// Per document.
    pub verdicts: BTreeMap<DocumentId, Verdict>,
    /// The set that waits for a person.
    pub approval: Option<Approval>,
    /// Removals that have begun and whose backup failed.
    pub without_backup: Vec<Approval>,
}

impl Guard<'_> {
    /// Decides for each candidate.
    pub fn decide(&self, policy: &PrunePolicy) -> Prune {
        if self.candidates.is_empty() {
            return Prune::default();
        }
        let without_backup = self.without_backup();
        if let Some(place) = self.incomplete {
            let message = format!(
                "it is not in the branch, but {place} is in error and it may be in there: nothing is removed until that is mended"
            );
            let verdict = Verdict::Held { reason: SOURCE_INCOMPLETE, message };
            return Prune { without_backup, ..self.all(&verdict) };
        }
        let mut prune = Prune { without_backup, ..Prune::default() };
        let (begun, waiting): (Vec<_>, Vec<_>) =
            self.candidates.iter().partition(|candidate| candidate.record.removal.is_some());
        prune.verdicts.extend(begun.iter().map(|one| (one.record.document.clone(), Verdict::Go)));
        let (waiting, unread): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|candidate| candidate.document.is_ok());
        for candidate in unread {
            if let Err(error) = &candidate.document {
                let verdict = Verdict::Held { reason: STORED_UNREADABLE, message: unreadable(error) };
                prune.verdicts.insert(candidate.record.document.clone(), verdict);
            }
        }
        let (protected, rest): (Vec<_>, Vec<_>) = waiting
            .into_iter()
            .partition(|candidate| deletion(candidate).is_some_and(|deletion| deletion.protect));
        for candidate in protected {
            let message = "`deletion.protect` forbids its removal: bring the document back, push it without `protect`, and \
                           remove it then"
                .to_owned();
            prune
                .verdicts
                .insert(candidate.record.document.clone(), Verdict::Held { reason: "Protected", message });
        }
        if rest.is_empty() {
            return prune;
        }
        let hash = set_hash(&rest);
        let reason = self.reason(&rest, policy);
        match reason {
            Some((reason, why)) if self.approved != Some(hash.as_str()) => {
                let message = format!("{why}; `portfolio approve {hash}` removes exactly this set");
                for candidate in &rest {
                    let verdict = Verdict::Held { reason, message: message.clone() };
                    prune.verdicts.insert(candidate.record.document.clone(), verdict);
                }
                prune.approval = Some(Approval {
                    hash,
                    reason: reason.to_owned(),
                    documents: rest.iter().map(|candidate| candidate.record.document.to_string()).collect(),
                    objects: rest.iter().map(|candidate| doomed(candidate)).sum(),
                });
            }
            Some(_) | None => {
                for candidate in rest {
                    prune.verdicts.insert(candidate.record.document.clone(), Verdict::Go);
                }
            }
        }
        prune
    }

    fn all(&self, verdict: &Verdict) -> Prune {
        let verdicts =
            self.candidates.iter().map(|one| (one.record.document.clone(), verdict.clone())).collect();
        Prune { verdicts, ..Prune::default() }
    }

    fn without_backup(&self) -> Vec<Approval> {
        let failed = self.candidates.iter().filter_map(|one| Some((one, backup::approval(one.record)?)));
        let approvals = failed.map(|(candidate, hash)| Approval {
            hash,
            reason: "BackupFailed".to_owned(),
            documents: vec![candidate.record.document.to_string()],
            objects: doomed(candidate),
        });
        approvals.collect()
    }

    /// Why the set needs a person, if it does.
    fn reason(&self, rest: &[&Candidate<'_>], policy: &PrunePolicy) -> Option<(&'static str, String)> {
        let objects: usize = rest.iter().map(|candidate| doomed(candidate)).sum();
        if self.rewritten {
            return Some((
                "HistoryRewritten",
                format!(
                    "the branch's history was rewritten and {} documents are not in it any more",
                    rest.len()
                ),
            ));
        }
        if self.documents_left == 0 {
            return Some((
                "EmptySource",
                format!(
                    "the branch has no document left; {} documents and {objects} objects would go",
                    rest.len()
                ),
            ));
        }
        if let Some(candidate) =
            rest.iter().find(|candidate| deletion(candidate).is_some_and(|deletion| deletion.confirm))
        {
            return Some((
                "ConfirmationNeeded",
                format!("`deletion.confirm` of {} asks for a person", candidate.record.document),
            ));
        }
        if let Some(reference) = rest
            .iter()
            .flat_map(|candidate| doomed_objects(candidate))
            .find(|reference| policy.protects(reference.kind))
        {
            return Some(("ProtectedKind", format!("{reference} is of a protected kind")));
        }
        let limit = policy.limit(self.objects_in_all);
        (objects > limit).then(|| {
            (
                "TooMuchAtOnce",
                format!(
                    "{objects} of the source's {} objects would go, more than {limit} at once",
                    self.objects_in_all
                ),
            )
        })
    }
}

fn deletion<'a>(candidate: &'a Candidate<'_>) -> Option<&'a crate::document::Deletion> {
    match candidate.document.as_ref().ok()?.as_ref()? {
        Document::App(app) => app.spec.deletion.as_ref(),
        Document::Migration(_) => None,
    }
}

/// The objects that would be deleted: volumes are kept unless the document says otherwise.
fn doomed_objects<'a>(candidate: &'a Candidate<'_>) -> impl Iterator<Item = &'a crate::object::ObjectRef> {
    let volumes_go =
        deletion(candidate).is_some_and(|deletion| deletion.volumes == crate::document::VolumePolicy::Delete);
    candidate
        .record
        .inventory
        .items
        .keys()
        .filter(move |reference| volumes_go || reference.kind != Kind::PersistentVolumeClaim)
}

fn doomed(candidate: &Candidate<'_>) -> usize {
    doomed_objects(candidate).count()
}

/// Hash over the exact set: another set needs another approval.
fn set_hash(candidates: &[&Candidate<'_>]) -> String {
    let mut digest = Sha256::new();
    let mut lines: Vec<String> = Vec::new();
    for candidate in candidates {
        lines.push(candidate.record.document.to_string());
        lines.extend(candidate.record.inventory.items.keys().map(ToString::to_string));
    }
    lines.sort_unstable();
    for line in lines {
        digest.update(line.as_bytes());
        digest.update(b"\n");
    }
    hex::encode(&digest.finalize()[..6])
}
