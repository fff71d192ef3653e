//! What was once lost without a word.

use serde_json::Value;

use super::{imported, objects, said};
use crate::document::Code;
use crate::import::{Fate, File, Finding, Imported, Options, import};

fn deployment(name: &str, pod: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: 3\n  selector: \
         {{matchLabels: {{app: {name}}}}}\n  template: {{metadata: {{labels: {{app: {name}}}}}, spec: {pod}}}\n---\n"
    )
}

/// Kind and name of each object of all the documents.
fn rendered(imported: &Imported) -> Vec<(String, String)> {
    assert_eq!(imported.errors, []);
    imported.apps.iter().flat_map(|app| said(&objects(app)).into_keys()).collect()
}

fn count(imported: &Imported, kind: &str, name: &str) -> usize {
    rendered(imported).iter().filter(|found| **found == (kind.to_owned(), name.to_owned())).count()
}

const CONF: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {LOG: debug, app.toml: x}\n---\n";

#[test]
fn a_config_map_stays_as_long_as_anything_refers_to_it() {
    let both = "{containers: [{name: c, image: 'c:1', env: [{name: LOG, valueFrom: {configMapKeyRef: {name: conf, key: \
                LOG}}}], volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, configMap: {name: conf, items: \
                [{key: app.toml, path: a}]}}]}";
    let one = imported("a.yaml", &format!("{CONF}{}", deployment("web", both)), &Options::default());
    assert_eq!(count(&one, "ConfigMap", "conf"), 1, "{}", one.apps[0].text);

    let variables = "{containers: [{name: c, image: 'c:1', envFrom: [{configMapRef: {name: conf}}]}]}";
    let two = format!("{CONF}{}{}", deployment("api", variables), deployment("web", both));
    let two = imported("a.yaml", &two, &Options::default());
    assert_eq!(count(&two, "ConfigMap", "conf"), 1, "one app has it, the other refers to it");

    let alone = imported("a.yaml", &format!("{CONF}{}", deployment("api", variables)), &Options::default());
    assert_eq!(count(&alone, "ConfigMap", "conf"), 0, "its values are in `env`");
}

#[test]
fn what_is_there_twice_is_refused_and_not_written_over() {
    let pod = "{containers: [{name: c, image: 'c:1'}]}";
    let twice = format!("{}{}", deployment("web", pod), deployment("web", pod));
    let twice = imported("a.yaml", &twice, &Options::default());
    assert_eq!((twice.errors[0].code, twice.errors[0].span.line), (Code::DuplicateDocument, 9));
    assert!(twice.apps.is_empty());

    let file = |name: &str, text: &str| File { name: name.to_owned(), bytes: text.as_bytes().to_vec() };
    let files = [
        file("compose.yaml", "services: {web: {image: 'w:1', ports: ['80']}}"),
        file("compose.override.yaml", "services:\n  web: {image: 'w:1', environment: {B: 2}}"),
    ];
    let compose = import(&files, &Options::default());
    assert_eq!(compose.errors.len(), 1);
    assert!(compose.errors[0].help.as_ref().unwrap().contains("docker compose config"));
    assert!(compose.apps.is_empty());
}

#[test]
fn the_old_name_of_an_account_is_read() {
    let pod = "{serviceAccount: legacy, containers: [{name: c, image: 'c:1'}]}";
    let one = imported("a.yaml", &deployment("web", pod), &Options::default());
    let objects = said(&objects(&one.apps[0]));
    let web = &objects[&("Deployment".to_owned(), "web".to_owned())];
    assert_eq!(web["spec"]["template"]["spec"]["serviceAccountName"], "legacy");
}

const SCALER: &str = "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: NAME}\nspec:\n  \
                      scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  minReplicas: 2\n  maxReplicas: \
                      5\n  targetCPUUtilizationPercentage: 60\n---\n";

#[test]
fn what_an_autoscaler_had_set_is_left_to_it() {
    let pod = "{containers: [{name: c, image: 'c:1', resources: {requests: {cpu: 1}}}]}";
    for name in ["web", "other"] {
        let text = format!("{}{}", SCALER.replace("NAME", name), deployment("web", pod));
        let one = imported("a.yaml", &text, &Options::default());
        let objects = said(&objects(&one.apps[0]));
        let scaler = &objects[&("HorizontalPodAutoscaler".to_owned(), name.to_owned())];
        let target = &scaler["spec"]["metrics"][0]["resource"]["target"];
        assert_eq!(target["averageUtilization"], 60, "{}", one.apps[0].text);
        if name == "web" {
            let web = &objects[&("Deployment".to_owned(), "web".to_owned())];
            assert_eq!(web["spec"].get("replicas").unwrap_or(&Value::Null), &Value::Null);
        }
    }
}

#[test]
fn a_stateful_set_without_volumes_has_none_that_do_not_fit() {
    let pod = "{containers: [{name: c, image: 'c:1'}]}";
    let text =
        deployment("web", pod).replace("Deployment", "StatefulSet").replace("replicas: 3", "replicas: 1");
    let one = imported("a.yaml", &text, &Options::default());
    let is_lost = |finding: &&Finding| finding.fate == Fate::Unfit && finding.path.contains("volumes");
    assert_eq!(one.apps[0].findings.iter().filter(is_lost).count(), 0, "{:#?}", one.apps[0].findings);
}

#[test]
fn what_a_patch_keeps_is_not_said_to_be_left_out() {
    let pod = "{containers: [{name: c, image: 'c:1', readinessProbe: {httpGet: {path: /, port: 9999}}}]}";
    let one = imported("a.yaml", &deployment("web", pod), &Options::default());
    let unfit = one.apps[0].findings.iter().filter(|finding| finding.fate == Fate::Unfit);
    assert_eq!(unfit.count(), 0, "{:#?}", one.apps[0].findings);
    let objects = said(&objects(&one.apps[0]));
    let web = &objects[&("Deployment".to_owned(), "web".to_owned())];
    let probe = web.pointer("/spec/template/spec/containers/0/readinessProbe/httpGet/port").unwrap();
    assert_eq!(probe, 9999);
}
