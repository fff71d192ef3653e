//! A manager that keeps changing the same field back: its object is left alone for a while, and it is named.

use jiff::{SignedDuration, Timestamp};

use super::Input;
use crate::object::ObjectRef;
use crate::record::Record;

/// How long a repair is remembered.
pub(super) const WINDOW: SignedDuration = SignedDuration::from_mins(10);
const PAUSE: SignedDuration = SignedDuration::from_mins(5);
/// So many repairs of one field against one manager within the window are a fight.
const REPAIRS: usize = 3;

/// An object that somebody fights over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fight {
    /// Which.
    pub reference: ObjectRef,
    /// Until when it is left alone.
    pub until: Timestamp,
    /// Who changes what.
    pub message: String,
}

/// The objects to leave alone for now.
pub(super) fn fights(input: &Input<'_>, record: &Record) -> Vec<Fight> {
    record.inventory.items.keys().filter_map(|reference| fight(input, record, reference)).collect()
}

fn fight(input: &Input<'_>, record: &Record, reference: &ObjectRef) -> Option<Fight> {
    input.cluster.drift(reference).iter().find_map(|drift| {
        let manager = drift.manager.as_deref()?;
        let key = key(&reference.to_string(), &drift.field, manager);
        let recent =
            record.repairs.iter().filter(|repair| repair.key == key && repair.at + WINDOW > input.now);
        let until = recent.clone().map(|repair| repair.at).max()? + PAUSE;
        (recent.count() >= REPAIRS && until > input.now).then(|| Fight {
            reference: reference.clone(),
            until,
            message: format!(
                "{manager} keeps changing {} of {reference}; repairing again every {} minutes. Stop it from doing so",
                drift.field,
                PAUSE.as_mins()
            ),
        })
    })
}

/// One key for object, field and manager.
pub(super) fn key(object: &str, field: &str, manager: &str) -> String {
    format!("{object} {field} {manager}")
}
