//! [`Diagnostic`]: something to say about what people wrote, with its place.
//!
//! A value like any other: `cli` shows it with source lines, the daemon puts its one-line form into the status.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use super::Code;

/// How much a diagnostic matters.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The document is not used.
    Error,
    /// The document is used, and a person should look.
    Warning,
    /// What follows from the document and may surprise.
    Note,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

/// A place in a file. Lines and columns count from 1; columns and length are characters, within one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Line, from 1.
    pub line: u32,
    /// Column of the first character, from 1.
    pub column: u32,
    /// Characters, at least 1.
    pub length: u32,
}

impl Span {
    /// The first character of a file: for what is wrong with all of it.
    pub const START: Span = Span { line: 1, column: 1, length: 1 };
}

/// Another place in the same file that explains the first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// A place in a file, perhaps another one, that belongs to the same problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Related {
    /// Path from the repository's root.
    pub file: String,
    /// Where.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// Something to say about what people wrote.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// Its stable code.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// What is so, in one line.
    pub message: String,
    /// Path from the repository's root.
    pub file: String,
    /// Where.
    pub span: Span,
    /// What is at `span`, shown beside the carets; may be empty.
    pub label: String,
    /// Other places in the same file.
    pub labels: Vec<Label>,
    /// What to do, with the exact text to write where there is one.
    pub help: Option<String>,
    /// Places in other files, or that stand for themselves.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// An error. Its file is filled in by the loader.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            file: String::new(),
            span,
            label: String::new(),
            labels: Vec::new(),
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }

    /// A note.
    pub fn note(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(code, span, message) }
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With what to do about it, when something is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    /// With what is at its place.
    #[must_use]
    pub fn at(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// With another place in the same file.
    #[must_use]
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// With a place in this or another file.
    #[must_use]
    pub fn related(mut self, file: impl Into<String>, span: Span, message: impl Into<String>) -> Self {
        self.related.push(Related { file: file.into(), span, message: message.into() });
        self
    }

    /// In this file.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        file.clone_into(&mut self.file);
        self
    }

    /// Whether the document is not used because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// Cuts what follows the first `from` down to `most`. What a document is refused for is kept before warnings, and
/// these before notes; what is kept stays in its order.
pub(in crate::document) fn keep_most(diagnostics: &mut Vec<Diagnostic>, from: usize, most: usize) {
    let Some(cut) = diagnostics.get(from..).filter(|cut| cut.len() > most) else { return };
    let rank = |one: &Diagnostic| (one.severity, one.code.is_policy());
    let mut ranked: Vec<usize> = (0..cut.len()).collect();
    ranked.sort_by_key(|at| cut.get(*at).map(rank));
    let kept: BTreeSet<usize> = ranked.into_iter().take(most).collect();
    let mut at = 0;
    diagnostics.retain(|_| {
        at += 1;
        at <= from || kept.contains(&(at - 1 - from))
    });
}

/// One line: `apps/shop.yaml:4:3: error[PF0103]: …`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Span { line, column, .. } = self.span;
        let (file, message) = (visible(&self.file), visible(&self.message));
        write!(f, "{file}:{line}:{column}: {}[{}]: {message}", self.severity, self.code)
    }
}

/// The candidate that was probably meant: the same in another case, or a few letters away.
pub(in crate::document) fn nearest<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    // Longer texts would cost quadratic time and are nobody's typo.
    if text.len() > 64 {
        return None;
    }
    let lower = text.to_lowercase();
    let length = lower.chars().count();
    let most = |candidate: &str| (candidate.len().max(lower.len()) / 3).min(4);
    candidates
        .into_iter()
        // Each letter more or less is a difference, and to count them is much quicker.
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= most(candidate))
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= most(candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `did you mean …` for the nearest candidate.
pub(in crate::document) fn did_you_mean<'a>(
    text: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(text, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Texts as a choice: `a`, `b` or `c`.
pub(in crate::document) fn one_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    list(texts, "or")
}

/// Texts as a list: `a`, `b` and `c`.
pub(in crate::document) fn all_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    list(texts, "and")
}

fn list<'a>(texts: impl IntoIterator<Item = &'a str>, word: &str) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| format!("`{}`", shown(text))).collect();
    match texts.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
    }
}

