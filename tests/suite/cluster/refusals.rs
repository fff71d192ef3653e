//! Each way in which the API server says no, in our words.

use kube::api::{Api, DynamicObject, PostParams};
use portfolio::cluster::{ClusterError, Mode};
use portfolio::object::{Kind, Object, ObjectRef};
use serde_json::{Value, json};

use super::bench::{Bench, connect_as, eventually, resource};

#[tokio::test]
async fn an_unknown_field_is_named() {
    let bench = Bench::new("refusal").await;
    let Object { reference, content, .. } = bench.deployment("a");
    let mut content = Value::clone(&content);
    content["spec"]["replica"] = json!(1);
    content["spec"]["template"]["spec"]["containers"][0]["imag"] = json!("b");

    let error = bench.cluster.apply(&Object::new(reference, content), &Mode::Create).await.unwrap_err();

    let ClusterError::Invalid { fields, .. } = &error else { panic!("{error:?}") };
    assert!(fields.iter().any(|field| field.ends_with("spec.replica")), "{error:?}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_value_that_does_not_fit_is_named() {
    let bench = Bench::new("refusal").await;
    let Object { reference, content, .. } = bench.deployment("a");
    let mut content = Value::clone(&content);
    content["spec"]["template"]["metadata"]["labels"]["app"] = json!("b");

    let error = bench.cluster.apply(&Object::new(reference, content), &Mode::Create).await.unwrap_err();

    let ClusterError::Invalid { fields, .. } = &error else { panic!("{error:?}") };
    assert_eq!(fields, &["spec.template.metadata.labels"], "{error:?}");
}

#[tokio::test]
async fn an_immutable_field_is_invalid_and_named() {
    let bench = Bench::new("refusal").await;
    let Object { reference, content, .. } = bench.deployment("a");
    let mut content = Value::clone(&content);
    bench.cluster.apply(&Object::new(reference.clone(), content.clone()), &Mode::Create).await.unwrap();
    content["spec"]["selector"]["matchLabels"]["app"] = json!("b");
    content["spec"]["template"]["metadata"]["labels"]["app"] = json!("b");

    let error =
        bench.cluster.apply(&Object::new(reference, content), &Mode::Force { uid: None }).await.unwrap_err();

    let ClusterError::Invalid { fields, .. } = &error else { panic!("{error:?}") };
    assert_eq!(fields, &["spec.selector"], "{error:?}");
}

#[tokio::test]
async fn a_service_does_not_become_headless_and_does_not_cease_to_be() {
    let bench = Bench::new("refusal").await;
    let service = |name: &str, address: Option<&str>| {
        let mut content = json!({
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": bench.namespace},
            "spec": {"type": "ClusterIP", "selector": {"run": name}, "ports": [{"name": "http", "port": 80}]},
        });
        if let Some(address) = address {
            content["spec"]["clusterIP"] = json!(address);
        }
        Object::new(ObjectRef::new(Kind::Service, &bench.namespace, name), content)
    };
    let force = Mode::Force { uid: None };
    bench.cluster.apply(&service("plain", None), &Mode::Create).await.unwrap();
    bench.cluster.apply(&service("headless", Some("None")), &Mode::Create).await.unwrap();

    let error = bench.cluster.apply(&service("plain", Some("None")), &force).await.unwrap_err();
    let live = bench.cluster.apply(&service("headless", None), &force).await.unwrap();

    let ClusterError::Invalid { fields, .. } = &error else { panic!("{error:?}") };
    assert!(fields.iter().any(|field| field.starts_with("spec.clusterIP")), "{error:?}");
    assert_eq!(live["spec"]["clusterIP"], "None", "it is taken and not done");
}

#[tokio::test]
async fn rbac_is_told_from_admission_and_names_user_and_verb() {
    let bench = Bench::new("refusal").await;
    let viewer = connect_as("viewer").await;

    let error = viewer.apply(&bench.config_map("a", &json!({})), &Mode::Create).await.unwrap_err();

    let ClusterError::Forbidden { message, .. } = &error else { panic!("{error:?}") };
    assert!(message.contains("viewer") && message.contains("patch"), "{error}");
    assert_eq!(error.reason(), "Forbidden");
}

#[tokio::test]
async fn impersonation_acts_with_the_rights_of_the_account() {
    let bench = Bench::new("refusal").await;
    let deployer = bench.cluster.impersonating(&bench.namespace, "deployer").unwrap();

    let error = deployer.apply(&bench.config_map("a", &json!({})), &Mode::Create).await.unwrap_err();

    let ClusterError::Forbidden { message, .. } = &error else { panic!("{error:?}") };
    assert!(message.contains(&format!("system:serviceaccount:{}:deployer", bench.namespace)), "{error}");
}

#[tokio::test]
async fn a_missing_namespace_is_named() {
    let bench = Bench::new("refusal").await;
    let reference = ObjectRef::new(Kind::ConfigMap, "nowhere", "a");
    let content =
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "nowhere"}});

    let error =
        bench.cluster.apply(&Object::new(reference.clone(), content), &Mode::Create).await.unwrap_err();

    let namespace = "nowhere".to_owned();
    assert_eq!(error, ClusterError::NamespaceMissing { target: reference.to_string(), namespace });
    assert_eq!(bench.cluster.get(&reference).await.unwrap(), None);
    assert_eq!(bench.cluster.namespace("nowhere").await.unwrap(), None);
    assert!(bench.cluster.namespace(&bench.namespace).await.unwrap().is_some());
}

