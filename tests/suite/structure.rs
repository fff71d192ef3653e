//! What is known offline of Kubernetes' objects, against a real API server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use portfolio::document::{Code, Diagnostic, built_in_kind, check_value};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Sandbox, control_plane};

/// `kubectl get --raw`, as JSON.
fn raw(path: &str) -> Value {
    let output = control_plane().kubectl().args(["get", "--raw", path]).output().unwrap();
    assert!(output.status.success(), "{path}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The minor version of the server: `36`.
fn minor() -> u64 {
    raw("/version")["minor"].as_str().unwrap().trim_end_matches('+').parse().unwrap()
}

/// The committed data.
fn known() -> Value {
    serde_json::from_str(include_str!("../../src/document/structure/kubernetes.json")).unwrap()
}

/// Whether something with `since` and `until` is in this version.
fn is_in(value: &Value, minor: u64) -> bool {
    value["since"].as_u64().is_none_or(|since| since <= minor)
        && value["until"].as_u64().is_none_or(|until| minor <= until)
}

/// `core.v1.Pod` for the reference to `io.k8s.api.core.v1.Pod`.
fn short(reference: &str) -> &str {
    let name = reference.trim_start_matches("#/components/schemas/");
    let name = name.trim_start_matches("io.k8s.api.").trim_start_matches("io.k8s.apimachinery.pkg.");
    name.trim_start_matches("apis.")
}

/// Kinds of the discovery, by `apiVersion/Kind`: what can be patched, by whatever name.
fn discovered() -> BTreeMap<String, (String, bool)> {
    let mut groups = vec![("/api/v1".to_owned(), "v1".to_owned())];
    for group in raw("/apis")["groups"].as_array().unwrap() {
        for version in group["versions"].as_array().unwrap() {
            let version = version["groupVersion"].as_str().unwrap();
            groups.push((format!("/apis/{version}"), version.to_owned()));
        }
    }
    let mut kinds = BTreeMap::new();
    for (path, api_version) in groups {
        for resource in raw(&path)["resources"].as_array().unwrap() {
            let name = resource["name"].as_str().unwrap();
            let patchable = resource["verbs"].as_array().unwrap().contains(&json!("patch"));
            if patchable && !name.contains('/') {
                let kind = format!("{api_version}/{}", resource["kind"].as_str().unwrap());
                kinds.insert(kind, (name.to_owned(), resource["namespaced"].as_bool().unwrap()));
            }
        }
    }
    kinds
}

#[test]
fn every_kind_that_the_server_has_is_known_and_none_that_it_has_not() {
    let (minor, server) = (minor(), discovered());
    let mut ours = BTreeMap::new();
    for kind in known()["kinds"].as_array().unwrap().iter().filter(|kind| is_in(kind, minor)) {
        let api_version = kind["apiVersion"].as_str().unwrap();
        let name = format!("{api_version}/{}", kind["kind"].as_str().unwrap());
        // A server offers alpha and beta versions only when it is told to; those that it offers are compared.
        let stable = !api_version.contains("alpha") && !api_version.contains("beta");
        if stable || server.contains_key(&name) {
            ours.insert(
                name,
                (kind["plural"].as_str().unwrap().to_owned(), kind["namespaced"].as_bool().unwrap()),
            );
        }
    }
    assert!(ours.len() > 50, "{ours:?}");
    let server: BTreeMap<_, _> = server.into_iter().filter(|(name, _)| is_built_in(name)).collect();
    assert_eq!(ours, server);
}

/// Other tests install kinds of their own into the same server.
fn is_built_in(kind: &str) -> bool {
    let group = kind.split('/').next().unwrap();
    !group.contains('.') || group.ends_with(".k8s.io")
}

/// A field as the server publishes it, in the words of the committed data.
fn published(property: &Value, required: bool, schemas: &BTreeMap<String, Value>) -> Value {
    let mut values = BTreeSet::new();
    let mut field = json!({"is": word(property, schemas, &mut values)});
    if required {
        field["required"] = json!(true);
    }
    if !values.is_empty() {
        field["values"] = json!(values);
    }
    match property["x-kubernetes-list-type"].as_str() {
        Some("map") => field["keys"] = property["x-kubernetes-list-map-keys"].clone(),
        Some("set") => field["set"] = json!(true),
        _ => {}
    }
    if let Some(default) = property["default"].as_str().filter(|default| !default.is_empty()) {
        field["default"] = json!(default);
    }
    field
}

fn word(property: &Value, schemas: &BTreeMap<String, Value>, values: &mut BTreeSet<String>) -> String {
    if let Some(reference) = property["$ref"].as_str().or(property["allOf"][0]["$ref"].as_str()) {
        let name = short(reference);
        return match name {
            "api.resource.Quantity" => "quantity".to_owned(),
            "meta.v1.Time" => "time".to_owned(),
            "meta.v1.MicroTime" => "micro-time".to_owned(),
            _ if name.ends_with("util.intstr.IntOrString") => "int-or-string".to_owned(),
            _ if schemas[name]["properties"].is_null() => "object".to_owned(),
            _ => name.to_owned(),
        };
    }
    let listed = property["enum"].as_array().into_iter().flatten();
    values.extend(listed.map(|value| value.as_str().unwrap().to_owned()));
    match (property["type"].as_str().unwrap(), property["format"].as_str()) {
        ("string", Some("byte")) => "bytes".to_owned(),
        ("integer", Some(format)) => format.to_owned(),
        ("array", None) => format!("[{}]", word(&property["items"], schemas, values)),
        ("object", None) => match &property["additionalProperties"] {
            Value::Null => "object".to_owned(),
            inner => format!("{{{}}}", word(inner, schemas, values)),
        },
        (simple, None) => simple.to_owned(),
        other => panic!("{other:?}"),
    }
}

/// A field of the committed data as it is in this version.
fn in_version(field: &Value, minor: u64) -> Value {
    let mut field = field.clone();
    let map = field.as_object_mut().unwrap();
    map.remove("since");
    map.remove("until");
    if let Some(required) = map.remove("required")
        && is_in(&required, minor)
    {
        map.insert("required".to_owned(), json!(true));
    }
    if let Some(ranges) = map.remove("valuesIn") {
        let values = map["values"].as_array().unwrap().iter();
        let there = values.filter(|value| is_in(&ranges[value.as_str().unwrap()], minor));
        map.insert("values".to_owned(), there.cloned().collect());
    }
    field
}

#[test]
fn every_field_that_the_server_publishes_is_known_and_none_that_it_does_not() {
    let (minor, known) = (minor(), known());
    let mut schemas = BTreeMap::new();
    for path in raw("/openapi/v3")["paths"].as_object().unwrap().keys().filter(|path| path.contains("api")) {
        let document = raw(&format!("/openapi/v3/{path}"));
        for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
            schemas.insert(short(name).to_owned(), schema.clone());
        }
    }
    let kinds = known["kinds"].as_array().unwrap().iter().filter(|kind| is_in(kind, minor));
    let mut waiting: Vec<String> = kinds.filter_map(|kind| kind["is"].as_str()).map(str::to_owned).collect();
    let (mut seen, mut wrong, mut fields) = (BTreeSet::new(), String::new(), 0);
    while let Some(name) = waiting.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let schema = &schemas[&name];
        let is_kind = !schema["x-kubernetes-group-version-kind"].is_null();
        let mut theirs = BTreeMap::new();
        for (field, property) in schema["properties"].as_object().unwrap() {
            let required =
                schema["required"].as_array().is_some_and(|required| required.contains(&json!(field)));
            let mut published = published(property, required, &schemas);
            if is_kind && field == "status" {
                published["is"] = json!("status");
            }
            theirs.insert(field.clone(), published);
        }
        let mut ours = BTreeMap::new();
        for (field, known) in
            known["types"][&name].as_object().unwrap_or_else(|| panic!("{name} is not known"))
        {
            if is_in(known, minor) {
                ours.insert(field.clone(), in_version(known, minor));
            }
        }
        for field in theirs.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            let (theirs, ours) = (theirs.get(field), ours.get(field));
            if theirs != ours {
                writeln!(wrong, "{name}.{field}:\n  server {theirs:?}\n  known  {ours:?}").unwrap();
            }
        }
        fields += theirs.len();
        let inner =
            theirs.values().map(|field| field["is"].as_str().unwrap().trim_matches(['[', ']', '{', '}']));
        waiting.extend(inner.filter(|word| word.contains('.')).map(str::to_owned));
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(
        seen.len() > 200 && fields > 1_000,
        "only {} types with {fields} fields were compared",
        seen.len()
    );
}

