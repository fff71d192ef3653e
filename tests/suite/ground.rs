//! The ground itself: what the other tests take for granted of the cluster and
//! of the git servers.

use std::process::Output;
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use crate::support::{Access, GitDaemon, GitHttp, Repo, Sandbox, eventually, git};

const SOON: Duration = Duration::from_secs(30);

fn deployment(name: &str, image: &str) -> String {
    format!(
        r"
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: 2
  progressDeadlineSeconds: 600
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: {image}}}]}}
"
    )
}

fn job(name: &str, image: &str) -> String {
    format!(
        r"
apiVersion: batch/v1
kind: Job
metadata: {{name: {name}}}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{{name: main, image: {image}}}]
"
    )
}

/// The value at a JSON pointer of an object, or the whole status to look at.
fn status_is(sandbox: &Sandbox, object: &str, pointer: &str, expected: impl Into<serde_json::Value>) {
    let expected = expected.into();
    eventually(SOON, &format!("{object} has {expected} at {pointer}"), || {
        let object = sandbox.get(object).unwrap_or_default();
        if object.pointer(pointer) == Some(&expected) { Ok(()) } else { Err(object["status"].clone()) }
    });
}

#[test]
fn a_deployment_becomes_available() {
    let sandbox = Sandbox::new();
    sandbox.apply(&deployment("shop", "registry.test/shop:1"));
    status_is(&sandbox, "deployment/shop", "/status/availableReplicas", 2);
}

#[test]
fn an_image_decides_what_becomes_of_its_container() {
    let sandbox = Sandbox::new();
    for (fate, reason) in [("unpullable", "ImagePullBackOff"), ("crashing", "CrashLoopBackOff")] {
        sandbox.apply(&deployment(fate, &format!("registry.test/{fate}/shop:1")));
        let waiting = "jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}";
        eventually(SOON, &format!("pods of an {fate} image wait with {reason}"), || {
            let pods =
                sandbox.kubectl(&["get", "pods", "--selector", &format!("app={fate}"), "--output", waiting]);
            if pods.contains(reason) { Ok(()) } else { Err(pods) }
        });
    }
    sandbox.apply(&deployment("unready", "registry.test/unready/shop:1"));
    status_is(&sandbox, "deployment/unready", "/status/unavailableReplicas", 2);
}

#[test]
fn a_job_completes_and_a_failing_one_fails() {
    let sandbox = Sandbox::new();
    sandbox.apply(&job("good", "registry.test/shop:1"));
    sandbox.apply(&job("bad", "registry.test/failing/shop:1"));
    status_is(&sandbox, "job/good", "/status/succeeded", 1);
    status_is(&sandbox, "job/bad", "/status/failed", 1);
}

/// No provisioner runs and there is no StorageClass, so a claim is Pending for
/// good, and pods that use it are not scheduled. Its own life (created, kept,
/// deleted, its size edited) is real; binding belongs to the node size.
#[test]
fn a_volume_claim_exists_and_is_pending() {
    let sandbox = Sandbox::new();
    sandbox.apply(
        "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data},
          spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}",
    );
    status_is(&sandbox, "persistentvolumeclaim/data", "/status/phase", "Pending");
}

#[test]
fn the_audit_log_tells_who_asked_what() {
    let sandbox = Sandbox::new();
    let log = sandbox.audit_log();
    let start = log.mark();
    sandbox.kubectl(&["get", "configmaps"]);
    sandbox.kubectl(&["create", "configmap", "settings", "--context=portfolio"]);
    let asked = |who: &str| {
        let requests = log.requests(who, start).into_iter();
        let ours = requests.filter(|request| request.namespace == sandbox.namespace);
        ours.map(|request| format!("{} {} {}", request.verb, request.resource, request.code))
            .collect::<Vec<_>>()
    };
    assert_eq!(asked("admin"), ["list configmaps 200"]);
    assert_eq!(asked("portfolio"), ["create configmaps 201"]);
    assert_eq!(asked("kubectl/"), ["list configmaps 200", "create configmaps 201"]);
}

#[test]
fn rights_are_what_a_test_grants() {
    let sandbox = Sandbox::new();
    let list = ["get", "configmaps", "--context=deployer"];
    let refused = sandbox.try_kubectl(&list).unwrap_err();
    assert!(refused.contains("forbidden"), "{refused}");
    sandbox.kubectl(&["create", "rolebinding", "view", "--clusterrole=view", "--user=deployer"]);
    eventually(SOON, "the deployer may list", || sandbox.try_kubectl(&list));
    assert!(sandbox.try_kubectl(&["get", "configmaps", "--context=viewer"]).is_err());
}

