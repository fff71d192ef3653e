//! Kubernetes written out: containers beside the app's, further objects, patches. Well written, as what is rendered is,
//! since the judges of rendered objects see them too.

use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::{Value, json};

use crate::fields::{
    Field, LABEL, VARIABLE, always, any_of, bytes, form, image, list, map, object, one_of, sometimes, text,
};

pub(crate) fn fields() -> Vec<Field> {
    vec![
        sometimes("sidecars", containers("sidecar", false)),
        sometimes("initContainers", containers("before", true)),
        sometimes("objects", chosen(objects())),
        sometimes("patches", chosen(patches())),
    ]
}

/// Some of these, in their order.
fn chosen(all: Vec<Value>) -> BoxedStrategy<Value> {
    let count = all.len();
    subsequence(all, 0..=count).prop_map(Value::Array).boxed()
}

/// Up to two, called by the prefix and a number.
fn containers(prefix: &'static str, may_stay: bool) -> BoxedStrategy<Value> {
    let mut fields = vec![
        always("image", image()),
        always("imagePullPolicy", one_of(["IfNotPresent", "Always"])),
        sometimes("command", list(text("[a-z/-]{1,9}"), 1..3)),
        sometimes("env", variables()),
        always("resources", resources()),
        always(
            "securityContext",
            one_of([json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            })]),
        ),
        sometimes("volumeMounts", one_of([json!([{"name": "scratch-tmp", "mountPath": "/tmp"}])])),
    ];
    if may_stay {
        fields.push(sometimes("restartPolicy", one_of(["Always"])));
    }
    list(object(fields), 0..3)
        .prop_map(move |mut containers| {
            for (number, container) in containers.as_array_mut().into_iter().flatten().enumerate() {
                container["name"] = format!("{prefix}-{number}").into();
            }
            containers
        })
        .boxed()
}

/// By name, so that none is there twice.
fn variables() -> BoxedStrategy<Value> {
    let value = any_of([
        text("[ -~]{0,9}").prop_map(|value| json!({"value": value})).boxed(),
        form(LABEL)
            .prop_map(|secret| json!({"valueFrom": {"secretKeyRef": {"name": secret, "key": "k"}}}))
            .boxed(),
    ]);
    map(VARIABLE, value, 1..3)
        .prop_map(|variables| {
            let variables = variables.as_object().into_iter().flatten().map(|(name, value)| {
                let mut variable = value.clone();
                variable["name"] = json!(name);
                variable
            });
            variables.collect()
        })
        .boxed()
}

fn resources() -> BoxedStrategy<Value> {
    (1_u32..500, bytes())
        .prop_map(|(millis, memory)| {
            json!({
                "requests": {"cpu": format!("{millis}m"), "memory": memory, "ephemeral-storage": "1Mi"},
                "limits": {"memory": memory, "ephemeral-storage": "64Mi"},
            })
        })
        .boxed()
}

fn objects() -> Vec<Value> {
    vec![
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "{app}-leader"},
            "rules": [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "update"]}],
        }),
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "{app}-leader", "labels": {"team": "web"}},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "{app}-leader"},
            "subjects": [{"kind": "ServiceAccount", "name": "{app}"}],
        }),
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "{app}-dashboard", "annotations": {"example.com/folder": "apps"}},
            "data": {"dashboard.json": "{}"},
        }),
        json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "{app}"},
            "spec": {"leaseDurationSeconds": 15},
        }),
    ]
}

/// [`fit`](crate::fit) leaves out those of objects that are not there.
fn patches() -> Vec<Value> {
    vec![
        json!({
            "target": "Deployment",
            "merge": {"spec": {"template": {"spec": {"dnsConfig": {"options": [{"name": "ndots", "value": "2"}]}}}}},
        }),
        json!({"target": "Service/{app}", "merge": {"spec": {"publishNotReadyAddresses": true}}}),
        json!({"target": "NetworkPolicy/{app}", "json": [
            {"op": "test", "path": "/kind", "value": "NetworkPolicy"},
            {"op": "add", "path": "/metadata/annotations/example.com~1a", "value": "a"},
            {"op": "copy", "from": "/metadata/annotations/example.com~1a", "path": "/metadata/annotations/b"},
            {"op": "move", "from": "/metadata/annotations/b", "path": "/metadata/annotations/c"},
            {"op": "replace", "path": "/metadata/annotations/c", "value": "c"},
            {"op": "remove", "path": "/metadata/annotations/example.com~1a"},
        ]}),
        json!({"target": "ServiceAccount", "json": [
            {"op": "add", "path": "/imagePullSecrets", "value": [{"name": "registry"}]},
        ]}),
    ]
}
