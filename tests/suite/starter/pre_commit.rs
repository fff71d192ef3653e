//! The hook, run by pre-commit itself when somebody commits.

use std::process::Command;

use super::work_tree::{WorkTree, good, path};

/// `git commit` or `pre-commit`, with our binary in the path.
fn run(tree: &WorkTree, program: &str, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(program);
    command.args(args).current_dir(tree.repo.path("")).env_clear();
    command
        .env("PATH", path())
        .env("HOME", tree.beside(""))
        .env("PRE_COMMIT_HOME", tree.beside("pre-commit"));
    command.envs([("GIT_AUTHOR_NAME", "Ann Author"), ("GIT_AUTHOR_EMAIL", "ann@example.com")]);
    command.envs([("GIT_COMMITTER_NAME", "Ann Author"), ("GIT_COMMITTER_EMAIL", "ann@example.com")]);
    let output = command.output().unwrap_or_else(|error| {
        panic!("{program}: {error}; `cargo xtask test` installs it, or says what is missing")
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn a_commit_of_a_bad_document_is_refused_and_of_a_good_one_taken() {
    let tree = good();
    let (is_valid, said) = run(&tree, "pre-commit", &["validate-config"]);
    assert!(is_valid, "{said}");
    let (is_installed, said) = run(&tree, "pre-commit", &["install"]);
    assert!(is_installed, "{said}");
    let document = tree.text("apps/web.yaml");

    tree.repo.write("apps/web.yaml", &document.replace("replicas: 3", "replica: 3"));
    let (is_taken, said) = run(&tree, "git", &["commit", "--all", "--message", "A typo"]);
    assert!(!is_taken && said.contains("did you mean `replicas`?"), "{said}");

    tree.repo.write("apps/web.yaml", &document.replace("replicas: 3", "replicas: 4"));
    let (is_taken, said) = run(&tree, "git", &["commit", "--all", "--message", "Four pods"]);
    assert!(is_taken && said.contains("portfolio validate"), "{said}");

    tree.repo.write("notes.md", "no document\n");
    tree.repo.git(&["add", "notes.md"]);
    let (is_taken, said) = run(&tree, "git", &["commit", "--message", "Notes"]);
    assert!(is_taken && said.contains("Skipped"), "what is no document needs no check: {said}");
}
