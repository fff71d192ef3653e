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

/// Two revisions between which everything happens that can.
fn eventful() -> Repository {
    let volume = "  replicas: 1\n  storage: {data: {size: 1Gi, mountPath: /data}}\n";
    let repository = Repository::new(&[
        (
            "web.yaml",
            &app("web", "  replicas: 2\n  config: {app.toml: \"name = 1\\npassword = 'one'\\n\"}\n"),
        ),
        ("old.yaml", &app("old", &format!("{volume}  deletion: {{volumes: delete}}\n"))),
        ("kept.yaml", &app("kept", volume)),
    ]);
    let secret = "  replicas: 3\n  config: {app.toml: \"name = 2\\npassword = 'two'\\n\"}\n\
                  \u{20} env: {API_TOKEN: hunter2, URL: \"https://u:hunter3@example.com\"}\n";
    repository.write("web.yaml", &app("web", secret));
    repository.write("new.yaml", &app("new", ""));
    repository.remove("old.yaml");
    repository.remove("kept.yaml");
    repository.commit("Change much");
    repository
}

#[test]
fn documents_in_error_show_no_secret_either() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    repository.write("web.yaml", &app("web", "  env: {DB_PASSWORD: hunter2, 1X: a}\n"));
    repository.commit("Break it");
    repository.write("web.yaml", &app("web", "  replicas: 2\n"));
    repository.commit("Mend it");
    for range in ["HEAD~2..HEAD~1", "HEAD~1..HEAD"] {
        let answer = repository.run(&["diff", range, "--format", "markdown"]);
        assert!(!format!("{}{}", answer.out, answer.err).contains("hunter2"), "{}{}", answer.out, answer.err);
        assert!(answer.err.contains("1X"), "{}", answer.err);
    }
    let answer = repository.run(&["diff", "HEAD~2..HEAD~1", "--show-secrets"]);
    assert!(answer.err.contains("hunter2"), "{}", answer.err);
}

#[test]
fn a_merge_request_gets_one_comment() {
    let repository = eventful();
    let answer = repository.run(&["diff", "HEAD~1..", "--format", "markdown", "--environment", "prod"]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    let lines: Vec<&str> = answer.out.lines().collect();
    assert_eq!(lines[0], "<!-- portfolio diff source=main environment=prod -->");
    for expected in [
        "this push **restarts 1 app**: <code>shop/web</code>",
        "**This push deletes 1 volume and what is on it:** <code>PersistentVolumeClaim/shop/old-data</code>",
        "| kept | <code>PersistentVolumeClaim/shop/kept-data</code> |",
        "| replaced | <code>ConfigMap/shop/web-config-",
    ] {
        assert!(answer.out.contains(expected), "{expected}:\n{}", answer.out);
    }
    assert_eq!(answer.out.matches("<details>").count(), answer.out.matches("</details>").count());
}

#[test]
fn what_looks_like_a_secret_is_in_no_form_unless_asked_for() {
    let repository = eventful();
    for format in ["table", "unified", "markdown", "json"] {
        let diff = ["diff", "HEAD~1..", "--format", format];
        let answer = repository.run(&diff);
        let said = format!("{}{}", answer.out, answer.err);
        for secret in ["hunter", "'one'", "'two'"] {
            assert!(!said.contains(secret), "{format} tells {secret}:\n{said}");
        }
        let answer = repository.run(&[&diff[..], &["--show-secrets"]].concat());
        // The table shows the names of what is new, and of a text its first line.
        if format != "table" {
            assert!(
                answer.out.contains("hunter2") && answer.out.contains("'two'"),
                "{format}:\n{}",
                answer.out
            );
        }
    }
    let answer = repository.run(&["diff", "HEAD~1..", "--format", "unified"]);
    assert!(answer.out.contains("-    password = '<redacted 1>'\n"), "{}", answer.out);
    assert!(answer.out.contains("+    password = '<redacted 2>'\n"), "{}", answer.out);
}

#[test]
fn programs_get_json_that_its_schema_describes() {
    let repository = eventful();
    let schema: serde_json::Value = serde_json::from_str(&repository.run(&["schema", "diff"]).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    repository.write("broken.yaml", &app("broken", "  replica: 3\n"));
    for range in ["HEAD~1..", "HEAD", "HEAD..HEAD"] {
        let answer = repository.run(&["diff", range, "--format", "json"]);
        let report: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
        let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{range}: {errors:?}\n{report:#}");
    }
    let report: serde_json::Value =
        serde_json::from_str(&repository.run(&["diff", "HEAD~1..", "--format", "json"]).out).unwrap();
    assert_eq!(report["counts"]["replaced"], 1);
    let replaced =
        report["objects"].as_array().unwrap().iter().find(|one| one["change"] == "replaced").unwrap();
    assert!(
        replaced["replacedBy"].as_str().unwrap().starts_with("ConfigMap/shop/web-config-"),
        "{replaced:#}"
    );
    assert!(!validator.is_valid(&serde_json::json!({"objects": []})), "a schema that forgives everything");
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

#[test]
fn a_bare_repository_has_no_files_to_compare_with() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    repository.git(&["clone", "--quiet", "--bare", ".", "bare.git"]);
    let answer = repository.run_in("bare.git", &["diff"]);
    assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{}", answer.err);
    assert!(
        answer.err.contains("is a bare repository, so there are no files to compare with"),
        "{}",
        answer.err
    );
    assert!(answer.err.contains("`FROM..TO`"), "{}", answer.err);
    assert_eq!(repository.run_in("bare.git", &["diff", "HEAD..HEAD"]).code, 0);
}

#[test]
fn only_a_shallow_clone_is_called_one() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    repository.commit("Second");
    let answer = repository.run(&["diff", "v9"]);
    assert!(answer.code == 2 && !answer.err.contains("shallow"), "{}", answer.err);
    let origin = format!("file://{}", repository.path().display());
    repository.git(&["clone", "--quiet", "--depth=1", &origin, "shallow"]);
    let answer = repository.run_in("shallow", &["diff", "HEAD~1"]);
    assert!(answer.code == 2 && answer.err.contains("git fetch --unshallow"), "{}", answer.err);
}

#[test]
fn values_cannot_write_to_the_terminal() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    repository.write("web.yaml", &app("web", "  env: {A: \"a\\u202eb\\u2066c\\u2028d\\e[31m\"}\n"));
    for format in ["table", "unified", "markdown"] {
        let answer = repository.run(&["diff", "--format", format]);
        assert_eq!(answer.code, 1, "{}", answer.err);
        let raw = ['\u{1b}', '\u{202e}', '\u{2066}', '\u{2028}'];
        assert!(!answer.out.contains(raw), "{format}: {}", answer.out);
    }
}
