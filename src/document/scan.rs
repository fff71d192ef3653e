//! YAML text into nodes. A text is read up to its first syntax error; what was complete before it is kept, so
//! that the documents of a broken file are known by their identity.
//!
//! What is well-formed YAML but refused here (aliases, tags, duplicate keys, …) is noted per document and not
//! an error yet: the document may be somebody else's.

use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, ScanError, Tag};

use super::diagnostic::shown;
use super::node::{Entry, Key, Node, Style, Value};
use super::{Code, Diagnostic, Span};

/// The deepest nesting of a document.
pub(in crate::document) const MAX_DEPTH: usize = 64;
/// What the parser itself stops at; documents of others may be a little deeper than ours.
const PARSER_DEPTH: usize = 128;

/// Keys of a map that are compared with each other.
const SMALL: usize = 16;

/// Problems of a document that are noted.
const MOST_PROBLEMS: usize = 100;

/// One YAML document of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct YamlDocument {
    pub root: Node,
    /// What is refused in it, if it is one of ours.
    pub problems: Vec<Diagnostic>,
}

/// Calls `found` with each document of the text and gives the syntax error at which reading stopped. The
/// document that contains the error is handed over as far as it goes, for the sake of its identity.
pub(in crate::document) fn scan(text: &str, mut found: impl FnMut(YamlDocument)) -> Option<Diagnostic> {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        emit_anchor_events: true,
        flow_nesting_limit: PARSER_DEPTH,
        block_nesting_limit: PARSER_DEPTH,
    };
    options.set_emit_comments(false);
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((Event::DocumentEnd, _)) => found(builder.finish()),
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                found(builder.finish());
                return Some(syntax(&error, text));
            }
        }
    }
    None
}

/// A document under construction: the collections that are open, and the root once it is complete.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// What is in the collections that are open, one behind the other: each then takes what it has in one piece.
    items: Vec<Node>,
    entries: Vec<Entry>,
    root: Option<Node>,
    problems: Vec<Diagnostic>,
    /// Collections that are open below [`MAX_DEPTH`]; their content is left out.
    too_deep: usize,
}

