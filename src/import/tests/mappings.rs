//! Each field of Kubernetes and each key of compose, and what it becomes in a document.

use serde_json::{Value, json};

use super::imported;
use crate::import::{Imported, Options};

fn hardened() -> Options {
    Options { harden: true, ..Options::default() }
}

/// The `spec` of the one document.
fn spec(imported: &Imported) -> Value {
    let [app] = imported.apps.as_slice() else { panic!("{imported:#?}") };
    serde_yaml::from_str::<Value>(&app.text).unwrap()["spec"].clone()
}

/// A Deployment with these fields merged onto it, and further objects.
fn deployment(merge: &Value, further: &[Value]) -> Value {
    let mut deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": "web:1"}]}}}});
    json_patch::merge(&mut deployment, merge);
    let items: Vec<&Value> = further.iter().chain([&deployment]).collect();
    spec(&imported(
        "a.json",
        &json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string(),
        &hardened(),
    ))
}

/// The pod of a Deployment with these fields of its container.
fn container(fields: &Value) -> Value {
    let mut container = json!({"name": "app", "image": "web:1"});
    json_patch::merge(&mut container, fields);
    json!({"spec": {"template": {"spec": {"containers": [container]}}}})
}

fn pod(fields: &Value) -> Value {
    json!({"spec": {"template": {"spec": fields}}})
}

fn expect(spec: &Value, pointer: &str, expected: &Value, from: &Value) {
    assert_eq!(
        spec.pointer(pointer).unwrap_or(&Value::Null),
        expected,
        "{pointer} of {spec:#}\nfrom {from:#}"
    );
}

#[test]
fn fields_of_a_workload() {
    for (fields, pointer, expected) in [
        (json!({"spec": {"replicas": 5}}), "/replicas", json!(5)),
        (json!({}), "/replicas", json!(1)),
        (json!({"spec": {"replicas": 2}}), "/replicas", json!(null)),
        (json!({}), "/selector", json!({"app": "web"})),
        (json!({"spec": {"minReadySeconds": 5}}), "/rollout/minReady", json!("5s")),
        (json!({"spec": {"progressDeadlineSeconds": 1200}}), "/rollout/deadline", json!("20m")),
        (json!({"spec": {"strategy": {"rollingUpdate": {"maxSurge": 2}}}}), "/rollout/maxSurge", json!(2)),
        (
            json!({"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": "10%"}}}}),
            "/rollout/maxUnavailable",
            json!("10%"),
        ),
        (
            json!({"spec": {"strategy": {"type": "Recreate"}}}),
            "/patches/0/merge/spec/strategy/type",
            json!("Recreate"),
        ),
        (json!({"metadata": {"labels": {"team": "a"}}}), "", json!(null)),
    ] {
        if !pointer.is_empty() {
            expect(&deployment(&fields, &[]), pointer, &expected, &fields);
        }
    }
}