/// Objects as the server fills them in.
const STORED: &str = r#"
{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 0, selector: {matchLabels: {app: a}},
  template: {metadata: {labels: {app: a}}, spec: {containers: [{name: app, image: "a:1",
    ports: [{containerPort: 80}], livenessProbe: {tcpSocket: {port: 80}}, resources: {limits: {cpu: 1}}}],
    volumes: [{name: a, projected: {sources: [{serviceAccountToken: {path: token}}]}}]}}}}
---
{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {app: a}, ports: [{port: 80}]}}
---
{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: a}, spec: {minReplicas: 1, maxReplicas: 2,
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}, metrics: [
    {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}}
---
{apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {schedule: "0 0 1 1 *", suspend: true, jobTemplate:
  {spec: {template: {spec: {restartPolicy: Never, containers: [{name: app, image: "a:1"}]}}}}}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: a},
  rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
"#;

/// Whatever is in the cluster is an object without a fault: its own, these, and what other tests have made.
#[test]
fn nothing_is_found_in_the_objects_that_a_server_has_stored() {
    let sandbox = Sandbox::new();
    sandbox.apply(STORED);
    let (minor, mut checked) = (minor(), BTreeSet::new());
    for known in known()["kinds"].as_array().unwrap().iter().filter(|kind| is_in(kind, minor)) {
        let Some(of) = known["is"].as_str() else { continue };
        let api_version = known["apiVersion"].as_str().unwrap();
        let root = if api_version.contains('/') { "apis" } else { "api" };
        let list = raw(&format!("/{root}/{api_version}/{}", known["plural"].as_str().unwrap()));
        for mut object in list["items"].as_array().unwrap().clone() {
            object.as_object_mut().unwrap().remove("status");
            let found = check_value(of, &object);
            // What is not in every version is there, since the server has it; null is what it writes for nothing.
            let is_wrong = |found: &Diagnostic| found.is_error() && found.code != Code::NullValue;
            let errors: Vec<_> = found.iter().filter(|(_, found)| is_wrong(found)).collect();
            assert!(errors.is_empty(), "{of}: {errors:#?}\n{object:#}");
            checked.insert(of.to_owned());
        }
    }
    for of in [
        "apps.v1.Deployment",
        "core.v1.Service",
        "autoscaling.v2.HorizontalPodAutoscaler",
        "batch.v1.CronJob",
        "rbac.v1.Role",
    ] {
        assert!(checked.contains(of), "there is no {of} to check, only {checked:?}");
    }
}

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    role: String,
    found: Vec<String>,
    #[serde(default)]
    server: String,
    container: String,
}

