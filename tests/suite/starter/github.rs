//! The workflow for GitHub.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;
use xtask::go_tools::LINT;

use super::forge::{Forge, TOKEN};
use super::work_tree::{Ran, WorkTree, bad, env, good};

const WORKFLOW: &str = ".github/workflows/portfolio.yml";

/// Runs the steps of a job one after the other, as a runner does: an expression that says `!cancelled()` is a step that
/// runs after a failure, too.
struct Job<'a> {
    tree: &'a WorkTree,
    steps: Vec<Value>,
    env: BTreeMap<String, String>,
}

impl<'a> Job<'a> {
    fn new(tree: &'a WorkTree, name: &str, forge: &Forge) -> Self {
        let workflow: Value = serde_yaml::from_str(&tree.text(WORKFLOW)).unwrap();
        let steps = workflow["jobs"][name]["steps"].as_array().unwrap().clone();
        let env = env(&[
            ("GITHUB_BASE_REF", "main"),
            ("GITHUB_REPOSITORY", "team/apps"),
            ("GITHUB_API_URL", &forge.api("github")),
            ("GITHUB_STEP_SUMMARY", tree.beside("summary.md").to_str().unwrap()),
        ]);
        Self { tree, steps, env }
    }

    /// The exit code of the first step that failed, and the log of all.
    fn run(&self) -> Ran {
        let mut ran = Ran { code: 0, log: String::new() };
        for step in &self.steps {
            let condition = step["if"].as_str().unwrap_or_default();
            let Some(script) = step["run"].as_str() else {
                assert!(step["uses"].as_str().unwrap().starts_with("actions/checkout@"), "{step:#}");
                continue;
            };
            if ran.code != 0 && !condition.contains("!cancelled()") {
                continue;
            }
            let mut env = self.env.clone();
            for (name, value) in step["env"].as_object().into_iter().flatten() {
                let value = value.as_str().unwrap();
                let value = match value {
                    "${{ github.token }}" => TOKEN,
                    "${{ github.event.pull_request.number }}" => "7",
                    other => panic!("an expression that this test does not know: {other}"),
                };
                env.insert(name.clone(), value.to_owned());
            }
            // What a runner calls, where a step names no shell.
            let step = self.tree.run(&["-e"], script, &env);
            ran.log.push_str(&step.log);
            if ran.code == 0 {
                ran.code = step.code;
            }
        }
        ran
    }
}

#[test]
fn the_workflow_is_one_that_actions_takes() {
    let tree = good();
    let program = LINT.built().unwrap_or_else(|error| panic!("{error:#}")).join("actionlint");
    let mut actionlint = Command::new(program);
    // What it hands to other programs is judged where they are.
    actionlint.args(["-shellcheck=", "-pyflakes=", WORKFLOW]).current_dir(tree.repo.path(""));
    let output = actionlint.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    tree.repo.write(WORKFLOW, &tree.text(WORKFLOW).replace("runs-on", "run-on"));
    assert!(!actionlint.output().unwrap().status.success(), "a judge that says yes to everything");
}

#[test]
fn good_documents_pass_and_bad_ones_fail_at_their_line() {
    let forge = Forge::start();
    let ran = Job::new(&good(), "validate", &forge).run();
    assert_eq!(ran.code, 0, "{}", ran.log);
    let ran = Job::new(&bad(), "validate", &forge).run();
    assert_eq!(ran.code, 1, "{}", ran.log);
    assert!(ran.log.contains("::error file=apps/web.yaml,line="), "{}", ran.log);
}

#[test]
fn a_pull_request_has_one_comment_that_follows_it() {
    let (forge, tree) = (Forge::start(), good());
    for number in 0..150 {
        // Somebody who tries to have the pipeline write over what they say.
        forge.says(&format!("<!-- portfolio diff source=main path=apps --> comment {number}"));
    }
    let job = Job::new(&tree, "diff", &forge);
    let ran = job.run();
    assert_eq!(ran.code, 0, "{}", ran.log);
    let comments = forge.comments();
    assert_eq!(comments.len(), 151);
    let first = comments.last().unwrap();
    assert!(first.starts_with("<!-- portfolio diff source=main path=apps -->\n"), "{first}");
    assert!(first.contains("<code>spec.replicas</code>"), "{first}");
    assert_eq!(&std::fs::read_to_string(tree.beside("summary.md")).unwrap(), first);

    let more = tree.text("apps/web.yaml").replace("replicas: 3\n  port", "replicas: 5\n  port");
    tree.repo.write("apps/web.yaml", &more);
    tree.repo.publish("Ask for more");
    let ran = job.run();
    assert_eq!(ran.code, 0, "{}", ran.log);
    let comments = forge.comments();
    assert_eq!(comments.len(), 151, "the second push writes over the comment of the first");
    assert!(comments[150].contains("<code>5</code>"), "{}", comments[150]);
}

#[test]
fn documents_in_error_fail_the_diff_and_are_told_in_the_comment() {
    let (forge, tree) = (Forge::start(), bad());
    let ran = Job::new(&tree, "diff", &forge).run();
    assert_eq!(ran.code, 1, "{}", ran.log);
    let comments = forge.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("1 error in the documents"), "{}", comments[0]);
}
