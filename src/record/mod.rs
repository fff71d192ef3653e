//! What is remembered of a document between two looks at it: the [`Record`].
//!
//! A record is one JSON value under the document's key in a ConfigMap of the daemon's namespace. It holds
//! enough to repair and to roll back with neither git nor a clone at hand, and it names every object that may
//! exist: an object that is in no record is never deleted.
//!
//! Pure. Written by the engine, read by [`crate::plan`], `status` and the page.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod backup;
mod condition;
mod inventory;
mod migration;
mod phase;
#[cfg(test)]
mod properties;
mod run;
mod shard;
mod stored;
mod summary;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use backup::{BackupRun, BackupState};
pub use condition::{Condition, ConditionType, conditions};
pub use inventory::{Inventory, Item};
pub use migration::{MigrationRun, RunEnd};
pub use phase::{Phase, Reason};
pub use run::{RunReport, SqlFailure};
pub use shard::{MAX_RECORD_BYTES, SHARD_FILL_BYTES, ShardIndex, Shards};
pub use stored::{Applied, Stored, StoredError};
pub use summary::{Approval, Finding, SourceState, Summary, SummaryCounts};

use crate::document::{Document, DocumentId};

/// How many attempts a record keeps.
pub const MAX_ATTEMPTS: usize = 10;

/// Everything remembered of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Identity: `<Kind>/<namespace>/<name>`.
    #[schemars(with = "String")]
    pub document: DocumentId,
    /// Where the document was last seen: `path:line`.
    #[serde(default)]
    pub file: String,
    /// What it is doing now.
    pub phase: Phase,
    /// Why, in one word for machines.
    #[serde(default)]
    pub reason: Reason,
    /// Why, in one sentence for people.
    #[serde(default)]
    pub message: String,
    /// The same in the kstatus convention.
    #[serde(default)]
    pub conditions: Vec<Condition>,
    /// What was applied last, complete with the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Applied>,
    /// The document of a first rollout that is not completely written, until it is: what is to become of its objects is
    /// said in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<Applied>,
    /// What was healthy last, complete with the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<Applied>,
    /// Hash of a document whose rollout failed; it is not tried again until it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<String>,
    /// The document that is on its way, or was tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollout: Option<Rollout>,
    /// Some objects may not be of the applied document: a rollout, a rollback or a removal has begun and is not
    /// completely written.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mixed: bool,
    /// Every object that may exist because of this document.
    #[serde(default)]
    pub inventory: Inventory,
    /// Of a `DatabaseMigration`: the run that is due, or was the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<MigrationRun>,
    /// How far the removal has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<Removal>,
    /// The document asked to be left alone when it was read last: nobody touches it, also while the branch
    /// cannot be read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspended: bool,
    /// The last drift that was repaired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_drift: Option<Drift>,
    /// Repairs of the last minutes, to notice a manager that fights back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
    /// What others changed and nobody takes back: `drift.mode: report`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drifted: Vec<String>,
    /// A person asked to take back what others changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub correct: bool,
    /// The last attempts, newest last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

impl Record {
    /// The record of a document that was seen for the first time.
    pub fn new(document: DocumentId) -> Self {
        Self {
            document,
            file: String::new(),
            phase: Phase::Pending,
            reason: Reason::default(),
            message: String::new(),
            conditions: Vec::new(),
            applied: None,
            begun: None,
            good: None,
            quarantined: None,
            rollout: None,
            mixed: false,
            inventory: Inventory::default(),
            migration: None,
            removal: None,
            suspended: false,
            last_drift: None,
            repairs: Vec::new(),
            drifted: Vec::new(),
            correct: false,
            attempts: Vec::new(),
        }
    }

    /// Takes note of a document that was applied completely. What was good keeps its document, once.
    pub fn set_applied(&mut self, applied: Applied) {
        let old = self.applied.take();
        if let Some(good) = &mut self.good {
            if good.hash == applied.hash {
                good.document = Stored::default();
            } else if let Some(old) = old.filter(|old| good.document.is_empty() && good.hash == old.hash) {
                good.document = old.document;
            }
        }
        self.applied = Some(applied);
        self.begun = None;
    }

    /// The document that was applied last, or that of a first rollout that is not completely written.
    pub fn last_document(&self) -> Result<Option<Document>, StoredError> {
        let last = self.applied.as_ref().or(self.begun.as_ref());
        last.map(|last| last.document.unpack()).transpose()
    }

    /// Nothing more will happen unless something changes, or not for long: `run --once` may stop here.
    pub fn is_settled(&self) -> bool {
        let waits = [Reason::DEPENDENCY_FAILED, Reason::WINDOW_CLOSED].contains(&self.reason);
        self.phase.is_settled() || (self.phase == Phase::Waiting && waits)
    }