/// A collection that is open, and where what is in it begins.
enum Open {
    Seq(Span, usize),
    Map(Span, usize, Option<Key>),
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) {
        let place = place(span);
        match event {
            Event::Scalar(text, style, _, tag) => {
                self.tag(tag.as_deref(), &span);
                let style = match style {
                    // `!!str 1` and `! 1` are texts, as if they were quoted.
                    ScalarStyle::Plain if tag.is_some() => Style::Quoted,
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
                };
                // The parser gives `~` for what is left empty.
                let empty = style == Style::Plain && span.is_empty();
                let text = if empty { String::new() } else { text.into_owned() };
                self.value(Node { value: Value::Scalar { text, style }, span: place });
            }
            Event::SequenceStart(_, _, tag) => {
                self.tag(tag.as_deref(), &span);
                self.start(Open::Seq(place, self.items.len()), place);
            }
            Event::MappingStart(_, _, tag) => {
                self.tag(tag.as_deref(), &span);
                self.start(Open::Map(place, self.entries.len(), None), place);
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Anchor(_, name) => {
                let problem = format!("the anchor `&{}` is not read", shown(&name));
                self.problem(
                    Diagnostic::error(Code::AliasRefused, place, problem)
                        .help("write the value out where it is used"),
                );
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.problem(
                    Diagnostic::error(Code::AliasRefused, place, "aliases are not read")
                        .help("write the value out where it is used"),
                );
                self.value(Node {
                    value: Value::Scalar { text: String::new(), style: Style::Quoted },
                    span: place,
                });
            }
            // The enum is open; every event that stands for a value is above.
            _ => {}
        }
    }

    fn start(&mut self, open: Open, place: Span) {
        if self.too_deep > 0 || self.open.len() >= MAX_DEPTH {
            if self.too_deep == 0 {
                let message = format!("nested more than {MAX_DEPTH} levels deep");
                self.problem(Diagnostic::error(Code::TooDeep, place, message));
            }
            self.too_deep += 1;
        } else {
            self.open.push(open);
        }
    }

    fn end(&mut self) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            if self.too_deep == 0 {
                let empty = Value::Scalar { text: String::new(), style: Style::Quoted };
                self.value(Node { value: empty, span: Span::START });
            }
            return;
        }
        match self.open.pop() {
            Some(Open::Seq(span, start)) => {
                let items = self.items.split_off(start);
                self.value(Node { value: Value::Seq(items), span });
            }
            Some(Open::Map(span, start, _)) => {
                let entries = self.entries.split_off(start);
                self.duplicates(&entries);
                self.value(Node { value: Value::Map(entries), span });
            }
            None => {}
        }
    }

    /// Puts a complete node where it belongs.
    fn value(&mut self, node: Node) {
        if self.too_deep > 0 {
            return;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Seq(..)) => self.items.push(node),
            Some(Open::Map(_, _, key @ Some(_))) => {
                if let Some(key) = key.take() {
                    self.entries.push(Entry { key, value: node });
                }
            }
            Some(Open::Map(_, _, None)) => self.key(node),
        }
    }

    fn key(&mut self, node: Node) {
        let span = node.span;
        let text = match node.value {
            Value::Scalar { text, style } if style != Style::Plain || !text.is_empty() => text,
            Value::Scalar { .. } | Value::Seq(_) | Value::Map(_) => {
                self.problem(Diagnostic::error(Code::KeyNotText, span, "a key must be a text"));
                String::new()
            }
        };
        if text == "<<" {
            self.problem(
                Diagnostic::error(Code::MergeKey, span, "merge keys (`<<`) are not read")
                    .help("write the keys out, or use `spec.environments` for what differs"),
            );
        }
        if let Some(Open::Map(_, _, key)) = self.open.last_mut() {
            *key = Some(Key { text, span });
        }
    }

    /// By sorting, so that a huge map costs no quadratic time; in a small one it is quicker to look.
    fn duplicates(&mut self, entries: &[Entry]) {
        let is_new = |(at, entry): (usize, &Entry)| {
            entries.iter().take(at).all(|before| before.key.text != entry.key.text)
        };
        if entries.len() <= SMALL && entries.iter().enumerate().all(is_new) {
            return;
        }
        let mut keys: Vec<&Key> = entries.iter().map(|entry| &entry.key).collect();
        keys.sort_unstable_by_key(|key| (&key.text, key.span));
        for pair in keys.windows(2) {
            let [first, second] = pair else { continue };
            if first.text == second.text && !first.text.is_empty() {
                let message = format!("the key `{}` is written twice", shown(&first.text));
                self.problem(
                    Diagnostic::error(Code::DuplicateKey, second.span, message)
                        .label(first.span, "first written here")
                        .help("keep one of them"),
                );
            }
        }
    }

    fn tag(&mut self, tag: Option<&Tag>, span: &granit_parser::Span) {
        let Some(tag) = tag else { return };
        if tag.is_yaml_core_schema() || tag.original() == "!" {
            return;
        }
        let at = span.tag_start.map_or_else(|| place(*span), |start| point(&start, 1));
        self.problem(
            Diagnostic::error(
                Code::TagRefused,
                at,
                format!("the tag `{}` is not read", shown(&tag.original())),
            )
            .help("write the plain value"),
        );
    }

    /// A handful of each is enough: what comes after the first is mostly more of the same.
    fn problem(&mut self, problem: Diagnostic) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(problem);
        }
    }

    /// The document so far, with what is still open closed.
    fn finish(&mut self) -> YamlDocument {
        self.too_deep = 0;
        while !self.open.is_empty() {
            self.end();
        }
        let empty =
            Node { value: Value::Scalar { text: String::new(), style: Style::Plain }, span: Span::START };
        YamlDocument { root: self.root.take().unwrap_or(empty), problems: std::mem::take(&mut self.problems) }
    }
}

