//! The Pod Security Standards as they are judged offline, against the API server's own admission.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use portfolio::object::{Level, pod_security_in};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Sandbox, control_plane};

#[derive(Deserialize)]
struct Row {
    name: String,
    #[serde(default)]
    server: String,
    pod: Value,
}

#[test]
fn the_server_admits_a_pod_to_the_levels_that_it_is_found_to_keep() {
    let rows: Vec<Row> = serde_yaml::from_str(include_str!("../fixtures/pods.yaml")).unwrap();
    let sandbox = Sandbox::new();
    let mut pods = String::new();
    for (number, Row { pod, .. }) in rows.iter().enumerate() {
        let mut pod = pod.clone();
        pod["apiVersion"] = json!("v1");
        pod["kind"] = json!("Pod");
        pod["metadata"]["name"] = json!(format!("row-{number}"));
        writeln!(pods, "---\n{pod}").unwrap();
    }
    // Without a level the server takes them all: what it refuses later is for the level's sake.
    let any = sandbox.would_apply(&sandbox.namespace, &pods);
    for (number, row) in rows.iter().enumerate() {
        let taken = any.contains(&format!("pod/row-{number}"));
        assert_eq!(taken, row.server != "refuses", "{}: {}", row.name, row.pod);
    }
    let mut verdicts = BTreeSet::new();
    for (version, minor) in [("v1.31", 31), ("latest", minor())] {
        for level in [Level::Baseline, Level::Restricted] {
            let namespace = sandbox.namespace(&format!("{level}-{minor}"));
            let enforce = "pod-security.kubernetes.io/enforce";
            let labels = [format!("{enforce}={level}"), format!("{enforce}-version={version}")];
            sandbox.kubectl(&["label", "namespace", &namespace, &labels[0], &labels[1]]);
            let admitted = sandbox.would_apply(&namespace, &pods);
            for (number, row) in rows.iter().enumerate().filter(|(_, row)| row.server != "refuses") {
                let (kept, violations) = pod_security_in(&row.pod, minor);
                let name = format!("pod/row-{number}");
                assert_eq!(
                    admitted.contains(&name),
                    level <= kept,
                    "{} in a namespace of {level} {version}: found to be {kept}\n{violations:#?}",
                    row.name
                );
                verdicts.insert((minor, level, level <= kept));
            }
        }
    }
    assert_eq!(verdicts.len(), 8, "each level of each version admits a pod and refuses one");
}

fn minor() -> u16 {
    let output = control_plane().kubectl().args(["get", "--raw", "/version"]).output().unwrap();
    let version: Value = serde_json::from_slice(&output.stdout).unwrap();
    version["minor"].as_str().unwrap().trim_end_matches('+').parse().unwrap()
}