    /// Every object on record was written out of the applied document.
    pub fn is_whole(&self) -> bool {
        self.applied.is_some() && !self.mixed
    }

    /// [`Self::is_whole`], and out of the document with this hash.
    pub fn is_whole_at(&self, hash: &str) -> bool {
        self.is_whole() && self.applied.as_ref().is_some_and(|applied| applied.hash == hash)
    }

    /// The document with this hash is healthy, or was when it was judged last.
    pub fn is_good_at(&self, hash: &str) -> bool {
        self.good.as_ref().is_some_and(|good| good.hash == hash)
    }

    /// From here on the objects are taken apart: a document that comes back is written anew.
    pub fn begin_removal(&mut self, now: Timestamp) {
        self.removal.get_or_insert(Removal { since: now, scaled_down: None, drained: false, backup: None });
        (self.rollout, self.mixed) = (None, true);
    }

    /// Takes note that what is applied is healthy. The document is kept once.
    pub fn set_good(&mut self) {
        self.good = self.applied.clone().map(|applied| Applied { document: Stored::default(), ..applied });
    }

    /// The document that was good last.
    pub fn good_document(&self) -> Option<Result<Document, StoredError>> {
        let good = self.good.as_ref()?;
        let stored = if good.document.is_empty() {
            &self.applied.as_ref().filter(|applied| applied.hash == good.hash)?.document
        } else {
            &good.document
        };
        Some(stored.unpack())
    }

    /// Adds an attempt and forgets the oldest past [`MAX_ATTEMPTS`]. One that ends as the last one did is none.
    pub fn attempted(&mut self, attempt: Attempt) {
        if self.attempts.last().is_some_and(|last| last.is_same(&attempt)) {
            return;
        }
        self.attempts.push(attempt);
        let surplus = self.attempts.len().saturating_sub(MAX_ATTEMPTS);
        self.attempts.drain(..surplus);
    }
}

/// A document on its way to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// Its content hash.
    pub hash: String,
    /// The revision it came with.
    pub revision: String,
    /// When it was first tried.
    #[schemars(with = "String")]
    pub since: Timestamp,
}

/// How far the removal of a document's objects has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Removal {
    /// When it began.
    #[schemars(with = "String")]
    pub since: Timestamp,
    /// When the API server answered last that the app is to have no pods: they have the grace from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub scaled_down: Option<Timestamp>,
    /// No pod of the app is left, or the grace is over.
    #[serde(default)]
    pub drained: bool,
    /// The backup that is made before anything is deleted, where the document asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backup: Option<BackupRun>,
}

/// One field that somebody else changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// The object: `Deployment/shop/web`.
    pub object: String,
    /// The field: `spec.replicas`. Empty when the whole object was gone.
    #[serde(default)]
    pub field: String,
    /// Who: the field manager, as the API server knows it.
    #[serde(default)]
    pub manager: String,
    /// When it was seen.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Milliseconds from seeing it to the repair.
    #[serde(default)]
    pub repaired_in_ms: u64,
}

/// A repair, remembered to notice a fight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Repair {
    /// Object, field and manager in one key.
    pub key: String,
    /// When.
    #[schemars(with = "String")]
    pub at: Timestamp,
}

/// One try to bring a document to the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Revision it came from.
    pub revision: String,
    /// When it ended.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// `Ready`, `Failed`, …
    pub outcome: Phase,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

impl Attempt {
    fn is_same(&self, other: &Self) -> bool {
        (&self.revision, self.outcome, &self.message) == (&other.revision, other.outcome, &other.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_attempts_are_kept() {
        let mut record = Record::new(DocumentId::app("shop", "web"));
        for number in 0..15 {
            record.attempted(Attempt {
                revision: number.to_string(),
                at: Timestamp::UNIX_EPOCH,
                outcome: Phase::Ready,
                message: String::new(),
            });
        }
        assert_eq!(record.attempts.len(), MAX_ATTEMPTS);
        assert_eq!(record.attempts.last().map(|last| last.revision.as_str()), Some("14"));
    }

    #[test]
    fn a_failure_that_comes_again_is_one_attempt() {
        let mut record = Record::new(DocumentId::app("shop", "web"));
        for _ in 0..3 {
            record.attempted(Attempt {
                revision: "1".to_owned(),
                at: Timestamp::UNIX_EPOCH,
                outcome: Phase::Failed,
                message: "denied".to_owned(),
            });
        }
        assert_eq!(record.attempts.len(), 1);
    }

    #[test]
    fn a_record_survives_its_json_form() {
        let record = Record::new(DocumentId::app("shop", "web"));
        let text = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }
}
