//! `diff --live`: what the documents would change in a cluster, as the API server itself says it.

use std::process::Output;

use serde_json::Value;

use crate::support::{Daemon, SOON, Sandbox, eventually};

/// An app with an image, ports, files and limits: much that the server adds to and writes in its own way.
const SHOP: &str = "image: registry.test/shop:1, port: 8080, replicas: 1, env: {A: b}, \
                    config: {app.toml: 'x = 1'}, resources: {limits: {memory: 1024Mi}}, \
                    ingress: {host: shop.example.com}";

struct Answer {
    code: i32,
    out: String,
    err: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

/// `portfolio diff --live` in the work tree of the sandbox's repository.
#[track_caller]
fn diff(sandbox: &Sandbox, args: &[&str]) -> Answer {
    let fixed = ["diff", "--live", "--source", &sandbox.source, "--path", "apps"];
    let mut command = sandbox.portfolio(&[&fixed[..], args].concat());
    let Output { status, stdout, stderr } = command.current_dir(sandbox.repo.path("")).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Answer { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
}

/// A sandbox where the shop was deployed, and no daemon runs any more that would repair it.
fn deployed(spec: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", spec);
    sandbox.repo.publish("Add the shop");
    run_once(&sandbox);
    sandbox
}

#[track_caller]
fn run_once(sandbox: &Sandbox) {
    let url = sandbox.repo.url();
    let args =
        ["run", "--once", "--url", &url, "--branch", "main", "--path", "apps", "--source", &sandbox.source];
    let mut command = sandbox.portfolio(&args);
    let output = command.env("PORTFOLIO_CACHE_DIR", sandbox.path().join("clones")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn nothing_differs_after_a_deployment() {
    let sandbox = deployed(SHOP);
    let answer = diff(&sandbox, &[]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "no object changes\n"), "{}", answer.err);
    assert_eq!(answer.err, "");
    let head = diff(&sandbox, &["HEAD", "--format", "unified"]);
    assert_eq!((head.code, head.out.as_str()), (0, ""), "{}", head.err);
}

#[test]
fn what_others_may_have_is_no_difference() {
    let sandbox = deployed("image: registry.test/shop:1, port: 8080, replicas: 3");
    let edit = |spec: &str| {
        sandbox.write_app("shop", &format!("image: registry.test/shop:1, port: 8080, {spec}"));
        diff(&sandbox, &[])
    };
    let switch = edit("autoscaling: {min: 2, max: 5}");
    assert_eq!(switch.code, 1, "{}", switch.err);
    assert!(
        switch.out.contains("HorizontalPodAutoscaler") && !switch.out.contains("replicas"),
        "{}",
        switch.out
    );

    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    let ignored = edit("replicas: 3, drift: {ignore: [{target: Deployment, path: /spec/replicas}]}");
    assert_eq!((ignored.code, ignored.out.as_str()), (0, "no object changes\n"), "{}", ignored.err);
    assert_eq!(edit("replicas: 3").code, 1);
}

#[test]
fn what_a_person_changed_is_shown_as_it_would_be_put_back() {
    let sandbox = deployed(SHOP);
    sandbox.kubectl(&["scale", "deployment/shop", "--replicas=4"]);
    sandbox.kubectl(&["set", "env", "deployment/shop", "EXTRA=1"]);
    let manager = "--field-manager=certificates";
    sandbox.kubectl(&["annotate", "deployment/shop", "certificates.test/issuer=ours", manager]);
    let log = sandbox.audit_log();
    let start = log.mark();

    let answer = diff(&sandbox, &["--format", "json"]);

    assert_eq!(answer.code, 1, "{}", answer.err);
    let report = answer.json();
    let objects = report["objects"].as_array().unwrap();
    assert_eq!(objects.len(), 1, "{report:#}");
    assert_eq!(objects[0]["object"], format!("Deployment/{}/shop", sandbox.namespace));
    let fields: Vec<_> = objects[0]["fields"].as_array().unwrap().iter().collect();
    let told: Vec<String> = fields
        .iter()
        .map(|field| {
            format!("{}: {} -> {}", field["path"].as_str().unwrap(), field["before"], field["after"])
        })
        .collect();
    assert_eq!(
        told,
        [
            "spec.replicas: 4 -> 1",
            "spec.template.spec.containers[app].env[EXTRA]: {\"name\":\"EXTRA\",\"value\":\"1\"} -> null",
        ]
    );
    assert_eq!(report["restarts"][0], format!("PortfolioApp/{}/shop", sandbox.namespace));
    let written: Vec<_> = log
        .requests("portfolio", start)
        .into_iter()
        .filter(|request| request.namespace == sandbox.namespace && request.is_write())
        .collect();
    assert!(!written.is_empty());
    assert!(written.iter().all(|request| request.uri.contains("dryRun=All")), "only asked: {written:#?}");
}

#[test]
fn a_changed_document_shows_what_the_server_would_make_of_it() {
    let sandbox = deployed(SHOP);
    // 1Gi is what 1024Mi is stored as, and the file of the new revision has another name.
    let changed = SHOP.replace("1024Mi", "1Gi").replace("shop:1", "shop:2").replace("x = 1", "x = 2");
    sandbox.write_app("shop", &changed);
    sandbox.write_app("cart", "image: registry.test/cart:1, replicas: 1");

    let answer = diff(&sandbox, &["--format", "unified"]);

    assert_eq!(answer.code, 1, "{}", answer.err);
    for expected in
        ["-        image: registry.test/shop:1", "+        image: registry.test/shop:2", "-  app.toml: x = 1"]
    {
        assert!(answer.out.contains(expected), "{expected}:\n{}", answer.out);
    }
    for noise in
        ["uid", "managedFields", "status:", "creationTimestamp", "clusterIP", "dnsPolicy", "1Gi", "1024Mi"]
    {
        assert!(!answer.out.contains(noise), "{noise}:\n{}", answer.out);
    }
    let report = diff(&sandbox, &["--format", "json"]).json();
    let count = |what: &str| report["counts"][what].as_u64().unwrap_or_default();
    assert_eq!((count("changed"), count("replaced"), count("deleted")), (1, 1, 0), "{report:#}");
    assert_eq!(report["restarts"].as_array().unwrap().len(), 1, "a new app restarts nothing: {report:#}");
    let committed = diff(&sandbox, &["HEAD"]);
    assert_eq!(committed.code, 0, "the revision is what was deployed: {}", committed.out);
}

#[test]
fn what_the_daemon_would_delete_is_shown_with_what_it_would_keep() {
    let sandbox = Sandbox::new();
    sandbox.write_app("shop", "image: registry.test/shop:1, replicas: 1");
    sandbox.write_app(
        "db",
        "image: registry.test/db:1, replicas: 1, storage: {data: {size: 1Gi, mountPath: /data}}",
    );
    sandbox.repo.publish("Add two apps");
    let _daemon: Daemon = sandbox.daemon();
    eventually(SOON, "both are written", || {
        let claim = sandbox.get("persistentvolumeclaim/db-data");
        claim.zip(sandbox.get("deployment/db")).zip(sandbox.get("deployment/shop"))
    });
    let (deployment, claim) = (
        format!("Deployment/{}/db", sandbox.namespace),
        format!("PersistentVolumeClaim/{}/db-data", sandbox.namespace),
    );
    sandbox.repo.remove("apps/db.yaml");

    let report = diff(&sandbox, &["--format", "json"]).json();

    let what = |object: &str| {
        let objects = report["objects"].as_array().unwrap();
        objects.iter().find(|change| change["object"] == object).map(|change| change["change"].clone())
    };
    assert_eq!(what(&deployment), Some("deleted".into()), "{report:#}");
    assert_eq!(what(&claim), Some("kept".into()), "{report:#}");
}

#[test]
fn what_is_somebody_elses_is_told_and_not_compared() {
    let sandbox = Sandbox::new();
    sandbox.apply(
        "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{port: 81}], selector: {run: shop}}\n",
    );
    sandbox.write_app("shop", "image: registry.test/shop:1, port: 8080, replicas: 1");
    sandbox.repo.publish("Add the shop");

    let answer = diff(&sandbox, &[]);

    assert_eq!(answer.code, 1, "{}", answer.err);
    let row = answer.out.lines().find(|line| line.contains("Service/")).unwrap();
    assert!(row.starts_with("not ours") && row.contains("kubectl-client-side-apply"), "{row}");
    assert!(answer.err.contains("no daemon has written of a source"), "{}", answer.err);
    let adopted = "image: registry.test/shop:1, port: 8080, replicas: 1, adopt: true";
    sandbox.write_app("shop", adopted);
    let answer = diff(&sandbox, &[]);
    let row = answer.out.lines().find(|line| line.contains(" Service/")).unwrap();
    assert!(row.starts_with("changed"), "{}", answer.out);
}

#[test]
fn what_the_server_refuses_is_told_with_the_objects_name_and_fails() {
    let sandbox = deployed("image: registry.test/shop:1, replicas: 1");
    // A selector that is there for life; the reader of documents does not know what is applied.
    sandbox.write_app("shop", "image: registry.test/shop:1, replicas: 1, selector: {run: shop}");

    let answer = diff(&sandbox, &[]);

    assert_eq!(answer.code, 2, "{}", answer.out);
    let deployment = format!("Deployment/{}/shop", sandbox.namespace);
    let row = answer.out.lines().find(|line| line.contains(&deployment)).unwrap();
    assert!(row.starts_with("refused") && row.contains("immutable"), "{row}");
    assert!(answer.err.contains(&deployment) && answer.err.contains("immutable"), "{}", answer.err);
}

#[test]
fn what_the_server_takes_and_does_not_do_is_refused_as_the_daemon_does() {
    let sandbox = deployed("image: registry.test/shop:1, port: 8080, replicas: 1, service: {headless: true}");
    sandbox.write_app("shop", "image: registry.test/shop:1, port: 8080, replicas: 1");

    let answer = diff(&sandbox, &[]);

    assert_eq!(answer.code, 2, "{}", answer.out);
    let service = format!(" Service/{}/shop", sandbox.namespace);
    let row = answer.out.lines().find(|line| line.contains(&service)).unwrap();
    assert!(row.starts_with("refused") && row.contains("cease to be headless"), "{row}");
}

#[test]
fn a_range_and_a_cluster_that_is_not_there_are_errors() {
    let sandbox = deployed("image: registry.test/shop:1, replicas: 1");
    let answer = diff(&sandbox, &["HEAD~1..HEAD"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("hint:"), "{}", answer.err);
    sandbox.repo.write("kubeconfig", "{apiVersion: v1, kind: Config, current-context: c, users: [{name: u, user: {}}], \
        clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}], contexts: [{name: c, context: {cluster: c, user: u}}]}");
    let mut command = sandbox.portfolio_through(
        &sandbox.repo.path("kubeconfig"),
        "c",
        &["diff", "--live", "--path", "apps"],
    );
    let output = command.current_dir(sandbox.repo.path("")).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
}
