//! What runs beside the app: jobs on a schedule, backups.

use proptest::prelude::*;
use serde_json::Value;

use crate::fields::{
    Field, VARIABLE, always, boolean, command, cron, duration, image, list, map, number, object, one_of,
    resources, scalar, secrets, sometimes, time_zone,
};

pub(crate) fn fields() -> Vec<Field> {
    vec![sometimes("jobs", map("j[a-z0-9-]{0,9}[a-z0-9]", job(), 1..3)), sometimes("backup", backup())]
}

/// Numbers of volumes, for [`fit`](crate::fit).
fn volumes() -> BoxedStrategy<Value> {
    list(number(0..3), 0..3)
}

fn job() -> BoxedStrategy<Value> {
    object(vec![
        always("schedule", cron()),
        sometimes("timeZone", time_zone()),
        always("command", command(1..3)),
        sometimes("args", command(1..3)),
        sometimes("image", image()),
        sometimes("env", map(VARIABLE, scalar(), 0..3)),
        sometimes("volumes", volumes()),
        sometimes("resources", resources()),
        sometimes("deadline", duration(1..100_000)),
        sometimes("retries", number(0..9)),
        sometimes("history", number(0..9)),
        sometimes("concurrency", one_of(["Forbid", "Allow", "Replace"])),
        sometimes("suspend", boolean()),
    ])
}

fn backup() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("schedule", cron()),
        sometimes("timeZone", time_zone()),
        sometimes("onDelete", boolean()),
        always("command", command(1..3)),
        sometimes("args", command(1..3)),
        sometimes("image", image()),
        sometimes("env", map(VARIABLE, scalar(), 0..3)),
        sometimes("secrets", secrets()),
        sometimes("volumes", volumes()),
        sometimes("resources", resources()),
        sometimes("deadline", duration(1..100_000)),
        sometimes("history", number(0..9)),
    ])
}
