//! [`strip`]: an object without what says nothing: what the API server sets by itself, and fields that have the
//! value that they would have anyway. Two objects that mean the same are then equal.
//!
//! Source: k8s.io/kubernetes `pkg/apis/*/v1/defaults.go`, 1.33.

use serde_json::{Map, Value};

use super::json::canonical;

/// Fields with the JSON of the value that says nothing, by kind. `[]` stands for every item of a list.
const OBJECTS: &[(&str, &[(&str, &str)])] = &[
    (
        "Deployment",
        &[
            ("spec.replicas", "1"),
            ("spec.revisionHistoryLimit", "10"),
            ("spec.progressDeadlineSeconds", "600"),
            ("spec.minReadySeconds", "0"),
            ("spec.paused", "false"),
            ("spec.strategy.rollingUpdate.maxSurge", r#""25%""#),
            ("spec.strategy.rollingUpdate.maxUnavailable", r#""25%""#),
            ("spec.strategy.type", r#""RollingUpdate""#),
        ],
    ),
    (
        "StatefulSet",
        &[
            ("spec.replicas", "1"),
            ("spec.revisionHistoryLimit", "10"),
            ("spec.minReadySeconds", "0"),
            ("spec.podManagementPolicy", r#""OrderedReady""#),
            ("spec.updateStrategy.type", r#""RollingUpdate""#),
            ("spec.updateStrategy.rollingUpdate.partition", "0"),
            ("spec.persistentVolumeClaimRetentionPolicy.whenDeleted", r#""Retain""#),
            ("spec.persistentVolumeClaimRetentionPolicy.whenScaled", r#""Retain""#),
        ],
    ),
    (
        "CronJob",
        &[
            ("spec.concurrencyPolicy", r#""Allow""#),
            ("spec.suspend", "false"),
            ("spec.successfulJobsHistoryLimit", "3"),
            ("spec.failedJobsHistoryLimit", "1"),
            ("spec.jobTemplate.spec.backoffLimit", "6"),
            ("spec.jobTemplate.spec.completions", "1"),
            ("spec.jobTemplate.spec.parallelism", "1"),
            ("spec.jobTemplate.spec.completionMode", r#""NonIndexed""#),
            ("spec.jobTemplate.spec.suspend", "false"),
            ("spec.jobTemplate.spec.podReplacementPolicy", r#""TerminatingOrFailed""#),
        ],
    ),
    (
        "Service",
        &[
            ("spec.type", r#""ClusterIP""#),
            ("spec.sessionAffinity", r#""None""#),
            ("spec.internalTrafficPolicy", r#""Cluster""#),
            ("spec.externalTrafficPolicy", r#""Cluster""#),
            ("spec.allocateLoadBalancerNodePorts", "true"),
            ("spec.publishNotReadyAddresses", "false"),
            ("spec.ports[].protocol", r#""TCP""#),
        ],
    ),
    ("PersistentVolumeClaim", &[("spec.volumeMode", r#""Filesystem""#)]),
    ("HorizontalPodAutoscaler", &[("spec.minReplicas", "1")]),
    ("PodDisruptionBudget", &[("spec.unhealthyPodEvictionPolicy", r#""IfHealthyBudget""#)]),
    (
        "NetworkPolicy",
        &[("spec.ingress[].ports[].protocol", r#""TCP""#), ("spec.egress[].ports[].protocol", r#""TCP""#)],
    ),
    ("ConfigMap", &[("immutable", "false")]),
    ("ServiceAccount", &[("automountServiceAccountToken", "true")]),
];

const POD: &[(&str, &str)] = &[
    ("dnsPolicy", r#""ClusterFirst""#),
    ("restartPolicy", r#""Always""#),
    ("schedulerName", r#""default-scheduler""#),
    ("terminationGracePeriodSeconds", "30"),
    ("enableServiceLinks", "true"),
    ("serviceAccountName", r#""default""#),
    ("automountServiceAccountToken", "true"),
    ("hostNetwork", "false"),
    ("hostPID", "false"),
    ("hostIPC", "false"),
    ("tolerations[].operator", r#""Equal""#),
    ("volumes[].configMap.defaultMode", "420"),
    ("volumes[].configMap.optional", "false"),
    ("volumes[].secret.defaultMode", "420"),
    ("volumes[].secret.optional", "false"),
    ("volumes[].projected.defaultMode", "420"),
    ("volumes[].downwardAPI.defaultMode", "420"),
    ("volumes[].downwardAPI.items[].fieldRef.apiVersion", r#""v1""#),
    ("volumes[].projected.sources[].serviceAccountToken.expirationSeconds", "3600"),
    ("volumes[].hostPath.type", r#""""#),
    ("volumes[].emptyDir.medium", r#""""#),
    ("volumes[].persistentVolumeClaim.readOnly", "false"),
    ("topologySpreadConstraints[].nodeAffinityPolicy", r#""Honor""#),
    ("topologySpreadConstraints[].nodeTaintsPolicy", r#""Ignore""#),
];

const CONTAINER: &[(&str, &str)] = &[
    ("terminationMessagePath", r#""/dev/termination-log""#),
    ("terminationMessagePolicy", r#""File""#),
    ("stdin", "false"),
    ("tty", "false"),
    ("ports[].protocol", r#""TCP""#),
    ("env[].value", r#""""#),
    ("env[].valueFrom.fieldRef.apiVersion", r#""v1""#),
    ("env[].valueFrom.secretKeyRef.optional", "false"),
    ("env[].valueFrom.configMapKeyRef.optional", "false"),
    ("volumeMounts[].readOnly", "false"),
    ("volumeMounts[].subPath", r#""""#),
    ("securityContext.privileged", "false"),
    ("securityContext.readOnlyRootFilesystem", "false"),
];

const PROBE: &[(&str, &str)] = &[
    ("timeoutSeconds", "1"),
    ("periodSeconds", "10"),
    ("successThreshold", "1"),
    ("failureThreshold", "3"),
    ("initialDelaySeconds", "0"),
    ("httpGet.scheme", r#""HTTP""#),
    ("httpGet.path", r#""/""#),
    ("grpc.service", r#""""#),
];

/// Annotations by which clients and controllers remember what they did.
const REMEMBERED: [&str; 7] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/",
    "deprecated.daemonset.template.generation",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "autoscaling.alpha.kubernetes.io/",
];

/// Maps that mean something though they are empty.
const MEANT_EMPTY: [&str; 5] = ["emptyDir", "podSelector", "namespaceSelector", "labelSelector", "selector"];

/// Whether it is known of a kind which of its fields say nothing.
pub(super) fn is_known(kind: &str) -> bool {
    kind == "Ingress" || OBJECTS.iter().any(|(known, _)| *known == kind)
}

/// Takes out of an object what says nothing. `is_live` tells that it comes out of a cluster.
pub(super) fn strip(kind: &str, object: &mut Value, is_live: bool) {
    let Value::Object(fields) = object else { return };
    fields.remove("status");
    if let Some(metadata) = fields.get_mut("metadata") {
        strip_metadata(metadata);
    }
    let pointer = match kind {
        "CronJob" => "/spec/jobTemplate/spec/template",
        _ => "/spec/template",
    };
    if let Some(template) = object.pointer_mut(pointer) {
        strip_template(template);
    }
    for (_, table) in OBJECTS.iter().filter(|(of, _)| *of == kind) {
        without(object, table);
    }
    match kind {
        "Service" => service(object, is_live),
        "PersistentVolumeClaim" => claim(object, is_live),
        "NetworkPolicy" => policy(object),
        _ => {}
    }
    remove_empty(object);
}

/// Takes out of an object's metadata what clients and the API server remember.
pub(super) fn strip_metadata(metadata: &mut Value) {
    let Value::Object(fields) = metadata else { return };
    for field in ["uid", "resourceVersion", "generation", "creationTimestamp", "selfLink", "managedFields"] {
        fields.remove(field);
    }
    if let Some(Value::Object(annotations)) = fields.get_mut("annotations") {
        annotations.retain(|key, _| !REMEMBERED.iter().any(|prefix| key.starts_with(prefix)));
    }
    if let Some(Value::Array(finalizers)) = fields.get_mut("finalizers") {
        finalizers.retain(|finalizer| finalizer != "kubernetes.io/pvc-protection");
    }
}

fn strip_template(template: &mut Value) {
    if let Some(Value::Object(metadata)) = template.get_mut("metadata") {
        metadata.remove("creationTimestamp");
    }
    let Some(pod) = template.get_mut("spec") else { return };
    if let Value::Object(fields) = &mut *pod {
        // The old name of `serviceAccountName`, which the API server writes beside it.
        if let Some(old) = fields.remove("serviceAccount") {
            fields.entry("serviceAccountName").or_insert(old);
        }
    }
    without(pod, POD);
    for volume in items(pod, "volumes") {
        if let Some(size) = volume.pointer_mut("/emptyDir/sizeLimit") {
            canonical(size);
        }
    }
    for list in ["initContainers", "containers"] {
        for container in items(pod, list) {
            strip_container(container);
        }
    }
}

/// Takes out of a container what says nothing.
fn strip_container(container: &mut Value) {
    let image = container.get("image").and_then(Value::as_str).unwrap_or_default();
    let pulled = format!(r#""{}""#, if is_pulled_always(image) { "Always" } else { "IfNotPresent" });
    without(container, &[("imagePullPolicy", &pulled)]);
    without(container, CONTAINER);
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        if let Some(probe) = container.get_mut(probe) {
            without(probe, PROBE);
        }
    }
    for amounts in ["requests", "limits"] {
        let found = container.pointer_mut(&format!("/resources/{amounts}")).and_then(Value::as_object_mut);
        found.into_iter().flat_map(Map::values_mut).for_each(canonical);
    }
    // A request that is not there is the limit.
    let limits =
        container.pointer("/resources/limits").and_then(Value::as_object).cloned().unwrap_or_default();
    if let Some(Value::Object(requests)) = container.pointer_mut("/resources/requests") {
        requests.retain(|name, amount| limits.get(name) != Some(amount));
    }
}

/// Whether an image is pulled at every start unless the container says otherwise.
pub(super) fn is_pulled_always(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let file = image.rsplit('/').next().unwrap_or(image);
    file.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

fn service(object: &mut Value, is_live: bool) {
    let Some(Value::Object(spec)) = object.get_mut("spec") else { return };
    if is_live {
        let assigned = spec.get("clusterIP").is_some_and(|address| address != "None");
        if assigned {
            spec.remove("clusterIP");
        }
        for field in ["clusterIPs", "ipFamilies", "ipFamilyPolicy", "healthCheckNodePort"] {
            spec.remove(field);
        }
    }
    // Those of a NodePort are what people were told.
    let is_balanced = spec.get("type").is_some_and(|kind| kind == "LoadBalancer");
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten();
    for port in ports.filter_map(Value::as_object_mut) {
        if is_live && is_balanced {
            port.remove("nodePort");
        }
        if port.get("targetPort").is_some_and(|target| Some(target) == port.get("port")) {
            port.remove("targetPort");
        }
    }
}

fn claim(object: &mut Value, is_live: bool) {
    if let Some(size) = object.pointer_mut("/spec/resources/requests/storage") {
        canonical(size);
    }
    if let Some(Value::Object(spec)) = object.get_mut("spec").filter(|_| is_live) {
        spec.remove("volumeName");
    }
}

/// Directions are derived from the rules unless they are said.
fn policy(object: &mut Value) {
    let Some(Value::Object(spec)) = object.get_mut("spec") else { return };
    let is_there =
        |field: &str| spec.get(field).and_then(Value::as_array).is_some_and(|rules| !rules.is_empty());
    let derived: &[&str] = if is_there("egress") { &["Ingress", "Egress"] } else { &["Ingress"] };
    let said: Vec<&str> = spec
        .get("policyTypes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let same = said.len() == derived.len() && said.iter().all(|direction| derived.contains(direction));
    if same {
        spec.remove("policyTypes");
    }
}

/// The items of a list of maps.
fn items<'v>(value: &'v mut Value, field: &str) -> impl Iterator<Item = &'v mut Value> {
    value.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten()
}

/// Removes each field of the table that has the value that says nothing.
fn without(value: &mut Value, table: &[(&str, &str)]) {
    for (path, default) in table {
        without_one(value, path, default);
    }
}

fn without_one(value: &mut Value, path: &str, default: &str) {
    let (step, rest) = path.split_once('.').map_or((path, None), |(step, rest)| (step, Some(rest)));
    let Value::Object(fields) = value else { return };
    match (step.strip_suffix("[]"), rest) {
        (Some(list), Some(rest)) => {
            let items = fields.get_mut(list).and_then(Value::as_array_mut);
            items.into_iter().flatten().for_each(|item| without_one(item, rest, default));
        }
        (None, Some(rest)) => {
            if let Some(value) = fields.get_mut(step) {
                without_one(value, rest, default);
            }
        }
        (_, None) => {
            if fields.get(step).map(ToString::to_string).as_deref() == Some(default) {
                fields.remove(step);
            }
        }
    }
}

/// Removes nulls, lists without items, and maps without entries where those mean nothing. Items of lists stay.
fn remove_empty(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(remove_empty);
            fields.retain(|key, value| match value {
                Value::Null => false,
                Value::Array(items) => !items.is_empty(),
                Value::Object(fields) => !fields.is_empty() || MEANT_EMPTY.contains(&key.as_str()),
                Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
            });
        }
        Value::Array(items) => items.iter_mut().for_each(remove_empty),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stripped(kind: &str, mut object: Value) -> Value {
        let is_live = object.pointer("/metadata/uid").is_some();
        strip(kind, &mut object, is_live);
        object
    }

    #[test]
    fn what_the_api_server_adds_to_a_deployment_says_nothing() {
        let written = json!({"metadata": {"name": "web"}, "spec": {"selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1",
                "ports": [{"containerPort": 80}], "livenessProbe": {"tcpSocket": {"port": 80}}}],
                "volumes": [{"name": "a", "emptyDir": {}}]}}}});
        let live = json!({
            "metadata": {"name": "web", "uid": "1", "resourceVersion": "2", "generation": 3, "creationTimestamp": "x",
                "managedFields": [{}], "annotations": {"deployment.kubernetes.io/revision": "1"}},
            "spec": {"progressDeadlineSeconds": 600, "replicas": 1, "revisionHistoryLimit": 10,
                "selector": {"matchLabels": {"app": "web"}},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
                "template": {"metadata": {"creationTimestamp": null, "labels": {"app": "web"}}, "spec": {
                    "containers": [{"name": "web", "image": "web:1", "imagePullPolicy": "IfNotPresent", "resources": {},
                        "ports": [{"containerPort": 80, "protocol": "TCP"}], "terminationMessagePath": "/dev/termination-log",
                        "terminationMessagePolicy": "File", "livenessProbe": {"failureThreshold": 3, "periodSeconds": 10,
                        "successThreshold": 1, "timeoutSeconds": 1, "tcpSocket": {"port": 80}}}],
                    "volumes": [{"name": "a", "emptyDir": {}}],
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "schedulerName": "default-scheduler",
                    "securityContext": {}, "serviceAccount": "default", "serviceAccountName": "default",
                    "terminationGracePeriodSeconds": 30}}},
            "status": {"replicas": 1}});
        assert_eq!(stripped("Deployment", live), stripped("Deployment", written));
    }

    #[test]
    fn the_pull_policy_that_says_nothing_follows_the_tag() {
        for (image, policy, says) in [
            ("web", "Always", false),
            ("web:latest", "Always", false),
            ("web:latest", "IfNotPresent", true),
            ("web:1", "IfNotPresent", false),
            ("registry:5000/web", "Always", false),
            ("web@sha256:00", "IfNotPresent", false),
        ] {
            let mut container = json!({"image": image, "imagePullPolicy": policy});
            strip_container(&mut container);
            assert_eq!(container.get("imagePullPolicy").is_some(), says, "{image} {policy}");
        }
    }

    #[test]
    fn quantities_and_target_ports_have_one_form() {
        let mut container = json!({"image": "a:1", "resources": {"limits": {"memory": "1024Mi", "cpu": 0.5}, "requests": {"memory": "1Gi"}}});
        strip_container(&mut container);
        assert_eq!(container["resources"]["limits"], json!({"memory": "1Gi", "cpu": "500m"}));
        assert_eq!(container["resources"].get("requests"), Some(&json!({})));
        let service = json!({"spec": {"type": "ClusterIP", "ports": [{"port": 80, "targetPort": 80}, {"port": 81, "targetPort": "http"}]}});
        assert_eq!(
            stripped("Service", service),
            json!({"spec": {"ports": [{"port": 80}, {"port": 81, "targetPort": "http"}]}})
        );
    }

    #[test]
    fn an_address_is_the_clusters_only_when_a_cluster_gave_it() {
        let spec = json!({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ipFamilies": ["IPv4"]});
        let live = stripped("Service", json!({"metadata": {"uid": "1"}, "spec": spec}));
        assert_eq!(live, json!({}));
        assert_eq!(stripped("Service", json!({"spec": spec})), json!({"spec": spec}));
        let headless = stripped("Service", json!({"metadata": {"uid": "1"}, "spec": {"clusterIP": "None"}}));
        assert_eq!(headless, json!({"spec": {"clusterIP": "None"}}));
    }

    #[test]
    fn a_rule_that_lets_everything_through_stays() {
        let policy = json!({"spec": {"podSelector": {}, "policyTypes": ["Egress", "Ingress"], "ingress": [], "egress": [{}]}});
        assert_eq!(stripped("NetworkPolicy", policy), json!({"spec": {"podSelector": {}, "egress": [{}]}}));
        let closed = json!({"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}});
        assert_eq!(stripped("NetworkPolicy", closed.clone()), closed);
    }
}
