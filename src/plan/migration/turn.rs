//! [`Turn`]: what is due of a migration at this moment, and what stands in its way.

use jiff::Timestamp;

use super::{job, run_of};
use crate::document::{Document, Migration, Validated};
use crate::object::{Health, Kind, ObjectRef, Observed};
use crate::plan::objects::is_ours;
use crate::plan::{How, Input, Step};
use crate::record::Record;

/// What is due of a migration.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::plan) enum Turn {
    /// It ran.
    Done,
    /// Earlier runs must be gone first: these go now, the others are waited for.
    ClearWay { steps: Vec<Step>, what: String },
    /// Its Job is to be made.
    Start(How),
    /// The next attempt is due then.
    Pause(Timestamp),
    /// Its Job is there.
    Watch,
    /// This attempt failed.
    Failed,
    /// Its Job is gone, and whether it ran is not known.
    Lost,
}

impl Turn {
    /// Something is to be written.
    pub(in crate::plan) fn acts(&self) -> bool {
        match self {
            Turn::Start(_) => true,
            Turn::ClearWay { steps, .. } => !steps.is_empty(),
            Turn::Done | Turn::Pause(_) | Turn::Watch | Turn::Failed | Turn::Lost => false,
        }
    }
}

pub(in crate::plan) fn turn(input: &Input<'_>, record: &Record, migration: &Validated<Migration>) -> Turn {
    let run = run_of(record, migration);
    let job = job(&run, migration);
    if run.done {
        // Another content may still be running: until that has ended the database is not what this one left.
        return clear_way(input, record, migration, &job, is_running).unwrap_or(Turn::Done);
    }
    if run.has_failed() {
        return Turn::Failed;
    }
    // Until then the pods of the last attempt stay, for those who want to look.
    if let Some(at) = run.not_before.filter(|at| *at > input.now) {
        return Turn::Pause(at);
    }
    if let Some(turn) = clear_way(input, record, migration, &job, |_: Option<&Observed>| true) {
        return turn;
    }
    let item = record.inventory.items.get(&job);
    match (item, input.cluster.observed(&job)) {
        (Some(item), Some(observed)) if is_ours(&record.document, item, observed) => Turn::Watch,
        // In no record, and ours all the same: the record was lost, or never written.
        (None, Some(observed)) if observed.ownership.is_of(&record.document) => Turn::Watch,
        // History in the database tells what SQL of ours ran; nobody tells it of somebody else's tool.
        (Some(item), None) if item.uid.is_some() && migration.spec.command.is_some() => Turn::Lost,
        (Some(item), None) if item.uid.is_some() => Turn::Start(How::Restore { uid: item.uid.clone() }),
        (_, _) => Turn::Start(How::Create { adopt: false }),
    }
}

/// Everything that the document which was applied last runs is run by this one, too, and in the same database.
fn is_part_of(record: &Record, migration: &Migration) -> bool {
    let before = record.applied.as_ref().and_then(|applied| applied.document.unpack().ok());
    let Some(Document::Migration(before)) = before else { return false };
    let (old, new) = (&before.spec, &migration.spec);
    before.steps.iter().all(|step| migration.steps.contains(step))
        && old.command == new.command
        && old.schema() == new.schema()
        && old.database == new.database
}

/// A Job whose pod runs.
pub(in crate::plan) fn is_running(observed: Option<&Observed>) -> bool {
    observed.is_some_and(|observed| {
        matches!(observed.health, Health::Progressing { .. })
            && observed.pods.is_some_and(|pods| pods.ready > 0)
    })
}

/// Two runs at once would be in each other's way. Somebody else's tool is waited for once it runs, and so is SQL of which
/// everything is still wanted: a long migration would never end where people push often. Other SQL of ours is stopped,
/// which leaves nothing half done. `is_in_the_way` tells which of the other Jobs are.
fn clear_way(
    input: &Input<'_>,
    record: &Record,
    migration: &Migration,
    job: &ObjectRef,
    is_in_the_way: impl Fn(Option<&Observed>) -> bool,
) -> Option<Turn> {
    let others: Vec<_> = record
        .inventory
        .items
        .iter()
        .filter(|(reference, _)| reference.kind == Kind::Job && *reference != job)
        .filter(|(reference, _)| is_in_the_way(input.cluster.observed(reference)))
        .collect();
    let (first, _) = others.first()?;
    let what = format!("{first} to be gone");
    let waits = migration.spec.command.is_some() || is_part_of(record, migration);
    let busy = others.iter().find(|(job, _)| waits && is_running(input.cluster.observed(job)));
    if let Some((busy, _)) = busy {
        return Some(Turn::ClearWay { steps: Vec::new(), what: format!("{busy}, which is still running") });
    }
    let steps = others
        .into_iter()
        .filter(|(reference, _)| input.cluster.observed(reference).is_none_or(|observed| !observed.deleting))
        .map(|(reference, item)| Step::Delete { reference: reference.clone(), uid: item.uid.clone() })
        .collect();
    Some(Turn::ClearWay { steps, what })
}
