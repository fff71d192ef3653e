//! Telling people: Kubernetes Events on a source's summary and on the objects concerned, beside the log.

use super::Engine;
use super::message::Key;
use crate::cluster::{Notice, Severity, Subject};
use crate::object::{Drift, ObjectRef};
use crate::record::{Phase, Record};

impl Engine {
    /// A document came into a phase that a person should hear of. Ways there are for the log only.
    pub(super) fn tell_phase(&self, key: &Key, phase: Phase, message: &str) {
        let (severity, reason) = match phase {
            Phase::Ready => (Severity::Normal, "Ready"),
            Phase::Deleting => (Severity::Normal, "Deleting"),
            Phase::Suspended => (Severity::Normal, "Suspended"),
            Phase::Degraded => (Severity::Warning, "Degraded"),
            Phase::Failed => (Severity::Warning, "Failed"),
            Phase::RolledBack => (Severity::Warning, "RolledBack"),
            Phase::Held => (Severity::Warning, "Held"),
            Phase::Fighting => (Severity::Warning, "Fighting"),
            Phase::Pending | Phase::Waiting | Phase::Applying | Phase::Progressing => return,
        };
        let colon = if message.is_empty() { "" } else { ": " };
        let note = format!("{} {phase}{colon}{message}", key.id);
        let owner = &self.sources[key.source].identity.owner;
        let subject = Subject::summary(&owner.namespace, &owner.source, None);
        self.events.tell(Notice { subject, severity, reason, action: "Reconcile", note });
    }

    /// Changes of somebody else's that are left as they are, each once.
    pub(super) fn tell_reported(&self, key: &Key, record: &Record) {
        let known = self.sources[key.source].records.get(&key.id);
        let is_known = |told: &&String| known.is_some_and(|known| known.drifted.contains(*told));
        for told in record.drifted.iter().filter(|told| !is_known(told)) {
            self.metrics.drift_reported.inc();
            tracing::warn!(document = %key.id, drift = told, "drift, left as it is");
            // It begins with the object.
            let object = told.split([':', ' ']).next().and_then(|object| object.parse::<ObjectRef>().ok());
            let Some(reference) = object else { continue };
            let uid = self.store.get(&reference).map(|observed| observed.uid.to_string());
            let subject = Subject::object(&reference, uid);
            let note = format!("{told}; left as it is, as `drift.mode: report` says");
            self.events.tell(Notice {
                subject,
                severity: Severity::Warning,
                reason: "Drifted",
                action: "Report",
                note,
            });
        }
    }

    /// A change of somebody else's was taken back.
    pub(super) fn tell_repair(&self, reference: &ObjectRef, drift: &Drift) {
        let subject =
            Subject::object(reference, self.store.get(reference).map(|observed| observed.uid.to_string()));
        let note = format!("{drift}; it is what git says again");
        self.events.tell(Notice {
            subject,
            severity: Severity::Normal,
            reason: "DriftRepaired",
            action: "Repair",
            note,
        });
    }
}
