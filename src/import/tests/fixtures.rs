//! Files as they come out of editors, of `helm template`, of `kustomize build` and of `kubectl get`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{imported, objects, said};
use crate::import::{Fate, File, Imported, Options, Restart, import, references};

fn folder(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(kind)
}

fn kubernetes(name: &str, harden: bool) -> Imported {
    let text = fs::read_to_string(folder("kubernetes").join(name)).unwrap();
    let imported =
        imported(name, &text, &Options { harden, namespace: Some("shop".into()), ..Options::default() });
    assert_eq!(imported.errors, [], "{name}");
    imported
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder("kubernetes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn compose(name: &str) -> Imported {
    let folder = folder("compose").join(name);
    let file = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml"))
        .unwrap();
    let files = [File { name: "compose.yaml".to_owned(), bytes: fs::read(file).unwrap() }];
    let beside = references(&files).into_iter().filter_map(|(of, path)| {
        let bytes = fs::read(folder.join(&path)).ok()?;
        Some(((of, path), bytes))
    });
    let imported = import(&files, &Options { beside: beside.collect(), ..Options::default() });
    assert_eq!(imported.errors, [], "{name}");
    imported
}

/// Object, path and line of what did not fit.
fn unfit(imported: &Imported) -> Vec<String> {
    let all = imported.apps.iter().flat_map(|app| &app.findings).chain(&imported.findings);
    let unfit = all.filter(|finding| finding.fate == Fate::Unfit).map(|finding| {
        let line = finding.place.as_ref().map(|place| place.line).unwrap_or_default();
        format!("{line} {} {}", finding.object, finding.path).trim_end().to_owned()
    });
    unfit.collect()
}

/// Has what other readers take for something else: aliases, octal numbers, words that mean true.
const FOR_ITS_READER: &str = "anchors.yaml";

/// The pods' template of a Deployment of the input, read by another reader than the importer's.
fn template(file: &str, name: &str) -> Value {
    let text = fs::read_to_string(folder("kubernetes").join(file)).unwrap();
    let documents = serde_yaml::Deserializer::from_str(&text);
    let values = documents.map(|document| serde::Deserialize::deserialize(document).unwrap());
    let flat = values.flat_map(|value: Value| match value["items"].as_array() {
        Some(items) => items.clone(),
        None => vec![value],
    });
    let mut found = flat.filter(|value| value["kind"] == "Deployment" && value["metadata"]["name"] == name);
    let mut deployment = found.next().unwrap();
    crate::import::defaults::strip("Deployment", &mut deployment, true);
    deployment["spec"]["template"].clone()
}

#[test]
fn what_did_not_fit_is_told_with_its_line_and_nothing_else_is() {
    let expected: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("config.yaml", &["2 Namespace/shop", "37 Secret/worker-secrets"][..]),
        (
            "daemon.yaml",
            &[
                "2 DaemonSet/agent",
                "13 ServiceAccount/agent",
                "17 ClusterRole/agent",
                "22 Secret/agent-key",
                "27 Job/once",
                "36 CustomResourceDefinition/things.example.com",
                "40 Deployment/odd",
            ],
        ),
        ("helm.yaml", &["166 Pod/release-podinfo-jwt-test"]),
        ("jobs.yaml", &["34 CronJob/nightly"]),
        ("policies.yaml", &["36 PodDisruptionBudget/pay-pdb"]),
        ("stateful.yaml", &["9 StatefulSet/cache", "30 StatefulSet/kafka"]),
        (
            "volumes.yaml",
            &[
                "2 PersistentVolumeClaim/pgdata",
                "32 Deployment/db spec.template.spec.containers[name=postgres].env[name=POSTGRES_PASSWORD]",
            ],
        ),
    ]);
    assert!(names().len() >= 12, "{:?}", names());
    for name in names() {
        let imported = kubernetes(&name, false);
        assert_eq!(unfit(&imported), expected.get(name.as_str()).copied().unwrap_or_default(), "{name}");
        assert_eq!(imported.is_complete(), !expected.contains_key(name.as_str()), "{name}");
    }
}

