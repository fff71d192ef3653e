//! What runs without portfolio is imported, pushed and adopted, and nobody notices.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::Sandbox;

/// A Deployment and its Service as a person applied them: variables in an order of their own, names of their own,
/// nothing that portfolio takes for granted.
const APPLIED: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}, annotations: {example.com/a: b}}
    spec:
      terminationGracePeriodSeconds: 20
      containers:
        - name: main
          image: registry.test/web:1
          ports: [{containerPort: 8080}, {containerPort: 9090, name: metrics}]
          env:
            - {name: ZONE, value: eu}
            - {name: TOKEN, valueFrom: {secretKeyRef: {name: web, key: token, optional: true}}}
            - {name: AREA, value: '$(ZONE)-1'}
            - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
          resources: {requests: {cpu: 10m, memory: 16Mi}}
          readinessProbe: {httpGet: {path: /, port: 8080}, initialDelaySeconds: 1}
          volumeMounts: [{name: work, mountPath: /work}, {name: tls, mountPath: /tls, readOnly: true}]
      volumes:
        - {name: work, emptyDir: {}}
        - {name: tls, secret: {secretName: web-tls, optional: true}}
---
apiVersion: v1
kind: Service
metadata: {name: web, labels: {app: web}}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
";

fn list(sandbox: &Sandbox, what: &str) -> Vec<Value> {
    let json = sandbox.kubectl(&["get", what, "--selector=app=web", "--output=json"]);
    let mut list: Value = serde_json::from_str(&json).unwrap();
    serde_json::from_value(list["items"].take()).unwrap()
}

fn uids(objects: &[Value]) -> Vec<String> {
    let mut uids: Vec<String> = objects.iter().map(|object| object["metadata"]["uid"].to_string()).collect();
    uids.sort();
    uids
}

/// The documents that `portfolio import` makes of what the cluster shows.
fn import(yaml: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portfolio"));
    command.args(["import", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(yaml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{report}");
    assert!(report.contains("adopting it restarts nothing"), "{report}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn what_runs_is_adopted_and_no_pod_is_restarted() {
    let sandbox = Sandbox::new();
    sandbox.apply(APPLIED);
    let before = sandbox.until_object("deployment/web", "both pods are available", |live| {
        live["status"]["availableReplicas"] == 2
    });
    let (pods, sets, service) =
        (list(&sandbox, "pods"), list(&sandbox, "replicasets"), list(&sandbox, "services"));
    assert_eq!((pods.len(), sets.len(), service.len()), (2, 1, 1));

    let yaml = sandbox.kubectl(&["get", "deployments,replicasets,services", "--output=yaml"]);
    sandbox.repo.write("apps/web.yaml", &import(&yaml));
    let revision = sandbox.repo.publish("Take the app over as it is");
    let _daemon = sandbox.daemon();

    sandbox.until_ready("web", &revision);
    let after = sandbox.get("deployment/web").unwrap();
    assert_eq!(
        after["metadata"]["labels"]["portfolio.dev/source"],
        sandbox.source.as_str(),
        "it is ours now"
    );
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
    assert_eq!(after["spec"]["template"], before["spec"]["template"]);
    assert_eq!(uids(&list(&sandbox, "replicasets")), uids(&sets));
    assert_eq!(uids(&list(&sandbox, "pods")), uids(&pods));
    let now = list(&sandbox, "services");
    assert_eq!(now[0]["spec"]["clusterIP"], service[0]["spec"]["clusterIP"]);
    assert_eq!(now[0]["spec"]["selector"], service[0]["spec"]["selector"]);
    assert_eq!(now[0]["spec"]["ports"][0]["targetPort"], 8080);
}
