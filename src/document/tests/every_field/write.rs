//! A document with a mistake, as YAML in which the place of the mistake is known.

use std::ops::Range;

use serde_json::Value;

use super::mistakes::Mistake;
use crate::document::Span;

/// Stands where the mistake will be, so that it is found in the text.
const MARK: &str = "MISTAKE";

/// A text with a mistake.
pub(super) struct Written {
    pub text: String,
    /// What was written, as people would tell it.
    pub shown: String,
    line: u32,
    /// Columns of the key, and of the value. Without the key for an item of a list, without the value for a mistake
    /// that is a key.
    key: Option<Range<u32>>,
    value: Option<Range<u32>>,
}

impl Written {
    /// What of the mistake this place shows. A list or map has no place of its own but where it begins.
    pub(super) fn spot(&self, span: Span) -> Option<&'static str> {
        let end = span.column + span.length;
        let is_at = |range: &Range<u32>| span.column == range.start && (end == range.end || span.length == 1);
        if span.line != self.line {
            return None;
        }
        if self.key.as_ref().is_some_and(|key| is_at(key) && end == key.end) {
            return Some("key");
        }
        let value = self.value.as_ref()?;
        if is_at(value) {
            return Some("value");
        }
        (span.column > value.start && end <= value.end).then_some("item")
    }
}

/// Writes the document with the mistake at `path`.
pub(super) fn write(document: &Value, path: &[String], mistake: &Mistake) -> Written {
    let mut document = document.clone();
    let (last, parents) = path.split_last().unwrap();
    let replaced = match mistake {
        Mistake::Value(text) => {
            *at(&mut document, path) = MARK.into();
            text.clone()
        }
        Mistake::ItemTwice => {
            let list = at(&mut document, path);
            let items = list.as_array().unwrap();
            let text = Value::from([&items[..1], items.as_slice()].concat()).to_string();
            *list = MARK.into();
            text
        }
        Mistake::Twice => {
            let parent = at(&mut document, parents).as_object_mut().unwrap();
            let value = parent[last].clone();
            parent.insert(format!("{last}{MARK}"), value);
            String::new()
        }
        Mistake::Key(key) => {
            let map = at(&mut document, path).as_object_mut().unwrap();
            map.insert(MARK.to_owned(), "thing".into());
            key.clone()
        }
        Mistake::Name(key) => {
            let map = at(&mut document, path).as_object_mut().unwrap();
            let first = map.keys().next().cloned().unwrap();
            let value = map.remove(&first).unwrap();
            map.insert(MARK.to_owned(), value);
            key.clone()
        }
    };
    let text = serde_yaml::to_string(&document).unwrap();
    let (before, after) = text.split_once(MARK).unwrap();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    let indent = before[line_start..].chars().take_while(|char| matches!(char, ' ' | '-')).count();
    let column = before[line_start..].chars().count();
    let range = |start: usize, end: usize| count(start + 1)..count(end + 1);
    let key = match mistake {
        Mistake::Twice => Some(range(indent, column)),
        Mistake::Key(key) | Mistake::Name(key) => Some(range(column, column + key.chars().count())),
        Mistake::Value(_) | Mistake::ItemTwice => {
            let key = before[line_start..].trim_end().strip_suffix(':');
            key.map(|key| range(indent, key.chars().count()))
        }
    };
    let value = match mistake {
        Mistake::Value(_) | Mistake::ItemTwice => Some(range(column, column + replaced.chars().count())),
        Mistake::Twice | Mistake::Key(_) | Mistake::Name(_) => None,
    };
    let shown = match mistake {
        Mistake::Value(text) if text.chars().count() > 40 => format!("{} letters", text.chars().count()),
        Mistake::Value(text) => text.clone(),
        Mistake::Key(key) | Mistake::Name(key) => format!("{key}: …"),
        Mistake::Twice => "written twice".to_owned(),
        Mistake::ItemTwice => "an item twice".to_owned(),
    };
    Written { text: [before, &replaced, after].concat(), shown, line: count(line), key, value }
}

fn count(number: usize) -> u32 {
    number.try_into().unwrap()
}

fn at<'v>(value: &'v mut Value, path: &[String]) -> &'v mut Value {
    path.iter().fold(value, |value, part| match value {
        Value::Array(items) => &mut items[part.parse::<usize>().unwrap()],
        other => &mut other[part],
    })
}
