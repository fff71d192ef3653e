//! `portfolio import`.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::repository::Repository;

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import").join(path)
}

/// A folder with these files of the fixtures in it.
fn folder(files: &[&str]) -> Repository {
    let repository = Repository::new(&[]);
    for file in files {
        let name = file.rsplit('/').next().unwrap();
        repository.write(name, &fs::read_to_string(fixture(file)).unwrap());
    }
    repository
}

#[test]
fn documents_go_to_stdout_and_the_report_to_stderr() {
    let repository = folder(&["kubernetes/plain.yaml", "kubernetes/volumes.yaml"]);
    let answer = repository.run(&["import", "plain.yaml", "volumes.yaml"]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    insta::assert_snapshot!(answer.err);
    assert_eq!(
        answer.out.matches("---\napiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\n").count(),
        2
    );
    let answer = repository.run(&["import", "plain.yaml"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
}

#[test]
fn what_is_written_is_valid_and_renders() {
    let repository = folder(&["kubernetes/helm.yaml", "kubernetes/plain.yaml", "compose/shop/compose.yaml"]);
    for (file, folder) in [("helm.yaml", "helm"), ("plain.yaml", "plain"), ("compose.yaml", "compose")] {
        let answer = repository.run(&["import", file, "--namespace", "pods", "--output-dir", folder]);
        assert!(answer.code < 2 && answer.out.is_empty(), "{}", answer.err);
        assert!(answer.err.contains(&format!("wrote {folder}/")), "{}", answer.err);
        let answer = repository.run(&["validate", folder]);
        assert_eq!(answer.code, 0, "{}{}", answer.out, answer.err);
        assert_eq!(repository.run(&["render", folder]).code, 0);
    }
    // The namespace is for what names none.
    let read = |path: &str| fs::read_to_string(repository.path().join(path)).unwrap();
    assert!(read("helm/release-podinfo.yaml").contains("namespace: pods"));
    assert!(read("plain/web.yaml").contains("namespace: shop"));
    assert!(read("compose/db.yaml").contains("namespace: pods"));
}

#[test]
fn nothing_is_written_over() {
    let repository = folder(&["kubernetes/ingress.yaml"]);
    repository.write("apps/front.yaml", "mine\n");
    let answer = repository.run(&["import", "ingress.yaml", "--output-dir", "apps"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("apps/front.yaml is there already"), "{}", answer.err);
    assert!(!repository.path().join("apps/back.yaml").exists(), "nothing is written at all");
}

#[test]
fn standard_input_is_read_as_well() {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
    let folder = TempDir::new().unwrap();
    let input = fs::read_to_string(fixture("kubernetes/live.yaml")).unwrap();
    let output = command.args(["import", "-"]).current_dir(folder.path()).env_clear().write_stdin(input);
    let output = output.output().unwrap();
    let report = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert!(report.contains("made of Deployment/api (-:3)"), "{report}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("metadata: {name: api, namespace: shop"));
}

#[test]
fn files_that_a_compose_file_refers_to_are_read_beside_it() {
    let repository = Repository::new(&[]);
    for (file, name) in
        [("compose/shop/compose.yaml", "shop/compose.yaml"), ("compose/shop/web.env", "shop/web.env")]
    {
        repository.write(name, &fs::read_to_string(fixture(file)).unwrap());
    }
    let answer = repository.run(&["import", "shop/compose.yaml"]);
    assert!(answer.out.contains("FEATURES: \"cart,search\""), "{}", answer.out);
    repository.remove("shop/web.env");
    let answer = repository.run(&["import", "shop/compose.yaml"]);
    assert!(answer.err.contains("`./web.env` is not there"), "{}", answer.err);
}

#[test]
fn input_that_cannot_be_read_is_shown_with_its_line() {
    let repository = Repository::new(&[]);
    repository
        .write("web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n spec: {}\n");
    repository.write("good.yaml", &fs::read_to_string(fixture("kubernetes/plain.yaml")).unwrap());
    let answer = repository.run(&["import", "good.yaml", "web.yaml"]);
    assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{}", answer.err);
    for expected in ["web.yaml:5:", " spec: {}", "help:", "nothing is imported"] {
        assert!(answer.err.contains(expected), "{expected}: {}", answer.err);
    }
    let answer = repository.run(&["import", "nowhere.yaml"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("nowhere.yaml"), "{}", answer.err);
}

#[test]
fn input_without_an_app_is_told_what_an_app_is_made_of() {
    let repository = Repository::new(&[]);
    repository
        .write("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: key}\ndata: {key: eA==}\n");
    let answer = repository.run(&["import", "secret.yaml"]);
    assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{}", answer.err);
    assert!(answer.err.contains("a Secret never goes into git"), "{}", answer.err);
    assert!(answer.err.contains("hint: an app is made of a Deployment"), "{}", answer.err);
}
