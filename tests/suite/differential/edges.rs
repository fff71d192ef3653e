//! Edges: a place in a document, and values for it. The document is valid but for what stands there.

use serde_json::{Map, Value, json};

use super::values::{
    counts, cron_lines, durations, file_paths, free, hosts, images, keys, names, ports, quantities, ranges,
    shares, sizes, time_zones, url_paths, words,
};

/// Where the value goes: this text as a value or as a key.
const HERE: &str = "HERE";

/// A place in a document, and what to try there.
pub struct Edge {
    /// The field, as people would say it.
    pub field: &'static str,
    document: Value,
    pub values: Vec<Value>,
    /// A valid value that stands in the rendered objects as it is written, and nowhere else in them. What is no value of
    /// ours can then be put in its place, to ask the server of it.
    pub marker: Option<Value>,
}

impl Edge {
    fn marked_by(self, marker: impl Into<Value>) -> Self {
        Self { marker: Some(marker.into()), ..self }
    }

    /// The document with this value.
    pub fn with(&self, value: &Value) -> Value {
        replaced(&self.document, &json!(HERE), value)
    }
}

/// The same with another value, or key, wherever this one is.
pub fn replaced(within: &Value, old: &Value, new: &Value) -> Value {
    match within {
        _ if within == old => new.clone(),
        Value::Array(items) => items.iter().map(|item| replaced(item, old, new)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| {
                let key = match new.as_str() {
                    Some(new) if old == key.as_str() => new.to_owned(),
                    _ => key.clone(),
                };
                (key, replaced(field, old, new))
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => within.clone(),
    }
}

/// The place in the `spec` of an app that says no more than it must.
fn spec(field: &'static str, values: Vec<Value>, fields: Value) -> Edge {
    let mut spec = json!({"image": "example.com/edge:1"});
    if let (Some(spec), Value::Object(fields)) = (spec.as_object_mut(), fields) {
        spec.extend(fields);
    }
    document(field, values, json!({"metadata": {"name": "edge", "namespace": "edges"}, "spec": spec}))
}

fn document(field: &'static str, values: Vec<Value>, document: Value) -> Edge {
    let mut whole = json!({"apiVersion": "portfolio.dev/v1alpha1", "kind": "PortfolioApp"});
    if let (Some(whole), Value::Object(document)) = (whole.as_object_mut(), document) {
        whole.extend(document);
    }
    Edge { field, document: whole, values, marker: None }
}

/// Nothing in the objects has this number by itself.
const ODD: u64 = 7_919;

/// Every place.
#[allow(clippy::too_many_lines, reason = "a table")]
#[rustfmt::skip]
pub fn edges() -> Vec<Edge> {
    let job = |fields: Value| {
        let mut job = json!({"schedule": "0 3 * * *", "command": ["a"]});
        job.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"jobs": {"job": job}})
    };
    let metadata = |fields: Value| {
        let mut metadata = json!({"name": "edge", "namespace": "edges"});
        metadata.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"metadata": metadata, "spec": {"image": "example.com/edge:1", "port": 80}})
    };
    let volume = |fields: Value| {
        let mut volume = json!({"size": "1Gi", "mountPath": "/data", "accessMode": "ReadWriteMany"});
        volume.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        json!({"storage": {"data": volume}})
    };
    vec![
        // What every object carries.
        document("metadata.name", names(), metadata(json!({"name": HERE}))),
        document("metadata.labels key", keys(), metadata(json!({"labels": {HERE: "a"}}))),
        document("metadata.labels value", names(), metadata(json!({"labels": {"a": HERE}}))),
        document("metadata.annotations key", keys(), metadata(json!({"annotations": {HERE: "a"}}))),
        document("metadata.annotations value", free(), metadata(json!({"annotations": {"a": HERE}}))),
        document("metadata.annotations size", sizes(), metadata(json!({"annotations": {"a": HERE}}))),

        // The container.
        spec("image", images(), json!({"image": HERE})),
        spec("command", free(), json!({"command": [HERE]})),
        spec("args", free(), json!({"args": ["a", HERE]})),
        spec("restart", free(), json!({"restart": HERE})),
        spec("restart size", sizes(), json!({"restart": HERE})),
        spec("env name", all_names(), json!({"env": {HERE: "a"}})),
        spec("env value", free(), json!({"env": {"A": HERE}})),
        spec("secrets name", all_names(), json!({"secrets": {HERE: {"secret": "a", "key": "b"}}})),
        spec("secrets secret", names(), json!({"secrets": {"A": {"secret": HERE, "key": "b"}}})),
        spec("secrets key", names(), json!({"secrets": {"A": {"secret": "a", "key": HERE}}})),
        spec("resources.requests.cpu", quantities(), json!({"resources": {"requests": {"cpu": HERE}}})).marked_by("7919m"),
        spec("resources.requests.memory", quantities(),
            json!({"resources": {"requests": {"memory": HERE}, "limits": {"memory": "7Ei"}}})).marked_by("7919Mi"),
        spec("resources.requests.memory alone", quantities(), json!({"resources": {"requests": {"memory": HERE}}})),
        spec("resources.limits.cpu", quantities(), json!({"resources": {"limits": {"cpu": HERE}}})).marked_by("7919m"),
        spec("resources.limits.memory", quantities(), json!({"resources": {"limits": {"memory": HERE}}})).marked_by("7919Mi"),
        spec("resources.limits.ephemeral-storage", quantities(),
            json!({"resources": {"limits": {"ephemeral-storage": HERE}}})).marked_by("7919Mi"),
        spec("security.user", counts(), json!({"security": {"user": HERE}})).marked_by(ODD),
        spec("security.user of root", counts(), json!({"security": {"root": true, "user": HERE}})),
        spec("security.group", counts(), json!({"security": {"group": HERE}})).marked_by(ODD),
        spec("security.capabilities", words(&["NET_BIND_SERVICE", "CAP_NET_BIND_SERVICE", "ALL", "CAP_SYS_ADMIN", "SYS_ADMIN"]),
            json!({"security": {"capabilities": [HERE]}})),

        // Ports and probes.
        spec("port", ports(), json!({"port": HERE})).marked_by(ODD),
        spec("ports name", all_names(), json!({"ports": {HERE: 8080}})),
        spec("ports number", ports(), json!({"ports": {"a": HERE}})).marked_by(ODD),
        spec("ports number twice", ports(), json!({"ports": {"a": HERE, "b": 80}})),
        spec("ports number twice, of another protocol", ports(), json!({"ports": {"a": {"port": HERE, "protocol": "UDP"}, "b": 80}})),
        spec("ports protocol", words(&["TCP", "UDP", "SCTP", "ICMP"]),
            json!({"ports": {"a": {"port": 80, "protocol": HERE}}})).marked_by("SCTP"),
        spec("service.port", ports(), json!({"port": 8080, "service": {"port": HERE}})).marked_by(ODD),
        spec("service.type", words(&["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]),
            json!({"port": 80, "service": {"type": HERE}})).marked_by("NodePort"),
        spec("service.type headless", words(&["ClusterIP", "NodePort", "LoadBalancer"]),
            json!({"port": 80, "service": {"type": HERE, "headless": true}})),
        spec("service.annotations key", keys(), json!({"port": 80, "service": {"annotations": {HERE: "a"}}})),
        spec("probes path", url_paths(), json!({"port": 80, "probes": {"ready": {"path": HERE}}})),
        spec("probes command", free(), json!({"probes": {"live": {"command": [HERE]}}})),
        spec("probes failures", counts(), json!({"port": 80, "probes": {"ready": {"path": "/", "failures": HERE}}})).marked_by(ODD),
        spec("probes period", durations(), json!({"port": 80, "probes": {"live": {"path": "/", "period": HERE}}})),
        spec("probes timeout", durations(), json!({"port": 80, "probes": {"startup": {"path": "/", "timeout": HERE}}})),

        // HTTP from outside.
        spec("ingress.host", hosts(), json!({"port": 80, "ingress": {"host": HERE}})),
        spec("ingress.host with tls", hosts(), json!({"port": 80, "ingress": {"host": HERE, "tls": "a"}})),
        spec("ingress.path", url_paths(), json!({"port": 80, "ingress": {"host": "a.example", "path": HERE}})),
        spec("ingress.hosts paths", url_paths(), json!({"port": 80, "ingress": {"hosts": [{"host": "a.example", "paths": ["/b", HERE]}]}})),
        spec("ingress.className", names(), json!({"port": 80, "ingress": {"host": "a.example", "className": HERE}})),
        spec("ingress.tls", names(), json!({"port": 80, "ingress": {"host": "a.example", "tls": HERE}})),
        spec("ingress.annotations key", keys(), json!({"port": 80, "ingress": {"host": "a.example", "annotations": {HERE: "a"}}})),
        spec("ingress.annotations size", sizes(), json!({"port": 80, "ingress": {"host": "a.example", "annotations": {"a": HERE}}})),

        // Files.
        spec("config name", names(), json!({"config": {HERE: "a"}})),
        spec("config content", free(), json!({"config": {"a": HERE}})),
        spec("config size", [500_000, 1_000_000, 1_040_000].map(|size| Value::from("a".repeat(size))).to_vec(),
            json!({"config": {"a": HERE}})),
        spec("configPath", file_paths(), json!({"config": {"a": "b"}, "configPath": HERE})),
        spec("scratch path", file_paths(), json!({"scratch": {HERE: "1Mi"}})),
        spec("scratch size", quantities(), json!({"scratch": {"/a": HERE}})),
        spec("storage name", names(), json!({"storage": {HERE: {"size": "1Gi", "mountPath": "/data", "accessMode": "ReadWriteMany"}}})),
        spec("storage size", quantities(), volume(json!({"size": HERE}))).marked_by("7919Mi"),
        spec("storage mountPath", file_paths(), volume(json!({"mountPath": HERE}))),
        spec("storage class", names(), volume(json!({"class": HERE}))),
        spec("storage accessMode", words(&["ReadWriteOnce", "ReadWriteOncePod", "ReadOnlyMany", "ReadWriteMany"]), {
            let mut fields = volume(json!({"accessMode": HERE}));
            fields["replicas"] = 1.into();
            fields
        }).marked_by("ReadOnlyMany"),
        spec("secretFiles name", names(), json!({"secretFiles": {HERE: {"secret": "a", "path": "/a"}}})),
        spec("secretFiles secret", names(), json!({"secretFiles": {"a": {"secret": HERE, "path": "/a"}}})),
        spec("secretFiles path", file_paths(), json!({"secretFiles": {"a": {"secret": "a", "path": HERE}}})),

        // How many, and how they change.
        spec("replicas", counts(), json!({"replicas": HERE})).marked_by(ODD),
        spec("autoscaling.max", counts(), json!({"autoscaling": {"max": HERE}})).marked_by(ODD),
        spec("autoscaling.min", counts(), json!({"autoscaling": {"min": HERE, "max": 10_000}})).marked_by(ODD),
        spec("autoscaling.cpu", counts(), json!({"autoscaling": {"max": 5, "cpu": HERE}})).marked_by(ODD),
        spec("autoscaling.memory", counts(), json!({"autoscaling": {"max": 5, "memory": HERE}})).marked_by(ODD),
        spec("disruption.maxUnavailable", shares(), json!({"disruption": {"maxUnavailable": HERE}})).marked_by(ODD),
        spec("disruption.minAvailable", shares(), json!({"replicas": 20_000, "disruption": {"minAvailable": HERE}})).marked_by(ODD),
        spec("rollout.maxSurge", shares(), json!({"rollout": {"maxSurge": HERE, "maxUnavailable": 1}})).marked_by(ODD),
        spec("rollout.maxSurge alone", shares(), json!({"rollout": {"maxSurge": HERE}})).marked_by(ODD),
        spec("rollout.maxUnavailable", shares(), json!({"rollout": {"maxUnavailable": HERE}})).marked_by(ODD),
        spec("rollout.maxUnavailable alone", shares(), json!({"rollout": {"maxSurge": 0, "maxUnavailable": HERE}})).marked_by(ODD),
        spec("rollout.deadline", durations(), json!({"rollout": {"deadline": HERE}})),
        spec("rollout.minReady", durations(), json!({"rollout": {"minReady": HERE, "deadline": "3650d"}})),
        spec("rollout.grace", durations(), json!({"rollout": {"grace": HERE}, "port": 80})),
        spec("rollout.drain", durations(), json!({"rollout": {"drain": HERE}, "port": 80})),
        spec("rollout.drain without grace", durations(), json!({"rollout": {"drain": HERE, "grace": "0s"}, "port": 80})),

        // Jobs and backups.
        spec("jobs name", names(), json!({"jobs": {HERE: {"schedule": "0 3 * * *", "command": ["a"]}}})),
        spec("jobs schedule", cron_lines(), job(json!({"schedule": HERE}))),
        spec("jobs timeZone", time_zones(), job(json!({"timeZone": HERE}))),
        spec("jobs command", free(), job(json!({"command": [HERE]}))),
        spec("jobs image", images(), job(json!({"image": HERE}))),
        spec("jobs env name", all_names(), job(json!({"env": {HERE: "a"}}))),
        spec("jobs deadline", durations(), job(json!({"deadline": HERE}))),
        spec("jobs retries", counts(), job(json!({"retries": HERE}))).marked_by(ODD),
        spec("jobs history", counts(), job(json!({"history": HERE}))).marked_by(ODD),
        spec("jobs concurrency", words(&["Forbid", "Allow", "Replace"]), job(json!({"concurrency": HERE}))).marked_by("Replace"),
        spec("backup schedule", cron_lines(), json!({"backup": {"schedule": HERE, "command": ["a"]}})),
        spec("backup deadline", durations(), json!({"backup": {"schedule": "0 3 * * *", "command": ["a"], "deadline": HERE}})),

        // Network, placement, accounts.
        spec("network.from app", names(), json!({"port": 80, "network": {"from": [{"app": HERE}]}})),
        spec("network.from namespace", names(), json!({"port": 80, "network": {"from": [{"namespace": HERE}]}})),
        spec("network.from cidr", ranges(), json!({"port": 80, "network": {"from": [{"cidr": HERE}]}})),
        spec("network.to cidr", ranges(), json!({"network": {"to": [{"cidr": HERE}]}})),
        spec("network.to except", ranges(), json!({"network": {"to": [{"cidr": "10.0.0.0/7", "except": [HERE]}]}})),
        spec("network.to except of IPv6", ranges(), json!({"network": {"to": [{"cidr": "::/0", "except": [HERE]}]}})),
        spec("network.to except of all", ranges(), json!({"network": {"to": [{"cidr": "0.0.0.0/0", "except": [HERE]}]}})),
        spec("network.to port", ports(), json!({"network": {"to": [{"app": "a", "ports": [HERE]}]}})).marked_by(ODD),
        spec("placement.nodeSelector key", keys(), json!({"placement": {"nodeSelector": {HERE: "a"}}})),
        spec("placement.nodeSelector value", names(), json!({"placement": {"nodeSelector": {"a": HERE}}})),
        spec("placement.tolerations key", keys(), json!({"placement": {"tolerations": [{"key": HERE}]}})),
        spec("placement.tolerations value", names(), json!({"placement": {"tolerations": [{"key": "a", "value": HERE}]}})),
        spec("placement.tolerations value of Exists", names(),
            json!({"placement": {"tolerations": [{"key": "a", "operator": "Exists", "value": HERE}]}})),
        spec("placement.tolerations operator", words(&["Equal", "Exists", "Lt", "Gt"]),
            json!({"placement": {"tolerations": [{"key": "a", "operator": HERE}]}})).marked_by("Exists"),
        spec("placement.tolerations operator without key", words(&["Equal", "Exists"]),
            json!({"placement": {"tolerations": [{"operator": HERE}]}})),
        spec("placement.tolerations effect", words(&["NoSchedule", "PreferNoSchedule", "NoExecute"]),
            json!({"placement": {"tolerations": [{"key": "a", "effect": HERE}]}})).marked_by("NoExecute"),
        spec("placement.tolerations seconds", counts(),
            json!({"placement": {"tolerations": [{"key": "a", "effect": "NoExecute", "tolerationSeconds": HERE}]}})).marked_by(ODD),
        spec("placement.tolerations seconds of another effect", counts(),
            json!({"placement": {"tolerations": [{"key": "a", "effect": "NoSchedule", "tolerationSeconds": HERE}]}})),
        spec("placement.priorityClass", names(), json!({"placement": {"priorityClass": HERE}})),
        spec("serviceAccount.name", names(), json!({"serviceAccount": {"name": HERE}})),
        spec("serviceAccount.annotations key", keys(), json!({"serviceAccount": {"annotations": {HERE: "a"}}})),
        spec("pull.secrets", names(), json!({"pull": {"secrets": [HERE]}})),
        spec("pull.policy", words(&["Always", "IfNotPresent", "Never"]), json!({"pull": {"policy": HERE}})).marked_by("Always"),
        spec("selector key", keys(), json!({"selector": {HERE: "a"}, "port": 80})),
        spec("selector value", names(), json!({"selector": {"a": HERE}, "port": 80})),
        spec("podLabels key", keys(), json!({"podLabels": {HERE: "a"}})),
        spec("podLabels value", names(), json!({"podLabels": {"a": HERE}})),
        spec("podAnnotations key", keys(), json!({"podAnnotations": {HERE: "a"}})),
        spec("podAnnotations value", free(), json!({"podAnnotations": {"a": HERE}})),
        spec("podAnnotations size", sizes(), json!({"podAnnotations": {"a": HERE}, "restart": "a"})),
    ]
}

/// Names of variables and ports, which are of other alphabets.
fn all_names() -> Vec<Value> {
    let more = [
        "A_B", "A.B", "A-B", "1A", "A B", "A=B", "=", "A$", "$(A)", "A\u{7f}", "http", "a--b", "HTTP", "80",
        "8a", "a8",
    ];
    names().into_iter().chain(more.map(Value::from)).collect()
}
