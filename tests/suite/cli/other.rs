//! `schema`, `completions`, `version`, and what all commands share.

use std::process::Stdio;

use super::repository::{Repository, app};

#[test]
fn schemas_are_json_and_agree_with_the_committed_ones() {
    let repository = Repository::new(&[]);
    for (kind, file) in [
        (None, "document"),
        (Some("PortfolioApp"), "portfolioapp"),
        (Some("databasemigration"), "databasemigration"),
        (Some("config"), "config"),
        (Some("record"), "record"),
        (Some("summary"), "summary"),
        (Some("diff"), "diff"),
        (Some("validate"), "validate"),
    ] {
        let answer = repository.run(&[&["schema"][..], &kind.into_iter().collect::<Vec<_>>()].concat());
        assert_eq!(answer.code, 0, "{}", answer.err);
        let path = format!("{}/schemas/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == answer.out,
            "{path} is stale: `portfolio schema {} > schemas/{file}.json`",
            kind.unwrap_or_default()
        );
    }
}

#[test]
fn every_shell_gets_its_completions() {
    let repository = Repository::new(&[]);
    for shell in ["bash", "zsh", "fish"] {
        assert!(repository.run(&["completions", shell]).out.contains("portfolio"), "{shell}");
    }
}

#[test]
fn the_version_is_told_to_people_and_programs() {
    let repository = Repository::new(&[]);
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(repository.run(&["version"]).out, format!("portfolio {version}\n"));
    let value: serde_json::Value =
        serde_json::from_str(&repository.run(&["version", "--output", "json"]).out).unwrap();
    assert_eq!(value["version"], version);
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let repository = Repository::new(&[("web.yaml", &app("web", "  replica: 3\n"))]);
    assert!(!repository.run(&["validate"]).out.contains('\u{1b}'));
    assert!(repository.run(&["validate", "--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn a_cluster_that_cannot_be_reached_is_exit_code_three() {
    let repository = Repository::new(&[]);
    let kubeconfig = "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
                      clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\n\
                      contexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n";
    repository.write("kubeconfig", kubeconfig);
    for command in [&["status"][..], &["tree", "web"], &["approve", "abc"], &["reconcile"]] {
        let answer = repository.run(&[command, &["--kubeconfig", "kubeconfig"]].concat());
        assert_eq!(answer.code, 3, "{command:?}: {}", answer.err);
        assert!(answer.err.contains("cannot be reached") && answer.err.contains("hint:"), "{}", answer.err);
    }
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("portfolio"));
    command.arg("render").current_dir(repository.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}