/// A text of any length as it is quoted in a message: shortened, and [`visible`].
pub(in crate::document) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let cut = text.char_indices().nth(MOST).map(|(at, _)| at);
    let mut shown = visible(cut.and_then(|at| text.get(..at)).unwrap_or(text)).into_owned();
    if cut.is_some() {
        shown.push('…');
    }
    shown
}

/// A text of others, such as the name of a file, as it is safe on a terminal and in a log: on one line, and without
/// what would move the cursor, turn the direction of the text or hide in it. That is escaped as YAML and JSON do.
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_unseen)
}

/// The same for a text of several lines.
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |char| is_unseen(char) && !matches!(char, '\n' | '\t'))
}

fn escaped(text: &str, escapes: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&escapes) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        // Writing into a String cannot fail.
        let _ = match char {
            '\n' if escapes(char) => escaped.write_str("\\n"),
            '\r' => escaped.write_str("\\r"),
            '\t' if escapes(char) => escaped.write_str("\\t"),
            char if !escapes(char) => escaped.write_char(char),
            char if u32::from(char) <= 0xffff => write!(escaped, "\\u{:04x}", u32::from(char)),
            char => write!(escaped, "\\U{:08x}", u32::from(char)),
        };
    }
    Cow::Owned(escaped)
}

/// Control characters, line and paragraph separators, and format characters: those of bidirectional text, of no width,
/// of annotations, and tags.
///
/// Source: Unicode, general categories Cc, Zl, Zp and Cf (without those that belong to letters of a script).
fn is_unseen(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A text as it is quoted in a message, or words for one that would be invisible there.
pub(in crate::document) fn quoted(text: &str) -> String {
    if text.is_empty() { "an empty text".to_owned() } else { format!("`{}`", shown(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_offered_and_a_far_one_is_not() {
        let fields = ["replicas", "image", "ports", "port", "configFrom"];
        assert_eq!(nearest("replica", fields), Some("replicas"));
        assert_eq!(nearest("Image", fields), Some("image"));
        assert_eq!(nearest("configfrom", fields), Some("configFrom"));
        assert_eq!(nearest("imgae", fields), Some("image"));
        assert_eq!(nearest("volumes", fields), None);
        assert_eq!(nearest(&"x".repeat(10_000), fields), None);
    }

    #[test]
    fn what_a_document_is_refused_for_is_kept_first_and_in_its_order() {
        let at = |line| Span { line, column: 1, length: 1 };
        let mut all = vec![Diagnostic::note(Code::PodSecurity, at(1), "before the cut")];
        all.push(Diagnostic::note(Code::PodSecurity, at(2), "note"));
        all.extend((3..6).map(|line| Diagnostic::warning(Code::KubernetesVersion, at(line), "warning")));
        all.push(Diagnostic::error(Code::KindRefused, at(6), "refusal"));
        all.push(Diagnostic::error(Code::InvalidName, at(7), "error"));
        let lines = |most: usize| {
            let mut all = all.clone();
            keep_most(&mut all, 1, most);
            all.iter().map(|one| one.span.line).collect::<Vec<_>>()
        };
        assert_eq!(lines(6), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(lines(5), [1, 3, 4, 5, 6, 7]);
        assert_eq!(lines(3), [1, 3, 6, 7]);
        assert_eq!(lines(1), [1, 7]);
    }

    #[test]
    fn a_quoted_text_is_short_and_on_one_line() {
        assert_eq!(shown("a\nb"), "a\\nb");
        assert_eq!(shown(&"é".repeat(100)).chars().count(), 61);
    }

    #[test]
    fn what_a_terminal_would_obey_or_hide_is_escaped() {
        assert_eq!(visible("apps/é漢🦀.yaml"), "apps/é漢🦀.yaml");
        assert_eq!(visible("b\n::error::x\r\t.yaml"), "b\\n::error::x\\r\\t.yaml");
        assert_eq!(visible("\u{1b}[31m\u{85}\u{7f}"), "\\u001b[31m\\u0085\\u007f");
        assert_eq!(visible("a\u{202e}b\u{2066}c\u{2028}d\u{e0041}"), "a\\u202eb\\u2066c\\u2028d\\U000e0041");
        assert_eq!(visible_lines("a:\n\tb\r\n\u{2028}"), "a:\n\tb\\r\n\\u2028");
        let file = "b\n::error::x.yaml";
        let told = Diagnostic::error(Code::Syntax, Span::START, "x").in_file(file).to_string();
        assert_eq!(told, "b\\n::error::x.yaml:1:1: error[PF0006]: x");
    }
}