#[test]
fn adopting_restarts_nothing_where_the_pods_can_stay_what_they_are() {
    let mut exact = Vec::new();
    for name in names() {
        for app in kubernetes(&name, false).apps {
            if app.restart == Some(Restart::None) {
                let rendered = said(&objects(&app));
                let template = &rendered[&("Deployment".to_owned(), app.id.name.clone())]["spec"]["template"];
                if name != FOR_ITS_READER {
                    assert_eq!(*template, self::template(&name, &app.id.name), "{name}\n{}", app.text);
                }
                exact.push(format!("{name} {}", app.id.name));
            }
        }
    }
    assert_eq!(
        exact,
        [
            "anchors.yaml anchors",
            "daemon.yaml good",
            "helm.yaml release-podinfo",
            "ingress.yaml back",
            "ingress.yaml front",
            "jobs.yaml shop",
            "list.json json",
            "live.yaml api",
            "plain.yaml web",
            "policies.yaml pay",
        ]
    );
}

#[test]
fn every_reason_for_a_restart_is_told() {
    let reasons = |file: &str| match kubernetes(file, false).apps.remove(0).restart {
        Some(Restart::Rollout(why)) => why.join("; "),
        other => panic!("{file}: {other:?}"),
    };
    assert!(reasons("config.yaml").contains("ConfigMap/worker-env-m2mg5mb749"));
    assert!(reasons("volumes.yaml").contains("POSTGRES_PASSWORD"));
    assert!(reasons("sidecars.yaml").contains("the order of its containers"));
    let Some(Restart::Rollout(why)) = kubernetes("plain.yaml", true).apps.remove(0).restart else { panic!() };
    assert_eq!(why, ["what portfolio adds"]);
}

#[test]
fn what_people_reach_stays_as_it_is() {
    // Old pods have no port of a name that only new ones have: a Service that went by it would lose them.
    let rendered = said(&objects(&kubernetes("plain.yaml", true).apps[0]));
    let service = &rendered[&("Service".to_owned(), "web".to_owned())];
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 8080);
    // Nothing was closed before.
    let rendered = said(&objects(&kubernetes("plain.yaml", false).apps[0]));
    let policy = &rendered[&("NetworkPolicy".to_owned(), "web".to_owned())];
    assert_eq!(policy["spec"]["ingress"], serde_json::json!([{}]));
    // What selects and routes in another way is kept.
    let front = &kubernetes("ingress.yaml", false).apps[1];
    assert_eq!((front.id.name.as_str(), &front.needs.kinds[..]), ("front", &["Ingress".to_owned()][..]));
    assert!(objects(front).iter().any(|object| object.reference.name == "api"));
}

#[test]
fn policies_and_autoscalers_of_other_names_keep_their_say() {
    let text = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: 'web:1', ports: [{containerPort: 80}]}]}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web-hpa, namespace: shop}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 9}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny-all, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
";
    let imported = imported("a.yaml", text, &Options::default());
    let app = &imported.apps[0];
    assert_eq!(app.needs.kinds, ["HorizontalPodAutoscaler"]);
    assert!(
        app.text.contains("drift: {ignore: [{target: Deployment, path: /spec/replicas}]}"),
        "{}",
        app.text
    );
    let rendered = said(&objects(app));
    let policy = &rendered[&("NetworkPolicy".to_owned(), "web".to_owned())]["spec"];
    assert_eq!(
        (policy.get("ingress"), policy.get("egress"), policy.get("policyTypes")),
        (None, None, None),
        "{policy}"
    );
    let hardened = super::imported("a.yaml", text, &Options { harden: true, ..Options::default() });
    let notes = hardened.apps[0].findings.iter().filter(|finding| finding.fate == Fate::Note);
    assert!(notes.map(|finding| finding.message.as_str()).any(|message| message.contains("cut off")));
}

