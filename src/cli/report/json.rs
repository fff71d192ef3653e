//! Diagnostics for programs. The types are the schema: `portfolio schema validate` prints it.

use schemars::JsonSchema;
use serde::Serialize;

use super::findings::Findings;
use crate::document::{self, Severity};

/// What `portfolio validate --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validation<'a> {
    /// Documents that were looked at, usable or not.
    pub documents: usize,
    /// Files that they are in.
    pub files: usize,
    /// Diagnostics because of which a document is not used.
    pub errors: usize,
    /// Diagnostics that a person should look at.
    pub warnings: usize,
    /// Diagnostics that only tell what follows.
    pub notes: usize,
    /// Everything there is to say, by file and place.
    pub diagnostics: Vec<Diagnostic<'a>>,
}

/// Something to say about a document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic<'a> {
    /// Its stable code; `portfolio explain` has a page on each.
    #[schemars(regex(pattern = "^PF[0-9]{4}$"))]
    pub code: String,
    /// The name of the code.
    pub rule: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is so, in one line.
    pub message: &'a str,
    /// Path of the file, from the current folder.
    pub file: &'a str,
    /// Where.
    pub span: Span,
    /// What is at `span`; may be empty.
    pub label: &'a str,
    /// Other places in the same file that explain it.
    pub labels: Vec<Label<'a>>,
    /// What to do, with the exact text to write where there is one.
    pub help: Option<&'a str>,
    /// Places, perhaps in other files, that belong to it.
    pub related: Vec<Related<'a>>,
}

/// A place in a file, within one line.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Line, from 1.
    #[schemars(range(min = 1))]
    pub line: u32,
    /// Column of the first character, from 1, in characters.
    #[schemars(range(min = 1))]
    pub column: u32,
    /// Characters.
    #[schemars(range(min = 1))]
    pub length: u32,
}

/// Another place in the same file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Label<'a> {
    /// Where.
    pub span: Span,
    /// What is there.
    pub message: &'a str,
}

/// A place that belongs to the same problem.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Related<'a> {
    /// Path of the file, from the current folder.
    pub file: &'a str,
    /// Where.
    pub span: Span,
    /// What is there.
    pub message: &'a str,
}

impl From<document::Span> for Span {
    fn from(document::Span { line, column, length }: document::Span) -> Self {
        Self { line, column, length }
    }
}

impl<'a> From<&'a document::Diagnostic> for Diagnostic<'a> {
    fn from(diagnostic: &'a document::Diagnostic) -> Self {
        let labels = diagnostic.labels.iter();
        let related = diagnostic.related.iter();
        Self {
            code: diagnostic.code.to_string(),
            rule: diagnostic.code.rule(),
            severity: diagnostic.severity,
            message: &diagnostic.message,
            file: &diagnostic.file,
            span: diagnostic.span.into(),
            label: &diagnostic.label,
            labels: labels.map(|one| Label { span: one.span.into(), message: &one.message }).collect(),
            help: diagnostic.help.as_deref(),
            related: related
                .map(|one| Related { file: &one.file, span: one.span.into(), message: &one.message })
                .collect(),
        }
    }
}

/// All of it as one JSON object.
pub fn json(findings: &Findings<'_>, files: usize) -> String {
    pretty(&Validation {
        documents: findings.documents.len(),
        files,
        errors: findings.count_of(Severity::Error),
        warnings: findings.count_of(Severity::Warning),
        notes: findings.count_of(Severity::Note),
        diagnostics: findings.diagnostics.iter().map(Diagnostic::from).collect(),
    })
}

/// JSON as people like to read it, with a line end.
pub(super) fn pretty<T: Serialize>(value: &T) -> String {
    // Texts and numbers under names that are texts: there is nothing in it that could fail.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    format!("{text}\n")
}

#[cfg(test)]
mod tests {
    use schemars::generate::SchemaSettings;
    use serde_json::Value;

    use super::super::findings::tests::found;
    use super::*;

    #[test]
    fn every_report_is_valid_against_its_schema() {
        let schema = SchemaSettings::draft2020_12().for_serialize().into_generator();
        let schema = schema.into_root_schema_for::<Validation<'_>>().to_value();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for found in found() {
            let value: Value = serde_json::from_str(&json(&found.findings(false), 1)).unwrap();
            let errors: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", found.name);
            assert_eq!(value["diagnostics"].as_array().unwrap().len(), found.diagnostics.len());
        }
        let unknown = serde_json::json!({"documents": 1});
        assert!(!validator.is_valid(&unknown), "the schema accepts anything");
    }
}