/// What is a warning in this table; the rest are errors.
const WARNINGS: [&str; 3] = ["PF0302", "PF0331", "PF0905"];

#[test]
fn the_server_refuses_the_containers_in_which_a_mistake_is_found() {
    let text = include_str!("../fixtures/containers.yaml");
    let rows: Vec<Row> = serde_yaml::from_str(text).unwrap();
    let sandbox = Sandbox::new();
    let mut pods = String::new();
    for (number, Row { role, container, .. }) in rows.iter().enumerate() {
        let indented = container.trim_end().replace('\n', "\n      ");
        let item = format!("    - {indented}\n");
        let (init, sidecar) = if role == "init" { (item.as_str(), "") } else { ("", item.as_str()) };
        write!(
            pods,
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: row-{number}}}\nspec:\n  \
             volumes: [{{name: data, emptyDir: {{}}}}, {{name: config, configMap: {{name: config}}}}]\n  \
             initContainers:\n{init}  containers:\n    - {{name: app, image: \"app:1\"}}\n{sidecar}"
        )
        .unwrap();
    }
    let accepted = sandbox.would_apply(&sandbox.namespace, &pods);
    let mut wrong = String::new();
    for (number, row) in rows.iter().enumerate() {
        let error = row.found.iter().any(|code| !WARNINGS.contains(&code.as_str()));
        let expected = !error || row.server == "accepts";
        let found = accepted.contains(&format!("pod/row-{number}"));
        if found != expected {
            let verb = if found { "accepts" } else { "refuses" };
            writeln!(wrong, "the server {verb} {}:\n{}", row.name, row.container).unwrap();
        }
        assert!(
            row.server.is_empty() || error,
            "{}: there is no error that the server could not see",
            row.name
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(rows.len() > 60);
}

#[test]
fn a_kind_is_known_by_its_words() {
    let kind = built_in_kind("networking.k8s.io/v1", "NetworkPolicy").unwrap();
    assert_eq!((kind.plural.as_str(), kind.namespaced), ("networkpolicies", true));
}
