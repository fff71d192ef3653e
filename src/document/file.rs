//! One file of YAML: its documents of ours, and where reading it stopped. Depends on the bytes alone, so that
//! a blob that was read once need not be read again.

use super::identity::{Identity, identify, wrapped};
use super::node::Node;
use super::scan::scan;
use super::{API_GROUP, Code, Diagnostic, DocumentKind, Span};

/// What was found in a file. Diagnostics do not name the file yet.
#[derive(Debug, Default)]
pub(in crate::document) struct YamlFile {
    pub documents: Vec<RawDocument>,
    /// Why the file could not be read to its end; all of its documents are blocked then.
    pub failure: Option<Diagnostic>,
    /// The text mentions our group or a kind, so a failure may hide a document.
    pub speaks_of_us: bool,
}

/// A document of ours as it was written.
#[derive(Debug)]
pub(in crate::document) struct RawDocument {
    pub identity: Identity,
    pub root: Node,
    /// What YAML allows and we refuse. Nothing more is checked then.
    pub problems: Vec<Diagnostic>,
}

/// Reads a file.
pub(in crate::document) fn read(bytes: &[u8]) -> YamlFile {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    // What lies before a bad byte is still read, to know the documents that are there.
    let (text, bad) = match std::str::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let text = bytes.get(..error.valid_up_to()).and_then(|valid| std::str::from_utf8(valid).ok());
            let text = text.unwrap_or_default();
            let diagnostic = Diagnostic::error(Code::NotUtf8, end_of(text), "the file is not UTF-8");
            (text, Some(diagnostic.help("save it as UTF-8")))
        }
    };
    let (text, bad) = match text.split_once('\0') {
        Some((before, _)) => {
            let diagnostic = Diagnostic::error(Code::ForbiddenCharacter, end_of(before), "a NUL character");
            (before, Some(diagnostic.help("remove it")))
        }
        None => (text, bad),
    };
    let mut documents = Vec::new();
    let failure = scan(text, |document| {
        if let Some(identity) = identify(&document.root).or_else(|| wrapped(&document.root)) {
            documents.push(RawDocument { identity, root: document.root, problems: document.problems });
        }
    });
    let failure = bad.or(failure);
    let speaks_of_us = failure.is_some() && mentions_us(bytes);
    YamlFile { documents, failure, speaks_of_us }
}

fn mentions_us(bytes: &[u8]) -> bool {
    let names = DocumentKind::ALL.map(DocumentKind::name).into_iter().chain([API_GROUP]);
    let mut names = names.map(str::as_bytes);
    names.any(|name| bytes.windows(name.len()).any(|window| window.eq_ignore_ascii_case(name)))
}

/// The place right after a text.
fn end_of(text: &str) -> Span {
    let line = text.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let count = |number| u32::try_from(number).unwrap_or(u32::MAX);
    Span { line: count(line), column: count(column), length: 1 }
}
