//! The pipeline for GitLab.

use std::collections::BTreeMap;

use serde_json::Value;

use super::forge::{Forge, TOKEN};
use super::work_tree::{Ran, WorkTree, bad, env, good};

fn pipeline(tree: &WorkTree) -> Value {
    serde_yaml::from_str(&tree.text(".gitlab-ci.yml")).unwrap()
}

/// Runs the script of a job as a runner does: all lines in one shell, which ends at the first that fails
/// (<https://docs.gitlab.com/runner/shells/>).
fn run(tree: &WorkTree, job: &str, forge: &Forge, token: Option<&str>) -> Ran {
    let pipeline = pipeline(tree);
    let lines: Vec<&str> =
        pipeline[job]["script"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let mut variables: BTreeMap<String, String> = env(&[
        ("CI_PROJECT_DIR", tree.repo.path("").to_str().unwrap()),
        ("CI_MERGE_REQUEST_DIFF_BASE_SHA", &tree.repo.git(&["rev-parse", "origin/main"])),
        ("CI_API_V4_URL", &forge.api("gitlab")),
        ("CI_PROJECT_ID", "42"),
        ("CI_MERGE_REQUEST_IID", "7"),
    ]);
    if let Some(token) = token {
        variables.insert("PORTFOLIO_TOKEN".to_owned(), token.to_owned());
    }
    tree.run(&["-eo", "pipefail"], &lines.join("\n"), &variables)
}

#[test]
fn every_key_is_one_that_gitlab_knows() {
    let pipeline = pipeline(&good());
    let known = ["stage", "image", "rules", "script", "artifacts", "variables"];
    let jobs: Vec<_> =
        pipeline.as_object().unwrap().iter().filter(|(name, _)| *name != "variables").collect();
    assert_eq!(jobs.len(), 2);
    for (name, job) in jobs {
        let keys = job.as_object().unwrap().keys();
        assert!(keys.clone().all(|key| known.contains(&key.as_str())), "{name}: {keys:?}");
        assert_eq!(job["stage"], "test", "one of the stages that are there by themselves");
        assert!(job["script"].as_array().unwrap().iter().all(Value::is_string), "{name}");
        let reports = job["artifacts"]["reports"].as_object().into_iter().flatten();
        assert!(reports.map(|(kind, _)| kind).all(|kind| ["codequality", "junit"].contains(&kind.as_str())));
    }
}

#[test]
fn good_documents_pass_and_bad_ones_fail_with_both_reports() {
    let forge = Forge::start();
    for (tree, code) in [(good(), 0), (bad(), 1)] {
        let ran = run(&tree, "portfolio:validate", &forge, None);
        assert_eq!(ran.code, code, "{}", ran.log);
        let reports = &pipeline(&tree)["portfolio:validate"]["artifacts"]["reports"];
        let quality: Value =
            serde_json::from_str(&tree.text(reports["codequality"].as_str().unwrap())).unwrap();
        let issues = quality.as_array().unwrap();
        assert_eq!(issues.is_empty(), code == 0, "{quality:#}");
        assert!(issues.iter().all(|issue| issue["location"]["path"] == "apps/web.yaml"), "{quality:#}");
        let junit = tree.text(reports["junit"].as_str().unwrap());
        assert_eq!(junit.contains("<failure"), code == 1, "{junit}");
    }
}

#[test]
fn a_merge_request_has_one_note_that_follows_it() {
    let (forge, tree) = (Forge::start(), good());
    for number in 0..120 {
        forge.says(&format!("note {number}"));
    }
    for _ in 0..2 {
        let ran = run(&tree, "portfolio:diff", &forge, Some(TOKEN));
        assert_eq!(ran.code, 0, "{}", ran.log);
        let notes = forge.comments();
        assert_eq!(notes.len(), 121);
        assert!(notes[120].starts_with("<!-- portfolio diff source=main path=apps -->\n"), "{}", notes[120]);
        assert!(notes[120].contains("<code>spec.replicas</code>"), "{}", notes[120]);
        assert_eq!(tree.text("diff.md"), notes[120]);
    }
}

#[test]
fn without_a_token_the_diff_is_an_artifact() {
    let (forge, tree) = (Forge::start(), good());
    let ran = run(&tree, "portfolio:diff", &forge, None);
    assert_eq!(ran.code, 0, "{}", ran.log);
    assert!(forge.comments().is_empty());
    assert!(tree.text("diff.md").contains("spec.replicas"));
}

#[test]
fn documents_in_error_fail_the_diff_and_are_told_in_the_note() {
    let (forge, tree) = (Forge::start(), bad());
    let ran = run(&tree, "portfolio:diff", &forge, Some(TOKEN));
    assert_eq!(ran.code, 1, "{}", ran.log);
    assert!(forge.comments()[0].contains("1 error in the documents"), "{:?}", forge.comments());
}
