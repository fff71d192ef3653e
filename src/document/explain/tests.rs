//! Every code has a page, every page has its layout, and its examples do what it says.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::example::load_example;
use super::page::{page, parse};
use super::pages::PAGES;
use crate::document::{Code, Diagnostic};

const FOLDER: &str = "src/document/explain";

fn file_of(code: Code) -> String {
    format!("{FOLDER}/{code}.md")
}

#[test]
fn every_code_has_a_page() {
    let missing: Vec<String> = Code::ALL
        .iter()
        .filter(|code| PAGES.iter().all(|(of, _)| of != *code))
        .map(|code| {
            format!(
                "{code} {rule}: write {path}, in the layout of {FOLDER}/PF0103.md, with the first line\n    \
                 # {code}: {title}\n  and add to {FOLDER}/pages.rs\n    \
                 (Code::{rule}, include_str!(\"{code}.md\")),",
                rule = code.rule(),
                path = file_of(*code),
                title = code.title(),
            )
        })
        .collect();
    assert!(missing.is_empty(), "codes without a page:\n{}", missing.join("\n"));
    let codes: Vec<Code> = PAGES.iter().map(|(code, _)| *code).collect();
    assert!(
        codes.is_sorted() && codes.len() == Code::ALL.len(),
        "the table is not in the order of the codes"
    );
}

#[test]
fn every_file_is_in_the_table_under_its_own_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    for (code, text) in PAGES {
        let file = fs::read_to_string(folder.join(format!("{code}.md"))).unwrap_or_default();
        assert!(file == *text, "{code} is not paired with {} in {FOLDER}/pages.rs", file_of(*code));
    }
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let pages = paths.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let pages: BTreeSet<String> = pages.map(name).collect();
    let known: BTreeSet<String> = PAGES.iter().map(|(code, _)| format!("{code}.md")).collect();
    assert_eq!(pages, known, "files in {FOLDER} and rows in {FOLDER}/pages.rs");
}

#[test]
fn every_page_has_the_layout() {
    let mut wrong = Vec::new();
    for (code, text) in PAGES {
        let path = file_of(*code);
        let Some(page) = parse(text) else {
            wrong.push(format!(
                "{path}: not heading, prose, ```yaml wrong, ```yaml right; see {FOLDER}/PF0103.md"
            ));
            continue;
        };
        let heading = format!("{code}: {}", code.title());
        if page.heading != heading {
            wrong.push(format!("{path}: the first line must be `# {heading}`"));
        }
        if page.prose.contains("```") || page.wrong.contains("```") || page.right.contains("```") {
            wrong.push(format!("{path}: there are more than two blocks"));
        }
        if page.prose.split_whitespace().count() < 15 {
            wrong.push(format!("{path}: the prose says too little"));
        }
        if let Some(line) = text.lines().find(|line| line.chars().count() > 120) {
            wrong.push(format!("{path}: a line is longer than 120 characters: {line}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn codes(diagnostics: &[Diagnostic]) -> BTreeSet<Code> {
    diagnostics.iter().map(|diagnostic| diagnostic.code).collect()
}

fn shown(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    format!("\n    {}", lines.join("\n    "))
}

#[test]
fn the_wrong_example_of_each_page_gives_its_code() {
    let mut wrong = Vec::new();
    for (code, _) in PAGES {
        let Some(page) = page(*code) else { continue };
        let found = load_example(page.wrong).diagnostics;
        let also = page.also.split_whitespace();
        let expected: BTreeSet<Code> = also.map(|code| Code::parse(code).unwrap()).chain([*code]).collect();
        if codes(&found) != expected {
            wrong.push(format!("{}: the wrong example gives{}", file_of(*code), shown(&found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_right_example_of_each_page_is_in_order() {
    let mut wrong = Vec::new();
    for (code, _) in PAGES {
        let Some(page) = page(*code) else { continue };
        let loaded = load_example(page.right);
        let found = &loaded.diagnostics;
        if found.iter().any(|found| found.is_error() || found.code == *code) {
            wrong.push(format!("{}: the right example gives{}", file_of(*code), shown(found)));
        }
        if loaded.documents.is_empty() {
            wrong.push(format!("{}: the right example has no valid document", file_of(*code)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_page_says_its_summary_on_one_line() {
    let page = page(Code::UnknownField).unwrap();
    assert!(page.summary().len() > 20 && !page.summary().contains('\n'), "{}", page.summary());
}
