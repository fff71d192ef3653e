//! `portfolio explain`.

use super::repository::{Answer, Repository, app};

fn explain(arguments: &[&str]) -> Answer {
    let nowhere = Repository::new(&[]);
    nowhere.run(&[&["explain"][..], arguments].concat())
}

#[test]
fn all_codes_are_listed() {
    let answer = explain(&[]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.starts_with("CODE"), "{}", answer.out);
    for code in portfolio::document::Code::ALL {
        assert!(answer.out.lines().any(|line| line.starts_with(&code.to_string())), "{code}");
    }
}

#[test]
fn a_code_has_a_page_under_its_number_and_its_rule() {
    let answer = explain(&["PF0103"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.starts_with("PF0103 UnknownField: a field is not known\n\n"), "{}", answer.out);
    assert!(answer.out.contains("\nWrong:\n") && answer.out.contains("\nRight:\n"), "{}", answer.out);
    assert_eq!(explain(&["pf0103"]).out, answer.out);
    assert_eq!(explain(&["unknownfield"]).out, answer.out);
    assert!(explain(&["PF0103", "--color", "always"]).out.contains('\u{1b}'));
}

#[test]
fn what_a_diagnostic_names_is_explained() {
    let repository = Repository::new(&[("web.yaml", &app("web", "  replica: 3\n"))]);
    let answer = repository.run(&["validate"]);
    let last = answer.out.lines().last().unwrap();
    assert_eq!(last, "For more information about this error, try `portfolio explain PF0103`.");
    let command: Vec<&str> = last.split('`').nth(1).unwrap().split(' ').skip(1).collect();
    assert_eq!(repository.run(&command).code, 0);
}

#[test]
fn a_field_is_explained_by_the_schema() {
    let answer = explain(&["app.rollout.deadline"]);
    assert_eq!(answer.code, 0, "{}", answer.err);
    assert!(answer.out.starts_with("PortfolioApp.spec.rollout.deadline\n"), "{}", answer.out);
    assert!(
        answer.out.contains("Type      duration") && answer.out.contains("Default   10m"),
        "{}",
        answer.out
    );
    for path in ["spec.rollout.deadline", "PortfolioApp.spec.rollout.deadline", "rollout.deadline"] {
        assert_eq!(explain(&[path]).out, answer.out, "{path}");
    }
    assert!(explain(&["migration.dir"]).out.starts_with("DatabaseMigration.spec.dir\n"));
    assert!(explain(&["app"]).out.contains("\nreplicas "), "{}", explain(&["app"]).out);
}

#[test]
fn what_is_not_there_is_answered_with_what_was_meant() {
    for (asked, hint) in [
        ("app.rollout.dedline", "did you mean `deadline`?"),
        ("UnknownFeild", "did you mean `UnknownField`?"),
        ("PF0999", "`portfolio explain` lists all codes"),
        ("app.livenessProbe", "write `probes: {live: {path: /health}}`"),
    ] {
        let answer = explain(&[asked]);
        assert_eq!((answer.code, answer.out.as_str()), (2, ""), "{asked}");
        assert!(answer.err.contains(&format!("hint: {hint}")), "{asked}: {}", answer.err);
    }
}
