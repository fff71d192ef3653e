//! A file into its YAML documents. Aliases are copied and merge keys merged, as far as a budget goes: a file of a
//! few lines can ask for more values than there is memory (<https://yaml.org/spec/1.2.2/#3222-anchors-and-aliases>).

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::{Entry, Node, Value};
use crate::document::{Code, Diagnostic, MAX_FILE_BYTES, Span, yaml_syntax};

/// The deepest nesting, what aliases add included.
const MAX_DEPTH: usize = 64;
/// The most values that aliases may add to a file.
const MAX_COPIED: usize = 100_000;
/// Problems after which the rest is left unsaid.
const MOST_PROBLEMS: usize = 20;

/// The documents of a file, or what is wrong with it.
pub(in crate::import) fn read(bytes: &[u8]) -> Result<Vec<Node>, Vec<Diagnostic>> {
    let text = text(bytes).map_err(|problem| vec![*problem])?;
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    options.set_emit_comments(false);
    let mut builder = Builder::default();
    for event in Parser::new_from_str_with_options(&text, options) {
        match event {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                builder.problems.push(yaml_syntax(&error, &text));
                break;
            }
        }
        // What comes after the budget is spent would only spend more.
        if builder.copied > MAX_COPIED || builder.problems.len() >= MOST_PROBLEMS {
            break;
        }
    }
    if builder.problems.is_empty() { Ok(builder.documents) } else { Err(builder.problems) }
}

fn text(bytes: &[u8]) -> Result<String, Box<Diagnostic>> {
    let bad =
        |code, message: &str, help: &str| Box::new(Diagnostic::error(code, Span::START, message).help(help));
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(bad(Code::FileTooLarge, "the file is larger than 1 MiB", "divide it"));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(bad(Code::NotUtf8, "the file is not UTF-8", "save it as UTF-8"));
    };
    if text.contains('\0') {
        return Err(bad(Code::ForbiddenCharacter, "the file contains a NUL character", "remove it"));
    }
    // JSON may be indented by tabs, YAML may not. Within JSON's texts a tab is always escaped.
    if text.trim_start().starts_with(['{', '['])
        && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    {
        return Ok(text.replace('\t', " "));
    }
    Ok(text.to_owned())
}

/// What has been read so far.
#[derive(Default)]
struct Builder {
    documents: Vec<Node>,
    problems: Vec<Diagnostic>,
    open: Vec<Open>,
    /// Complete nodes by the number of their anchor, with their size and height.
    anchors: HashMap<usize, (Node, Size)>,
    /// Values that aliases and merge keys have copied.
    copied: usize,
}

/// How much a node holds.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    height: usize,
}