#[test]
fn an_existing_volume_is_never_replaced_by_an_empty_one() {
    let app = &kubernetes("volumes.yaml", false).apps[0];
    let rendered = objects(app);
    let claims: Vec<&str> = rendered
        .iter()
        .filter(|object| object.reference.kind.name() == "PersistentVolumeClaim")
        .map(|object| object.reference.name.as_str())
        .collect();
    assert_eq!(claims, ["db-backup"]);
    let deployment = &said(&rendered)[&("Deployment".to_owned(), "db".to_owned())];
    assert!(deployment.to_string().contains(r#""claimName":"pgdata""#));
    assert_eq!(deployment["spec"].get("strategy"), None, "the strategy stays what it was");
    assert!(app.needs.privileged, "it mounts a folder of its node");
}

#[test]
fn no_secret_gets_into_a_document() {
    for name in ["config.yaml", "daemon.yaml", "volumes.yaml"] {
        let imported = kubernetes(name, false);
        for app in &imported.apps {
            assert!(
                ["not-for-git", "bm90IGZvciBnaXQ", "hunter2"].iter().all(|secret| !app.text.contains(secret)),
                "{}",
                app.text
            );
            assert!(app.text.contains("secrets:"), "{}", app.text);
        }
    }
    for name in ["shop", "wordpress", "build", "long"] {
        for app in compose(name).apps {
            for secret in ["hunter2", "somewordpress", "abc", "PRIVATE KEY"] {
                assert!(!app.text.contains(secret), "{name}: {}", app.text);
            }
        }
    }
}

#[test]
fn hardened_documents_have_no_patch_that_only_takes_away() {
    for name in names() {
        for app in kubernetes(&name, true).apps {
            assert!(!app.text.contains("op: remove") || name == "sidecars.yaml", "{name}\n{}", app.text);
            // The one thing that must go for another to stand in its place.
            let text = app.text.replace("rollingUpdate: null", "");
            assert!(!text.contains(": null"), "{name}\n{}", app.text);
            objects(&app);
        }
    }
}

#[test]
fn documents_are_what_the_manual_would_have_written() {
    let text = |name: &str, harden| kubernetes(name, harden).apps.remove(0).text;
    insta::assert_snapshot!("plain", text("plain.yaml", false));
    insta::assert_snapshot!("plain_hardened", text("plain.yaml", true));
    insta::assert_snapshot!("helm_hardened", text("helm.yaml", true));
    let shop: Vec<String> = compose("shop").apps.into_iter().map(|app| app.text).collect();
    insta::assert_snapshot!("compose_shop", shop.join("---\n"));
}

#[test]
fn each_key_of_a_compose_file_is_in_the_document_or_told() {
    for (name, expected) in [
        ("shop", &["34 api environment.UNSET", "26 api", "41 db", "3 web", "6 web ports"][..]),
        ("wordpress", &["3 db", "15 wordpress", "19 wordpress ports"]),
        (
            "build",
            &[
                "3 app build",
                "8 app volumes",
                "10 app",
                "12 app volumes",
                "15 app networks.front.aliases",
                "16 app labels",
                "17 app logging",
                "18 app ulimits",
                "19 app extra_hosts",
                "20 app unknown_key",
                "23 migrate restart",
                "28 worker profiles",
                "29 compose networks.back.internal",
            ],
        ),
        (
            "long",
            &[
                "5 proxy ports",
                "8 proxy env_file",
                "15 proxy secrets",
                "17 proxy secrets.mode",
                "21 proxy volumes",
                "29 proxy deploy.placement",
                "30 proxy deploy.update_config",
                "31 proxy deploy.restart_policy.max_attempts",
                "39 compose volumes.cache.driver",
                "39 compose volumes.cache.driver_opts",
            ],
        ),
        ("anchors", &[]),
        (
            "odd",
            &[
                "15 123 depends_on",
                "2 My_App image",
                "8 My_App network_mode",
                "9 My_App user",
                "10 My_App ports",
                "10 My_App ports",
                "12 My_App volumes",
                "17 sidecar extends",
                "19 compose include",
            ],
        ),
    ] {
        let imported = compose(name);
        let mut found = unfit(&imported);
        let mut expected: Vec<String> = expected.iter().map(|one| (*one).to_owned()).collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{name}");
        imported.apps.iter().for_each(|app| drop(objects(app)));
    }
}

#[test]
fn anchors_merge_keys_and_defaults_of_variables_are_followed() {
    let imported = compose("anchors");
    let text = |at: usize| imported.apps[at].text.as_str();
    assert!(
        text(0).contains("env: {LOG_LEVEL: info, REGION: eu}") && text(0).contains("memory: 384Mi"),
        "{}",
        text(0)
    );
    assert!(text(1).contains("env: {LOG_LEVEL: debug, REGION: eu}"), "{}", text(1));
    let odd = &compose("odd").apps;
    let app = odd.iter().find(|app| app.id.name == "my-app").unwrap();
    assert!(app.text.contains("args: [echo, $$(date) hello world]"), "{}", app.text);
}
