//! checkov: its rules for Kubernetes, most of them the CIS benchmark's and the Pod Security Standards'.
//!
//! It takes some ten milliseconds an object, so it sees the examples and every fifth of the generated documents.

use std::process::Command;

use serde_json::Value;
use xtask::python_tools::JUDGES;

use super::batch::{Batch, Origin};
use super::{Accepted, Case, Finding, Judge, any, batch, run};

const ACCEPTED: [Accepted; 12] = [
    Accepted {
        finding: "CKV_K8S_11 ",
        of: any,
        why: "a cpu limit throttles an app that has idle cores beside it",
    },
    Accepted {
        finding: "CKV_K8S_43 ",
        of: any,
        why: "whether an image is named by digest is the author's to say",
    },
    Accepted {
        finding: "CKV_K8S_15 ",
        of: any,
        why: "a version names one image; validation warns of tags that move",
    },
    Accepted {
        finding: "CKV_K8S_8 ",
        of: any,
        why: "a liveness probe that nobody thought about restarts busy pods",
    },
    Accepted { finding: "CKV_K8S_35 ", of: any, why: "how an app takes its secrets is the author's to say" },
    Accepted {
        finding: "CKV_K8S_9 ",
        of: |case| !case.serves("TCP") || case.has("/sidecars"),
        why: "an app without a TCP port gets no traffic to be ready for; a sidecar is its author's",
    },
    Accepted {
        finding: "CKV_K8S_22 ",
        of: |case| case.says("/security/readOnly", false),
        why: "the document says so",
    },
    Accepted {
        finding: "CKV_K8S_23 ",
        of: |case| case.says("/security/root", true),
        why: "the document says so",
    },
    Accepted {
        finding: "CKV_K8S_25 ",
        of: |case| case.has("/security/capabilities"),
        why: "the document says so",
    },
    Accepted {
        finding: "CKV_K8S_38 ",
        of: |case| case.says("/serviceAccount/token", true),
        why: "the document says so",
    },
    Accepted {
        finding: "CKV_K8S_39 ",
        of: |case| case.has("/security/capabilities"),
        why: "the document says so",
    },
    Accepted {
        finding: "CKV_K8S_40 ",
        of: |case| {
            case.number("/security/user").is_some_and(|id| id < 10_000) || case.says("/security/root", true)
        },
        why: "the document says so",
    },
];

#[test]
fn checkov_finds_nothing_but_what_we_decided() {
    Judge { look: &look, accepted: &ACCEPTED, tries: 12 }.judges(&sample());
}

fn sample() -> Batch {
    let is_in = |case: &&Case| match case.origin {
        Origin::Example(_) => true,
        Origin::Generated(number) => number % 5 == 0,
    };
    Batch { cases: batch::batch().cases.iter().filter(is_in).cloned().collect() }
}

fn look(cases: &[&Case]) -> Vec<Finding> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("objects.yaml");
    std::fs::write(&file, run::yaml(cases)).unwrap();
    let mut command =
        Command::new(JUDGES.installed().unwrap_or_else(|error| panic!("{error:#}")).join("checkov"));
    command.args(["--framework", "kubernetes", "--compact", "--quiet", "--output", "json"]);
    command.args(["--skip-download", "--file"]).arg(&file).current_dir(folder.path());
    let report = run::json(&run::run(&mut command, String::new()));
    assert_eq!(report["summary"]["parsing_errors"], 0, "{}", report["summary"]);
    assert!(report["summary"]["passed"].as_u64().unwrap() > 0, "{}", report["summary"]);
    report["results"]["failed_checks"].as_array().unwrap().iter().map(finding).collect()
}

/// It names an object `Kind.namespace.name`, and a pod's template after what it is in.
fn finding(check: &Value) -> Finding {
    let text = |field: &str| check[field].as_str().unwrap();
    Finding {
        object: text("resource").replacen('.', "/", 2),
        what: format!("{} {}", text("check_id"), text("check_name")),
    }
}
