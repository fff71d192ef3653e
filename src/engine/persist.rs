//! [`Persist`]: when which record is written. All documents that wait for the same ConfigMap share its next
//! write (group commit), and one write is in flight for each.
//!
//! What must be durable before an effect goes at once. What only tells people waits its turn: a full ConfigMap is
//! written at most once in [`STATUS_PAUSE`], a small one more often, because etcd keeps every version it is given.
//! Scheduling only: the shell carries the writes out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::cluster::{Loaded, Shard, ShardState, ShardWrite, Written};
use crate::record::{SHARD_FILL_BYTES, Shards};

/// The least time between two writes of one full ConfigMap that only tell people something.
pub const STATUS_PAUSE: Duration = Duration::from_secs(5);
/// The same for a small one.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
/// The pause after a write that did not work.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// The summary's key in its `ConfigMap`.
const SUMMARY: &str = "summary";

/// How soon a change must be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// It goes along with the next write.
    Lazy,
    /// It only tells people.
    Status,
    /// An effect waits for it.
    Effect,
}

/// The writes of one source.
#[derive(Debug, Default)]
pub struct Persist {
    places: Shards,
    shards: BTreeMap<Shard, Pending>,
    /// The summary as it is written or about to be.
    summary: Option<String>,
    epoch: u64,
}

#[derive(Debug, Default)]
struct Pending {
    expected: Option<String>,
    /// This leader's epoch is in it: an older leader's writes are refused from then on.
    claimed: bool,
    data: BTreeMap<String, Option<String>>,
    annotations: BTreeMap<String, Option<String>>,
    urgency: Option<Urgency>,
    in_flight: Option<ShardWrite>,
    /// What it holds, as far as that decides how often it is written.
    bytes: usize,
    /// The newest state that the watch has shown.
    seen: u64,
    last: Option<Instant>,
    not_before: Option<Instant>,
}

impl Persist {
    /// Takes in what was loaded, and under which epoch this leader writes.
    pub fn new(loaded: &Loaded, epoch: u64) -> Self {
        let summary = loaded.summary.as_ref().and_then(|state| state.data.get(SUMMARY).cloned());
        let mut persist = Self { summary, epoch, ..Self::default() };
        for state in loaded.summary.iter().chain(&loaded.shards) {
            persist.shards.insert(state.shard, Pending::found(state));
            if let Shard::Records(index) = state.shard {
                for (key, text) in &state.data {
                    persist.places.put(key, index, text.len());
                }
            }
        }
        persist
    }

    /// A record is to be written, or removed.
    pub fn put(&mut self, key: &str, text: Option<String>, urgency: Urgency) {
        let index = if let Some(text) = &text {
            self.places.place(key, text.len())
        } else {
            let Some(index) = self.places.find(key) else { return };
            self.places.remove(key);
            index
        };
        let bytes = self.places.filled(index);
        let pending = self.shards.entry(Shard::Records(index)).or_default();
        pending.bytes = bytes;
        pending.data.insert(key.to_owned(), text);
        pending.wants(urgency);
    }

    /// Where a record is.
    pub fn shard_of(&self, key: &str) -> Option<Shard> {
        self.places.find(key).map(Shard::Records)
    }

    /// A ConfigMap is not there any more: the next write creates it.
    pub fn lost(&mut self, shard: Shard) {
        self.shards.entry(shard).or_default().expected = None;
        if shard == Shard::Summary {
            self.summary = None;
        }
    }

    /// The watch shows a new state of a ConfigMap.
    pub fn saw(&mut self, shard: Shard, resource_version: &str) {
        let pending = self.shards.entry(shard).or_default();
        pending.seen = pending.seen.max(resource_version.parse().unwrap_or(0));
    }

    /// Somebody else wrote after our last write. While one is in flight that cannot be told.
    pub fn is_touched(&self, shard: Shard) -> bool {
        self.shards.get(&shard).is_some_and(|pending| {
            let expected = pending.expected.as_ref().and_then(|version| version.parse::<u64>().ok());
            pending.in_flight.is_none() && expected.is_some_and(|expected| pending.seen > expected)
        })
    }

    /// The summary is to be written, unless it says nothing new.
    pub fn put_summary(&mut self, text: String, urgency: Urgency) {
        if self.summary.as_ref() == Some(&text) {
            return;
        }
        let pending = self.shards.entry(Shard::Summary).or_default();
        pending.data.insert(SUMMARY.to_owned(), Some(text.clone()));
        pending.wants(urgency);
        self.summary = Some(text);
    }

    /// A runtime order was carried out: its annotation goes.
    pub fn acknowledge(&mut self, annotation: &str) {
        let pending = self.shards.entry(Shard::Summary).or_default();
        pending.annotations.insert(annotation.to_owned(), None);
        pending.wants(Urgency::Effect);
    }

