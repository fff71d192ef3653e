//! What holds for every app: tried over the space of options.

use any_app::{AnyApp, KINDS, any_app};
use proptest::prelude::*;
use serde_json::Value;

use super::{find, rendered};
use crate::document::{
    App, BuiltInKind, Cache, Document, Entry, Options, Tree, Validated, built_in_kind, check_value, load,
};
use crate::object::{Kind, Level, Object, pod_security};
use crate::render::{judge, names, to_yaml};

/// The app of a document, which must be valid.
fn valid(written: AnyApp) -> Result<Validated<App>, TestCaseError> {
    let text = written.text("shop", "web");
    let mut tree = Tree::default();
    let files = written.files.into_iter().chain([("web.yaml".to_owned(), text.clone().into_bytes())]);
    for (number, (path, bytes)) in files.enumerate() {
        tree.entries.insert(path, Entry::File { id: number.to_string(), bytes: bytes.into() });
    }
    let mut options = Options::new(judge);
    options.policy.privileged = true;
    options.policy.kinds = KINDS.iter().map(|kind| kind.parse().unwrap()).collect();
    let loaded = load(&tree, &options, &mut Cache::default());
    match loaded.documents.into_values().next().map(|loaded| loaded.document) {
        Some(Document::App(app)) => Ok(app),
        Some(Document::Migration(_)) | None => {
            Err(TestCaseError::fail(format!("{:#?}\n{text}", loaded.diagnostics)))
        }
    }
}

