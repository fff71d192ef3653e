//! kube-score: good practice in the objects of an app, seen together. Nothing critical, no warning.

use std::process::Command;

use serde_json::Value;
use xtask::go_tools::LINT;

use super::{Accepted, Case, Finding, Judge, any, batch, run};

const ACCEPTED: [Accepted; 14] = [
    Accepted {
        finding: "CPU limit is not set",
        of: any,
        why: "a limit throttles an app that has idle cores beside it",
    },
    Accepted {
        finding: "ImagePullPolicy is not set to Always",
        of: any,
        why: "a version names one image; validation warns of tags that move",
    },
    Accepted {
        finding: "Deployment update strategy",
        of: |case| case.has("/storage"),
        why: "a volume for one writer needs Recreate",
    },
    Accepted {
        finding: "Deployment few replicas",
        of: |case| case.number("/replicas").is_some_and(|replicas| replicas < 2),
        why: "the document says so; a volume for one writer has one replica",
    },
    Accepted {
        finding: "HPA few replicas",
        of: |case| case.number("/autoscaling/min") == Some(1) || case.number("/autoscaling/max") == Some(1),
        why: "the document says so",
    },
    Accepted {
        finding: "No matching PodDisruptionBudget was found",
        of: |case| case.number("/autoscaling/max") == Some(1),
        why: "a budget for one pod would keep its node from being emptied",
    },
    Accepted {
        finding: "Container is missing a readinessProbe",
        of: |case| !case.serves("TCP"),
        why: "nothing can be asked of an app that has no TCP port, and of whose health the document says nothing",
    },
    Accepted {
        finding: "Container has the same readiness and liveness probe",
        of: |case| case.has("/probes/live"),
        why: "Kubernetes' documentation recommends the same endpoint with more patience; those alike in all are warned of",
    },
    Accepted {
        finding: "Deployment does not have a host podAntiAffinity set",
        of: |case| case.has("/placement/spread"),
        why: "the document does without a spread over nodes",
    },
    Accepted {
        finding: "The NetworkPolicys selector doesn't match any pods",
        of: |case| case.has("/backup") && !case.has("/backup/schedule") && !case.has("/jobs"),
        why: "it is there for the backup that is made before a deletion",
    },
    Accepted {
        finding: "The container is running with a low user ID",
        of: |case| {
            case.number("/security/user").is_some_and(|id| id <= 10_000) || case.says("/security/root", true)
        },
        why: "the document says so",
    },
    Accepted {
        finding: "The container running with a low group ID",
        of: |case| {
            case.number("/security/group").is_some_and(|id| id <= 10_000) || case.says("/security/root", true)
        },
        why: "the document says so",
    },
    Accepted {
        finding: "The pod has a container with a writable root filesystem",
        of: |case| case.says("/security/readOnly", false),
        why: "the document says so",
    },
    Accepted {
        finding: "The service is of type NodePort",
        of: |case| case.says("/service/type", "NodePort"),
        why: "the document says so",
    },
];

/// 1 is critical, 5 a warning, 7 nearly good, 10 good.
const CONTENT: u64 = 7;

#[test]
fn kube_score_finds_nothing_but_what_we_decided() {
    Judge { look: &look, accepted: &ACCEPTED, tries: 600 }.judges(batch::batch());
}

/// It compares every object with every other one, so it sees some documents at a time: none refers to another.
fn look(cases: &[&Case]) -> Vec<Finding> {
    let program = LINT.built().unwrap_or_else(|error| panic!("{error:#}")).join("kube-score");
    let mut found = Vec::new();
    for some in cases.chunks(100) {
        let mut command = Command::new(&program);
        command.args(["score", "--kubernetes-version", "v1.33", "--output-format", "json", "-"]);
        let scores = run::json(&run::run(&mut command, run::yaml(some)));
        let scores = scores.as_array().unwrap();
        assert!(!scores.is_empty());
        found.extend(scores.iter().flat_map(findings));
    }
    found
}

fn findings(score: &Value) -> Vec<Finding> {
    let text = |pointer: &str| score.pointer(pointer).and_then(Value::as_str).unwrap();
    let object = format!(
        "{}/{}/{}",
        text("/type_meta/kind"),
        text("/object_meta/namespace"),
        text("/object_meta/name")
    );
    let mut findings = Vec::new();
    for check in score["checks"].as_array().unwrap() {
        if check["skipped"] == true || check["grade"].as_u64().unwrap() >= CONTENT {
            continue;
        }
        let comments = check["comments"].as_array().into_iter().flatten();
        let summaries: Vec<&str> = comments.filter_map(|comment| comment["summary"].as_str()).collect();
        let name = check["check"]["name"].as_str().unwrap();
        let whats = if summaries.is_empty() { vec![name] } else { summaries };
        findings
            .extend(whats.iter().map(|what| Finding { object: object.clone(), what: (*what).to_owned() }));
    }
    findings
}
