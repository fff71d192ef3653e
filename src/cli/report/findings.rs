//! [`Findings`]: what `validate` found, as every format gets it.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::diagnostic::Files;
use crate::document::{Diagnostic, DocumentId, Severity, visible};

/// What was looked at, and what there is to say about it.
#[derive(Clone, Debug)]
pub struct Findings<'a> {
    /// Every document, usable or not, with its file.
    pub documents: Vec<(&'a DocumentId, &'a str)>,
    /// What there is to say.
    pub diagnostics: &'a [Diagnostic],
    /// The texts that diagnostics point into.
    pub texts: &'a Files,
    /// The environment whose overlays were merged.
    pub environment: Option<&'a str>,
    /// Warnings fail as errors do.
    pub strict: bool,
}

impl<'a> Findings<'a> {
    /// How many diagnostics are this serious.
    pub fn count_of(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// Whether a diagnostic makes the command fail.
    pub fn fails(&self, diagnostic: &Diagnostic) -> bool {
        match diagnostic.severity {
            Severity::Error => true,
            Severity::Warning => self.strict,
            Severity::Note => false,
        }
    }

    /// What is in each file, and what there is to say about it; that two files do not agree is said about both.
    pub(super) fn by_file(&self) -> BTreeMap<&'a str, InFile<'a>> {
        let mut files: BTreeMap<&str, InFile<'_>> = BTreeMap::new();
        for (id, file) in &self.documents {
            files.entry(file).or_default().documents.push(id);
        }
        for diagnostic in self.diagnostics {
            let others = diagnostic.related.iter().map(|one| one.file.as_str());
            let about: BTreeSet<&str> = others.chain([diagnostic.file.as_str()]).collect();
            for file in about {
                files.entry(file).or_default().diagnostics.push(diagnostic);
            }
        }
        files
    }

    /// A name for each diagnostic by which the next run knows it again: 32 hex digits of its code, its file and the
    /// text that it marks, so that neither lines that move nor other words of ours make it a new one. Those that
    /// are alike in all of that are told apart by their order.
    pub(super) fn fingerprints(&self) -> Vec<String> {
        let mut alike: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        let one = |diagnostic: &'a Diagnostic| {
            let marked = self.texts.marked(&diagnostic.file, diagnostic.span);
            let key = (diagnostic.code.rule(), diagnostic.file.as_str(), marked);
            let before = alike.entry(key).or_default();
            let text = format!("{}\0{}\0{marked}\0{before}", diagnostic.code, diagnostic.file);
            *before += 1;
            hex::encode(Sha256::digest(text).get(..16).unwrap_or_default())
        };
        self.diagnostics.iter().map(one).collect()
    }
}

/// A file, as far as it was looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct InFile<'a> {
    /// Documents in it.
    pub documents: Vec<&'a DocumentId>,
    /// What there is to say about it.
    pub diagnostics: Vec<&'a Diagnostic>,
}

