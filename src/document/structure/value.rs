//! [`check_value`]: a finished JSON value, which has no places in a file: problems go by JSON pointer (RFC 6901).

use serde_json::Value as Json;

use super::types::structure;
use super::walk::{Mode, Spot, check_type};
use crate::document::node::{Entry, Key, Node, Style, Value};
use crate::document::{Diagnostic, Span};

/// What keeps a value from being of the type (`apps.v1.Deployment`), each with the JSON pointer of where it is. The
/// diagnostics have no place; a type that is not known is not checked.
pub fn check_value(of: &str, value: &Json) -> Vec<(String, Diagnostic)> {
    let Some(id) = structure().type_id(of) else { return Vec::new() };
    let mut pointers = Pointers(vec![String::new()]);
    let node = pointers.node(value, String::new());
    let mut diagnostics = Vec::new();
    let name = of.rsplit('.').next().unwrap_or(of);
    let spot = Spot { name, place: node.span, item: false };
    check_type(id, &node, spot, Mode::Whole, &mut diagnostics);
    let found = diagnostics.into_iter().map(|mut diagnostic| {
        let pointer = pointers.of(diagnostic.span);
        // Places here are numbers of pointers.
        diagnostic.labels.clear();
        diagnostic.span = Span::START;
        (pointer, diagnostic)
    });
    found.collect()
}

/// Every value's pointer, by the line of its place.
struct Pointers(Vec<String>);

impl Pointers {
    fn of(&self, span: Span) -> String {
        let at = usize::try_from(span.line).unwrap_or_default();
        self.0.get(at).cloned().unwrap_or_default()
    }

    fn place(&mut self, pointer: String) -> Span {
        self.0.push(pointer);
        Span { line: u32::try_from(self.0.len() - 1).unwrap_or_default(), column: 1, length: 1 }
    }

    fn node(&mut self, json: &Json, pointer: String) -> Node {
        let plain = |text: String| Value::Scalar { text, style: Style::Plain };
        let value = match json {
            Json::Null => plain("null".to_owned()),
            Json::Bool(boolean) => plain(boolean.to_string()),
            Json::Number(number) => plain(number.to_string()),
            Json::String(text) => Value::Scalar { text: text.clone(), style: Style::Quoted },
            Json::Array(items) => {
                let items = items.iter().enumerate();
                Value::Seq(items.map(|(at, item)| self.node(item, format!("{pointer}/{at}"))).collect())
            }
            Json::Object(map) => {
                Value::Map(map.iter().map(|(key, value)| self.entry(key, value, &pointer)).collect())
            }
        };
        Node { value, span: self.place(pointer) }
    }

    fn entry(&mut self, key: &str, value: &Json, parent: &str) -> Entry {
        let escaped = key.replace('~', "~0").replace('/', "~1");
        let value = self.node(value, format!("{parent}/{escaped}"));
        Entry { key: Key { text: key.to_owned(), span: value.span }, value }
    }
}
