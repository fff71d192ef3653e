//! SARIF 2.1.0, for code scanning of GitHub and others.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0 Plus Errata 01"; GitHub docs,
//! "SARIF support for code scanning".

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::findings::{Findings, in_words};
use super::json::pretty;
use crate::document::explain::page;
use crate::document::{Code, Diagnostic, Severity, Span};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// What paths count from: the repository's root, wherever it is checked out.
const ROOT: &str = "%SRCROOT%";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    automation_details: AutomationDetails,
    /// Columns count characters, not UTF-16 units.
    column_kind: &'static str,
    original_uri_base_ids: BTreeMap<&'static str, Described>,
    results: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Described {
    description: Message,
}

/// Runs of one id replace each other; those for different environments must not.
#[derive(Serialize)]
struct AutomationDetails {
    id: String,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    name: &'static str,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Message>,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Help>,
}

#[derive(Serialize)]
struct Help {
    text: String,
    markdown: String,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Finding<'a> {
    rule_id: String,
    rule_index: usize,
    level: Severity,
    message: Message,
    locations: [Located<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Located<'a>>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Located<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation<'a> {
    artifact_location: ArtifactLocation<'a>,
    region: Region,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactLocation<'a> {
    uri: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri_base_id: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

/// One run, with the rules that it found something for.
pub fn sarif(findings: &Findings<'_>) -> String {
    let mut codes: Vec<Code> = findings.diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let outcomes = findings.diagnostics.iter().zip(findings.fingerprints());
    let outcomes = outcomes.map(|(diagnostic, fingerprint)| {
        // Every code is in the list that is made of them.
        let rule_index = codes.binary_search(&diagnostic.code).unwrap_or_default();
        outcome(diagnostic, rule_index, fingerprint)
    });
    let environment = findings.environment.map(|name| format!("{name}/")).unwrap_or_default();
    let root = Message { text: "The root of the repository.".to_owned() };
    pretty(&Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool {
                driver: Driver {
                    name: "portfolio",
                    version: env!("CARGO_PKG_VERSION"),
                    semantic_version: env!("CARGO_PKG_VERSION"),
                    rules: codes.iter().copied().map(rule).collect(),
                },
            },
            automation_details: AutomationDetails { id: format!("portfolio/{environment}") },
            column_kind: "unicodeCodePoints",
            original_uri_base_ids: [(ROOT, Described { description: root })].into(),
            results: outcomes.collect(),
        }],
    })
}

fn rule(code: Code) -> Rule {
    let page = page(code);
    Rule {
        id: code.to_string(),
        name: code.rule(),
        short_description: Message { text: code.title().to_owned() },
        full_description: page.map(|page| Message { text: page.summary() }),
        help: page.map(|page| Help {
            text: format!("{}\n\nWrong:\n\n{}\nRight:\n\n{}", page.prose, page.wrong, page.right),
            markdown: format!(
                "{}\n\nWrong:\n\n```yaml\n{}```\n\nRight:\n\n```yaml\n{}```\n",
                page.prose, page.wrong, page.right
            ),
        }),
    }
}

fn outcome(diagnostic: &Diagnostic, rule_index: usize, fingerprint: String) -> Finding<'_> {
    let labels = diagnostic.labels.iter().map(|one| (diagnostic.file.as_str(), one.span, &one.message));
    let related = diagnostic.related.iter().map(|one| (one.file.as_str(), one.span, &one.message));
    let related = labels.chain(related).enumerate().map(|(id, (file, span, message))| Located {
        id: Some(id),
        physical_location: place(file, span),
        message: Some(plain(message)),
    });
    Finding {
        rule_id: diagnostic.code.to_string(),
        rule_index,
        level: diagnostic.severity,
        message: plain(&in_words(diagnostic)),
        locations: [Located {
            id: None,
            physical_location: place(&diagnostic.file, diagnostic.span),
            message: (!diagnostic.label.is_empty()).then(|| plain(&diagnostic.label)),
        }],
        related_locations: related.collect(),
        partial_fingerprints: [("portfolioFinding/v1", fingerprint)].into(),
    }
}

/// A message without links: `[text](1)` would be one (section 3.11.6).
fn plain(text: &str) -> Message {
    Message { text: text.replace("](", "\\](") }
}

fn place(file: &str, Span { line, column, length }: Span) -> PhysicalLocation<'_> {
    PhysicalLocation {
        artifact_location: location(file),
        region: Region {
            start_line: line,
            start_column: column,
            end_line: line,
            end_column: column.saturating_add(length),
        },
    }
}

