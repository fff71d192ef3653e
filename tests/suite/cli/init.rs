//! `portfolio init`.

use super::repository::Repository;

#[test]
fn the_starter_repository_is_valid_without_a_warning() {
    let repository = Repository::new(&[]);
    let answer = repository.run(&["init", "--ci", "both"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    insta::assert_snapshot!(answer.out);
    for environment in ["", "prod"] {
        let answer = repository.run(&["validate", "apps", "--strict", "--environment", environment]);
        assert_eq!((answer.code, answer.out.as_str()), (0, ""), "{}", answer.err);
    }
    let rendered = repository.run(&["render", "apps", "--environment", "prod"]).out;
    assert!(rendered.contains("replicas: 3"), "{rendered}");
}

#[test]
fn editors_find_the_schema_that_the_document_names() {
    let repository = Repository::new(&[]);
    repository.run(&["init"]);
    let document = std::fs::read_to_string(repository.path().join("apps/web.yaml")).unwrap();
    let named = document.lines().next().unwrap().strip_prefix("# yaml-language-server: $schema=").unwrap();
    let schema = std::fs::read_to_string(repository.path().join("apps").join(named)).unwrap();
    assert_eq!(schema, repository.run(&["schema"]).out);
    let schema = serde_json::from_str(&schema).unwrap();
    let document: serde_json::Value = serde_yaml::from_str(&document).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_file_that_exists_is_left_alone_unless_forced() {
    let repository = Repository::new(&[]);
    repository.write("README.md", "ours\n");
    let answer = repository.run(&["init"]);
    assert_eq!(answer.code, 1);
    assert!(answer.err.contains("left alone") && answer.err.contains("README.md"), "{}", answer.err);
    let readme = repository.path().join("README.md");
    assert_eq!(std::fs::read_to_string(&readme).unwrap(), "ours\n");
    assert!(repository.path().join("apps/web.yaml").is_file(), "the others are written");

    let answer = repository.run(&["init", "--force"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert_ne!(std::fs::read_to_string(&readme).unwrap(), "ours\n");
    let again = repository.run(&["init"]);
    assert_eq!(again.code, 0, "what is the same is no reason to complain: {}", again.err);
    assert!(!again.out.contains("created"), "{}", again.out);
}

#[test]
fn pipelines_are_those_that_are_asked_for() {
    for (ci, github, gitlab) in
        [("github", true, false), ("gitlab", false, true), ("both", true, true), ("none", false, false)]
    {
        let repository = Repository::new(&[]);
        let answer =
            repository.run(&["init", "new/folder", "--ci", ci, "--image", "registry.test/portfolio:9"]);
        assert_eq!(answer.code, 0, "{}", answer.err);
        let file = |path: &str| std::fs::read_to_string(repository.path().join("new/folder").join(path)).ok();
        let workflow = file(".github/workflows/portfolio.yml");
        let pipeline = file(".gitlab-ci.yml");
        assert_eq!((workflow.is_some(), pipeline.is_some()), (github, gitlab), "{ci}");
        for text in workflow.iter().chain(&pipeline) {
            assert!(text.contains("registry.test/portfolio:9"), "{text}");
        }
        let readme = file("README.md").unwrap();
        assert_eq!(readme.contains(".gitlab-ci.yml"), gitlab, "{readme}");
    }
}

#[test]
fn a_place_that_cannot_be_written_to_is_told() {
    let repository = Repository::new(&[]);
    repository.write("taken", "a file");
    let answer = repository.run(&["init", "taken"]);
    assert_eq!(answer.code, 2);
    assert!(answer.err.contains("taken"), "{}", answer.err);
}
