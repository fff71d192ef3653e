//! Diagnostics as people read them: with source lines and carets, or in one line each.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::cli::Paint;
use crate::document::{Code, Diagnostic, Entry, Severity, Span, visible};
use crate::redact::{Excerpt, Redactor};

/// The texts that diagnostics point into, by the name that is shown.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, Source>);

/// A text, and what of it may be shown.
#[derive(Clone, Debug)]
struct Source {
    text: String,
    shown: Shown,
}

#[derive(Clone, Debug)]
enum Shown {
    All,
    WithoutSecrets(Excerpt),
    Nothing,
}

impl Files {
    /// Takes in a file. What could not be read has no lines to show.
    pub fn add(&mut self, name: &str, entry: Option<&Entry>) {
        if let Some(Entry::File { bytes, .. }) = entry
            && !self.0.contains_key(name)
        {
            self.add_text(name, &String::from_utf8_lossy(bytes));
        }
    }

    /// Takes in a text that is no file of a tree.
    pub fn add_text(&mut self, name: &str, text: &str) {
        let source = || Source { text: text.to_owned(), shown: Shown::All };
        self.0.entry(name.to_owned()).or_insert_with(source);
    }

    /// Shows nothing from here on that looks like a secret.
    pub fn redact(&mut self, redactor: &mut Redactor) {
        for source in self.0.values_mut() {
            source.shown = redactor.excerpt(&source.text).map_or(Shown::Nothing, Shown::WithoutSecrets);
        }
    }

    /// A file of which something may be shown.
    fn source(&self, name: &str) -> Option<&Source> {
        self.0.get(name).filter(|source| !matches!(source.shown, Shown::Nothing))
    }

    /// What is written at a place; nothing where the file could not be read.
    pub(super) fn marked(&self, name: &str, span: Span) -> &str {
        let text = self.0.get(name).map(|source| source.text.as_str());
        text.and_then(|text| text.get(range(text, span))).unwrap_or_default()
    }
}

impl Source {
    /// The text as it is shown.
    fn text(&self) -> &str {
        match &self.shown {
            Shown::All => &self.text,
            Shown::WithoutSecrets(excerpt) => excerpt.text(),
            Shown::Nothing => "",
        }
    }

    /// The bytes of a span in the text as it is shown.
    fn range(&self, span: Span) -> Range<usize> {
        let range = range(&self.text, span);
        match &self.shown {
            Shown::WithoutSecrets(excerpt) => excerpt.range(range),
            Shown::All | Shown::Nothing => range,
        }
    }
}

/// As rustc shows them, each followed by an empty line.
pub fn full(diagnostics: &[Diagnostic], files: &Files, paint: Paint, width: Option<u16>) -> String {
    let renderer = if paint.0 { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.term_width(width.map_or(140, usize::from));
    let mut text = String::new();
    for diagnostic in diagnostics {
        text.push_str(&renderer.render(&[group(&Words::of(diagnostic), files)]));
        text.push_str("\n\n");
    }
    text
}

/// Diagnostics that quote no secret of the texts which a redactor has seen.
pub fn redacted(diagnostics: &[Diagnostic], redactor: &mut Redactor) -> Vec<Diagnostic> {
    let mut diagnostics = diagnostics.to_vec();
    for diagnostic in &mut diagnostics {
        let labels = diagnostic.labels.iter_mut().map(|label| &mut label.message);
        let related = diagnostic.related.iter_mut().map(|related| &mut related.message);
        let own = [&mut diagnostic.message, &mut diagnostic.label].into_iter().chain(&mut diagnostic.help);
        for text in own.chain(labels).chain(related) {
            *text = redactor.said(text);
        }
    }
    diagnostics
}

/// Where to read more, as rustc says it after all diagnostics; nothing where there was none.
pub fn pages(diagnostics: &[Diagnostic]) -> String {
    /// Codes beyond these are not listed.
    const MOST: usize = 9;
    let worst = diagnostics.iter().map(|diagnostic| diagnostic.severity).min();
    let mut codes: Vec<Code> = diagnostics.iter().map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let (Some(worst), Some(first)) = (worst, codes.first()) else { return String::new() };
    if codes.len() == 1 {
        return format!("For more information about this {worst}, try `portfolio explain {first}`.\n");
    }
    let mut names: Vec<String> = codes.iter().take(MOST).map(ToString::to_string).collect();
    if codes.len() > MOST {
        names.push("...".to_owned());
    }
    format!(
        "These have detailed explanations: {}.\nFor more information about one, try `portfolio explain {first}`.\n",
        names.join(", ")
    )
}

/// A diagnostic in words that are safe to show.
struct Words<'a> {
    diagnostic: &'a Diagnostic,
    shown: Diagnostic,
}

