//! What documents may ask for, given to the commands that need no cluster.

use super::repository::{Repository, app};

const ROLE: &str = "  objects: [{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader}, \
                    rules: []}]\n";

#[test]
fn a_further_kind_is_refused_until_it_is_allowed() {
    let repository = Repository::new(&[("web.yaml", &app("web", ROLE))]);
    let refused = repository.run(&["validate", "--format", "concise"]);
    assert_eq!(refused.code, 1);
    assert!(
        refused.out.contains("error[PF0802]") && refused.out.contains("`--allow-kind Role`"),
        "{}",
        refused.out
    );

    let allowed = repository.run(&["validate", "--allow-kind", "Role"]);
    assert_eq!(allowed.code, 0, "{}", allowed.out);
    let rendered = repository.run(&["render", "--allow-kind", "RoleBinding,Role"]);
    assert_eq!(rendered.code, 0, "{}", rendered.err);
    assert!(
        rendered.out.contains("kind: Role\n") && rendered.out.contains("name: reader"),
        "{}",
        rendered.out
    );
}

#[test]
fn a_variable_allows_as_a_flag_does() {
    let repository = Repository::new(&[("web.yaml", &app("web", ROLE))]);
    let run = |name: &str, value: &str| {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
        command.args(["validate", "--format", "concise"]).current_dir(repository.path()).env_clear();
        let output = command.env(name, value).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run("PORTFOLIO_ALLOW_KINDS", "Role"), (0, String::new()));
    assert_eq!(run("PORTFOLIO_ALLOW_KINDS", "").0, 1);
    let (code, out) = run("PORTFOLIO_ALLOW_REGISTRIES", "ghcr.io/team");
    assert!(code == 1 && out.contains("error[PF0803]"), "{out}");
    assert_eq!(run("PORTFOLIO_ALLOW_KINDS", "Rolle").0, 2);
}

#[test]
fn a_diff_judges_by_the_same_policy() {
    let repository = Repository::new(&[("web.yaml", &app("web", ""))]);
    repository.write("web.yaml", &app("web", ROLE));
    assert_eq!(repository.run(&["diff"]).code, 2);
    let answer = repository.run(&["diff", "--allow-kind", "Role"]);
    assert_eq!(answer.code, 1, "{}", answer.err);
    assert!(answer.out.contains("reader"), "{}", answer.out);
}
