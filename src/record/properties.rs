//! What holds for any record, and for any order of writes to the shards.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::object::{Digest, Kind, ObjectRef};
use crate::render::RendererVersion;

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_000_000_000_i64, 0..1_000_000_000_i32)
        .prop_map(|(second, nano)| Timestamp::new(second, nano).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9-]{0,12}", any::<String>()]
}

fn phase() -> impl Strategy<Value = Phase> {
    prop::sample::select(Phase::ALL.to_vec())
}

fn applied() -> impl Strategy<Value = Applied> {
    (text(), text(), time(), "[a-zA-Z0-9+/]{0,40}").prop_map(|(revision, hash, at, document)| Applied {
        revision,
        hash,
        renderer: RendererVersion::CURRENT,
        at,
        document: serde_json::from_value(document.into()).unwrap(),
    })
}

fn item() -> impl Strategy<Value = Item> {
    let texts = (prop::option::of(text()), prop::option::of(text()), prop::option::of(text()));
    let ignored = prop::collection::vec(text(), 0..3);
    (texts, prop::option::of(any::<u64>()), any::<[bool; 3]>(), ignored).prop_map(
        |((uid, rendered, size), projection, [stale, released, wide], ignored)| Item {
            uid,
            rendered,
            projection: projection.map(|bits| Digest::of(&bits.to_be_bytes())),
            stale,
            released,
            wide,
            size,
            ignored,
        },
    )
}

fn inventory() -> impl Strategy<Value = Inventory> {
    let reference = (prop::sample::select(Kind::ALL.to_vec()), "[a-z]{1,8}", "[a-z][a-z0-9.-]{0,20}")
        .prop_map(|(kind, namespace, name)| ObjectRef::new(kind, namespace, name));
    prop::collection::btree_map(reference, item(), 0..8).prop_map(|items| Inventory { items })
}

prop_compose! {
    fn record()(
        (name, file, phase, reason, message) in ("[a-z]{1,8}", text(), phase(), text(), text()),
        (applied, good) in (prop::option::of(applied()), prop::option::of(applied())),
        begun in prop::option::of(applied()),
        quarantined in prop::option::of(text()),
        rollout in prop::option::of((text(), text(), time())),
        (mixed, suspended, drained) in any::<(bool, bool, bool)>(),
        inventory in inventory(),
        removal in prop::option::of((time(), prop::option::of(time()))),
        drift in prop::option::of((text(), text(), text(), time(), any::<u64>())),
        repairs in prop::collection::vec((text(), time()), 0..4),
        attempts in prop::collection::vec((text(), time(), phase(), text()), 0..4),
        now in time(),
    ) -> Record {
        let mut record = Record {
            file,
            phase,
            reason: Reason(reason.into()),
            message,
            applied,
            begun,
            good,
            quarantined,
            rollout: rollout.map(|(hash, revision, since)| Rollout { hash, revision, since }),
            mixed,
            inventory,
            removal: removal.map(|(since, scaled_down)| Removal { since, scaled_down, drained, backup: None }),
            suspended,
            last_drift: drift.map(|(object, field, manager, at, repaired_in_ms)| {
                Drift { object, field, manager, at, repaired_in_ms }
            }),
            repairs: repairs.into_iter().map(|(key, at)| Repair { key, at }).collect(),
            attempts: attempts
                .into_iter()
                .map(|(revision, at, outcome, message)| Attempt { revision, at, outcome, message })
                .collect(),
            ..Record::new(DocumentId::app("shop", name))
        };
        record.conditions = conditions(&record, now);
        record
    }
}

/// A write of a record of so many bytes, or its end.
fn writes() -> impl Strategy<Value = Vec<(u8, Option<usize>)>> {
    prop::collection::vec((0..30_u8, prop::option::weighted(0.8, 1..90_000_usize)), 0..120)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_record_survives_its_json_form(record in record()) {
        let text = serde_json::to_string(&record).unwrap();
        prop_assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
    }

    #[test]
    fn shards_lose_no_key_move_none_and_give_room_back(writes in writes()) {
        let mut shards = Shards::default();
        let mut places: BTreeMap<String, (ShardIndex, usize)> = BTreeMap::new();
        for (key, bytes) in writes {
            let key = key.to_string();
            if let Some(bytes) = bytes {
                let filled = |shard| -> usize {
                    places.values().filter(|(at, _)| *at == shard).map(|(_, bytes)| bytes).sum()
                };
                let before = places.get(&key).map(|(shard, _)| *shard);
                let shard = shards.place(&key, bytes);
                match before {
                    Some(before) => prop_assert_eq!(shard, before, "a record stays where it is"),
                    None => prop_assert!(filled(shard) == 0 || filled(shard) + bytes <= SHARD_FILL_BYTES),
                }
                places.insert(key, (shard, bytes));
            } else {
                shards.remove(&key);
                places.remove(&key);
            }
            for key in 0..30_u8 {
                let key = key.to_string();
                prop_assert_eq!(shards.find(&key), places.get(&key).map(|(shard, _)| *shard));
            }
        }
    }
}
