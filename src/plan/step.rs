//! [`Plan`] and its [`Step`]s: what is to be done, as data that prints.

use std::fmt;

use jiff::Timestamp;

use super::{Target, Wait, Yields};
use crate::object::{Object, ObjectRef};
use crate::record::{Phase, Reason, Record, conditions};

/// What to do next for one document.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What is to be remembered before the first step: the inventory covers every object of the steps.
    pub record: Record,
    /// Steps in order: the steps of a stage may run side by side; the next stage starts when all succeeded.
    pub stages: Vec<Stage>,
    /// The document that the steps bring to the cluster.
    pub target: Option<Target>,
    /// Every object of the target; empty where nothing had to be compared.
    pub desired: Vec<ObjectRef>,
    /// Those of them that hold more than the document says, until it is healthy.
    pub wide: Vec<ObjectRef>,
    /// What ends the waiting, when the plan leaves something to wait for.
    pub wait: Option<Wait>,
}

/// Steps that may run side by side.
pub type Stage = Vec<Step>;

/// One thing to do to one object.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Server-side apply.
    Apply {
        /// What it is to be.
        object: Object,
        /// Under which assumption.
        how: How,
        /// What of it others may have.
        yields: Yields,
    },
    /// Let a second manager hold `spec.replicas` of a Deployment as it is, so that ours can let go of it.
    HandOver {
        /// The Deployment.
        deployment: ObjectRef,
        /// Its uid.
        uid: String,
    },
    /// Delete, with its uid as precondition.
    Delete {
        /// Which.
        reference: ObjectRef,
        /// The uid on record. One of another is deleted only where it proves to be ours.
        uid: Option<String>,
    },
    /// Read from its pods how a Job ended.
    ReadRun {
        /// The Job.
        job: ObjectRef,
        /// Why it failed, in one word.
        reason: String,
        /// Why it failed, for people.
        message: String,
    },
    /// Count the pods that are left of an app and of its jobs, Terminating ones too.
    CountPods {
        /// Where.
        namespace: String,
        /// Labels, as `key=value,…`: pods with any of these.
        selectors: Vec<String>,
    },
}

/// The assumption under which an object is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum How {
    /// It does not exist, as far as is known: whether it is somebody else's is looked up first.
    Create {
        /// It may be taken over if it is.
        adopt: bool,
    },
    /// It is ours, and its content changes.
    Update {
        /// Its uid.
        uid: String,
    },
    /// It is ours, and somebody changed it.
    Repair {
        /// Its uid.
        uid: String,
    },
    /// It was ours, and it is gone or lost its label.
    Restore {
        /// Its uid on record.
        uid: Option<String>,
    },
}

impl How {
    /// The object is made to be again what it was, rather than something new.
    pub const fn is_repair(&self) -> bool {
        matches!(self, How::Repair { .. } | How::Restore { .. })
    }

    const fn verb(&self) -> &'static str {
        match self {
            How::Create { adopt: false } => "create",
            How::Create { adopt: true } => "adopt",
            How::Update { .. } => "update",
            How::Repair { .. } => "repair",
            How::Restore { .. } => "restore",
        }
    }
}

impl Step {
    /// The object that it is about.
    pub const fn reference(&self) -> Option<&ObjectRef> {
        match self {
            Step::Apply { object, .. } => Some(&object.reference),
            Step::HandOver { deployment, .. } => Some(deployment),
            Step::Delete { reference, .. } => Some(reference),
            Step::ReadRun { job, .. } => Some(job),
            Step::CountPods { .. } => None,
        }
    }
}

impl Plan {
    /// A plan with nothing to do.
    pub(super) fn idle(
        record: Record,
        phase: Phase,
        reason: Reason,
        message: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        Self { record, stages: Vec::new(), target: None, desired: Vec::new(), wide: Vec::new(), wait: None }
            .saying(phase, reason, message, now)
    }

    /// Sets what the record says.
    pub(super) fn saying(
        mut self,
        phase: Phase,
        reason: Reason,
        message: impl Into<String>,
        now: Timestamp,
    ) -> Self {
        self.record.phase = phase;
        self.record.reason = reason;
        self.record.message = message.into();
        self.record.conditions = conditions(&self.record, now);
        self
    }

    /// Sets what it waits for.
    pub(super) fn waiting(mut self, wait: Option<Wait>) -> Self {
        self.wait = wait;
        self
    }

    /// Everything of a document that left the branch is gone: its record goes too.
    pub fn is_finished(&self) -> bool {
        self.stages.is_empty() && self.record.inventory.items.is_empty() && self.record.removal.is_some()
    }

    /// Every step.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.stages.iter().flatten()
    }

    /// The record must be durable before the first step: it names an object that `before` does not, or
    /// something is about to be deleted, a Job with what it did.
    pub fn needs_record_first(&self, before: &Record) -> bool {
        let deletes = |step: &Step| matches!(step, Step::Delete { .. });
        !self.stages.is_empty()
            && (self.record.inventory.items.keys().any(|key| !before.inventory.items.contains_key(key))
                || (self.steps().any(deletes)
                    && (self.record.removal != before.removal || self.record.migration != before.migration)))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Apply { object, how, .. } => write!(f, "{} {}", how.verb(), object.reference),
            Step::HandOver { deployment, .. } => write!(f, "hand over spec.replicas of {deployment}"),
            Step::Delete { reference, .. } => write!(f, "delete {reference}"),
            Step::ReadRun { job, .. } => write!(f, "read how {job} ended"),
            Step::CountPods { namespace, selectors } => {
                write!(f, "count pods {} in {namespace}", selectors.join(" or "))
            }
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.record.document, self.record.phase)?;
        if !self.record.message.is_empty() {
            write!(f, ": {}", self.record.message)?;
        }
        for (number, stage) in self.stages.iter().enumerate() {
            for step in stage {
                write!(f, "\n  {}. {step}", number + 1)?;
            }
        }
        if let Some(wait) = &self.wait {
            write!(f, "\n  then wait for {}", wait.what)?;
        }
        Ok(())
    }
}
