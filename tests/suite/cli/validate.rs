//! `portfolio validate`.

use serde_json::Value;

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
fn a_document_that_is_there_twice_is_told_whichever_of_its_files_is_asked_about() {
    let web = app("web", "");
    let marked = [("apps/.portfolioignore", ""), ("apps/x/a.yaml", &web), ("apps/y/b.yaml", &web)];
    let repository = Repository::new(&marked);
    for (file, other) in [("apps/x/a.yaml", "apps/y/b.yaml"), ("apps/y/b.yaml", "apps/x/a.yaml")] {
        let answer = repository.run(&["validate", file]);
        assert_eq!(
            (answer.code, answer.err.as_str()),
            (1, "1 document in 1 file: 1 error\n"),
            "{}",
            answer.out
        );
        assert!(answer.out.contains(&format!("--> {file}:4:18")), "{}", answer.out);
        assert!(answer.out.contains(&format!("::: {other}:4:18")), "{}", answer.out);
        let answer = repository.run(&["render", file]);
        assert_eq!((answer.code, answer.out.as_str()), (1, ""), "{}", answer.err);
    }
    let answer = repository.run(&["validate", "apps"]);
    assert_eq!((answer.code, answer.err.as_str()), (1, "1 document in 2 files: 1 error\n"), "{}", answer.out);
}

#[test]
fn two_apps_that_make_the_same_object_are_told_whichever_of_them_is_asked_about() {
    let first = app("web", "  storage: {a-b: {size: 1Gi, mountPath: /a}}\n  replicas: 1\n");
    let second = app("web-a", "  storage: {b: {size: 1Gi, mountPath: /b}}\n  replicas: 1\n");
    let repository = Repository::new(&[("a.yaml", &first), ("b.yaml", &second)]);
    for file in ["a.yaml", "b.yaml"] {
        let answer = repository.run(&["validate", "--format", "concise", file]);
        assert_eq!(answer.code, 1, "{file}: {}", answer.out);
        assert!(answer.out.contains(&format!("{file}:7:13: error[PF0605]")), "{}", answer.out);
    }
}