    /// Every ConfigMap bears this leader's epoch. If not, the ones that do not are written at once.
    pub fn claim(&mut self) -> bool {
        let mut claimed = true;
        for pending in
            self.shards.values_mut().filter(|pending| !pending.claimed && pending.expected.is_some())
        {
            pending.wants(Urgency::Effect);
            claimed = false;
        }
        claimed
    }

    /// The writes to be started now.
    pub fn start(&mut self, now: Instant) -> Vec<(Shard, ShardWrite)> {
        let epoch = self.epoch;
        let ready =
            self.shards.iter_mut().filter(|(_, pending)| pending.due(now).is_some_and(|due| due <= now));
        ready.map(|(shard, pending)| (*shard, pending.begin(epoch))).collect()
    }

    /// When the next write is due; `None` when none is waiting or all are in flight.
    pub fn next_due(&self, now: Instant) -> Option<Instant> {
        self.shards.values().filter_map(|pending| pending.due(now)).min()
    }

    /// Nothing of this record waits to be written or is in flight.
    pub fn is_durable(&self, key: &str) -> bool {
        self.places.find(key).and_then(|index| self.shards.get(&Shard::Records(index))).is_none_or(
            |pending| {
                !pending.data.contains_key(key)
                    && pending.in_flight.as_ref().is_none_or(|write| !write.data.contains_key(key))
            },
        )
    }

    /// A write succeeded; the keys that are durable now.
    pub fn succeeded(&mut self, shard: Shard, written: &Written, now: Instant) -> BTreeSet<String> {
        let pending = self.shards.entry(shard).or_default();
        pending.expected = Some(written.resource_version.clone());
        pending.claimed = true;
        pending.last = Some(now);
        pending.not_before = None;
        pending.in_flight.take().map(|write| write.data.into_keys().collect()).unwrap_or_default()
    }

    /// A write failed: it is tried again after a pause, newer changes included.
    pub fn failed(&mut self, shard: Shard, now: Instant) {
        let pending = self.shards.entry(shard).or_default();
        pending.restore();
        pending.not_before = Some(now + RETRY_PAUSE);
    }

    /// Somebody else wrote. A later leader's epoch in it means that this one's time is over: `Err`. Anything else
    /// is taken in, and the write is tried again on top of it.
    pub fn conflicted(&mut self, shard: Shard, current: Option<&ShardState>) -> Result<(), u64> {
        if let Some(state) = current.filter(|state| state.epoch > self.epoch) {
            return Err(state.epoch);
        }
        let pending = self.shards.entry(shard).or_default();
        pending.restore();
        pending.expected = current.map(|state| state.resource_version.clone());
        Ok(())
    }

    /// Nothing waits to be written, what goes along with other writes apart.
    pub fn is_clean(&self) -> bool {
        self.shards.values().all(|pending| {
            pending.in_flight.is_none() && pending.urgency.is_none_or(|urgency| urgency == Urgency::Lazy)
        })
    }

    /// What only tells people goes at once too: the daemon is about to stop.
    pub fn hurry(&mut self) {
        for pending in self.shards.values_mut().filter(|pending| pending.urgency == Some(Urgency::Status)) {
            pending.wants(Urgency::Effect);
        }
    }
}

impl Pending {
    fn found(state: &ShardState) -> Self {
        Self { expected: Some(state.resource_version.clone()), ..Self::default() }
    }

    fn wants(&mut self, urgency: Urgency) {
        self.urgency = self.urgency.max(Some(urgency));
    }

    fn pause(&self) -> Duration {
        let full = u32::try_from(SHARD_FILL_BYTES).unwrap_or(u32::MAX);
        let bytes = u32::try_from(self.bytes).unwrap_or(u32::MAX);
        (STATUS_PAUSE.saturating_mul(bytes) / full).clamp(LEAST_PAUSE, STATUS_PAUSE)
    }

    /// A time that is not after `now`: at once.
    fn due(&self, now: Instant) -> Option<Instant> {
        if self.in_flight.is_some() {
            return None;
        }
        let at_once = self.not_before.unwrap_or(now);
        match self.urgency? {
            Urgency::Lazy => None,
            Urgency::Status => Some(self.last.map_or(at_once, |last| last + self.pause()).max(at_once)),
            Urgency::Effect => Some(at_once),
        }
    }

    fn begin(&mut self, epoch: u64) -> ShardWrite {
        self.urgency = None;
        let write = ShardWrite {
            expected: self.expected.clone(),
            epoch,
            data: std::mem::take(&mut self.data),
            annotations: std::mem::take(&mut self.annotations),
        };
        self.in_flight = Some(write.clone());
        write
    }

