//! When to poll next: sources that were configured alike must not all ask at the same moment.

use std::time::Duration;

/// The interval of one source. Back-off after errors is the engine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollTimer {
    interval: Duration,
}

impl PollTimer {
    /// A timer that lets no more than `interval` pass between two polls.
    pub fn new(interval: Duration) -> Self {
        Self { interval }
    }

    /// The longest wait.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// How long to wait now: full jitter, anything from a tenth of the interval to all of it.
    pub fn next_delay(&self) -> Duration {
        self.interval.mul_f64(0.1 + 0.9 * fastrand::f64())
    }
}
