//! [`Node`]: YAML as it was written, each part with its place.
//!
//! Scalars keep their text: what `on`, `1_000` or `0x1f` mean is decided by the field they are written in.

use std::cell::RefCell;
use std::collections::HashMap;

use super::Span;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Node {
    pub value: Value,
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) enum Value {
    Scalar { text: String, style: Style },
    Seq(Vec<Node>),
    Map(Vec<Entry>),
}

/// How a scalar was written. Only a plain one can be a number, a boolean or null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::document) enum Style {
    Plain,
    Quoted,
    Block,
}

/// A key of a map with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Entry {
    pub key: Key,
    pub value: Node,
}

/// A key with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::document) struct Key {
    pub text: String,
    pub span: Span,
}

impl Node {
    /// The entries of a map; none of anything else.
    pub(in crate::document) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar { .. } | Value::Seq(_) => &[],
        }
    }

    pub(in crate::document) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key.text == key)
    }

    pub(in crate::document) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The text of a scalar that is not null.
    pub(in crate::document) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            Value::Scalar { .. } | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// A scalar that is not null, with how it was written.
    pub(in crate::document) fn scalar(&self) -> Option<(&str, Style)> {
        match &self.value {
            Value::Scalar { text, style } if !self.is_null() => Some((text, *style)),
            Value::Scalar { .. } | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    /// YAML's null: written as such, or left empty.
    pub(in crate::document) fn is_null(&self) -> bool {
        match &self.value {
            Value::Scalar { text, style: Style::Plain } => {
                matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL")
            }
            Value::Scalar { .. } | Value::Seq(_) | Value::Map(_) => false,
        }
    }

    /// What to call it in a message.
    pub(in crate::document) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar { .. } if self.is_null() => "null",
            Value::Scalar { text, style: Style::Plain } if matches!(text.as_str(), "true" | "false") => {
                "a boolean"
            }
            Value::Scalar { text, style: Style::Plain } if is_number(text) => "a number",
            Value::Scalar { .. } => "a text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a map",
        }
    }
}

/// Digits, perhaps with a sign and a point: what everybody would call a number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

impl Entry {
    /// Where to point when something is wrong with the value: at a scalar itself, else at its key, because a
    /// block has no place of its own and null may have no text.
    pub(in crate::document) fn place(&self) -> Span {
        match &self.value.value {
            Value::Scalar { text, style: Style::Plain } if text.is_empty() => self.key.span,
            Value::Scalar { .. } => self.value.span,
            Value::Seq(_) | Value::Map(_) => self.key.span,
        }
    }
}

/// The places of a document's parts, by path from some node: `places.of(&["ingress", "host"])`.
#[derive(Clone, Copy)]
pub(in crate::document) struct Places<'a> {
    pub root: &'a Node,
    /// Where to point when not even the first part of a path was written.
    pub fallback: Span,
    index: &'a Index,
}

/// Keys of large maps by name, so that many questions about a map of many keys cost no quadratic time.
#[derive(Default)]
pub(in crate::document) struct Index(RefCell<HashMap<usize, HashMap<String, usize>>>);

/// Below this it is quicker to look through the keys.
const LARGE: usize = 32;

impl<'a> Places<'a> {
    pub(in crate::document) fn new(root: &'a Node, fallback: Span, index: &'a Index) -> Self {
        Self { root, fallback, index }
    }

    /// The value at the path, or as much of the path as there is. Items of a list go by number.
    pub(in crate::document) fn of(&self, path: &[&str]) -> Span {
        self.find(path, false)
    }

    /// The last key of the path, or as much of the path as there is.
    pub(in crate::document) fn key(&self, path: &[&str]) -> Span {
        self.find(path, true)
    }

    /// What is written at the path.
    pub(in crate::document) fn node(&self, path: &[&str]) -> Option<&'a Node> {
        path.iter().try_fold(self.root, |node, part| match &node.value {
            Value::Seq(items) => items.get(part.parse::<usize>().ok()?),
            Value::Map(_) => node.get(part),
            Value::Scalar { .. } => None,
        })
    }

    fn find(&self, path: &[&str], key: bool) -> Span {
        let mut node = self.root;
        let mut span = self.fallback;
        for part in path {
            let next = match &node.value {
                Value::Map(entries) => self.entry(entries, part).map(|entry| {
                    span = if key { entry.key.span } else { entry.place() };
                    &entry.value
                }),
                Value::Seq(items) => {
                    let item = part.parse::<usize>().ok().and_then(|at| items.get(at));
                    item.inspect(|item| span = item.span)
                }
                Value::Scalar { .. } => None,
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        span
    }

    fn entry(&self, entries: &'a [Entry], key: &str) -> Option<&'a Entry> {
        if entries.len() < LARGE {
            return entries.iter().find(|entry| entry.key.text == key);
        }
        let mut index = self.index.0.borrow_mut();
        let keys = index.entry(entries.as_ptr().addr()).or_insert_with(|| {
            entries.iter().enumerate().map(|(at, entry)| (entry.key.text.clone(), at)).collect()
        });
        keys.get(key).and_then(|at| entries.get(*at))
    }
}
