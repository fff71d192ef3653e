//! How an app comes, changes and goes: rollouts, drift, windows, dependencies, deletion.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fields::{
    Field, LABEL, always, any_of, boolean, count_or_share, cron, duration, form, list, object, one_of,
    sometimes, text, time_zone,
};

pub(crate) fn fields() -> Vec<Field> {
    let names = proptest::collection::btree_set(form(LABEL), 0..3).prop_map(|names| json!(names)).boxed();
    vec![
        sometimes("rollout", rollout()),
        sometimes("deletion", deletion()),
        sometimes("drift", drift()),
        sometimes("window", window()),
        sometimes("dependsOn", list(dependency(), 0..3).prop_map(each_once).boxed()),
        sometimes("migrations", names),
        sometimes("suspend", boolean()),
        sometimes("adopt", boolean()),
    ]
}

fn rollout() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("deadline", duration(61..100_000)),
        sometimes("maxSurge", count_or_share(9, 100)),
        sometimes("maxUnavailable", count_or_share(9, 100)),
        sometimes("minReady", duration(0..60)),
        sometimes("rollback", one_of(["automatic", "manual"])),
        sometimes("grace", duration(0..4_000)),
        sometimes("drain", duration(0..4_000)),
    ])
}

fn deletion() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("protect", boolean()),
        sometimes("volumes", one_of(["retain", "delete"])),
        sometimes("confirm", boolean()),
        sometimes("grace", duration(0..4_000)),
    ])
}

fn drift() -> BoxedStrategy<Value> {
    let ignored = object(vec![
        always("target", one_of(["Deployment", "Deployment/{app}", "Service"])),
        always("path", one_of(["/spec/replicas", "/metadata/annotations/example.com~1by", "/spec/a~0b/0"])),
    ]);
    object(vec![sometimes("mode", one_of(["correct", "report"])), sometimes("ignore", list(ignored, 0..3))])
}

fn window() -> BoxedStrategy<Value> {
    let opening = (cron(), duration(1..604_800))
        .prop_map(|(cron, length)| format!("{} for {}", text_of(&cron), text_of(&length)).into())
        .boxed();
    object(vec![always("allow", list(opening, 1..3)), sometimes("timeZone", time_zone())])
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The list without what is in it before.
fn each_once(mut list: Value) -> Value {
    if let Some(items) = list.as_array_mut() {
        let all = items.clone();
        items.clear();
        for item in all {
            if !items.contains(&item) {
                items.push(item);
            }
        }
    }
    list
}

fn dependency() -> BoxedStrategy<Value> {
    let namespace = || sometimes("namespace", text(LABEL));
    any_of([
        object(vec![always("app", text(LABEL)), namespace()]),
        object(vec![always("migration", text(LABEL)), namespace()]),
    ])
}
