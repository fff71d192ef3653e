//! [`Shards`]: which ConfigMap holds which record.
//!
//! A shard is filled to [`SHARD_FILL_BYTES`] and then a new one opens: etcd keeps every version of an object
//! until compaction, so large and busy ConfigMaps would fill it. A record stays where it is, however it grows.

use std::collections::BTreeMap;

/// Number of a shard, from 0.
pub type ShardIndex = u32;

/// A shard that holds this much takes no new record.
pub const SHARD_FILL_BYTES: usize = 64 * 1024;

/// The most a single record may take, with room to spare below the API server's limit of 1 MiB an object.
pub const MAX_RECORD_BYTES: usize = 700 * 1024;

/// Where each record is, and how full each shard is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shards {
    places: BTreeMap<String, (ShardIndex, usize)>,
    bytes: BTreeMap<ShardIndex, usize>,
}

impl Shards {
    /// Takes note of a record found in a shard, or rewritten to a new size.
    pub fn put(&mut self, key: &str, shard: ShardIndex, bytes: usize) {
        self.remove(key);
        self.places.insert(key.to_owned(), (shard, bytes));
        *self.bytes.entry(shard).or_default() += bytes;
    }

    /// Forgets a record.
    pub fn remove(&mut self, key: &str) {
        if let Some((shard, bytes)) = self.places.remove(key)
            && let Some(total) = self.bytes.get_mut(&shard)
        {
            *total = total.saturating_sub(bytes);
        }
    }

    /// Where a record is, or where a new one of this size goes: the first shard with room.
    pub fn place(&mut self, key: &str, bytes: usize) -> ShardIndex {
        let shard = match self.places.get(key) {
            Some((shard, _)) => *shard,
            None => self.with_room(bytes),
        };
        self.put(key, shard, bytes);
        shard
    }

    /// Where a record is.
    pub fn find(&self, key: &str) -> Option<ShardIndex> {
        self.places.get(key).map(|(shard, _)| *shard)
    }

    /// How many bytes of records a shard holds.
    pub fn filled(&self, shard: ShardIndex) -> usize {
        self.bytes.get(&shard).copied().unwrap_or_default()
    }

    fn with_room(&self, bytes: usize) -> ShardIndex {
        let known = self.bytes.iter().find(|(_, filled)| **filled + bytes <= SHARD_FILL_BYTES);
        known.map_or_else(
            || (0..=ShardIndex::MAX).find(|index| !self.bytes.contains_key(index)).unwrap_or(0),
            |(index, _)| *index,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_shard_takes_no_new_record_and_keeps_the_old_ones() {
        let mut shards = Shards::default();
        assert_eq!(shards.place("a", 40_000), 0);
        assert_eq!(shards.place("b", 40_000), 1);
        assert_eq!(shards.place("c", 20_000), 0);
        assert_eq!(shards.place("a", 90_000), 0, "a record stays where it is");
        assert_eq!(shards.place("d", 10_000), 1);
    }

    #[test]
    fn a_record_too_large_for_any_shard_has_one_of_its_own() {
        let mut shards = Shards::default();
        shards.place("a", 10);
        assert_eq!(shards.place("b", 500_000), 1);
    }

    #[test]
    fn room_that_was_given_up_is_used_again() {
        let mut shards = Shards::default();
        shards.place("a", 60_000);
        shards.remove("a");
        assert_eq!(shards.place("b", 60_000), 0);
    }
}
