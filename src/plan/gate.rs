//! Gates: `dependsOn` holds back the rollout of a new revision, never repair, rollback, scaling or deletion.

use jiff::{SignedDuration, Timestamp};

use super::{DEGRADED_DEPENDENCY_LIMIT, Input, Wait};
use crate::document::{App, DocumentId, DocumentKind};
use crate::record::{Phase, Record};

/// A change of a dependency's phase wakes who waits for it; what no phase tells is seen at the next look.
const LOOK: SignedDuration = SignedDuration::from_secs(5);

/// What is known of a dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyState {
    /// Which.
    pub id: DocumentId,
    /// Its phase; `None` when there is no such document.
    pub phase: Option<Phase>,
    /// It was healthy at what the branch says now.
    pub current: bool,
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
        Self { id, phase: record.map(|record| record.phase), current, degraded_since }
    }
}

/// The documents that an app waits for.
pub fn dependencies(app: &App) -> Vec<DocumentId> {
    app.spec
        .depends_on
        .iter()
        .filter_map(|dependency| {
            let (kind, name) = match (&dependency.app, &dependency.migration) {
                (Some(name), _) => (DocumentKind::PortfolioApp, name),
                (None, Some(name)) => (DocumentKind::DatabaseMigration, name),
                (None, None) => return None,
            };
            let namespace = dependency.namespace.clone().unwrap_or_else(|| app.id.namespace.clone());
            Some(DocumentId { kind, namespace, name: name.clone() })
        })
        .collect()
}

/// The first gate that is closed, if any.
pub(super) fn closed(input: &Input<'_>, app: &App) -> Option<Wait> {
    let look = Some(input.now + LOOK);
    dependencies(app).into_iter().find_map(|id| {
        let state = input.dependencies.iter().find(|state| state.id == id);
        match state {
            Some(DependencyState { phase: Some(Phase::Ready), current: true, .. }) => None,
            Some(DependencyState { degraded_since: Some(since), .. }) => {
                let until = *since + DEGRADED_DEPENDENCY_LIMIT;
                (until > input.now)
                    .then(|| Wait { until: Some(until), what: format!("{id}, which is Degraded") })
            }
            Some(DependencyState { phase: Some(phase), .. }) => {
                Some(Wait { until: look, what: format!("{id}, which is {phase}") })
            }
            Some(DependencyState { phase: None, .. }) | None => {
                Some(Wait { until: look, what: format!("{id}, which is in no source of this daemon") })
            }
        }
    })
}
