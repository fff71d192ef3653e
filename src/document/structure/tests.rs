use serde::Deserialize;
use serde_json::json;

use super::container::{Pod, Role, container};
use super::*;
use crate::document::node::Node;
use crate::document::scan::scan;
use crate::document::{Code, Diagnostic, Label, Span};

fn root(text: &str) -> Node {
    let mut documents = Vec::new();
    assert_eq!(scan(text, |document| documents.push(document)), None, "{text}");
    documents.remove(0).root
}

/// As a person sees it.
fn shown(found: &Diagnostic) -> String {
    let mut lines = vec![found.to_string()];
    for Label { span, message } in &found.labels {
        lines.push(format!("{}:{}: {message}", span.line, span.column));
    }
    lines.extend(found.help.iter().map(|help| format!("help: {help}")));
    lines.join("\n  ")
}

fn of(type_name: &str, mode: Mode, text: &str) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    check(type_name, &root(text), "merge", Span::START, mode, &mut diagnostics);
    diagnostics
}

fn codes(found: &[Diagnostic]) -> Vec<String> {
    found.iter().map(|found| found.code.to_string()).collect()
}

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    role: String,
    found: Vec<String>,
    container: String,
}

#[test]
fn each_mistake_in_a_container_is_found() {
    let rows: Vec<Row> =
        serde_yaml::from_str(include_str!("../../../tests/fixtures/containers.yaml")).unwrap();
    let mut told = String::new();
    for row in rows {
        let role = if row.role == "init" { Role::Init } else { Role::Sidecar };
        let mut pod = Pod::new(["app".to_owned()], ["data".to_owned(), "config".to_owned()]);
        let mut found = Vec::new();
        container(&root(&row.container), role, "sidecars", &mut pod, &mut found);
        assert_eq!(codes(&found), row.found, "{}:\n{found:#?}", row.name);
        for found in &found {
            told.push_str(&format!("{}\n  {}\n", row.name, shown(found).replace('\n', "\n  ")));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn every_code_of_written_out_containers_has_a_container_that_shows_it() {
    let fixture = include_str!("../../../tests/fixtures/containers.yaml");
    for code in Code::ALL.iter().filter(|code| (901..1000).contains(&code.number())) {
        let elsewhere = matches!(code, Code::KubernetesKind);
        assert_eq!(fixture.contains(&code.to_string()), !elsewhere, "{code}");
    }
}

#[test]
fn containers_of_a_pod_have_different_names() {
    let mut pod = Pod::new(["app".to_owned()], []);
    let mut found = Vec::new();
    container(&root("{name: a, image: \"a:1\"}"), Role::Init, "initContainers", &mut pod, &mut found);
    assert_eq!(found, []);
    container(&root("# second\n{name: a, image: \"a:1\"}"), Role::Sidecar, "sidecars", &mut pod, &mut found);
    assert_eq!(codes(&found), ["PF0907"]);
    assert_eq!((found[0].span.line, found[0].labels[0].span.line), (2, 1));
}

#[test]
fn a_merge_patch_needs_nothing_and_takes_away_with_null() {
    let patch =
        "spec: {replicas: null, strategy: {type: Recreate}, template: {spec: {nodeSelector: {a: null}}}}";
    assert_eq!(of("apps.v1.Deployment", Mode::Partial, patch), []);
    let as_object = of("apps.v1.Deployment", Mode::Whole, patch);
    // `selector` and the pod's `containers` are missing, and three things are null.
    assert_eq!(codes(&as_object), ["PF0106", "PF0106", "PF0903", "PF0903"]);
}

#[test]
fn the_items_of_a_list_in_a_merge_patch_are_whole() {
    let patch = "spec: {template: {spec: {containers: [{image: null}]}}}";
    assert_eq!(codes(&of("apps.v1.Deployment", Mode::Partial, patch)), ["PF0106", "PF0903"]);
}

#[test]
fn what_not_every_version_has_is_a_warning() {
    let patch = "
spec:
  template:
    spec:
      hostnameOverride: a
      workloadRef: {name: a, podGroup: b}
      tolerations: [{key: a, operator: Gt, value: \"1\"}]
";
    let found = of("apps.v1.Deployment", Mode::Partial, patch);
    assert!(found.iter().all(|found| !found.is_error() && found.code == Code::KubernetesVersion));
    insta::assert_snapshot!(found.iter().map(shown).collect::<Vec<_>>().join("\n"));
}

#[test]
fn what_kubernetes_writes_is_not_written_by_people() {
    let found = of("apps.v1.Deployment", Mode::Partial, "status: {replicas: 2}");
    assert_eq!(codes(&found), ["PF0901"]);
}

#[test]
fn raw_json_is_not_looked_into() {
    let text = "{apiVersion: apps/v1, kind: ControllerRevision, revision: 1, data: {anything: [1, null]}}";
    assert_eq!(of("apps.v1.ControllerRevision", Mode::Whole, text), []);
}

#[test]
fn secrets_are_base64_and_times_are_rfc_3339() {
    let secret = |data: &str| codes(&of("core.v1.Secret", Mode::Whole, &format!("data: {{a: {data}}}")));
    assert_eq!(secret("aGVsbG8="), Vec::<String>::new());
    assert_eq!(secret("hello!"), ["PF0902"]);
    let lease = |time: &str| {
        codes(&of("coordination.v1.Lease", Mode::Whole, &format!("spec: {{renewTime: {time}}}")))
    };
    assert_eq!(lease("2026-01-31T12:00:00.000000Z"), Vec::<String>::new());
    assert_eq!(lease("2026-01-31T12:00:00+01:00"), Vec::<String>::new());
    for wrong in ["2026-01-31", "2026-02-31T12:00:00Z", "2026-01-31 12:00:00Z", "noon"] {
        assert_eq!(lease(wrong), ["PF0902"], "{wrong}");
    }
}

#[test]
fn a_value_with_a_thousand_mistakes_is_given_up_after_a_hundred() {
    let data: Vec<String> = (0..1_000).map(|at| format!("k{at}: [1]")).collect();
    let found = of("core.v1.ConfigMap", Mode::Whole, &format!("data: {{{}}}", data.join(", ")));
    assert_eq!(found.len(), 100);
    let ports: Vec<String> = (0..1_000).map(|at| format!("{{containerPort: -{at}}}")).collect();
    let mut found = Vec::new();
    let text = format!("{{name: a, image: \"a:1\", ports: [{}]}}", ports.join(", "));
    container(&root(&text), Role::Init, "initContainers", &mut Pod::new([], []), &mut found);
    assert_eq!(found.len(), 100);
}

fn object_of(text: &str) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    object(&root(text), "objects", Span::START, &mut diagnostics);
    diagnostics
}

#[test]
fn an_object_is_one_of_kubernetes_or_somebody_elses() {
    let name = "metadata: {name: a}";
    for text in [
        "apiVersion: v1\nkind: ConfigMap\ndata: {a: b}",
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nrules: []",
        "apiVersion: monitoring.example.com/v1\nkind: ServiceMonitor\nanything: 1",
        "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute",
    ] {
        assert_eq!(object_of(&format!("{text}\n{name}")), [], "{text}");
    }
}

/// Nobody here knows what type its fields have, so what is read in two ways is in neither.
#[test]
fn what_is_not_the_same_to_everybody_is_no_value_in_an_object_of_somebody_elses() {
    let head = "apiVersion: monitoring.example.com/v1\nkind: ServiceMonitor\n";
    let good =
        "spec: {a: .5, b: 0x1f, c: +1, d: True, e: \"yes\", f: '0644', g: 1.2.3, h: 12:30, i: ~, j: [1.50]}";
    assert_eq!(object_of(&format!("{head}{good}")), []);
    let bad = object_of(&format!("{head}spec: {{big: 1e3, mode: 0644, list: [yes, .inf]}}"));
    assert_eq!(codes(&bad), ["PF0902"; 4]);
    insta::assert_snapshot!(bad.iter().map(shown).collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_object_that_no_app_can_have_is_refused() {
    let mut told = String::new();
    for (text, refused) in [
        ("kind: ConfigMap", true),
        ("apiVersion: v1", true),
        ("apiVersion: v1\nkind: [ConfigMap]", true),
        ("apiVersion: v1\nkind: Configmap", true),
        ("apiVersion: v1\nkind: Deployment", true),
        ("apiVersion: extensions/v1beta1\nkind: Ingress", true),
        ("apiVersion: v1\nkind: List\nitems: []", true),
        ("apiVersion: apps/v1\nkind: DeploymentList\nitems: []", true),
        ("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole", true),
        ("apiVersion: mine/v1\nkind: Thing", true),
        ("apiVersion: resource.k8s.io/v1\nkind: ResourceClaim\nspec: {}", false),
        ("apiVersion: coordination.k8s.io/v1beta1\nkind: LeaseCandidate", false),
        ("apiVersion: v1\nkind: ConfigMap\ndata: {a: 1}\nbinary: {}", true),
    ] {
        let diagnostics = object_of(text);
        assert_eq!(diagnostics.iter().any(Diagnostic::is_error), refused, "{text}");
        assert!(!diagnostics.is_empty(), "{text}");
        for found in &diagnostics {
            told.push_str(&format!(
                "{}\n  {}\n",
                text.replace('\n', ", "),
                shown(found).replace('\n', "\n  ")
            ));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_finished_value_is_checked_by_pointer() {
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "a", "annotations": {"a.b/c": 1}},
        "spec": {
            "replicas": "2",
            "selector": {"matchLabels": {"app": "a"}},
            "template": {"spec": {"containers": [{"name": "a", "imag": "b"}, {"name": "a"}, {"image": null}]}},
        },
    });
    let found: Vec<String> = check_value("apps.v1.Deployment", &deployment)
        .into_iter()
        .map(|(pointer, found)| format!("{pointer} {} {}", found.code, found.message))
        .collect();
    insta::assert_snapshot!(found.join("\n"));
    let good = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "1", "b": "true", "c": ""}});
    assert_eq!(check_value("core.v1.ConfigMap", &good), []);
}

#[test]
fn kinds_know_their_type_and_plural() {
    let deployment = kind("apps/v1", "Deployment").unwrap();
    assert_eq!(
        (deployment.type_name(), deployment.plural.as_str()),
        (Some("apps.v1.Deployment"), "deployments")
    );
    assert_eq!(kind("v1", "Node").unwrap().type_name(), None);
    assert!(kind("apps/v1", "Pod").is_none());
}

#[test]
fn a_thousand_warnings_hide_no_error() {
    let gt = vec!["{key: a, operator: Gt, value: \"1\"}"; 1000].join(", ");
    let patch = format!("spec: {{template: {{spec: {{tolerations: [{gt}]}}}}, unknown: 1}}");
    let found = of("apps.v1.Deployment", Mode::Partial, &patch);
    assert_eq!(found.len(), 101);
    assert_eq!(found.iter().filter(|found| found.is_error()).count(), 1);
}