/// A diagnostic in a few lines of text, for readers that show the place themselves.
pub(super) fn in_words(diagnostic: &Diagnostic) -> String {
    let mut lines = vec![visible(&diagnostic.message).into_owned()];
    let label = (!diagnostic.label.is_empty()).then(|| diagnostic.label.clone());
    lines.extend(label);
    let labels = diagnostic.labels.iter();
    lines.extend(labels.map(|label| format!("{}: line {}", label.message, label.span.line)));
    let related = diagnostic.related.iter();
    lines.extend(related.map(|one| format!("{}: {}:{}", one.message, visible(&one.file), one.span.line)));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    lines.join("\n")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::document::bad_input::{load_row, rows};
    use crate::document::{Code, Document, Span};

    /// Findings that own what they are about.
    pub(in super::super) struct Found {
        pub name: &'static str,
        pub documents: Vec<(DocumentId, String)>,
        pub diagnostics: Vec<Diagnostic>,
        pub texts: Files,
    }

    impl Found {
        pub(in super::super) fn findings(&self, strict: bool) -> Findings<'_> {
            Findings {
                documents: self.documents.iter().map(|(id, file)| (id, file.as_str())).collect(),
                diagnostics: &self.diagnostics,
                texts: &self.texts,
                environment: None,
                strict,
            }
        }
    }

    /// What each row of the table of bad input gives, and last what no well-meant document would.
    pub(in super::super) fn found() -> Vec<Found> {
        let of_row = |row: &crate::document::bad_input::Row| {
            let loaded = load_row(row);
            let mut texts = Files::default();
            for (path, entry) in &row.tree.entries {
                texts.add(path, Some(entry));
            }
            let good = loaded.documents.values().map(|one| (Document::id(&one.document).clone(), &one.file));
            let bad = loaded.blocked.iter().map(|(id, blocked)| (id.clone(), &blocked.file));
            Found {
                name: row.name,
                documents: good.chain(bad).map(|(id, file)| (id, file.clone())).collect(),
                diagnostics: loaded.diagnostics,
                texts,
            }
        };
        rows().iter().map(of_row).chain([nasty()]).collect()
    }

    /// What a row of the table gives.
    pub(in super::super) fn found_of(name: &str) -> Found {
        found().into_iter().find(|found| found.name == name).unwrap()
    }

    /// Texts that break formats which forget to escape.
    pub(in super::super) const NASTY: &str = "a\r\nb\tc % %0A , : ; = ::error::x ]]> <!-- & \"quoted\" 'single' {0} [x](y) é 漢 🦀 \u{0}\u{1b}[31m\u{7f}\u{85}\u{fffe}\u{ffff}";

    fn nasty() -> Found {
        let file = "C:\\apps\\a b%,: é\"<&>'?#\u{1}.yaml";
        let diagnostic = Diagnostic::error(Code::InvalidValue, Span { line: 1, column: 2, length: 3 }, NASTY)
            .at(NASTY)
            .label(Span { line: 1, column: 1, length: 1 }, NASTY)
            .related("../outside\n.yaml", Span { line: 7, column: 1, length: 1 }, NASTY)
            .help(NASTY);
        let warning = Diagnostic { severity: Severity::Warning, ..diagnostic.clone() };
        let note = Diagnostic { severity: Severity::Note, ..diagnostic.clone() };
        let mut texts = Files::default();
        texts.add(
            file,
            Some(&crate::document::Entry::File { id: String::new(), bytes: NASTY.as_bytes().into() }),
        );
        Found {
            name: "what no well-meant document would say",
            documents: vec![(DocumentId::app("shop", NASTY), file.to_owned())],
            diagnostics: [diagnostic, warning, note].map(|one| one.in_file(file)).into(),
            texts,
        }
    }

    #[test]
    fn a_fingerprint_is_its_own_and_stays_when_lines_move() {
        for found in found() {
            let prints = found.findings(false).fingerprints();
            let different: BTreeSet<&String> = prints.iter().collect();
            assert_eq!(different.len(), found.diagnostics.len(), "{}", found.name);
        }
        let text = "replica: 1\nreplica: 2\n";
        let print = |before: &str, messages: &str| {
            let text = format!("{before}{text}");
            let line = u32::try_from(before.lines().count()).unwrap() + 1;
            let at = |line| {
                let span = Span { line, column: 1, length: 7 };
                Diagnostic::error(Code::UnknownField, span, messages).in_file("a.yaml")
            };
            let mut texts = Files::default();
            let entry = crate::document::Entry::File { id: String::new(), bytes: text.as_bytes().into() };
            texts.add("a.yaml", Some(&entry));
            let diagnostics = vec![at(line), at(line + 1)];
            Found { name: "", documents: Vec::new(), diagnostics, texts }.findings(false).fingerprints()
        };
        let first = print("", "unknown field");
        assert_eq!(first, print("# a remark\n\n", "said in other words"));
        assert_ne!(first[0], first[1]);
        assert_eq!(first[0].len(), 32);
    }
}