/// A log of GitHub's runners takes a line that begins with `::` for a command.
#[test]
fn the_names_of_files_cannot_write_to_the_terminal() {
    let names = ["b\n::error::x.yaml", "c\u{1b}[31m.yaml", "d\u{202e}\u{2066}\u{2028}.yaml"];
    let files: Vec<(&str, String)> = names.iter().map(|name| (*name, app("web", "  replica: 3\n"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let repository = Repository::new(&files);
    for arguments in [
        &["validate"][..],
        &["validate", "--format", "concise"],
        &["render"],
        &["render", "--keep-going"],
        &["diff", "HEAD"],
        &["diff", "HEAD", "--format", "markdown"],
    ] {
        let answer = repository.run(arguments);
        let all = answer.out + &answer.err;
        assert!(!all.lines().any(|line| line.starts_with("::error")), "{arguments:?}: {all}");
        assert!(!all.contains(['\u{1b}', '\u{202e}', '\u{2066}', '\u{2028}']), "{arguments:?}: {all}");
        assert!(all.contains("u202e"), "{arguments:?}: {all}");
    }
}

#[test]
fn an_environment_that_no_document_knows_is_told() {
    let repository = Repository::new(&[("web.yaml", &app("web", "  environments: {prod: {replicas: 3}}\n"))]);
    let told = "warning: no document has an overlay for the environment `porduction`: they have `prod`";
    for command in ["validate", "render", "diff"] {
        let answer = repository.run(&[command, "-e", "porduction"]);
        assert_eq!(answer.code, 0, "{command}: {}", answer.err);
        assert!(answer.err.starts_with(told), "{command}: {}", answer.err);
        assert!(!repository.run(&[command, "-e", "prod"]).err.contains("warning"), "{command}");
    }
    repository.write("web.yaml", &app("web", ""));
    assert!(!repository.run(&["validate", "-e", "prod"]).err.contains("warning"));
}

/// Neither a repository nor a `.portfolioignore` says what belongs together: the arguments do.
#[test]
fn paths_that_are_given_together_are_read_together() {
    let folder = tempfile::TempDir::new().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let run = |paths: &[&str]| {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
        let command = command.args(["validate", "--format", "concise"]).args(paths);
        let output = command.current_dir(folder.path()).env_clear().output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    write("a.yaml", &app("web", ""));
    write("out/b.yaml", &app("web", ""));
    let (code, out) = run(&["a.yaml", "out/b.yaml"]);
    assert!(code == 1 && out.starts_with("out/b.yaml:4:18: error[PF0601]"), "{code} {out}");

    write("x/cart.yaml", &app("cart", "  dependsOn: [{app: pay}]\n"));
    write("y/pay.yaml", &app("pay", "  dependsOn: [{app: cart}]\n"));
    let (code, out) = run(&["x", "y"]);
    assert!(code == 1 && out.matches("error[PF0602]").count() == 2, "{code} {out}");
    assert!(!out.contains("PF0604"), "{out}");
    write("y/pay.yaml", &app("pay", ""));
    assert_eq!(run(&["x", "y"]), (0, String::new()));
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

const FORMATS: [&str; 7] = ["full", "concise", "json", "github", "gitlab", "junit", "sarif"];

#[test]
fn every_form_has_the_same_exit_codes() {
    let good = Repository::new(&[("web.yaml", &app("web", ""))]);
    let warned = Repository::new(&[("web.yaml", &app("web", "").replace(":1.0.0", ""))]);
    let bad = shop();
    for format in FORMATS {
        for (repository, plain, strict) in [(&good, 0, 0), (&warned, 0, 1), (&bad, 1, 1)] {
            let answer = repository.run(&["validate", "--format", format]);
            assert_eq!(answer.code, plain, "{format}: {}{}", answer.out, answer.err);
            let answer = repository.run(&["validate", "--format", format, "--strict"]);
            assert_eq!(answer.code, strict, "{format}: {}{}", answer.out, answer.err);
        }
        let answer = bad.run(&["validate", "nowhere", "--format", format]);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{format}: {}", answer.err);
    }
    assert_eq!(bad.run(&["validate", "--format", "xml"]).code, 2);
}

#[test]
fn programs_get_json_that_their_schema_describes() {
    let repository = shop();
    let answer = repository.run(&["validate", "--format", "json"]);
    let value: Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(value["errors"], 1);
    assert_eq!(value["diagnostics"][0]["code"], "PF0103");
    assert_eq!(value["diagnostics"][0]["span"]["line"], 7);
    let schema = serde_json::from_str(&repository.run(&["schema", "validate"]).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn github_gets_commands_whose_paths_count_from_the_root() {
    let answer = shop().run_in("apps", &["validate", "--format", "github"]);
    assert_eq!(
        answer.out,
        "::error file=apps/web.yaml,line=7,endLine=7,col=3,endColumn=10,title=PF0103%3A a field is not known::\
         unknown field `replica`%0Ahelp: did you mean `replicas`?\n"
    );
    assert_eq!(answer.err, "2 documents in 2 files: 1 error\n");
}

#[test]
fn gitlab_gets_issues_whose_fingerprints_stay_when_lines_move() {
    let repository = shop();
    let issues = |repository: &Repository| -> Vec<Value> {
        let answer = repository.run_in("apps", &["validate", "--format", "gitlab"]);
        serde_json::from_str(&answer.out).unwrap()
    };
    let before = issues(&repository);
    assert_eq!(before[0]["location"]["path"], "apps/web.yaml");
    repository
        .write("apps/web.yaml", &format!("# of the shop\n{}", app("web", "  port: 8080\n  replica: 4\n")));
    let after = issues(&repository);
    assert_eq!(after[0]["location"]["positions"]["begin"]["line"], 9);
    assert_eq!(before[0]["fingerprint"], after[0]["fingerprint"]);
}

#[test]
fn a_junit_report_has_a_case_for_every_file_the_good_ones_too() {
    let answer = shop().run(&["validate", "--format", "junit", "--environment", "prod"]);
    for part in [
        "<testsuites tests=\"2\" failures=\"1\" errors=\"0\">",
        "<testsuite name=\"portfolio validate --environment prod\" tests=\"2\" failures=\"1\"",
        "<testcase classname=\"portfolio\" name=\"apps/cart.yaml\" file=\"apps/cart.yaml\">",
        "<failure message=\"unknown field `replica`\" type=\"PF0103\">",
        "PortfolioApp/shop/cart",
    ] {
        assert!(answer.out.contains(part), "{part} is not in\n{}", answer.out);
    }
}

#[test]
fn sarif_has_the_rule_with_its_page_and_keeps_environments_apart() {
    let answer = shop().run_in("apps", &["validate", "--format", "sarif", "--environment", "prod"]);
    let log: Value = serde_json::from_str(&answer.out).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "portfolio/prod/");
    let rule = &run["tool"]["driver"]["rules"][0];
    assert_eq!((&rule["id"], &rule["name"]), (&"PF0103".into(), &"UnknownField".into()));
    assert!(rule["help"]["markdown"].as_str().unwrap().contains("```yaml"), "{rule}");
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "apps/web.yaml");
    assert_eq!(place["region"]["startColumn"], 3);
}

#[test]
fn a_document_that_another_file_spoils_is_no_good_case() {
    let repository = Repository::new(&[("a.yaml", &app("web", "")), ("b.yaml", &app("web", ""))]);
    let answer = repository.run(&["validate", "--format", "junit"]);
    assert!(answer.out.contains("tests=\"2\" failures=\"2\""), "{}", answer.out);
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