#[test]
fn fields_of_pods() {
    for (fields, pointer, expected) in [
        (json!({"terminationGracePeriodSeconds": 90}), "/rollout", json!({"grace": "1m30s", "drain": "0s"})),
        (json!({"nodeSelector": {"disk": "ssd"}}), "/placement/nodeSelector", json!({"disk": "ssd"})),
        (json!({"priorityClassName": "high"}), "/placement/priorityClass", json!("high")),
        (
            json!({"tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}]}),
            "/placement/tolerations/0",
            json!({"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5}),
        ),
        (json!({"imagePullSecrets": [{"name": "r"}]}), "/pull/secrets", json!(["r"])),
        (json!({"serviceAccountName": "robot"}), "/serviceAccount", json!({"name": "robot", "token": true})),
        (
            json!({"serviceAccountName": "web", "automountServiceAccountToken": false}),
            "/serviceAccount",
            json!(null),
        ),
        (
            json!({"hostAliases": [{"ip": "10.0.0.1"}]}),
            "/patches/0/merge/spec/template/spec/hostAliases/0/ip",
            json!("10.0.0.1"),
        ),
        (
            json!({"securityContext": {"runAsUser": 5, "fsGroup": 6}}),
            "/security",
            json!({"user": 5, "group": 6, "readOnly": false}),
        ),
        (
            json!({"initContainers": [{"name": "i", "image": "i:1"}]}),
            "/initContainers",
            json!([{"name": "i", "image": "i:1"}]),
        ),
    ] {
        expect(&deployment(&pod(&fields), &[]), pointer, &expected, &fields);
    }
}

#[test]
fn fields_of_containers() {
    let op = |path: &str, value: Value| json!({"op": "add", "path": format!("/spec/template/spec/containers/0/{path}"), "value": value});
    for (fields, pointer, expected) in [
        (json!({"image": "web"}), "/pull/policy", json!("Always")),
        (json!({"imagePullPolicy": "Never"}), "/pull/policy", json!("Never")),
        (json!({"command": ["a"], "args": ["b"]}), "/args", json!(["b"])),
        (json!({"workingDir": "/srv"}), "/patches/0/json/0", op("workingDir", json!("/srv"))),
        (
            json!({"resources": {"limits": {"memory": "1Gi"}}}),
            "/resources",
            json!({"requests": {"memory": "1Gi"}, "limits": {"memory": "1Gi"}}),
        ),
        (json!({"resources": {"requests": {"cpu": 0.5}}}), "/resources/requests/cpu", json!("500m")),
        (
            json!({"securityContext": {"runAsNonRoot": true, "readOnlyRootFilesystem": true}}),
            "/security",
            json!(null),
        ),
        (
            json!({"securityContext": {"runAsUser": 0}}),
            "/security",
            json!({"user": 0, "root": true, "readOnly": false}),
        ),
        (
            json!({"securityContext": {"readOnlyRootFilesystem": true, "runAsUser": 7, "capabilities": {"add": ["KILL"]}}}),
            "/security",
            json!({"user": 7, "capabilities": ["KILL"]}),
        ),
        (json!({"ports": [{"containerPort": 3000}]}), "/port", json!(3000)),
        (json!({"ports": [{"containerPort": 5432}]}), "/ports", json!({"postgres": 5432})),
        (
            json!({"ports": [{"containerPort": 1, "name": "a"}, {"containerPort": 53, "protocol": "UDP"}]}),
            "/ports",
            json!({"a": 1, "udp-53": {"port": 53, "protocol": "UDP"}}),
        ),
        (json!({"env": [{"name": "A", "value": "on"}]}), "/env/A", json!("on")),
        (json!({"env": [{"name": "A"}]}), "/env/A", json!("")),
        (
            json!({"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}]}),
            "/secrets/A",
            json!({"secret": "s", "key": "k", "optional": true}),
        ),
        (
            json!({"env": [{"name": "1A", "value": "x"}]}),
            "/patches/0/json/0",
            op("env", json!([{"name": "1A", "value": "x"}])),
        ),
        (
            json!({"envFrom": [{"secretRef": {"name": "s"}}]}),
            "/patches/0/json/0",
            op("envFrom", json!([{"secretRef": {"name": "s"}}])),
        ),
        (
            json!({"ports": [{"containerPort": 80}], "readinessProbe": {"httpGet": {"path": "/r", "port": 80}}}),
            "/probes/ready",
            json!({"path": "/r", "period": "10s", "timeout": "1s"}),
        ),
        (
            json!({"ports": [{"containerPort": 80}], "livenessProbe": {"tcpSocket": {"port": 80}, "periodSeconds": 7}}),
            "/probes/live",
            json!({"tcp": true, "period": "7s", "timeout": "1s", "failures": 3}),
        ),
        (
            json!({"livenessProbe": {"exec": {"command": ["x"]}, "timeoutSeconds": 2, "failureThreshold": 6}}),
            "/probes/live",
            json!({"command": ["x"]}),
        ),
        (
            json!({"ports": [{"containerPort": 80}], "lifecycle": {"preStop": {"sleep": {"seconds": 9}}}}),
            "/rollout",
            json!({"grace": "21s", "drain": "9s"}),
        ),
    ] {
        expect(&deployment(&container(&fields), &[]), pointer, &expected, &fields);
    }
}

#[test]
fn objects_around_the_pods() {
    let mut ports = container(&json!({"ports": [{"containerPort": 8080}]}));
    ports["spec"]["replicas"] = json!(3);
    let object = |api: &str, kind: &str, spec: Value| json!({"apiVersion": api, "kind": kind, "metadata": {"name": "web"}, "spec": spec});
    let service = |spec: Value| {
        let mut all = json!({"selector": {"app": "web"}});
        json_patch::merge(&mut all, &spec);
        object("v1", "Service", all)
    };
    let pods = json!({"matchLabels": {"app": "web"}});
    for (further, pointer, expected) in [
        (service(json!({"ports": [{"port": 80, "targetPort": 8080}]})), "/service", json!(null)),
        (service(json!({"ports": [{"port": 8080}]})), "/service/port", json!(8080)),
        (
            service(json!({"type": "LoadBalancer", "ports": [{"port": 80, "targetPort": 8080}]})),
            "/service/type",
            json!("LoadBalancer"),
        ),
        (
            service(json!({"clusterIP": "None", "ports": [{"port": 80, "targetPort": 8080}]})),
            "/service/headless",
            json!(true),
        ),
        (
            object(
                "autoscaling/v2",
                "HorizontalPodAutoscaler",
                json!({"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 3, "maxReplicas": 7,
                "metrics": [{"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 60}}}]}),
            ),
            "/autoscaling",
            json!({"min": 3, "max": 7, "memory": 60}),
        ),
        (
            object("policy/v1", "PodDisruptionBudget", json!({"maxUnavailable": "30%", "selector": pods})),
            "/disruption",
            json!({"maxUnavailable": "30%"}),
        ),
        (
            object(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                json!({"podSelector": pods, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}),
            ),
            "/network/from",
            json!([{"cidr": "10.0.0.0/8"}]),
        ),
        (
            object(
                "networking.k8s.io/v1",
                "NetworkPolicy",
                json!({"podSelector": pods, "policyTypes": ["Ingress", "Egress"], "ingress": [{}],
                    "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
                        "ports": [{"port": 8125, "protocol": "UDP"}, {"port": 443, "protocol": "TCP"}]}]}),
            ),
            "/network/to",
            json!([{"cidr": "10.0.0.0/8", "ports": [{"port": 8125, "protocol": "UDP"}, 443]}]),
        ),
    ] {
        expect(&deployment(&ports, std::slice::from_ref(&further)), pointer, &expected, &further);
    }
    let service = service(json!({"ports": [{"port": 80, "targetPort": 8080}]}));
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    let rule = |path: &str| json!({"host": "a.example.com", "http": {"paths": [{"path": path, "pathType": "Prefix", "backend": backend}]}});
    for (spec, expected) in [
        (json!({"rules": [rule("/")]}), json!({"host": "a.example.com"})),
        (
            json!({"ingressClassName": "x", "rules": [rule("/v1")]}),
            json!({"host": "a.example.com", "path": "/v1", "className": "x"}),
        ),
        (
            json!({"rules": [rule("/v1"), rule("/v2")]}),
            json!({"hosts": [{"host": "a.example.com", "paths": ["/v1"]}, {"host": "a.example.com", "paths": ["/v2"]}]}),
        ),
    ] {
        let ingress = object("networking.k8s.io/v1", "Ingress", spec);
        expect(&deployment(&ports, &[service.clone(), ingress.clone()]), "/ingress", &expected, &ingress);
    }
}

#[test]
fn volumes_by_their_kind() {
    let with = |volume: Value, mount: Value| {
        let mut fields = container(&json!({"volumeMounts": [mount]}));
        fields["spec"]["template"]["spec"]["volumes"] = json!([volume]);
        fields
    };
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "web-data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}}});
    let files = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "files"}, "data": {"a.toml": "a = 1\n"}});
    let mount = json!({"name": "v", "mountPath": "/v"});
    for (volume, mount, pointer, expected) in [
        (
            json!({"name": "v", "emptyDir": {"sizeLimit": "5Mi"}}),
            mount.clone(),
            "/scratch",
            json!({"/v": "5Mi"}),
        ),
        (json!({"name": "v", "emptyDir": {}}), mount.clone(), "/scratch", json!({"/v": "1Gi"})),
        (
            json!({"name": "v", "secret": {"secretName": "s"}}),
            mount.clone(),
            "/secretFiles",
            json!({"v": {"secret": "s", "path": "/v"}}),
        ),
        (
            json!({"name": "v", "configMap": {"name": "files"}}),
            mount.clone(),
            "/config",
            json!({"a.toml": "a = 1\n"}),
        ),
        (json!({"name": "v", "configMap": {"name": "files"}}), mount.clone(), "/configPath", json!("/v")),
        (
            json!({"name": "v", "configMap": {"name": "files"}}),
            json!({"name": "v", "mountPath": "/v", "subPath": "a.toml"}),
            "/objects/0/kind",
            json!("ConfigMap"),
        ),
        (
            json!({"name": "v", "persistentVolumeClaim": {"claimName": "web-data"}}),
            mount.clone(),
            "/storage",
            json!({"data": {"size": "1Gi", "mountPath": "/v"}}),
        ),
        (
            json!({"name": "v", "persistentVolumeClaim": {"claimName": "other"}}),
            mount.clone(),
            "/storage",
            json!(null),
        ),
    ] {
        let fields = with(volume, mount);
        expect(&deployment(&fields, &[claim.clone(), files.clone()]), pointer, &expected, &fields);
    }
}

#[test]
fn keys_of_a_compose_service() {
    for (service, pointer, expected) in [
        ("{image: 'a:1', command: [x, '$$(date)']}", "/args", json!(["x", "$$(date)"])),
        ("{image: 'a:1', entrypoint: /run.sh}", "/command", json!(["/run.sh"])),
        ("{image: 'a:1', environment: {A: 1, B: true, C: ''}}", "/env", json!({"A": 1, "B": true, "C": ""})),
        ("{image: 'a:1', environment: [A=b=c]}", "/env", json!({"A": "b=c"})),
        ("{image: 'a:1', ports: ['8080:80']}", "/port", json!(80)),
        ("{image: 'a:1', ports: ['8080:81']}", "/service/port", json!(81)),
        ("{image: 'a:1', tmpfs: '/run:size=5m'}", "/scratch", json!({"/run": "5Mi"})),
        ("{image: 'a:1', volumes: [/cache]}", "/scratch", json!({"/cache": "1Gi"})),
        (
            "{image: 'a:1', volumes: ['my_data:/data']}",
            "/storage",
            json!({"my-data": {"size": "10Gi", "mountPath": "/data"}}),
        ),
        ("{image: 'a:1', user: '7:8'}", "/security", json!({"user": 7, "group": 8})),
        (
            "{image: 'a:1', read_only: true, cap_add: [NET_ADMIN]}",
            "/security",
            json!({"capabilities": ["NET_ADMIN"]}),
        ),
        ("{image: 'a:1', stop_grace_period: 1m}", "/rollout/grace", json!("1m")),
        ("{image: 'a:1', deploy: {replicas: 4}}", "/replicas", json!(4)),
        (
            "{image: 'a:1', cpus: 0.5, mem_limit: 2g}",
            "/resources/limits",
            json!({"cpu": "500m", "memory": "2Gi"}),
        ),
        (
            "{image: 'a:1', healthcheck: {test: [CMD, ok], interval: 5s, timeout: 2s}}",
            "/probes/ready",
            json!({"command": ["ok"]}),
        ),
        ("{image: 'a:1', healthcheck: {test: [NONE]}}", "/probes", json!(null)),
        (
            "{image: 'a:1', extra_hosts: {a: 10.0.0.1}}",
            "/patches/0/merge/spec/template/spec/hostAliases/0",
            json!({"ip": "10.0.0.1", "hostnames": ["a"]}),
        ),
        (
            "{image: 'a:1', platform: linux/arm64}",
            "/placement/nodeSelector",
            json!({"kubernetes.io/arch": "arm64"}),
        ),
        ("{image: 'a:1', pull_policy: always}", "/pull/policy", json!("Always")),
    ] {
        let imported = imported("compose.yaml", &format!("services: {{web: {service}}}\n"), &hardened());
        expect(&spec(&imported), pointer, &expected, &json!(service));
    }
}