/// A syntax error in words that say what to do.
pub(crate) fn syntax(error: &ScanError, text: &str) -> Diagnostic {
    let mut span = point(error.marker(), 1);
    if matches!(error.kind(), ErrorKind::TabInPlainScalar) {
        // The parser names the text before, which it takes the line with the tab to continue.
        span = tab_from(text, span.line).unwrap_or(span);
    }
    let (code, message, help) = match error.kind() {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => {
            (Code::Syntax, "a tab is not allowed here".to_owned(), Some("indent with spaces"))
        }
        ErrorKind::RecursionLimitExceeded => {
            (Code::TooDeep, format!("nested more than {MAX_DEPTH} levels deep"), None)
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            (Code::Syntax, error.info(), Some("a key is followed by a colon and a space: `key: value`"))
        }
        ErrorKind::MappingValueNotAllowed => (
            Code::Syntax,
            error.info(),
            Some(
                "check the indentation, also that of the line before; a key has a space after its `:`, \
                 and a value that contains `: ` has quotes around it",
            ),
        ),
        ErrorKind::ExpectedBlockMappingKey => (
            Code::Syntax,
            "this line is neither a key of the map above nor the end of it".to_owned(),
            Some("check the indentation: the keys of a map all begin in the same column"),
        ),
        ErrorKind::UnclosedQuotedScalar => {
            (Code::Syntax, error.info(), Some("write the same quote at the end of the value"))
        }
        ErrorKind::UnexpectedCharacter { .. } => {
            (Code::Syntax, error.info(), Some("put quotes around a value that begins with this character"))
        }
        _ => (Code::Syntax, error.info(), None),
    };
    Diagnostic::error(code, span, message).maybe_help(help.map(str::to_owned))
}

/// The first tab in the indentation of this line or one below.
fn tab_from(text: &str, line: u32) -> Option<Span> {
    let mut lines = (1..).zip(text.lines()).skip_while(|(number, _)| *number < line);
    lines.find_map(|(line, text)| {
        let blank = text.split(|char| !matches!(char, ' ' | '\t')).next()?;
        let column = u32::try_from(blank.find('\t')?).ok()?.checked_add(1)?;
        Some(Span { line, column, length: 1 })
    })
}

fn point(marker: &Marker, length: usize) -> Span {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Span { line: count(marker.line()), column: count(marker.col() + 1), length: count(length.max(1)) }
}

/// The part of a span that is on its first line.
fn place(span: granit_parser::Span) -> Span {
    let length = if span.start.line() == span.end.line() { span.end.index() - span.start.index() } else { 1 };
    point(&span.start, length)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn count(node: &Node) -> usize {
        1 + match &node.value {
            Value::Scalar { .. } => 0,
            Value::Seq(items) => items.iter().map(count).sum(),
            Value::Map(entries) => entries.iter().map(|entry| count(&entry.value)).sum::<usize>(),
        }
    }

    /// Ten to the tenth values, if somebody put each alias's value in its place.
    #[test]
    fn an_alias_is_one_value_whatever_it_stands_for() {
        let mut bomb = "a0: &a0 x\n".to_owned();
        for level in 1..=10 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            let _ = writeln!(bomb, "a{level}: &a{level} [{aliases}]");
        }
        let mut documents = Vec::new();
        assert_eq!(scan(&bomb, |document| documents.push(document)), None);
        let [document] = documents.as_slice() else { panic!("{} documents", documents.len()) };
        // The map, the value of the first line, and of each other line the list with ten aliases.
        assert_eq!(count(&document.root), 1 + 1 + 10 * 11);
        assert!(document.problems.iter().all(|problem| problem.code == Code::AliasRefused));
        assert_eq!(document.problems.len(), MOST_PROBLEMS);
    }
}
