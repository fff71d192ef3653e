//! A push becomes what runs, is on record, and costs no more calls than there is to do.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::{Access, Daemon, GitHttp, Request, SOON, Sandbox, eventually};

const APPS: [&str; 3] = ["cart", "shop", "web"];

/// Three apps that are live, followed over HTTP so that polls can be counted. The scheduled sweep, which may ask
/// at any time, is far away.
struct Live {
    daemon: Daemon,
    server: GitHttp,
    sandbox: Sandbox,
}

impl Live {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        for app in APPS {
            sandbox.write_app(app, &format!("image: registry.test/{app}:1, port: 8080"));
        }
        let revision = sandbox.repo.publish("Add three apps");
        let server = GitHttp::http(&sandbox.repo, Access::Anybody);
        let config = format!("{}drift: {{schedule: \"0 0 1 1 *\"}}\n", sandbox.config(&server.url(), ""));
        let daemon = Daemon::start(&sandbox, &config);
        for app in APPS {
            sandbox.until_ready(app, &revision);
        }
        sandbox.until_summary("three are Ready", |summary| summary["counts"]["Ready"] == 3);
        Self { daemon, server, sandbox }
    }

    /// Every object in the sandbox's namespace that bears the label of the source.
    fn objects(&self) -> Vec<Value> {
        let kinds =
            "serviceaccounts,configmaps,services,deployments,networkpolicies,poddisruptionbudgets,ingresses";
        let selector = format!("portfolio.dev/source={}", self.sandbox.source);
        let output = ["--output=json", "--show-managed-fields"];
        let list = self.sandbox.kubectl(&["get", kinds, "--selector", &selector, output[0], output[1]]);
        let mut list: Value = serde_json::from_str(&list).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }
}

fn shown(requests: &[Request]) -> Vec<String> {
    requests.iter().map(ToString::to_string).collect()
}

#[test]
fn a_push_is_live_and_on_record() {
    let live = Live::new();
    let (sandbox, revision) = (&live.sandbox, live.sandbox.repo.head());
    for app in APPS {
        let deployment = sandbox.get(&format!("deployment/{app}")).unwrap();
        assert_eq!(deployment["status"]["availableReplicas"], 2, "{app}");
        let record = sandbox.record(app);
        assert_eq!(record["file"], format!("apps/{app}.yaml:3"));
        assert_eq!(record["good"]["revision"], revision);
        assert_eq!(record["conditions"][0]["type"], "Ready");
        assert_eq!(record["conditions"][0]["status"], true);
    }
    let summary = sandbox.summary();
    assert_eq!(summary["observedRevision"], revision);
    assert_eq!(summary["subject"], "Add three apps");
    assert_eq!(summary["state"], "Ready");
    assert_eq!(summary["url"], live.server.url());
}

#[test]
fn every_object_says_whose_it_is_and_has_one_manager_of_ours() {
    let live = Live::new();
    let (sandbox, objects) = (&live.sandbox, live.objects());
    let mut found = BTreeSet::new();
    for object in &objects {
        let name = format!("{}/{}", object["kind"].as_str().unwrap(), object["metadata"]["name"]);
        let annotations = &object["metadata"]["annotations"];
        let document = annotations["portfolio.dev/document"].as_str().unwrap();
        let owner = format!("{}/{}", sandbox.daemon_namespace, sandbox.source);
        assert_eq!(annotations["portfolio.dev/owner"], owner, "{name}");
        let fields = object["metadata"]["managedFields"].as_array().unwrap();
        let ours: Vec<_> = fields.iter().filter(|entry| entry["manager"] == "portfolio-reconciler").collect();
        assert_eq!(ours.len(), 1, "{name}: {fields:#?}");
        assert_eq!(ours[0]["operation"], "Apply", "{name}");
        found.insert((document.to_owned(), format!("{}/{}", object["kind"], object["metadata"]["name"])));
    }
    let on_record: usize =
        APPS.iter().map(|app| sandbox.record(app)["inventory"].as_object().unwrap().len()).sum();
    assert_eq!(found.len(), on_record, "{found:#?}");
    for app in APPS {
        let document = format!("PortfolioApp/{}/{app}", sandbox.namespace);
        assert_eq!(found.iter().filter(|(of, _)| *of == document).count(), 5, "{found:#?}");
    }
}

#[test]
fn polls_without_a_change_ask_the_cluster_nothing() {
    let live = Live::new();
    let log = live.sandbox.audit_log();
    let start = log.mark();

    live.server.until_polled(4);

    assert_eq!(shown(&log.work(&live.sandbox.source, start)), [""; 0]);
}

#[test]
fn a_commit_that_changes_nothing_rendered_costs_one_write() {
    let live = Live::new();
    let (sandbox, log) = (&live.sandbox, live.sandbox.audit_log());
    let start = log.mark();

    sandbox.repo.write("README.md", "Our apps.\n");
    let web = sandbox.app("web", "image: registry.test/web:1, port: 8080");
    sandbox.repo.write("apps/web.yaml", &format!("{web}# The front of it all\n"));
    let revision = sandbox.repo.publish("Explain");

    sandbox.until_summary("the new revision", |summary| summary["observedRevision"] == revision);
    live.server.until_polled(3);
    let work = log.work(&sandbox.source, start);
    assert_eq!(work.len(), 1, "{:#?}", shown(&work));
    assert_eq!((work[0].verb.as_str(), work[0].resource.as_str()), ("patch", "configmaps"));
    assert_eq!(work[0].name, format!("portfolio-{}", sandbox.source));
}

#[test]
fn a_change_of_one_app_writes_only_what_changes_of_it() {
    let live = Live::new();
    let (sandbox, log) = (&live.sandbox, live.sandbox.audit_log());
    let start = log.mark();

    sandbox.write_app("shop", "image: registry.test/shop:2, port: 8080");
    let revision = sandbox.repo.publish("Bring shop 2");

    sandbox.until_ready("shop", &revision);
    let work = log.work(&sandbox.source, start).into_iter();
    let touched: Vec<_> = work.filter(|request| request.namespace == sandbox.namespace).collect();
    assert_eq!(touched.len(), 1, "{:#?}", shown(&touched));
    let [verb, resource, name] = [&touched[0].verb, &touched[0].resource, &touched[0].name];
    assert_eq!([verb, resource, name], ["patch", "deployments", "shop"]);
}

#[test]
fn a_document_is_live_in_seconds() {
    let live = Live::new();
    live.sandbox.write_app("news", "image: registry.test/news:1");
    live.sandbox.repo.publish("Add news");
    eventually(SOON, "the Deployment is there", || live.sandbox.get("deployment/news"));
    assert!(!live.daemon.log().contains("ERROR"), "{}", live.daemon.log());
}
