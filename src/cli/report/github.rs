//! Workflow commands of GitHub Actions: a line of the log that becomes a remark beside the line of the file.
//!
//! Source: GitHub docs, "Workflow commands for GitHub Actions", and the escapes of actions/toolkit `command.ts`.

use std::fmt::Write as _;

use super::findings::{Findings, in_words};
use crate::document::{Severity, Span};

/// One command a diagnostic. Paths count from the repository's root.
pub fn github(findings: &Findings<'_>) -> String {
    let mut text = String::new();
    for diagnostic in findings.diagnostics {
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let Span { line, column, length } = diagnostic.span;
        let title = format!("{}: {}", diagnostic.code, diagnostic.code.title());
        // Writing into a String cannot fail.
        let _ = writeln!(
            text,
            "::{command} file={},line={line},endLine={line},col={column},endColumn={},title={}::{}",
            property(&diagnostic.file),
            column.saturating_add(length),
            property(&title),
            data(&in_words(diagnostic)),
        );
    }
    text
}

/// What stands after the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// What stands after a `=`, where colons and commas have a meaning too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::findings::tests::{found, found_of};
    use super::*;

    /// Reads a command as the runner does.
    fn read(line: &str) -> (String, Vec<(String, String)>, String) {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        let decode = |text: &str| {
            let text = text.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n").replace("%0D", "\r");
            text.replace("%25", "%")
        };
        let properties = properties.split(',').map(|property| {
            let (name, value) = property.split_once('=').unwrap();
            (name.to_owned(), decode(value))
        });
        (command.to_owned(), properties.collect(), decode(message))
    }

    #[test]
    fn every_finding_is_one_command_that_says_all_of_it() {
        let mut count = 0;
        for found in found() {
            let text = github(&found.findings(false));
            // Not `lines()`: a carriage return would break a line of the log as well.
            let lines: Vec<&str> = text.split_terminator(['\n', '\r']).collect();
            assert_eq!(lines.len(), found.diagnostics.len(), "{}", found.name);
            for (line, diagnostic) in lines.into_iter().zip(&found.diagnostics) {
                let (command, properties, message) = read(line);
                let expected = if diagnostic.severity == Severity::Note {
                    "notice"
                } else {
                    &diagnostic.severity.to_string()
                };
                assert_eq!(command, expected, "{}", found.name);
                let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, ["file", "line", "endLine", "col", "endColumn", "title"]);
                assert_eq!(properties[0].1, diagnostic.file, "{}", found.name);
                assert_eq!(properties[1].1, diagnostic.span.line.to_string());
                assert!(properties[5].1.starts_with(&format!("{}: ", diagnostic.code)));
                assert_eq!(message, in_words(diagnostic), "{}", found.name);
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn commands_look_like_this() {
        let texts = [
            "a misspelt field",
            "two apps that make the same volume",
            "a value that begins with a percent sign",
        ]
        .map(|name| github(&found_of(name).findings(false)));
        insta::assert_snapshot!(texts.concat());
    }
}