enum Open {
    Seq(Span, usize, Vec<Node>),
    Map(Span, usize, Vec<Entry>, Option<(String, Span)>),
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: granit_parser::Span) {
        let place = place(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.tag(tag.as_deref(), place);
                let plain = style == ScalarStyle::Plain && tag.is_none();
                // The parser gives `~` for what is left empty.
                let text = if plain && span.is_empty() { String::new() } else { text.into_owned() };
                self.value(Node { value: Value::Scalar { text, plain }, span: place }, anchor);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), place);
                self.open.push(Open::Seq(place, anchor, Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), place);
                self.open.push(Open::Map(place, anchor, Vec::new(), None));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::Seq(span, anchor, items)) => {
                    self.value(Node { value: Value::Seq(items), span }, anchor);
                }
                Some(Open::Map(span, anchor, entries, _)) => {
                    let entries = self.merged(entries);
                    self.value(Node { value: Value::Map(entries), span }, anchor);
                }
                None => {}
            },
            Event::Alias(anchor) => self.alias(anchor, place),
            Event::UnresolvedAlias(name) => {
                let message = format!("there is no anchor `&{name}` before this");
                self.problem(Code::AliasRefused, place, message, "define it above, or write the value out");
            }
            Event::DocumentStart(..) => self.anchors.clear(),
            // The enum is open; every event that stands for a value is above.
            _ => {}
        }
    }

    fn alias(&mut self, anchor: usize, place: Span) {
        let Some((node, size)) = self.anchors.get(&anchor) else {
            let message = "the value that this alias names contains the alias";
            return self.problem(Code::AliasRefused, place, message, "write the value out");
        };
        if self.open.len() + size.height > MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} levels deep");
            return self.problem(Code::TooDeep, place, message, "write it flatter");
        }
        self.copied += size.nodes;
        if self.copied > MAX_COPIED {
            return self.spent(place);
        }
        // Where it was written tells more than where it is used.
        let node = node.clone();
        self.put(node);
    }

    /// Takes in a complete node.
    fn value(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            let size = size(&node);
            self.copied += size.nodes;
            if self.copied > MAX_COPIED {
                return self.spent(node.span);
            }
            self.anchors.insert(anchor, (node.clone(), size));
        }
        self.put(node);
    }

    fn spent(&mut self, place: Span) {
        let message = format!("the aliases of this file stand for more than {MAX_COPIED} values");
        self.problem(Code::AliasRefused, place, message, "write fewer of them");
    }

    fn put(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::Seq(_, _, items)) => items.push(node),
            Some(Open::Map(_, _, entries, key)) => match key.take() {
                Some((key, span)) => entries.push(Entry { key, span, value: node }),
                None => match node.value {
                    Value::Scalar { text, .. } => *key = Some((text, node.span)),
                    Value::Seq(_) | Value::Map(_) => {
                        *key = Some((String::new(), node.span));
                        self.problem(Code::KeyNotText, node.span, "a key must be a text", "write it as one");
                    }
                },
            },
        }
    }

    /// Follows merge keys (<https://yaml.org/type/merge.html>): what is written wins over what is merged, and of
    /// several maps the first that has a key.
    fn merged(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        self.duplicates(&entries);
        let (merges, mut entries): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| entry.key == "<<");
        if merges.is_empty() {
            return entries;
        }
        let mut known: HashSet<String> = entries.iter().map(|entry| entry.key.clone()).collect();
        for Entry { span, value, .. } in merges {
            let maps = match value.value {
                Value::Seq(items) => items,
                Value::Map(_) | Value::Scalar { .. } => vec![value],
            };
            for map in maps {
                match map.value {
                    Value::Map(merged) => {
                        entries.extend(merged.into_iter().filter(|entry| known.insert(entry.key.clone())));
                    }
                    Value::Scalar { .. } | Value::Seq(_) => {
                        let message = "`<<` merges a map, and this is none";
                        self.problem(Code::MergeKey, span, message, "name an anchor of a map: `<<: *common`");
                    }
                }
            }
        }
        entries
    }

    fn duplicates(&mut self, entries: &[Entry]) {
        let mut seen: HashMap<&str, Span> = HashMap::with_capacity(entries.len());
        for entry in entries.iter().filter(|entry| !entry.key.is_empty()) {
            if let Some(first) = seen.insert(&entry.key, entry.span)
                && self.problems.len() < MOST_PROBLEMS
            {
                let message = format!("the key `{}` is written twice", entry.key);
                let problem = Diagnostic::error(Code::DuplicateKey, entry.span, message);
                self.problems.push(problem.label(first, "first written here").help("keep one of them"));
            }
        }
    }

    fn tag(&mut self, tag: Option<&Tag>, place: Span) {
        let Some(tag) = tag else { return };
        if !tag.is_yaml_core_schema() && tag.original() != "!" {
            let message = format!("the tag `{}` is not read", tag.original());
            self.problem(Code::TagRefused, place, message, "write the plain value");
        }
    }

    fn problem(&mut self, code: Code, span: Span, message: impl Into<String>, help: &str) {
        if self.problems.len() < MOST_PROBLEMS {
            self.problems.push(Diagnostic::error(code, span, message).help(help));
        }
    }
}

/// The reader bounds the nesting, so this ends.
fn size(node: &Node) -> Size {
    let children: Vec<Size> = match &node.value {
        Value::Scalar { .. } => Vec::new(),
        Value::Seq(items) => items.iter().map(size).collect(),
        Value::Map(entries) => entries.iter().map(|entry| size(&entry.value)).collect(),
    };
    Size {
        nodes: 1 + children.iter().map(|size| size.nodes).sum::<usize>(),
        height: 1 + children.iter().map(|size| size.height).max().unwrap_or(0),
    }
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