/// What a path of a URI may hold besides letters and digits; a colon in the first part would end a scheme.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A path within the repository by its root, another one by itself.
fn location(file: &str) -> ArtifactLocation<'static> {
    let uri = utf8_percent_encode(file, PATH).to_string();
    if file.starts_with('/') {
        return ArtifactLocation { uri: format!("file://{uri}"), uri_base_id: None };
    }
    ArtifactLocation { uri, uri_base_id: Some(ROOT) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::Command;

    use percent_encoding::percent_decode_str;
    use serde_json::Value;

    use super::super::findings::tests::{found, found_of};
    use super::*;

    /// The schema of OASIS, as the package `serde-sarif` carries it.
    fn official_schema() -> Value {
        let cargo = |arguments: &[&str]| {
            let output = Command::new(env!("CARGO")).args(arguments).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        let version = cargo(&["--version", "--verbose"]);
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let metadata = cargo(&[
            "metadata",
            "--locked",
            "--format-version=1",
            "--filter-platform",
            host,
            "--manifest-path",
            manifest,
        ]);
        let metadata: Value = serde_json::from_str(&metadata).unwrap();
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages.iter().find(|package| package["name"] == "serde-sarif").unwrap();
        let manifest = PathBuf::from(package["manifest_path"].as_str().unwrap());
        let schema = std::fs::read_to_string(manifest.parent().unwrap().join("src/schema.json")).unwrap();
        // Two patterns, of languages, close a bracket that is not open, which strict readers refuse.
        let mended = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}?$");
        assert_ne!(schema, mended, "the schema needs no mending any more");
        let schema: Value = serde_json::from_str(&mended).unwrap();
        assert!(schema["title"].as_str().unwrap().contains("(SARIF) Version 2.1.0"), "{}", schema["title"]);
        schema
    }

    #[test]
    fn every_log_is_valid_against_the_official_schema() {
        let validator =
            jsonschema::options().should_validate_formats(true).build(&official_schema()).unwrap();
        for found in found() {
            let log: Value = serde_json::from_str(&sarif(&found.findings(false))).unwrap();
            let errors: Vec<String> = validator
                .iter_errors(&log)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert_eq!(errors, Vec::<String>::new(), "{}", found.name);
        }
        let mut wrong: Value =
            serde_json::from_str(&sarif(&found_of("a misspelt field").findings(false))).unwrap();
        wrong["runs"][0]["results"][0]["level"] = "bad".into();
        assert!(!validator.is_valid(&wrong), "the schema accepts anything");
        wrong["runs"][0]["results"][0]["level"] = "error".into();
        assert!(validator.is_valid(&wrong));
        wrong["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] =
            "a b%zz".into();
        assert!(!validator.is_valid(&wrong), "formats are not looked at");
    }

    #[test]
    fn every_finding_is_a_result_that_another_reader_understands() {
        for found in found() {
            let log: serde_sarif::sarif::Sarif =
                serde_json::from_str(&sarif(&found.findings(false))).unwrap();
            let run = &log.runs[0];
            let rules = run.tool.driver.rules.as_ref().unwrap();
            let results = run.results.as_ref().unwrap();
            assert_eq!(results.len(), found.diagnostics.len(), "{}", found.name);
            for (result, diagnostic) in results.iter().zip(&found.diagnostics) {
                let index = usize::try_from(result.rule_index.unwrap()).unwrap();
                assert_eq!(Some(&rules[index].id), result.rule_id.as_ref(), "{}", found.name);
                assert_eq!(rules[index].id, diagnostic.code.to_string());
                let place = result.locations.as_ref().unwrap()[0].physical_location.as_ref().unwrap();
                let uri = place.artifact_location.as_ref().unwrap().uri.as_ref().unwrap();
                let path = percent_decode_str(uri).decode_utf8().unwrap();
                assert_eq!(path, diagnostic.file, "{}", found.name);
                let region = place.region.as_ref().unwrap();
                assert_eq!(region.start_line, Some(i64::from(diagnostic.span.line)));
                let related = result.related_locations.as_ref().map_or(0, Vec::len);
                assert_eq!(related, diagnostic.labels.len() + diagnostic.related.len(), "{}", found.name);
            }
        }
    }

    #[test]
    fn a_log_looks_like_this() {
        let found = found_of("two apps that make the same volume");
        let mut log: Value = serde_json::from_str(&sarif(&found.findings(false))).unwrap();
        let driver = &mut log["runs"][0]["tool"]["driver"];
        driver["version"] = "…".into();
        driver["semanticVersion"] = "…".into();
        // Pages have tests of their own.
        for rule in driver["rules"].as_array_mut().unwrap() {
            for text in ["fullDescription", "help"] {
                rule[text] = "…".into();
            }
        }
        insta::assert_json_snapshot!(log);
    }

    #[test]
    fn paths_are_uris() {
        assert_eq!(location("apps/é b.yaml").uri, "apps/%C3%A9%20b.yaml");
        assert_eq!(location("a:b%.yaml").uri, "a%3Ab%25.yaml");
        let outside = location("/tmp/a.yaml");
        assert_eq!((outside.uri.as_str(), outside.uri_base_id), ("file:///tmp/a.yaml", None));
    }
}
