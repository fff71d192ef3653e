//! Readiness: the daemon knows what is there and what should be. Pure.

use crate::engine::View;
use crate::record::SourceState;

/// Why the daemon is not ready; empty when it is. A source that cannot be read now is no reason as long as its
/// last good state is known: it is being held.
pub(super) fn reasons(view: &View) -> Vec<String> {
    let mut reasons = Vec::new();
    if !view.listed {
        reasons.push("the cluster's objects are not listed yet".to_owned());
    }
    for source in view.sources.iter().filter(|source| !source.read) {
        let summary = &source.summary;
        if summary.observed_revision.is_empty() {
            let name = &summary.source;
            reasons.push(match summary.state {
                SourceState::Unreachable => format!("source {name} cannot be read: {}", summary.message),
                SourceState::Pending | SourceState::Ready | SourceState::Incomplete => {
                    format!("source {name} was not read yet")
                }
            });
        }
    }
    reasons
}
