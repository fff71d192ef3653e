//! What runs: image, ports, variables, probes, rights, and how many pods there are of it, on which nodes.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fields::{
    Field, KEY, LABEL, SUBDOMAIN, VARIABLE, always, annotations, any_of, boolean, command, count_or_share,
    duration, form, image, labels, list, map, number, object, often, one_of, port_number, resources, scalar,
    secrets, sometimes, text,
};

pub(crate) fn fields() -> Vec<Field> {
    vec![
        always("image", image()),
        sometimes("selector", selector()),
        sometimes("restart", scalar()),
        sometimes("replicas", number(0..50)),
        sometimes("autoscaling", autoscaling()),
        sometimes("disruption", disruption()),
        sometimes("command", command(1..4)),
        sometimes("args", command(1..4)),
        sometimes("port", port_number()),
        sometimes(
            "ports",
            map("([a-z]|http|https|grpc|metrics|ws|[a-z][a-z0-9]{1,13}[a-z0-9])", port(), 1..4),
        ),
        sometimes("env", map(VARIABLE, scalar(), 0..5)),
        sometimes("secrets", secrets()),
        sometimes("resources", resources()),
        sometimes("probes", probes()),
        sometimes("security", security()),
        sometimes("serviceAccount", service_account()),
        sometimes("placement", placement()),
        sometimes("pull", pull()),
        sometimes("podLabels", labels(0..4)),
        sometimes("podAnnotations", annotations()),
    ]
}

/// That of a Deployment which was made by hand, or by a chart.
fn selector() -> BoxedStrategy<Value> {
    any_of([
        map("(app|tier|app\\.kubernetes\\.io/name)", text("[a-z0-9]{1,9}"), 1..3),
        map("app\\.kubernetes\\.io/(name|instance)", one_of(["{app}"]), 1..3),
    ])
}

fn autoscaling() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("min", number(1..9)),
        always("max", number(1..60)),
        sometimes("cpu", number(1..150)),
        sometimes("memory", number(1..150)),
    ])
}

/// [`fit`](crate::fit) leaves room for an eviction.
fn disruption() -> BoxedStrategy<Value> {
    prop_oneof![
        count_or_share(5, 100).prop_map(|most| json!({"maxUnavailable": most})),
        count_or_share(5, 99).prop_map(|least| json!({"minAvailable": least})),
    ]
    .boxed()
}

pub(crate) fn port() -> BoxedStrategy<Value> {
    let full = object(vec![always("port", port_number()), often("protocol", one_of(["TCP", "UDP", "SCTP"]))]);
    any_of([port_number(), full])
}

fn probes() -> BoxedStrategy<Value> {
    object(vec![sometimes("startup", probe()), sometimes("ready", probe()), sometimes("live", probe())])
}

/// Which port it means is a number for [`fit`](crate::fit).
fn probe() -> BoxedStrategy<Value> {
    let what = prop_oneof![
        text("/[a-z/]{0,9}(\\?[a-z]=[a-z%0-9]{0,3})?").prop_map(|path| json!({"path": path})),
        Just(json!({"tcp": true})),
        Just(json!({"grpc": true})),
        command(1..4).prop_map(|command| json!({"command": command})),
    ];
    let how = object(vec![
        sometimes("port", number(0..4)),
        sometimes("period", duration(1..400)),
        sometimes("timeout", duration(1..100)),
        sometimes("failures", number(1..100)),
    ]);
    (what, how)
        .prop_map(|(mut what, how)| {
            if let (Some(what), Value::Object(how)) = (what.as_object_mut(), how) {
                what.extend(how);
            }
            what
        })
        .boxed()
}

fn security() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("user", number(1..1 << 31)),
        sometimes("group", number(0..1 << 31)),
        sometimes("root", boolean()),
        sometimes("readOnly", boolean()),
        sometimes(
            "capabilities",
            one_of([json!([]), json!(["NET_BIND_SERVICE"]), json!(["CHOWN", "SYS_ADMIN"])]),
        ),
    ])
}

fn service_account() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("name", one_of(["{app}", "{app}-runner", "{app}.runner"])),
        sometimes("annotations", annotations()),
        sometimes("token", boolean()),
    ])
}

fn placement() -> BoxedStrategy<Value> {
    object(vec![
        sometimes("nodeSelector", labels(0..3)),
        sometimes("tolerations", list(toleration(), 0..3)),
        sometimes(
            "spread",
            one_of([
                json!([]),
                json!(["zone"]),
                json!(["node"]),
                json!(["zone", "node"]),
                json!(["node", "zone"]),
            ]),
        ),
        sometimes("priorityClass", text(SUBDOMAIN)),
    ])
}

fn toleration() -> BoxedStrategy<Value> {
    let effects = || one_of(["NoSchedule", "PreferNoSchedule", "NoExecute"]);
    any_of([
        object(vec![always("operator", one_of(["Exists"])), sometimes("effect", effects())]),
        object(vec![
            always("key", text(KEY)),
            always("operator", one_of(["Exists"])),
            always("effect", one_of(["NoExecute"])),
            sometimes("tolerationSeconds", number(0..1 << 40)),
        ]),
        object(vec![
            always("key", text(KEY)),
            sometimes("operator", one_of(["Equal"])),
            sometimes("value", text(LABEL)),
            sometimes("effect", effects()),
        ]),
    ])
}

fn pull() -> BoxedStrategy<Value> {
    let logins =
        proptest::collection::btree_set(form(SUBDOMAIN), 0..3).prop_map(|names| json!(names)).boxed();
    object(vec![
        sometimes("policy", one_of(["Always", "IfNotPresent", "Never"])),
        sometimes("secrets", logins),
    ])
}