#[tokio::test]
async fn rustls_accepts_the_certificate_of_the_api_server() {
    let sandbox = Sandbox::new();
    let kubeconfig = Kubeconfig::read_from(sandbox.kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some("portfolio".into()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap();
    let nodes = Api::<Node>::all(Client::try_from(config).unwrap());
    assert_eq!(nodes.list(&kube::api::ListParams::default()).await.unwrap().items.len(), 1);
}

fn repo_with_a_file() -> (tempfile::TempDir, Repo) {
    let folder = tempfile::tempdir().unwrap();
    let repo = Repo::new(folder.path());
    repo.write("apps/shop.yaml", "kind: PortfolioApp\n");
    repo.publish("Add the shop");
    (folder, repo)
}

fn clone(folder: &tempfile::TempDir, url: &str, settings: &[&str]) -> Output {
    let target = tempfile::tempdir_in(folder.path()).unwrap().keep();
    let settings = settings.iter().flat_map(|setting| ["-c", setting]);
    git(folder.path()).args(settings).args(["clone", "--quiet", url]).arg(&target).output().unwrap()
}

#[test]
fn a_repository_has_branches_tags_and_a_rewritten_history() {
    let (folder, repo) = repo_with_a_file();
    let first = repo.head();
    repo.mv("apps/shop.yaml", "apps/web/shop.yaml");
    let second = repo.publish("Move the shop");
    repo.tag("v1");
    repo.annotated_tag("v2");
    repo.branch("next");
    repo.remove("apps");
    repo.publish("Empty");
    repo.switch("main");
    repo.reset(&first);
    repo.force_push();
    let refs =
        String::from_utf8(git(folder.path()).args(["ls-remote", &repo.url()]).output().unwrap().stdout)
            .unwrap();
    for expected in [
        format!("{first}\trefs/heads/main"),
        format!("{second}\trefs/tags/v1"),
        format!("{second}\trefs/tags/v2^{{}}"),
    ] {
        assert!(refs.contains(&expected), "{expected} in {refs}");
    }
    assert!(refs.contains("refs/heads/next"), "{refs}");
}

#[test]
fn https_serves_those_who_know_the_password_and_the_authority() {
    let (folder, repo) = repo_with_a_file();
    let access = Access::Basic { user: "ann".into(), password: "secret".into() };
    let server = GitHttp::https(&repo, access);
    let trust = format!("http.sslCAInfo={}", server.ca().unwrap().display());
    let with = |credentials: &str| server.url().replace("://", &format!("://{credentials}@"));

    let good = clone(&folder, &with("ann:secret"), &[&trust]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    assert!(!clone(&folder, &with("ann:wrong"), &[&trust]).status.success());
    assert!(!clone(&folder, &server.url(), &[&trust]).status.success());
    let distrusted = clone(&folder, &with("ann:secret"), &[]);
    assert!(String::from_utf8_lossy(&distrusted.stderr).contains("certificate"));
}

#[test]
fn http_takes_a_token_counts_and_breaks_down() {
    let (folder, repo) = repo_with_a_file();
    let server = GitHttp::http(&repo, Access::Bearer { token: "abc".into() });
    let token = "http.extraHeader=Authorization: Bearer abc";
    assert!(clone(&folder, &server.url(), &[token]).status.success());
    assert!(server.requests().iter().any(|asked| asked.contains("git-upload-pack")));
    server.break_down(true);
    assert!(!clone(&folder, &server.url(), &[token]).status.success());
    server.break_down(false);
    assert!(clone(&folder, &server.url(), &[token]).status.success());
}

#[test]
fn a_push_over_http_arrives() {
    let (_folder, repo) = repo_with_a_file();
    let server = GitHttp::http(&repo, Access::Anybody);
    repo.write("large", &"0123456789abcdef\n".repeat(200_000));
    let pushed = repo.commit("Add something large");
    repo.git(&["push", "--quiet", &server.url(), "HEAD:main"]);
    assert!(repo.git(&["ls-remote", &server.url(), "main"]).contains(&pushed));
}

#[test]
fn git_daemon_serves() {
    let (folder, repo) = repo_with_a_file();
    let server = GitDaemon::start(&repo);
    let cloned = clone(&folder, &server.url(), &[]);
    assert!(cloned.status.success(), "{}", String::from_utf8_lossy(&cloned.stderr));
}

#[test]
fn the_daemon_is_told_from_others_and_comes_back_after_a_crash() {
    let sandbox = Sandbox::new();
    sandbox.repo.write("README.md", "nothing to apply\n");
    sandbox.repo.publish("Begin");
    let log = sandbox.audit_log();
    let asks_since = |start| {
        eventually(SOON, "the daemon asks the API server under its own name", || {
            let requests = log.requests(&sandbox.source, start);
            requests.into_iter().find(|request| request.user == "portfolio")
        })
    };
    let start = log.mark();
    let mut daemon = sandbox.daemon();
    asks_since(start);
    daemon.kill();
    assert!(!daemon.is_running());
    let start = log.mark();
    daemon.restart();
    asks_since(start);
    assert!(daemon.stop().success());
}
