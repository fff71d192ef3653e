//! The examples: each is valid, renders to what is committed beside it, is taken by a real API server without a
//! warning, and stands before a judge of manifests. `UPDATE_GOLDEN=1` writes the committed objects.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use xtask::go_tools::LINT;

use crate::support::Sandbox;

const RENDERED: &str = "rendered.yaml";

/// What kube-score says and we decided otherwise, with why.
const ACCEPTED: [(&str, &str); 4] = [
    ("CPU limit is not set", "a limit throttles an app that has idle cores beside it"),
    ("ImagePullPolicy is not set to Always", "a version names one image; validation warns of tags that move"),
    ("Deployment update strategy", "a volume for one writer needs Recreate"),
    ("Deployment few replicas", "a volume for one writer has one replica"),
];

/// An example and its folder.
struct Example {
    name: String,
    folder: PathBuf,
}

/// Every example, by name.
fn examples() -> Vec<Example> {
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let mut examples: Vec<_> = fs::read_dir(all)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|folder| Example { name: folder.file_name().unwrap().to_str().unwrap().to_owned(), folder })
        .collect();
    examples.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(examples.len() >= 6, "the walk found {} examples", examples.len());
    examples
}

impl Example {
    /// Runs `portfolio COMMAND` in the example and expects it to succeed.
    #[track_caller]
    fn portfolio(&self, command: &str) -> String {
        let mut portfolio = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
        portfolio.arg(command).current_dir(&self.folder).env_clear();
        if self.name == "three-environments" {
            portfolio.args(["--environment", "prod"]);
        }
        let output = portfolio.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, talk) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "portfolio {command} in {}:\n{out}{talk}", self.name);
        out
    }

    fn committed(&self) -> String {
        fs::read_to_string(self.folder.join(RENDERED)).unwrap_or_default()
    }
}

#[test]
fn every_example_is_valid() {
    for example in examples() {
        example.portfolio("validate");
    }
}

#[test]
fn every_example_renders_to_the_objects_beside_it() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    for example in examples() {
        let rendered = example.portfolio("render");
        if update {
            fs::write(example.folder.join(RENDERED), &rendered).unwrap();
        }
        let committed = example.committed();
        let difference = similar::TextDiff::from_lines(&committed, &rendered).unified_diff().to_string();
        assert!(committed == rendered, "{}; UPDATE_GOLDEN=1 writes it:\n{difference}", example.name);
    }
}

#[test]
fn the_api_server_takes_every_object_of_an_example_without_a_warning() {
    let sandbox = Sandbox::new();
    for example in examples() {
        let objects = example.committed();
        let file = sandbox.path().join(format!("{}.yaml", example.name));
        fs::write(&file, in_namespace(&objects, &sandbox.namespace)).unwrap();
        let apply = ["apply", "--server-side", "--dry-run=server", "--warnings-as-errors", "--filename"];
        let taken = sandbox.kubectl(&[&apply[..], &[file.to_str().unwrap()]].concat());
        let count = objects.lines().filter(|line| *line == "---").count();
        assert_eq!(taken.lines().count(), count, "{}:\n{taken}", example.name);
    }
}

/// The objects with this namespace in the place of their own.
fn in_namespace(objects: &str, namespace: &str) -> String {
    let own = |line: &str| line.starts_with("  namespace: ");
    let line = |line| if own(line) { format!("  namespace: {namespace}\n") } else { format!("{line}\n") };
    objects.lines().map(line).collect()
}

#[test]
fn kube_score_finds_nothing_but_what_we_decided() {
    let objects: String = examples().iter().map(Example::committed).collect();
    let mut unused: BTreeSet<&str> = ACCEPTED.iter().map(|(finding, _)| *finding).collect();
    let mut wrong = Vec::new();
    for finding in kube_score(&objects) {
        match ACCEPTED.iter().find(|(accepted, _)| finding.ends_with(accepted)) {
            Some((accepted, _)) => drop(unused.remove(accepted)),
            None => wrong.push(finding),
        }
    }
    assert!(wrong.is_empty(), "kube-score finds:\n{}", wrong.join("\n"));
    assert!(unused.is_empty(), "accepted, but no longer found: {unused:?}");
}

/// What kube-score is not content with, each as `GRADE OBJECT: what`.
fn kube_score(objects: &str) -> Vec<String> {
    const CONTENT: u64 = 7; // 1 is critical, 5 a warning, 7 nearly good, 10 good
    let program = LINT.built().unwrap_or_else(|error| panic!("{error:#}")).join("kube-score");
    let mut child = Command::new(program)
        .args(["score", "--kubernetes-version", "v1.33", "--output-format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let objects = objects.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(objects.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let scores: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(!scores.is_empty());
    let mut findings = Vec::new();
    for object in &scores {
        for check in object["checks"].as_array().unwrap() {
            if check["skipped"] == true || check["grade"].as_u64().unwrap() >= CONTENT {
                continue;
            }
            let name = check["check"]["name"].as_str().unwrap();
            let comments = check["comments"].as_array().into_iter().flatten();
            let summaries: Vec<&str> = comments.filter_map(|comment| comment["summary"].as_str()).collect();
            let of = object["object_name"].as_str().unwrap();
            let whats = if summaries.is_empty() { vec![name] } else { summaries };
            findings.extend(whats.iter().map(|what| format!("{} {of}: {what}", check["grade"])));
        }
    }
    findings
}
