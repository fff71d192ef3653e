//! What to do next for one document: [`plan`] compares what the branch says, what the cluster shows and what is
//! remembered, and answers with a [`Plan`].
//!
//! Pure and total: what can be wrong with the world is a reason in the plan. A plan is data: `run --once`, the
//! log, the page and the tests show the same one, and there is no second path that decides. The engine carries
//! it out and gives the outcomes to [`fold`], which says what is remembered from then on.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod backup;
mod branch;
mod desired;
mod drain;
mod fight;
mod fold;
mod gate;
mod guard;
mod immutable;
mod leftovers;
mod migration;
mod narrow;
mod objects;
mod removal;
mod report;
mod rollout;
mod scale;
mod step;
mod target;
mod window;
mod yields;

use jiff::{SignedDuration, Timestamp};

pub use backup::approval as approval_without_backup;
pub use branch::{Branch, Verdict};
pub use desired::{Desired, desired};
pub use fold::{Outcome, fold};
pub use gate::DependencyState;
pub use guard::{Candidate, Guard, Prune, PrunePolicy};
pub use immutable::{refusal, refusals};
pub use leftovers::{approval as approval_of_leftovers, release as release_leftovers};
pub use migration::{is_lost, run_end};
pub use rollout::Wait;
pub use step::{How, Plan, Stage, Step};
pub use target::{Purpose, Target};
pub use yields::Yields;

use crate::document::App;
use crate::object::{Drift, ObjectRef, Observed, Owner};
use crate::record::{Phase, Record};

/// How long a dependency that was ready once may be degraded before it stops holding others back.
pub const DEGRADED_DEPENDENCY_LIMIT: SignedDuration = SignedDuration::from_mins(5);

/// The cluster as it was seen last. Everything in it comes from watches and from our own responses.
pub trait Cluster {
    /// An object that carries our label.
    fn observed(&self, reference: &ObjectRef) -> Option<&Observed>;
    /// What somebody else changed in an object of ours, where that is known.
    fn drift(&self, reference: &ObjectRef) -> &[Drift];
}

/// Everything that a decision rests on.
pub struct Input<'a> {
    /// Whose objects.
    pub owner: &'a Owner,
    /// What the branch says of the document.
    pub branch: Branch<'a>,
    /// What is remembered of it.
    pub record: &'a Record,
    /// What the cluster shows.
    pub cluster: &'a dyn Cluster,
    /// What may be deleted without being asked.
    pub prune: &'a PrunePolicy,
    /// Objects of the source in all.
    pub objects_in_all: usize,
    /// Image of the migration runner, for documents that name none.
    pub runner_image: &'a str,
    /// The documents that this one waits for.
    pub dependencies: &'a [DependencyState],
    /// The apps that wait for this document.
    pub dependents: &'a [&'a App],
    /// The time.
    pub now: Timestamp,
}

/// Decides what to do next.
pub fn plan(input: &Input<'_>) -> Plan {
    let mut record = input.record.clone();
    record.drifted.clear();
    if let Branch::Present { file, line, .. } = &input.branch {
        record.file = format!("{file}:{line}");
    }
    match &input.branch {
        Branch::Absent(verdict) => return removal::plan(input, record, verdict),
        // Whether the document came back meanwhile is not known: nothing more is deleted, nothing is restored.
        Branch::Unknown if record.removal.is_some() => {
            return removal::paused(record, Phase::Deleting, "SourceNotRead", input.now);
        }
        Branch::Unknown | Branch::Present { .. } | Branch::Blocked { .. } => record.removal = None,
    }
    match target::choose(input, &mut record) {
        target::Choice::Bring(target, wait) => rollout::pursue(input, record, *target, wait),
        target::Choice::Nothing { phase, reason, message, wait } => {
            Plan::idle(record, phase, reason, message, input.now).waiting(wait)
        }
    }
}

#[cfg(test)]
mod tests;
