//! [`to_yaml`]: objects as `kubectl apply -f -` reads them.

use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use serde_saphyr::LitStr;

use crate::object::Object;

/// The objects as YAML documents, each begun by `---`, in the order given; equal objects give equal bytes.
/// Strings that a YAML 1.1 reader would take for something else (`on`, `1_000`, `12:30`) are quoted; texts of
/// several lines stand as they are.
pub fn to_yaml(objects: &[Object]) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let mut text = String::with_capacity(objects.len() * 2048);
    for object in objects {
        text.push_str("---\n");
        // JSON has no value that YAML could not hold, and memory takes every write.
        let _ = serde_saphyr::to_fmt_writer_with_options(&mut text, &Node(&object.content), options.clone());
    }
    text
}

/// A value that chooses the style of its strings.
struct Node<'a>(&'a Value);

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => serializer.collect_map(map.iter().map(|(key, value)| (key, Node(value)))),
            Value::Array(items) => serializer.collect_seq(items.iter().map(Node)),
            Value::String(text) if is_block(text) => LitStr(text).serialize(serializer),
            scalar => scalar.serialize(serializer),
        }
    }
}

/// Whether a text may stand line by line. Readers built on libyaml refuse a tab where indentation could be,
/// and blanks at the ends of lines or in front would be hard to see; those are quoted.
fn is_block(text: &str) -> bool {
    let Some(body) = text.strip_suffix('\n') else { return false };
    body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(|line| !line.starts_with('\t') && !line.ends_with([' ', '\t']))
        && body.chars().all(|char| char == '\n' || char == '\t' || !char.is_control() && is_printable(char))
}

/// What YAML lets stand unescaped (YAML 1.2, 5.1), less what it takes for a line break or a byte order mark.
const fn is_printable(char: char) -> bool {
    !matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}
