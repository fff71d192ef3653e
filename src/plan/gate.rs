//! Gates: `dependsOn` holds back the rollout of a new revision, never repair, rollback, scaling or deletion.

use jiff::{SignedDuration, Timestamp};

use super::{DEGRADED_DEPENDENCY_LIMIT, Input, Wait};
use crate::document::{App, DocumentId, awaited};
use crate::record::{Phase, Reason, Record};

/// A change of a dependency's phase wakes who waits for it; what no phase tells is seen at the next look.
const LOOK: SignedDuration = SignedDuration::from_secs(5);
/// It is on its way.
const NOT_READY: Reason = Reason::of("DependencyNotReady");

/// What is known of a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyState {
    /// Which.
    pub id: DocumentId,
    /// Its phase; `None` when there is no such document.
    pub phase: Option<Phase>,
    /// It was healthy at what the branch says now.
    pub current: bool,
    /// Why it is not going to be ready unless something changes, if so.
    pub stuck: Option<String>,
    /// Since when it is not ready, if it was once.
    pub degraded_since: Option<Timestamp>,
}

impl DependencyState {
    /// What a record says of a dependency; `hash` is what the branch says of it.
    pub fn of(id: DocumentId, record: Option<&Record>, hash: Option<&str>) -> Self {
        let good = record.and_then(|record| record.good.as_ref());
        let current = good.is_some() && good.map(|good| good.hash.as_str()) == hash;
        let degraded_since = record
            .filter(|record| current && record.phase == Phase::Degraded)
            .and_then(|record| record.conditions.first().map(|ready| ready.last_transition_time));
        let stuck = match record {
            Some(record) => match record.phase {
                // A Degraded one holds up for a time only.
                Phase::Ready | Phase::Degraded => None,
                phase => record.is_settled().then(|| match record.message.as_str() {
                    "" => format!("which is {phase}"),
                    message => format!("which is {phase}: {message}"),
                }),
            },
            None if hash.is_some() => None,
            None => Some("which this source does not have".to_owned()),
        };
        Self { id, phase: record.map(|record| record.phase), current, stuck, degraded_since }
    }
}

/// The first gate that is closed, if any: why, and what is waited for.
pub(super) fn closed(input: &Input<'_>, app: &App) -> Option<(Reason, Wait)> {
    let closed: Vec<_> = awaited(app).filter_map(|awaited| gate(input, &awaited.id)).collect();
    // What is not going to open by itself is said first.
    let stuck = closed.iter().position(|(reason, _)| *reason == Reason::DEPENDENCY_FAILED);
    closed.into_iter().nth(stuck.unwrap_or(0))
}

fn gate(input: &Input<'_>, id: &DocumentId) -> Option<(Reason, Wait)> {
    let state = input.dependencies.iter().find(|state| state.id == *id);
    let look = |reason: Reason, what: &str| {
        Some((reason, Wait { until: Some(input.now + LOOK), what: format!("{id}, {what}") }))
    };
    match state {
        Some(DependencyState { phase: Some(Phase::Ready), current: true, .. }) => None,
        Some(DependencyState { degraded_since: Some(since), .. }) => {
            let until = *since + DEGRADED_DEPENDENCY_LIMIT;
            let wait = Wait { until: Some(until), what: format!("{id}, which is Degraded") };
            (until > input.now).then_some((NOT_READY, wait))
        }
        Some(DependencyState { stuck: Some(why), .. }) => look(Reason::DEPENDENCY_FAILED, why),
        Some(DependencyState { phase: Some(phase), .. }) => look(NOT_READY, &format!("which is {phase}")),
        Some(DependencyState { phase: None, .. }) | None => look(NOT_READY, "which has not begun"),
    }
}
