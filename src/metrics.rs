//! [`Metrics`]: what the daemon counts, in the Prometheus text format.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::record::Phase;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PhaseLabel {
    phase: PhaseValue,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct PhaseValue(Phase);

impl EncodeLabelValue for PhaseValue {
    fn encode(
        &self,
        encoder: &mut prometheus_client::encoding::LabelValueEncoder<'_>,
    ) -> Result<(), std::fmt::Error> {
        EncodeLabelValue::encode(&self.0.to_string(), encoder)
    }
}

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Looks at sources.
    pub polls: Counter,
    /// Looks at sources that failed.
    pub poll_failures: Counter,
    /// Documents waiting or being worked on.
    pub backlog: Gauge,
    /// Plans carried out in whole.
    pub operations_succeeded: Counter,
    /// Plans of which a step failed.
    pub operations_failed: Counter,
    /// Migrations that ran.
    pub migrations_succeeded: Counter,
    /// Migrations that failed and wait for a person.
    pub migrations_failed: Counter,
    /// Writes of records.
    pub record_writes: Counter,
    /// Changes by others that were told and left as they are.
    pub drift_reported: Counter,
    /// Scheduled sweeps.
    pub sweeps: Counter,
    /// Watches that a sweep found to have missed something.
    pub watch_restarts: Counter,
    drift_seconds: Histogram,
    phases: Family<PhaseLabel, Counter<u64, AtomicU64>>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("portfolio");
        let metrics = Self {
            polls: Counter::default(),
            poll_failures: Counter::default(),
            backlog: Gauge::default(),
            operations_succeeded: Counter::default(),
            operations_failed: Counter::default(),
            migrations_succeeded: Counter::default(),
            migrations_failed: Counter::default(),
            record_writes: Counter::default(),
            drift_reported: Counter::default(),
            sweeps: Counter::default(),
            watch_restarts: Counter::default(),
            drift_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 15)),
            phases: Family::default(),
            registry: Registry::default(),
        };
        registry.register("polls", "Looks at sources", metrics.polls.clone());
        registry.register("poll_failures", "Looks at sources that failed", metrics.poll_failures.clone());
        registry.register("backlog", "Documents waiting or being worked on", metrics.backlog.clone());
        registry.register(
            "operations_succeeded",
            "Plans carried out in whole",
            metrics.operations_succeeded.clone(),
        );
        registry.register(
            "operations_failed",
            "Plans of which a step failed",
            metrics.operations_failed.clone(),
        );
        registry.register(
            "migrations_succeeded",
            "Migrations that ran",
            metrics.migrations_succeeded.clone(),
        );
        registry.register(
            "migrations_failed",
            "Migrations that failed and are not tried again by themselves",
            metrics.migrations_failed.clone(),
        );
        registry.register("record_writes", "Writes of status ConfigMaps", metrics.record_writes.clone());
        registry.register(
            "drift_reported",
            "Changes by others that were told and left as they are",
            metrics.drift_reported.clone(),
        );
        registry.register("sweeps", "Scheduled sweeps", metrics.sweeps.clone());
        registry.register(
            "watch_restarts",
            "Watches that a sweep found to have missed something",
            metrics.watch_restarts.clone(),
        );
        registry.register_with_unit(
            "drift_repair",
            "From noticing a change of an object to its repair",
            Unit::Seconds,
            metrics.drift_seconds.clone(),
        );
        registry.register("phase_changes", "Documents that came into a phase", metrics.phases.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// The Prometheus text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing into a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// A document came into a phase.
    pub fn phase_changed(&self, phase: Phase) {
        self.phases.get_or_create(&PhaseLabel { phase: PhaseValue(phase) }).inc();
    }

    /// A drift was repaired.
    pub fn drift_repaired(&self, milliseconds: u64) {
        #[expect(clippy::cast_precision_loss, reason = "a histogram needs no 53 bits")]
        self.drift_seconds.observe(milliseconds as f64 / 1000.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_in_the_text() {
        let metrics = Metrics::default();
        metrics.polls.inc();
        metrics.phase_changed(Phase::Ready);
        metrics.drift_repaired(30);
        let text = metrics.text();
        assert!(text.contains("portfolio_polls_total 1"), "{text}");
        assert!(text.contains(r#"portfolio_phase_changes_total{phase="Ready"} 1"#), "{text}");
        assert!(text.contains("portfolio_drift_repair_seconds_count 1"), "{text}");
    }
}
