//! Conditions in the kstatus convention, derived from a record's phase.
//!
//! Source: <https://github.com/kubernetes-sigs/cli-utils/tree/master/pkg/kstatus>: `Ready` says whether the
//! object is what was asked for; `Reconciling` and `Stalled` are only ever present as `True`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Phase, Reason, Record};

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Which.
    #[serde(rename = "type")]
    pub kind: ConditionType,
    /// Whether it holds.
    pub status: bool,
    /// Why, for machines.
    pub reason: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Since when its status is what it is.
    #[schemars(with = "String")]
    pub last_transition_time: Timestamp,
}

/// The conditions of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConditionType {
    /// What the branch says is what runs, and it is healthy.
    Ready,
    /// Work is under way.
    Reconciling,
    /// Nothing more happens without a change.
    Stalled,
    /// The objects of the branch's document are written.
    Applied,
    /// The objects that are there are healthy.
    Healthy,
    /// A field of ours was changed by somebody else and is not repaired.
    Drifted,
}

/// The conditions that follow from a record's phase. `Reconciling`, `Stalled` and `Drifted` are left out where
/// they do not hold. Transition times are kept from `record.conditions` where the status is unchanged.
pub fn conditions(record: &Record, now: Timestamp) -> Vec<Condition> {
    let phase = record.phase;
    let reason = if record.reason.0.is_empty() { phase.to_string() } else { record.reason.0.to_string() };
    let applied = record.applied.is_some()
        && !matches!(phase, Phase::Pending | Phase::Waiting | Phase::Applying | Phase::Failed);
    // It goes on by itself once its window opens.
    let is_stalled = record.is_settled() && !phase.is_good() && record.reason != Reason::WINDOW_CLOSED;
    let all = [
        (ConditionType::Ready, phase.is_good(), true),
        (ConditionType::Reconciling, !record.is_settled(), false),
        (ConditionType::Stalled, is_stalled, false),
        (ConditionType::Applied, applied, true),
        (ConditionType::Healthy, matches!(phase, Phase::Ready | Phase::RolledBack), true),
        (ConditionType::Drifted, phase == Phase::Fighting || !record.drifted.is_empty(), false),
    ];
    all.into_iter()
        .filter(|(_, status, always)| *status || *always)
        .map(|(kind, status, _)| {
            let since = record
                .conditions
                .iter()
                .find(|known| known.kind == kind && known.status == status)
                .map_or(now, |known| known.last_transition_time);
            let message = match kind {
                ConditionType::Ready => record.message.clone(),
                ConditionType::Drifted => record.drifted.join("; "),
                ConditionType::Reconciling
                | ConditionType::Stalled
                | ConditionType::Applied
                | ConditionType::Healthy => String::new(),
            };
            Condition { kind, status, reason: reason.clone(), message, last_transition_time: since }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::DocumentId;

    #[test]
    fn a_condition_keeps_its_time_until_its_status_changes() {
        let (early, late) = (Timestamp::from_second(10).unwrap(), Timestamp::from_second(20).unwrap());
        let mut record = Record::new(DocumentId::app("shop", "web"));
        record.phase = Phase::Ready;
        record.conditions = conditions(&record, early);
        record.conditions = conditions(&record, late);
        assert!(record.conditions.iter().all(|condition| condition.last_transition_time == early));
        record.phase = Phase::Degraded;
        let ready =
            conditions(&record, late).into_iter().find(|one| one.kind == ConditionType::Ready).unwrap();
        assert_eq!((ready.status, ready.last_transition_time), (false, late));
    }
}
