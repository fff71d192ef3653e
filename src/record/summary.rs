//! [`Summary`]: what is known of a source as a whole; the only place that names the observed revision, so that
//! a commit which changes nothing rendered costs one write.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Phase;

/// The state of a source, kept as JSON under the key `summary` of its summary ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Name of the source.
    pub source: String,
    /// Where it comes from, without credentials.
    #[serde(default)]
    pub url: String,
    /// The branch, tag or commit that is followed.
    #[serde(default)]
    pub reference: String,
    /// The environment whose overlays are merged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The revision that was read last.
    #[serde(default)]
    pub observed_revision: String,
    /// Subject of that commit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// The source itself: can it be read, is it complete.
    #[serde(default)]
    pub state: SourceState,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when the source is in that state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub since: Option<Timestamp>,
    /// The revision from before the history was rewritten, until what it removes was approved or came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewritten_from: Option<String>,
    /// Documents by phase.
    #[serde(default)]
    pub counts: SummaryCounts,
    /// So many documents that the observed revision changed are still on their way: what their records say may be
    /// of the revision before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unsettled: usize,
    /// What is wrong with the files of the observed revision, the first hundred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// A removal that waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Removals whose backup failed: each goes on without one once a person approves that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_backup: Vec<Approval>,
    /// Objects that their documents have no more and that stay until a person approves that they go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftovers: Vec<Approval>,
}

impl Summary {
    /// Everything that waits for a person's approval.
    pub fn approvals(&self) -> impl Iterator<Item = &Approval> {
        self.approval.iter().chain(&self.without_backup).chain(&self.leftovers)
    }
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Documents by phase.
pub type SummaryCounts = BTreeMap<Phase, u32>;

/// Whether a source can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SourceState {
    /// Not read yet.
    #[default]
    Pending,
    /// Read, and every file is in order.
    Ready,
    /// Read, and some files are in error: nothing is removed until they are mended.
    Incomplete,
    /// It cannot be read; the last good state is being held.
    Unreachable,
}

/// One thing wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// `path:line:col`.
    pub place: String,
    /// Stable code, `PF0101`.
    pub code: String,
    /// In one line.
    pub message: String,
}

/// A removal that waits for a person: `portfolio approve <hash>` releases exactly this set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Hash over the documents and their objects.
    pub hash: String,
    /// Why it is held, in one word.
    pub reason: String,
    /// Documents that would go.
    pub documents: Vec<String>,
    /// Number of objects that would be deleted.
    pub objects: usize,
}