    /// Puts back what was in flight, below what has changed since.
    fn restore(&mut self) {
        if let Some(write) = self.in_flight.take() {
            for (key, text) in write.data {
                self.data.entry(key).or_insert(text);
            }
            for (key, text) in write.annotations {
                self.annotations.entry(key).or_insert(text);
            }
        }
        self.wants(Urgency::Effect);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(version: &str) -> Written {
        Written { resource_version: version.to_owned(), uid: "u".to_owned() }
    }

    #[test]
    fn records_that_wait_at_the_same_time_share_a_write() {
        let (mut persist, now) = (Persist::default(), Instant::now());
        persist.put("a", Some("1".to_owned()), Urgency::Effect);
        let first = persist.start(now + STATUS_PAUSE);
        assert_eq!(first.len(), 1);
        persist.put("b", Some("2".to_owned()), Urgency::Effect);
        persist.put("c", Some("3".to_owned()), Urgency::Effect);
        assert!(persist.start(now + STATUS_PAUSE).is_empty(), "one write is in flight");
        assert_eq!(
            persist.succeeded(Shard::Records(0), &written("1"), now),
            BTreeSet::from(["a".to_owned()])
        );
        let second = persist.start(now);
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].1.data.len(), 2);
        assert_eq!(second[0].1.expected.as_deref(), Some("1"));
    }

    #[test]
    fn a_summary_that_says_nothing_new_is_not_written() {
        let (mut persist, now) = (Persist::default(), Instant::now());
        persist.put_summary("a".to_owned(), Urgency::Effect);
        assert_eq!(persist.start(now).len(), 1);
        persist.succeeded(Shard::Summary, &written("1"), now);
        persist.put_summary("a".to_owned(), Urgency::Effect);
        assert!(persist.start(now).is_empty());
        persist.lost(Shard::Summary);
        persist.put_summary("a".to_owned(), Urgency::Effect);
        assert_eq!(persist.start(now).len(), 1, "it was deleted");
    }

    #[test]
    fn what_only_tells_people_waits_for_its_turn() {
        let (mut persist, now) = (Persist::default(), Instant::now());
        persist.put("a", Some("1".to_owned()), Urgency::Effect);
        persist.start(now + STATUS_PAUSE);
        persist.succeeded(Shard::Records(0), &written("1"), now);
        persist.put("a", Some("2".to_owned()), Urgency::Status);
        assert!(persist.start(now + LEAST_PAUSE / 2).is_empty());
        assert_eq!(persist.start(now + LEAST_PAUSE).len(), 1);
    }

    #[test]
    fn a_full_config_map_is_written_less_often_than_a_small_one() {
        let (mut persist, now) = (Persist::default(), Instant::now());
        persist.put("a", Some("1".repeat(SHARD_FILL_BYTES)), Urgency::Effect);
        persist.start(now);
        persist.succeeded(Shard::Records(0), &written("1"), now);
        persist.put("a", Some("2".repeat(SHARD_FILL_BYTES)), Urgency::Status);
        assert!(persist.start(now + STATUS_PAUSE / 2).is_empty());
        assert_eq!(persist.start(now + STATUS_PAUSE).len(), 1);
    }

    #[test]
    fn a_failed_write_comes_again_with_what_is_newer() {
        let (mut persist, now) = (Persist::default(), Instant::now());
        persist.put("a", Some("1".to_owned()), Urgency::Effect);
        persist.put("b", Some("1".to_owned()), Urgency::Effect);
        persist.start(now + STATUS_PAUSE);
        persist.put("a", Some("2".to_owned()), Urgency::Status);
        persist.failed(Shard::Records(0), now);
        let again = persist.start(now + RETRY_PAUSE);
        assert_eq!(again[0].1.data["a"].as_deref(), Some("2"));
        assert_eq!(again[0].1.data["b"].as_deref(), Some("1"));
    }

    #[test]
    fn a_state_that_is_newer_than_our_last_write_is_somebody_elses() {
        let (mut persist, now) = (Persist::default(), Instant::now());
        let shard = Shard::Records(0);
        persist.put("a", Some("1".to_owned()), Urgency::Effect);
        persist.start(now);
        persist.saw(shard, "7");
        assert!(!persist.is_touched(shard), "it may be the write that is in flight");
        persist.succeeded(shard, &written("7"), now);
        assert!(!persist.is_touched(shard), "it was");
        persist.saw(shard, "8");
        assert!(persist.is_touched(shard));
        persist.saw(shard, "7");
        assert!(persist.is_touched(shard), "an older state says nothing");
    }

    #[test]
    fn a_later_leader_ends_this_one() {
        let mut persist = Persist { epoch: 3, ..Persist::default() };
        let state = |epoch| ShardState {
            shard: Shard::Summary,
            resource_version: "9".to_owned(),
            uid: String::new(),
            epoch,
            data: BTreeMap::new(),
            annotations: BTreeMap::new(),
        };
        assert_eq!(persist.conflicted(Shard::Summary, Some(&state(4))), Err(4));
        assert_eq!(persist.conflicted(Shard::Summary, Some(&state(3))), Ok(()));
    }
}