impl<'a> Words<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        let mut shown = diagnostic.clone();
        let labels = shown.labels.iter_mut().map(|label| &mut label.message);
        let related = shown.related.iter_mut().flat_map(|related| [&mut related.file, &mut related.message]);
        let own = [&mut shown.file, &mut shown.message, &mut shown.label];
        for text in own.into_iter().chain(labels).chain(related).chain(&mut shown.help) {
            if let Cow::Owned(escaped) = visible(text) {
                *text = escaped;
            }
        }
        Self { diagnostic, shown }
    }
}

fn group<'a>(words: &'a Words<'a>, files: &'a Files) -> Group<'a> {
    let diagnostic = &words.shown;
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code.to_string());
    let mut group = Group::with_title(title);
    group = match files.source(&words.diagnostic.file) {
        Some(source) => {
            let mark = |kind: AnnotationKind, span: Span, label: &'a str| {
                let annotation = kind.span(source.range(span));
                if label.is_empty() { annotation } else { annotation.label(label) }
            };
            let primary = mark(AnnotationKind::Primary, diagnostic.span, &diagnostic.label);
            let others = diagnostic.labels.iter();
            let others = others.map(|label| mark(AnnotationKind::Context, label.span, &label.message));
            let snippet: Snippet<'a, Annotation<'a>> =
                Snippet::source(source.text()).path(diagnostic.file.as_str());
            group.element(snippet.annotation(primary).annotations(others))
        }
        None => group.element(origin(&diagnostic.file, diagnostic.span)),
    };
    for (related, known) in diagnostic.related.iter().zip(&words.diagnostic.related) {
        group = match files.source(&known.file) {
            Some(source) => {
                let annotation = AnnotationKind::Context.span(source.range(related.span));
                let snippet = Snippet::source(source.text()).path(related.file.as_str());
                group.element(snippet.annotation(annotation.label(related.message.as_str())))
            }
            None => group.element(origin(&related.file, related.span)),
        };
    }
    match &diagnostic.help {
        Some(help) => group.element(Level::HELP.message(help.as_str())),
        None => group,
    }
}

fn origin(file: &str, span: Span) -> Origin<'_> {
    Origin::path(file).line(span.line as usize).char_column(span.column as usize)
}

/// The bytes of a span; the text's end for what lies past it.
fn range(text: &str, span: Span) -> Range<usize> {
    let line_start = match span.line {
        0 | 1 => 0,
        line => {
            let breaks = text.match_indices('\n').nth(line as usize - 2);
            breaks.map_or(text.len(), |(at, _)| at + 1)
        }
    };
    let rest = text.get(line_start..).unwrap_or_default();
    let line = rest.split('\n').next().unwrap_or_default();
    let byte = |chars: u32| line.char_indices().nth(chars as usize).map_or(line.len(), |(at, _)| at);
    let start = byte(span.column.saturating_sub(1));
    let end = byte(span.column.saturating_sub(1).saturating_add(span.length.max(1)));
    line_start + start..line_start + end
}

