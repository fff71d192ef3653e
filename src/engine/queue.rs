//! [`Queue`]: which document is looked at next, with the usual work-queue semantics.
//!
//! A document waits in it once, is worked on by one reconcile at a time, and when it is added meanwhile it comes
//! again afterwards. Failures are backed off per document with full jitter, so one bad document never starves
//! another. No clock and no randomness of its own: both are arguments.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::time::{Duration, Instant};

const BACK_OFF_BASE: Duration = Duration::from_millis(500);
/// The longest pause between two tries (reliability: back-off of at most 30 s).
pub const BACK_OFF_LIMIT: Duration = Duration::from_secs(30);

/// A work queue with delays.
#[derive(Debug)]
pub struct Queue<K> {
    ready: VecDeque<K>,
    waiting: HashSet<K>,
    delayed: BTreeMap<Instant, BTreeSet<K>>,
    due: HashMap<K, Instant>,
    running: HashSet<K>,
    again: HashSet<K>,
    failures: HashMap<K, u32>,
}

impl<K> Default for Queue<K> {
    fn default() -> Self {
        Self {
            ready: VecDeque::new(),
            waiting: HashSet::new(),
            delayed: BTreeMap::new(),
            due: HashMap::new(),
            running: HashSet::new(),
            again: HashSet::new(),
            failures: HashMap::new(),
        }
    }
}

impl<K: Clone + Eq + Hash + Ord> Queue<K> {
    /// To be looked at as soon as possible.
    pub fn add(&mut self, key: K) {
        self.cancel_delay(&key);
        if self.running.contains(&key) {
            self.again.insert(key);
        } else if self.waiting.insert(key.clone()) {
            self.ready.push_back(key);
        }
    }

    /// To be looked at at that time, or sooner if it was asked for sooner.
    pub fn add_at(&mut self, key: K, at: Instant) {
        if self.waiting.contains(&key) || self.due.get(&key).is_some_and(|due| *due <= at) {
            return;
        }
        self.cancel_delay(&key);
        self.due.insert(key.clone(), at);
        self.delayed.entry(at).or_default().insert(key);
    }

    /// The next one, which is running from now on.
    pub fn next(&mut self, now: Instant) -> Option<K> {
        while let Some(entry) = self.delayed.first_entry().filter(|entry| *entry.key() <= now) {
            for key in entry.remove() {
                self.due.remove(&key);
                self.add(key);
            }
        }
        let key = self.ready.pop_front()?;
        self.waiting.remove(&key);
        self.running.insert(key.clone());
        Some(key)
    }

    /// When the next delayed one is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.delayed.keys().next().copied()
    }

    /// It ended well.
    pub fn succeeded(&mut self, key: &K) {
        self.failures.remove(key);
        self.ended(key);
    }

    /// It failed: it comes again after a pause. `jitter` is between 0 and 1.
    pub fn failed(&mut self, key: &K, now: Instant, jitter: f64) {
        let count = self.failures.entry(key.clone()).or_default();
        let limit = BACK_OFF_BASE.saturating_mul(1 << (*count).min(10)).min(BACK_OFF_LIMIT);
        *count += 1;
        // Not below a tenth: a jitter of zero would be no pause at all.
        let pause = limit.mul_f64(jitter.clamp(0.1, 1.0));
        self.running.remove(key);
        self.again.remove(key);
        self.add_at(key.clone(), now + pause);
    }

    /// Forgets the failures: the next try is as good as a first one.
    pub fn forgive(&mut self, key: &K) {
        self.failures.remove(key);
    }

    /// Waiting and running ones, delayed ones apart.
    pub fn backlog(&self) -> usize {
        self.ready.len() + self.running.len()
    }

    /// Nothing waits.
    pub fn is_ready_empty(&self) -> bool {
        self.ready.is_empty()
    }

    /// Nothing waits and nothing runs.
    pub fn is_idle(&self) -> bool {
        self.backlog() == 0
    }

    fn ended(&mut self, key: &K) {
        self.running.remove(key);
        if self.again.remove(key) {
            self.add(key.clone());
        }
    }

    fn cancel_delay(&mut self, key: &K) {
        if let Some(at) = self.due.remove(key)
            && let Some(keys) = self.delayed.get_mut(&at)
        {
            keys.remove(key);
            if keys.is_empty() {
                self.delayed.remove(&at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_once_and_runs_once_at_a_time() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.add("a");
        queue.add("a");
        assert_eq!(queue.next(now), Some("a"));
        queue.add("a");
        assert_eq!(queue.next(now), None, "it is running");
        queue.succeeded(&"a");
        assert_eq!(queue.next(now), Some("a"), "it was added while it ran");
        queue.succeeded(&"a");
        assert_eq!(queue.next(now), None);
    }

    #[test]
    fn a_failing_key_pauses_longer_each_time_and_never_past_the_limit() {
        let (mut queue, mut now) = (Queue::default(), Instant::now());
        queue.add("a");
        let mut pauses = Vec::new();
        for _ in 0..12 {
            assert_eq!(queue.next(now), Some("a"));
            queue.failed(&"a", now, 1.0);
            let due = queue.next_due().unwrap();
            pauses.push(due - now);
            now = due;
        }
        assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]), "{pauses:?}");
        assert_eq!(pauses.last(), Some(&BACK_OFF_LIMIT));
    }

    #[test]
    fn an_event_ends_a_pause() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.add_at("a", now + Duration::from_mins(1));
        assert_eq!(queue.next(now), None);
        queue.add("a");
        assert_eq!(queue.next(now), Some("a"));
        queue.succeeded(&"a");
        assert_eq!(queue.next(now + Duration::from_secs(61)), None, "the delay was cancelled");
    }

    #[test]
    fn the_sooner_of_two_delays_counts() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.add_at("a", now + Duration::from_mins(1));
        queue.add_at("a", now + Duration::from_secs(10));
        queue.add_at("a", now + Duration::from_secs(30));
        assert_eq!(queue.next_due(), Some(now + Duration::from_secs(10)));
        assert_eq!(queue.next(now + Duration::from_secs(10)), Some("a"));
    }

    #[test]
    fn one_bad_key_does_not_starve_another() {
        let (mut queue, now) = (Queue::default(), Instant::now());
        queue.add("bad");
        queue.add("good");
        assert_eq!(queue.next(now), Some("bad"));
        queue.failed(&"bad", now, 0.5);
        assert_eq!(queue.next(now), Some("good"));
    }
}
