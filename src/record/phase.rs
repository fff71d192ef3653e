//! [`Phase`]: the one word that says what a document is doing, and [`Reason`]: why.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a document is doing. Everything that shows a document shows this.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum Phase {
    /// Seen, nothing done yet.
    #[default]
    Pending,
    /// A gate is closed: a dependency is not ready, or it is not the time for changes.
    Waiting,
    /// Objects are being written.
    Applying,
    /// Everything is written; the cluster is getting there.
    Progressing,
    /// The cluster is what the branch says, and healthy.
    Ready,
    /// It was ready and is not any more.
    Degraded,
    /// It could not be brought to the cluster.
    Failed,
    /// A new version failed and the last good one was applied again.
    RolledBack,
    /// Something is needed from a person first.
    Held,
    /// The document asks to be left alone.
    Suspended,
    /// It left the branch and is being removed.
    Deleting,
    /// Another manager keeps changing the same field back.
    Fighting,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Phase; 12] = [
        Phase::Pending,
        Phase::Waiting,
        Phase::Applying,
        Phase::Progressing,
        Phase::Ready,
        Phase::Degraded,
        Phase::Failed,
        Phase::RolledBack,
        Phase::Held,
        Phase::Suspended,
        Phase::Deleting,
        Phase::Fighting,
    ];

    /// Nothing more will happen unless something changes, whatever the reason; see [`super::Record::is_settled`].
    pub(super) const fn is_settled(self) -> bool {
        match self {
            Phase::Ready
            | Phase::Degraded
            | Phase::Failed
            | Phase::RolledBack
            | Phase::Held
            | Phase::Suspended
            | Phase::Fighting => true,
            Phase::Pending | Phase::Waiting | Phase::Applying | Phase::Progressing | Phase::Deleting => false,
        }
    }

    /// What the branch says is what runs.
    pub const fn is_good(self) -> bool {
        matches!(self, Phase::Ready | Phase::Suspended)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Phase::Pending => "Pending",
            Phase::Waiting => "Waiting",
            Phase::Applying => "Applying",
            Phase::Progressing => "Progressing",
            Phase::Ready => "Ready",
            Phase::Degraded => "Degraded",
            Phase::Failed => "Failed",
            Phase::RolledBack => "RolledBack",
            Phase::Held => "Held",
            Phase::Suspended => "Suspended",
            Phase::Deleting => "Deleting",
            Phase::Fighting => "Fighting",
        })
    }
}

/// Why a document is in its phase: one CamelCase word, as in Kubernetes conditions.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Reason(pub std::borrow::Cow<'static, str>);

impl Reason {
    /// Waits for a document that is not going to be ready by itself.
    pub const DEPENDENCY_FAILED: Self = Self::of("DependencyFailed");

    /// Waits for a time at which changes may begin.
    pub const WINDOW_CLOSED: Self = Self::of("WindowClosed");

    /// A reason known at compile time.
    pub const fn of(word: &'static str) -> Self {
        Self(std::borrow::Cow::Borrowed(word))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
