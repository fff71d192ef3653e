//! `portfolio diff`.

use super::repository::{Repository, app};

#[test]
fn two_revisions_that_say_the_same_do_not_differ() {
    let repository = Repository::new(&[("apps/web.yaml", &app("web", "  replicas: 2\n"))]);
    repository.git(&["mv", "apps/web.yaml", "apps/shop.yaml"]);
    repository.commit("Move the document");
    let answer = repository.run(&["diff", "HEAD~1..HEAD"]);
    assert_eq!((answer.code, answer.out.as_str()), (0, "no object changes\n"), "{}", answer.err);
}

#[test]
fn a_push_tells_each_object_and_what_it_restarts() {
    let repository = Repository::new(&[
        ("web.yaml", &app("web", "  replicas: 2\n  config: {app.toml: one}\n")),
        ("old.yaml", &app("old", "  replicas: 1\n  storage: {data: {size: 1Gi, mountPath: /data}}\n")),
    ]);
    repository.write("web.yaml", &app("web", "  replicas: 3\n  config: {app.toml: two}\n"));
    repository.write("new.yaml", &app("new", ""));
    repository.remove("old.yaml");
    repository.commit("Change much");
    let answer = repository.run(&["diff", "HEAD~1.."]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    insta::assert_snapshot!(answer.out);
}

#[test]
fn one_revision_is_compared_with_the_files_as_they_are() {
    let repository = Repository::new(&[("web.yaml", &app("web", "  replicas: 2\n"))]);
    repository.write("web.yaml", &app("web", "  replicas: 3\n"));
    let answer = repository.run(&["diff", "--format", "unified"]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    insta::assert_snapshot!(answer.out);
    let answer = repository.run(&["diff", "HEAD", "--format", "json"]);
    let value: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(value["objects"][0]["fields"][0]["path"], "spec.replicas");
    assert_eq!(value["restarts"], serde_json::json!([]));
}

#[test]
fn a_document_in_error_fails_the_diff() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    repository.write("web.yaml", &app("web", "  replica: 3\n"));
    let answer = repository.run(&["diff"]);
    assert_eq!(answer.code, 2);
    assert!(answer.out.contains("PortfolioApp/shop/web stays as it is"), "{}", answer.out);
    assert!(answer.err.contains("PF0103"), "{}", answer.err);
}

#[test]
fn an_unknown_revision_and_a_missing_repository_are_usage_errors() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    assert_eq!(repository.run(&["diff", "v9..HEAD"]).code, 2);
    let nowhere = tempfile::TempDir::new().unwrap();
    let answer = repository.run(&["diff", "-C", nowhere.path().to_str().unwrap()]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("hint:"), "{}", answer.err);
}
