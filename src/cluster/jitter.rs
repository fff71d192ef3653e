//! Exponential back-off with full jitter: each delay is drawn evenly from zero to a bound that doubles
//! (<https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/>).

use std::time::Duration;

/// Endless delays; feed it to `backon`, or take one at a time.
#[derive(Clone, Debug)]
pub(super) struct FullJitter {
    base: Duration,
    most: Duration,
    bound: Duration,
}

impl FullJitter {
    /// Bounds of `base`, `2 * base`, … `most`.
    pub(super) const fn new(base: Duration, most: Duration) -> Self {
        Self { base, most, bound: base }
    }

    /// Starts over after a success.
    pub(super) const fn reset(&mut self) {
        self.bound = self.base;
    }
}

impl Iterator for FullJitter {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let delay = self.bound.mul_f64(fastrand::f64());
        self.bound = self.bound.saturating_mul(2).min(self.most);
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_stay_below_a_bound_that_doubles_up_to_the_most() {
        let mut delays = FullJitter::new(Duration::from_millis(100), Duration::from_millis(300));
        for bound in [100, 200, 300, 300, 300] {
            assert!(delays.next().unwrap() <= Duration::from_millis(bound));
        }
        delays.reset();
        assert!(delays.next().unwrap() <= Duration::from_millis(100));
    }
}