#[tokio::test]
async fn a_namespace_that_is_being_deleted_is_named() {
    let bench = Bench::new("refusal").await;
    let keeper = bench.config_map("keeper", &json!({}));
    let hold = json!({"metadata": {"finalizers": ["portfolio.dev/test"]}});
    bench.other_applies("test", &keeper.reference, hold).await;
    let namespaces: Api<DynamicObject> = Api::all_with(bench.other.clone(), &resource("", "Namespace"));
    namespaces.delete(&bench.namespace, &kube::api::DeleteParams::default()).await.unwrap();

    let outcome = bench.cluster.apply(&bench.config_map("a", &json!({})), &Mode::Create).await;

    bench.other_edits("test", &keeper.reference, json!({"metadata": {"finalizers": null}})).await;
    let namespace = bench.namespace.clone();
    let target = bench.reference(Kind::ConfigMap, "a").to_string();
    assert_eq!(outcome, Err(ClusterError::NamespaceTerminating { target, namespace }));
}

#[tokio::test]
async fn a_quota_is_told_with_its_numbers() {
    let bench = Bench::new("refusal").await;
    let quotas: Api<DynamicObject> =
        Api::namespaced_with(bench.other.clone(), &bench.namespace, &resource("", "ResourceQuota"));
    let quota = json!({
        "apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"},
        "spec": {"hard": {"count/deployments.apps": "0"}},
    });
    quotas.create(&PostParams::default(), &serde_json::from_value(quota).unwrap()).await.unwrap();

    let error = eventually("the quota refuses", async || {
        bench.cluster.apply(&bench.deployment("a"), &Mode::DryRun { force: false }).await.err()
    })
    .await;

    let ClusterError::Quota { message, .. } = &error else { panic!("{error:?}") };
    assert!(message.contains("few"), "{message}");
}

#[tokio::test]
async fn an_admission_policy_is_named() {
    let bench = Bench::new("refusal").await;
    let name = format!("no-{}", bench.namespace);
    let group = "admissionregistration.k8s.io";
    let create = async |kind: &str, spec: Value| {
        let api: Api<DynamicObject> = Api::all_with(bench.other.clone(), &resource(group, kind));
        let body = json!({
            "apiVersion": format!("{group}/v1"), "kind": kind, "metadata": {"name": name}, "spec": spec,
        });
        api.create(&PostParams::default(), &serde_json::from_value(body).unwrap()).await.unwrap();
    };
    let only_here = json!({"matchLabels": {"kubernetes.io/metadata.name": bench.namespace}});
    let rules = json!([{
        "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"],
    }]);
    let spec = json!({
        "matchConstraints": {"resourceRules": rules, "namespaceSelector": only_here},
        "validations": [{"expression": "false", "message": "no more of those"}],
    });
    create("ValidatingAdmissionPolicy", spec).await;
    create("ValidatingAdmissionPolicyBinding", json!({"policyName": name, "validationActions": ["Deny"]}))
        .await;

    let error = eventually("the policy refuses", async || {
        bench.cluster.apply(&bench.config_map("a", &json!({})), &Mode::DryRun { force: false }).await.err()
    })
    .await;

    let ClusterError::Denied { message, .. } = &error else { panic!("{error:?}") };
    assert!(message.contains(&name) && message.contains("no more of those"), "{message}");
}
