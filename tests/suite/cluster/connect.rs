//! How we get in, and what is said when we do not.

use portfolio::cluster::{Access, ClusterError, connect};
use portfolio::object::{Kind, ObjectRef};

use super::bench::{access, connect_as};
use crate::support::{Sandbox, free_address};

#[tokio::test]
async fn the_server_answers_with_its_version_and_readiness() {
    let cluster = connect_as("portfolio").await;
    assert!(cluster.version().await.unwrap().starts_with("v1."));
    cluster.ping().await.unwrap();
}

#[tokio::test]
async fn the_user_agent_names_us_and_the_sources() {
    let sandbox = Sandbox::new();
    let audit = sandbox.audit_log();
    let start = audit.mark();
    let sources = vec![sandbox.source.clone(), "another".to_owned()];
    let cluster = connect(&Access { sources, ..access("portfolio") }).await.unwrap();
    cluster.get(&ObjectRef::new(Kind::ConfigMap, &sandbox.namespace, "none")).await.unwrap();

    let requests = audit.requests(&sandbox.source, start);

    let expected = format!("portfolio/{} ({}, another)", env!("CARGO_PKG_VERSION"), sandbox.source);
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|request| request.user_agent == expected), "{requests:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named_with_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let address = free_address();
    let text = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, contexts: [{{name: c, context: {{cluster: c, user: u}}}}], \
         clusters: [{{name: c, cluster: {{server: 'http://{address}'}}}}], users: [{{name: u, user: {{token: t}}}}]}}"
    );
    std::fs::write(&kubeconfig, text).unwrap();

    let error = connect(&Access { kubeconfig: Some(kubeconfig), ..Access::default() }).await.unwrap_err();

    assert!(matches!(error, ClusterError::Unreachable { .. }), "{error:?}");
    let words = error.to_string();
    assert!(words.contains(&address.to_string()) && words.contains("refused"), "{words}");
    assert_eq!(words.matches("refused").count(), 1, "{words}");
}

#[tokio::test]
async fn a_kubeconfig_or_context_that_is_not_there_is_named() {
    let missing = Access { kubeconfig: Some("/nowhere/kubeconfig".into()), ..Access::default() };
    let error = connect(&missing).await.unwrap_err().to_string();
    assert!(error.contains("/nowhere/kubeconfig"), "{error}");
    let error = connect(&access("nobody")).await.unwrap_err().to_string();
    assert!(error.contains("nobody"), "{error}");
}

#[tokio::test]
async fn a_token_that_is_not_accepted_is_no_matter_of_rbac() {
    let folder = tempfile::tempdir().unwrap();
    let kubeconfig = folder.path().join("kubeconfig");
    let mut config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(crate::support::control_plane().kubeconfig()).unwrap())
            .unwrap();
    config["users"][0]["user"]["token"] = "wrong".into();
    std::fs::write(&kubeconfig, config.to_string()).unwrap();

    let error = connect(&Access { kubeconfig: Some(kubeconfig), ..Access::default() }).await.unwrap_err();

    assert!(matches!(error, ClusterError::Unauthorized { .. }), "{error:?}");
    assert!(!error.to_string().contains("wrong"));
}
