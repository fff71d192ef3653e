//! [`Node`]: a value with its place in the file it came from.

use serde_json::{Map, Value as Json};

use super::scalar;
use crate::document::Span;

/// A value with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) struct Node {
    pub(in crate::import) value: Value,
    pub(in crate::import) span: Span,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) enum Value {
    /// `plain` ones can be numbers, booleans or null.
    Scalar {
        text: String,
        plain: bool,
    },
    Seq(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::import) struct Entry {
    pub(in crate::import) key: String,
    pub(in crate::import) span: Span,
    pub(in crate::import) value: Node,
}

impl Node {
    /// The entries of a map; none of anything else.
    pub(in crate::import) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar { .. } | Value::Seq(_) => &[],
        }
    }

    /// The items of a list; none of anything else.
    pub(in crate::import) fn items(&self) -> &[Node] {
        match &self.value {
            Value::Seq(items) => items,
            Value::Scalar { .. } | Value::Map(_) => &[],
        }
    }

    pub(in crate::import) fn get(&self, key: &str) -> Option<&Node> {
        self.entries().iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The text of a scalar that is not null, whatever it would mean.
    pub(in crate::import) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => Some(text),
            Value::Scalar { .. } | Value::Seq(_) | Value::Map(_) => None,
        }
    }

    pub(in crate::import) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true } if scalar::is_null(text))
    }

    /// As JSON. The nesting is bounded by the reader.
    pub(in crate::import) fn json(&self) -> Json {
        match &self.value {
            Value::Scalar { text, plain: true } => scalar::resolve(text),
            Value::Scalar { text, plain: false } => Json::String(text.clone()),
            Value::Seq(items) => Json::Array(items.iter().map(Node::json).collect()),
            Value::Map(entries) => {
                let pairs = entries.iter().map(|entry| (entry.key.clone(), entry.value.json()));
                Json::Object(pairs.collect::<Map<_, _>>())
            }
        }
    }
}