fn keys<'a>(content: &'a Value, pointer: &str) -> Vec<&'a str> {
    content
        .pointer(pointer)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect()
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(map) => map.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Where each kind that selects pods says so.
fn selectors(objects: &[Object]) -> Vec<&Value> {
    [
        (Kind::Deployment, "/spec/selector/matchLabels"),
        (Kind::Service, "/spec/selector"),
        (Kind::PodDisruptionBudget, "/spec/selector/matchLabels"),
        (Kind::NetworkPolicy, "/spec/podSelector/matchLabels"),
    ]
    .into_iter()
    .filter_map(|(kind, pointer)| find(objects, kind)?.pointer(pointer))
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn objects_are_sorted_complete_and_the_same_each_time(written in any_app()) {
        let app = valid(written)?;
        let objects = rendered(&app);
        prop_assert_eq!(&objects, &rendered(&app));
        prop_assert!(objects.is_sorted_by(|one, other| one.reference < other.reference));
        for object in &objects {
            let content = &object.content;
            prop_assert_eq!(&content["kind"], object.reference.kind.name());
            prop_assert_eq!(&content["apiVersion"], &object.reference.kind.api_version());
            prop_assert_eq!(&content["metadata"]["name"], &object.reference.name);
            prop_assert_eq!(&content["metadata"]["namespace"], "shop");
            prop_assert_eq!(&content["metadata"]["labels"]["portfolio.dev/source"], "main");
            prop_assert_eq!(&content["metadata"]["annotations"]["portfolio.dev/document"], "PortfolioApp/shop/web");
            prop_assert_eq!(&content["metadata"]["annotations"]["portfolio.dev/owner"], "portfolio-system/main");
            prop_assert!(content.get("status").is_none());
            prop_assert!(!has_null(content));
            prop_assert_eq!(content.as_str(), Value::clone(content).to_string(), "canonical");
        }
    }

    #[test]
    fn objects_have_the_structure_that_kubernetes_publishes(written in any_app()) {
        for object in rendered(&*valid(written)?) {
            let kind = object.reference.kind;
            let of = built_in_kind(&kind.api_version(), kind.name()).and_then(BuiltInKind::type_name).unwrap();
            prop_assert_eq!(check_value(of, &object.content), []);
        }
    }

    #[test]
    fn pods_keep_the_strictest_standard_unless_they_ask_for_more(written in any_app()) {
        let app = valid(written)?;
        let objects = rendered(&app);
        let pod = find(&objects, Kind::Deployment).unwrap().pointer("/spec/template").unwrap();
        let security = app.spec.security.clone().unwrap_or_default();
        let adds = |name: &str| security.capabilities.iter().any(|capability| capability == name);
        let expected = match (adds("SYS_ADMIN"), security.root || adds("CHOWN")) {
            (true, _) => Level::Privileged,
            (false, true) => Level::Baseline,
            (false, false) => Level::Restricted,
        };
        let (level, violations) = pod_security(pod);
        prop_assert_eq!(level, expected, "{:?}", violations);
    }

    #[test]
    fn pods_carry_no_label_of_ours_and_all_that_selects_them(written in any_app()) {
        let app = valid(written)?;
        let objects = rendered(&app);
        let deployment = find(&objects, Kind::Deployment).unwrap();
        let labels = &deployment["spec"]["template"]["metadata"]["labels"];
        for key in keys(deployment, "/spec/template/metadata/labels") {
            prop_assert!(!key.starts_with("portfolio.dev/"), "{key}");
        }
        let selectors = selectors(&objects);
        for selector in &selectors {
            prop_assert_eq!(*selector, selectors[0]);
            for (key, value) in selector.as_object().unwrap() {
                prop_assert_eq!(&labels[key], value);
                prop_assert!(!key.contains("version"));
            }
        }
    }

    #[test]
    fn pods_beside_the_app_are_in_no_selector_of_its(written in any_app()) {
        let app = valid(written)?;
        let objects = rendered(&app);
        let jobs = objects.iter().filter(|object| object.reference.kind == Kind::CronJob);
        for job in jobs {
            let labels = &job.content["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"];
            for selector in selectors(&objects) {
                let mut selector = selector.as_object().unwrap().iter();
                prop_assert!(selector.any(|(key, value)| labels.get(key) != Some(value)), "{labels}");
            }
            let policy = objects.iter().find(|object| object.reference.name == "web-jobs").unwrap();
            let mut own = policy.content["spec"]["podSelector"]["matchLabels"].as_object().unwrap().iter();
            prop_assert!(own.all(|(key, value)| labels.get(key) == Some(value)), "{labels}");
        }
    }

    #[test]
    fn variables_are_exactly_what_was_written(written in any_app()) {
        let env = written.spec.get("env").and_then(Value::as_object).cloned().unwrap_or_default();
        let app = valid(written)?;
        let objects = rendered(&app);
        let container = &find(&objects, Kind::Deployment).unwrap()["spec"]["template"]["spec"]["containers"][0];
        for (name, value) in env {
            let variables = container["env"].as_array().unwrap();
            let rendered = &variables.iter().find(|variable| variable["name"] == name).unwrap()["value"];
            match value {
                Value::String(text) => prop_assert_eq!(rendered, &text.replace("{app}", "web")),
                Value::Bool(_) | Value::Number(_) => prop_assert!(rendered.is_string()),
                other => prop_assert!(false, "{other}"),
            }
        }
    }

    #[test]
    fn names_fit_and_meet_what_refers_to_them(written in any_app()) {
        let app = valid(written)?;
        let objects = rendered(&app);
        let deployment = find(&objects, Kind::Deployment).unwrap();
        let pod = &deployment["spec"]["template"]["spec"];
        let volumes: Vec<_> = pod["volumes"].as_array().unwrap().iter().map(|volume| &volume["name"]).collect();
        for name in &volumes {
            prop_assert!(name.as_str().unwrap().len() <= names::MAX_LABEL);
            prop_assert_eq!(volumes.iter().filter(|other| other == &name).count(), 1);
        }
        for mount in pod["containers"][0]["volumeMounts"].as_array().unwrap() {
            prop_assert!(volumes.contains(&&mount["name"]));
        }
        for volume in pod["volumes"].as_array().unwrap() {
            if let Some(claim) = volume.pointer("/persistentVolumeClaim/claimName") {
                prop_assert!(objects.iter().any(|object| object.reference.kind == Kind::PersistentVolumeClaim
                    && object.reference.name == claim.as_str().unwrap()));
            }
            if let Some(map) = volume.pointer("/configMap/name") {
                prop_assert_eq!(&find(&objects, Kind::ConfigMap).unwrap()["metadata"]["name"], map);
            }
        }
    }

    #[test]
    fn yaml_is_read_back_as_the_same_objects(written in any_app()) {
        let app = valid(written)?;
        let objects = rendered(&app);
        let text = to_yaml(&objects);
        let read: Vec<Value> = serde_yaml::Deserializer::from_str(&text)
            .map(|document| serde::Deserialize::deserialize(document).unwrap())
            .collect();
        let written: Vec<_> = objects.iter().map(|object| Value::clone(&object.content)).collect();
        prop_assert_eq!(read, written, "{}", text);
    }
}
