//! `portfolio validate`.

use super::repository::{Repository, app};

fn shop() -> Repository {
    Repository::new(&[
        ("apps/web.yaml", &app("web", "  replica: 3\n")),
        ("apps/cart.yaml", &app("cart", "  dependsOn: [{app: web}]\n")),
    ])
}

#[test]
fn an_error_shows_its_line_what_to_write_and_a_summary() {
    let answer = shop().run(&["validate"]);
    assert_eq!(answer.code, 1);
    insta::assert_snapshot!(answer.out);
    assert_eq!(answer.err, "2 documents in 2 files: 1 error\n");
}

#[test]
fn one_file_is_seen_together_with_the_others() {
    let answer = shop().run(&["validate", "apps/cart.yaml"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, ""), "{}", answer.err);
    assert_eq!(answer.err, "1 document in 1 file: nothing to say\n");
}

#[test]
fn a_folder_without_a_repository_is_read_as_it_is() {
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.yaml"), app("web", "")).unwrap();
    let answer = shop().run(&["validate", folder.path().to_str().unwrap()]);
    assert_eq!((answer.code, answer.err.as_str()), (0, "1 document in 1 file: nothing to say\n"));
}

#[test]
fn paths_are_told_from_the_current_folder() {
    let answer = shop().run_in("apps", &["validate", "--format", "concise"]);
    assert_eq!(
        answer.out,
        "web.yaml:7:3: error[PF0103]: unknown field `replica`; help: did you mean `replicas`?\n"
    );
}

#[test]
fn warnings_fail_only_when_asked_to() {
    let floating = app("web", "").replace(":1.0.0", "");
    let repository = Repository::new(&[("web.yaml", &floating)]);
    assert_eq!(repository.run(&["validate"]).code, 0);
    assert_eq!(repository.run(&["validate", "--strict"]).code, 1);
}

#[test]
fn an_overlay_is_checked_in_its_environment() {
    let repository =
        Repository::new(&[("web.yaml", &app("web", "  environments: {prod: {replicas: -1}}\n"))]);
    assert_eq!(repository.run(&["validate", "--environment", "prod"]).code, 1);
}

#[test]
fn programs_get_json() {
    let answer = shop().run(&["validate", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(value["errors"], 1);
    assert_eq!(value["diagnostics"][0]["code"], "PF0103");
    assert_eq!(value["diagnostics"][0]["span"]["line"], 7);
}

#[test]
fn a_path_that_does_not_exist_is_a_usage_error() {
    let answer = shop().run(&["validate", "nowhere"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("nowhere"), "{}", answer.err);
}

#[test]
fn what_git_ignores_is_not_read() {
    let repository = shop();
    repository.write(".gitignore", "build/\n");
    repository.write("build/broken.yaml", "apiVersion: portfolio.dev/v1alpha1\nkind: [\n");
    let answer = repository.run(&["validate", "--format", "concise"]);
    assert!(!answer.out.contains("build/"), "{}", answer.out);
}
