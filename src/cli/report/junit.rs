//! A JUnit report, which every CI system shows as tests: a test case a file, so that it also shows what was good.
//!
//! Source: the schema of the Jenkins xUnit plugin (`junit-10.xsd`), and GitLab docs, "Unit test reports".

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::diagnostic::{concise, full};
use super::findings::{Findings, InFile};
use crate::cli::Paint;
use crate::document::Diagnostic;

/// One test suite. A case fails by what makes the command fail; what does not is in its output.
pub fn junit(findings: &Findings<'_>) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing into a Vec cannot fail.
    let _ = document(&mut writer, findings);
    let mut text = String::from_utf8(writer.into_inner()).unwrap_or_default();
    text.push('\n');
    text
}

type Case<'a> = (&'a str, InFile<'a>);

fn document(writer: &mut Writer<Vec<u8>>, findings: &Findings<'_>) -> io::Result<()> {
    let cases: Vec<Case<'_>> = findings.by_file().into_iter().collect();
    let is_failed = |(_, found): &&Case<'_>| found.diagnostics.iter().any(|one| findings.fails(one));
    let (tests, failures) = (cases.len().to_string(), cases.iter().filter(is_failed).count().to_string());
    let suite = match findings.environment {
        Some(environment) => format!("portfolio validate --environment {}", allowed(environment)),
        None => "portfolio validate".to_owned(),
    };
    let counts = [("tests", tests.as_str()), ("failures", failures.as_str()), ("errors", "0")];
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = writer.create_element("testsuites").with_attributes(counts);
    suites.write_inner_content(|writer| {
        let element = writer.create_element("testsuite").with_attribute(("name", suite.as_str()));
        element
            .with_attributes(counts)
            .with_attribute(("skipped", "0"))
            .write_inner_content(|writer| cases.iter().try_for_each(|each| case(writer, findings, each)))?;
        Ok(())
    })?;
    Ok(())
}

fn case(writer: &mut Writer<Vec<u8>>, findings: &Findings<'_>, case: &Case<'_>) -> io::Result<()> {
    let (file, InFile { documents, diagnostics }) = case;
    let of = |fails: bool| -> Vec<Diagnostic> {
        let some = diagnostics.iter().filter(|one| findings.fails(one) == fails);
        some.map(|one| (*one).clone()).collect()
    };
    let (failing, others) = (of(true), of(false));
    let file = allowed(file);
    let attributes = [("classname", "portfolio"), ("name", file.as_str()), ("file", file.as_str())];
    writer.create_element("testcase").with_attributes(attributes).write_inner_content(|writer| {
        if let Some(first) = failing.first() {
            let message = match failing.len() - 1 {
                0 => first.message.clone(),
                more => format!("{} (and {more} more)", first.message),
            };
            let (message, code) = (allowed(&message), first.code.to_string());
            writer
                .create_element("failure")
                .with_attributes([("message", message.as_str()), ("type", code.as_str())])
                .write_text_content(BytesText::new(&allowed(&full(
                    &failing,
                    findings.texts,
                    Paint(false),
                    None,
                ))))?;
        }
        let names: Vec<String> = documents.iter().map(ToString::to_string).collect();
        let output = names.join("\n") + if names.is_empty() { "" } else { "\n" } + &concise(&others);
        if !output.is_empty() {
            writer.create_element("system-out").write_text_content(BytesText::new(&allowed(&output)))?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Without the characters that XML cannot hold, escaped or not.
///
/// Source: XML 1.0, section 2.2.
fn allowed(text: &str) -> String {
    let is_allowed = |char: char| match char {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        char => char >= ' ',
    };
    text.chars().map(|char| if is_allowed(char) { char } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
mod tests {
    use quick_xml::Reader;

    use super::super::findings::tests::{found, found_of};
    use super::*;

    /// An element with its attributes, and what text follows its start.
    #[derive(Debug, PartialEq)]
    struct Element {
        name: String,
        attributes: Vec<(String, String)>,
        text: String,
    }

    /// Everything in a document that must be well-formed.
    fn read(xml: &str) -> Vec<Element> {
        let mut reader = Reader::from_str(xml);
        reader.config_mut().check_end_names = true;
        let mut elements: Vec<Element> = Vec::new();
        let mut depth = 0;
        loop {
            match reader.read_event().unwrap() {
                Event::Start(start) => {
                    depth += 1;
                    elements.push(element(&start));
                }
                Event::Empty(empty) => elements.push(element(&empty)),
                Event::End(_) => depth -= 1,
                Event::Text(text) => elements.last_mut().into_iter().for_each(|last| last.text += &text),
                Event::GeneralRef(reference) => {
                    let text =
                        quick_xml::escape::unescape(&format!("&{};", &*reference)).unwrap().into_owned();
                    elements.last_mut().unwrap().text += &text;
                }
                Event::Eof => break,
                Event::Decl(_) => {}
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(depth, 0, "an element is not closed");
        elements
    }

    fn element(start: &quick_xml::events::BytesStart<'_>) -> Element {
        let attribute = |attribute: quick_xml::events::attributes::Attribute<'_>| {
            let value = quick_xml::escape::unescape(&attribute.value).unwrap().into_owned();
            (attribute.key.as_ref().to_owned(), value)
        };
        Element {
            name: start.name().as_ref().to_owned(),
            attributes: start.attributes().map(|one| attribute(one.unwrap())).collect(),
            text: String::new(),
        }
    }

    #[test]
    fn every_report_is_well_formed_and_says_what_was_found() {
        for strict in [false, true] {
            for found in found() {
                let findings = found.findings(strict);
                let xml = junit(&findings);
                assert!(xml.chars().all(|char| char >= ' ' || matches!(char, '\n' | '\t')), "{}", found.name);
                let elements = read(&xml);
                let of = |name: &str| elements.iter().filter(|one| one.name == name).collect::<Vec<_>>();
                let files = findings.by_file();
                let fails = |found: &&InFile<'_>| found.diagnostics.iter().any(|one| findings.fails(one));
                let failed: Vec<_> = files.values().filter(fails).collect();
                assert_eq!(of("testcase").len(), findings.by_file().len(), "{}", found.name);
                assert_eq!(of("failure").len(), failed.len(), "{}", found.name);
                let count = |name: &str| {
                    let attribute =
                        of("testsuite")[0].attributes.iter().find(|(key, _)| key == name).unwrap();
                    attribute.1.parse::<usize>().unwrap()
                };
                assert_eq!((count("tests"), count("failures")), (findings.by_file().len(), failed.len()));
                for (failure, found_in) in of("failure").iter().zip(failed) {
                    let first = found_in.diagnostics.iter().find(|one| findings.fails(one)).unwrap();
                    assert!(failure.attributes[0].1.starts_with(&allowed(&first.message)), "{}", found.name);
                    assert_eq!(failure.attributes[1].1, first.code.to_string());
                    assert!(failure.text.contains(&format!("[{}]", first.code)), "{}", found.name);
                }
            }
        }
    }

    #[test]
    fn good_files_are_cases_that_pass_and_notes_are_their_output() {
        let found = found_of("two apps that make the same volume");
        insta::assert_snapshot!(junit(&found.findings(false)));
        let found = found_of("one replica of a volume for one");
        insta::assert_snapshot!(junit(&found.findings(true)));
    }

    #[test]
    fn characters_that_xml_cannot_hold_are_replaced() {
        assert_eq!(allowed("a\u{0}\u{1b}\u{ffff}\t\r\né"), "a\u{fffd}\u{fffd}\u{fffd}\t\r\né");
    }
}
