//! What is mounted: configuration, volumes, writable folders, files of Secrets. Each has a place of its own, so that no
//! two meet.

use proptest::collection::btree_map;
use proptest::prelude::*;
use serde_json::Value;

use crate::fields::{
    Field, LABEL, SUBDOMAIN, always, boolean, bytes, form, map, object, one_of, sometimes, text,
};

pub(crate) fn fields() -> Vec<Field> {
    vec![
        sometimes("storage", mounted("/data", "mountPath", volume())),
        sometimes("secretFiles", mounted("/secrets", "path", secret())),
        sometimes("scratch", map("(/tmp|/var(/[a-zA-Z0-9_-][a-zA-Z0-9._-]{0,12}){1,3}/?)", bytes(), 0..4)),
        sometimes("config", map("c[a-zA-Z0-9._-]{0,9}", text("([ -~\té]{0,12}\n?){0,4}"), 0..3)),
        sometimes("configFrom", one_of(["./config", "config", "config/"])),
        sometimes("configPath", text("/config(/[a-z.]{1,4}[a-z]){0,2}/?")),
    ]
}

/// Things by name, each mounted in a folder below `root`.
fn mounted(root: &'static str, field: &'static str, things: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    let place = move |(name, (mut thing, tail)): (String, (Value, String))| {
        thing[field] = format!("{root}/{name}{tail}").into();
        (name, thing)
    };
    btree_map(form(LABEL), (things, form("(/[A-Za-z][A-Za-z0-9 ._-]{0,6}){0,2}/?")), 0..3)
        .prop_map(move |things| Value::Object(things.into_iter().map(place).collect()))
        .boxed()
}

fn volume() -> BoxedStrategy<Value> {
    object(vec![
        always("size", bytes()),
        sometimes("class", text(SUBDOMAIN)),
        sometimes(
            "accessMode",
            one_of(["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany", "ReadWriteMany", "ReadWriteMany"]),
        ),
    ])
}

fn secret() -> BoxedStrategy<Value> {
    object(vec![always("secret", text(SUBDOMAIN)), sometimes("optional", boolean())])
}