/// One line each, as compilers print them: `path:line:column: severity[code]: message; help`.
pub fn concise(diagnostics: &[Diagnostic]) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics {
        // Writing into a String cannot fail.
        let _ = match &diagnostic.help {
            Some(help) => writeln!(text, "{diagnostic}; help: {}", visible(help)),
            None => writeln!(text, "{diagnostic}"),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::bad_input::{load_row, rows};

    fn files(name: &str, text: &str) -> Files {
        let mut files = Files::default();
        files.add_text(name, text);
        files
    }

    #[test]
    fn a_diagnostic_shows_its_line_with_carets_and_what_to_do() {
        let text = "apiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\nspec:\n  replica: 3\n";
        let span = Span { line: 4, column: 3, length: 7 };
        let diagnostic = Diagnostic::error(Code::UnknownField, span, "unknown field `replica`")
            .at("not a field of an app")
            .help("did you mean `replicas`?")
            .in_file("apps/shop.yaml");
        insta::assert_snapshot!(full(&[diagnostic], &files("apps/shop.yaml", text), Paint(false), None));
    }

    #[test]
    fn a_redacted_line_has_its_carets_where_they_belong() {
        let text = "spec:\n  env: {DB_PASSWORD: correct horse battery, 1X: a}\n  x: 1\n";
        let span = Span { line: 2, column: 45, length: 2 };
        let diagnostic = Diagnostic::error(Code::InvalidValue, span, "`1X` is no name of a variable")
            .in_file("apps/shop.yaml");
        let mut files = files("apps/shop.yaml", text);
        let mut redactor = Redactor::default();
        files.redact(&mut redactor);
        let shown = full(&redacted(&[diagnostic], &mut redactor), &files, Paint(false), None);
        let lines: Vec<&str> = shown.lines().collect();
        let line = lines.iter().position(|line| line.contains("DB_PASSWORD")).unwrap();
        assert!(!shown.contains("horse"), "{shown}");
        assert_eq!(lines[line].find("1X"), lines[line + 1].find("^^"), "{shown}");
    }

    /// One snapshot, so that a change of wording is read in its context.
    #[test]
    fn every_mistake_looks_like_this() {
        let mut shown = String::new();
        for row in rows() {
            let mut files = Files::default();
            for (path, entry) in &row.tree.entries {
                files.add(path, Some(entry));
            }
            let found = load_row(&row).diagnostics;
            shown.push_str(&format!("# {}\n{}\n", row.name, full(&found, &files, Paint(false), None)));
        }
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn a_place_past_the_end_of_a_file_is_its_end() {
        let text = "é: 1\nb: 2";
        assert_eq!(range(text, Span { line: 1, column: 1, length: 1 }), 0..2);
        assert_eq!(range(text, Span { line: 2, column: 1, length: 99 }), 6..10);
        assert_eq!(range(text, Span { line: 9, column: 9, length: 1 }), 10..10);
    }

    #[test]
    fn a_file_that_could_not_be_read_is_named_all_the_same() {
        let diagnostic = Diagnostic::error(Code::NotFollowed, Span::START, "`a.yaml` is a symbolic link");
        let text = full(&[diagnostic.in_file("apps/a.yaml")], &Files::default(), Paint(false), None);
        assert!(text.contains("apps/a.yaml:1:1"), "{text}");
    }

    #[test]
    fn the_way_to_the_pages_is_told_once() {
        let of = |codes: &[Code]| -> Vec<Diagnostic> {
            codes.iter().map(|code| Diagnostic::warning(*code, Span::START, "x")).collect()
        };
        assert_eq!(pages(&[]), "");
        assert_eq!(
            pages(&of(&[Code::FloatingTag, Code::FloatingTag])),
            "For more information about this warning, try `portfolio explain PF0302`.\n"
        );
        assert_eq!(
            pages(&of(&[Code::FloatingTag, Code::UnknownField])),
            "These have detailed explanations: PF0103, PF0302.\n\
             For more information about one, try `portfolio explain PF0103`.\n"
        );
        assert!(pages(&of(Code::ALL)).contains("PF0009, ...."), "{}", pages(&of(Code::ALL)));
    }
}
