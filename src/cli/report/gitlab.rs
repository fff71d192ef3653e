//! A Code Quality report for GitLab: `artifacts: {reports: {codequality: …}}`.
//!
//! Source: GitLab docs, "Code Quality", section "Code Quality report format".

use serde::Serialize;

use super::findings::Findings;
use super::json::pretty;
use crate::document::Severity;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: u32,
    column: u32,
}

/// All diagnostics as a list. Paths count from the repository's root.
pub fn gitlab(findings: &Findings<'_>) -> String {
    let issue = |(diagnostic, fingerprint): (_, String)| {
        let diagnostic: &crate::document::Diagnostic = diagnostic;
        let help = diagnostic.help.iter().map(|help| format!("; help: {help}"));
        let at = |column| Position { line: diagnostic.span.line, column };
        let begin = diagnostic.span.column;
        Issue {
            description: format!("{}{}", diagnostic.message, help.collect::<String>()),
            check_name: diagnostic.code.to_string(),
            fingerprint,
            severity: match diagnostic.severity {
                Severity::Error => "major",
                Severity::Warning => "minor",
                Severity::Note => "info",
            },
            location: Location {
                path: &diagnostic.file,
                positions: Positions {
                    begin: at(begin),
                    end: at(begin.saturating_add(diagnostic.span.length)),
                },
            },
        }
    };
    let issues: Vec<Issue<'_>> =
        findings.diagnostics.iter().zip(findings.fingerprints()).map(issue).collect();
    pretty(&issues)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::super::findings::tests::{found, found_of};
    use super::*;

    #[test]
    fn every_finding_is_an_issue_with_what_gitlab_requires() {
        for found in found() {
            let issues: Vec<Value> = serde_json::from_str(&gitlab(&found.findings(false))).unwrap();
            assert_eq!(issues.len(), found.diagnostics.len(), "{}", found.name);
            let mut fingerprints = BTreeSet::new();
            for (issue, diagnostic) in issues.iter().zip(&found.diagnostics) {
                let text = |key: &str| issue[key].as_str().unwrap_or_else(|| panic!("{}: {key}", found.name));
                assert!(text("description").starts_with(&diagnostic.message), "{}", found.name);
                assert_eq!(text("check_name"), diagnostic.code.to_string());
                assert!(["info", "minor", "major", "critical", "blocker"].contains(&text("severity")));
                assert!(fingerprints.insert(text("fingerprint")), "{}", found.name);
                assert_eq!(issue["location"]["path"], diagnostic.file);
                assert_eq!(issue["location"]["positions"]["begin"]["line"], diagnostic.span.line);
            }
        }
    }

    #[test]
    fn issues_look_like_this() {
        insta::assert_snapshot!(gitlab(&found_of("two apps that make the same volume").findings(false)));
    }
}
