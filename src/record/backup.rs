//! [`BackupRun`]: how far the backup is that is made before the objects of a document are deleted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The backup of a removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupRun {
    /// Which attempt, counted from 1.
    pub attempt: u32,
    /// How far it is.
    pub state: BackupState,
}

/// How far a backup is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum BackupState {
    /// Its Job is to be made, or runs.
    Due,
    /// It is made: the removal goes on.
    Done,
    /// It failed: the removal stands still.
    #[serde(rename_all = "camelCase")]
    Failed {
        /// Why, for people.
        message: String,
    },
    /// A person approved the removal without it.
    Waived,
}

impl Default for BackupRun {
    fn default() -> Self {
        Self { attempt: 1, state: BackupState::Due }
    }
}

impl BackupRun {
    /// The removal stands still because of it.
    pub const fn has_failed(&self) -> bool {
        matches!(self.state, BackupState::Failed { .. })
    }

    /// The same backup, once more.
    pub fn try_again(&mut self) {
        *self = Self { attempt: self.attempt.saturating_add(1), state: BackupState::Due };
    }
}
