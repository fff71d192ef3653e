//! A draft as the YAML that a person would like to own: fields in the order of the manual, without what is the default,
//! small maps and lists on one line, texts quoted only where a reader would take them for something else.

use serde::Serialize;
use serde::ser::Serializer;
use serde_json::Value as Json;
use serde_saphyr::{FlowMap, FlowSeq, LitStr};
use serde_yaml::{Mapping, Value};

use crate::document::{API_VERSION, AppSpec, DocumentId};

/// What one line holds.
const WIDTH: usize = 100;

/// A document before it is text.
pub(super) struct Written<'a> {
    pub(super) id: &'a DocumentId,
    pub(super) labels: Json,
    pub(super) annotations: Json,
    pub(super) spec: &'a AppSpec,
    /// Remarks above a part of the document: a field of `spec`, or an item of a list in it by number.
    pub(super) remarks: &'a [Remark],
}

/// A remark above a field of `spec`, or above an item of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub(super) field: &'static str,
    pub(super) item: Option<usize>,
    pub(super) text: String,
}

/// The text of a document.
pub(super) fn write(written: &Written<'_>) -> String {
    let mut text = format!("apiVersion: {API_VERSION}\nkind: {}\n", written.id.kind);
    let mut metadata = Mapping::new();
    metadata.insert("name".into(), written.id.name.clone().into());
    metadata.insert("namespace".into(), written.id.namespace.clone().into());
    for (field, value) in [("labels", &written.labels), ("annotations", &written.annotations)] {
        if value.as_object().is_some_and(|map| !map.is_empty()) {
            metadata.insert(field.into(), serde_yaml::to_value(value).unwrap_or_default());
        }
    }
    text.push_str(&entry("metadata", &Value::Mapping(metadata)));
    text.push_str("spec:\n");
    // A specification has no maps whose keys are no texts, so this does not fail.
    let spec = serde_yaml::to_value(written.spec).unwrap_or_default();
    for (key, mut value) in spec.as_mapping().cloned().unwrap_or_default() {
        let Some(key) = key.as_str() else { continue };
        if !VERBATIM.contains(&key) {
            tidy(&mut value);
            plain(key, &mut value);
        } else if key != "patches" {
            value.as_sequence_mut().into_iter().flatten().for_each(usual_order);
        }
        let remarks = written.remarks.iter().filter(|remark| remark.field == key);
        for remark in remarks.clone().filter(|remark| remark.item.is_none()) {
            text.push_str(&comment(&remark.text, 2));
        }
        let has_items = remarks.clone().any(|remark| remark.item.is_some());
        match (&value, has_items) {
            (Value::Sequence(items), true) => {
                text.push_str(&format!("  {key}:\n"));
                for (number, item) in items.iter().enumerate() {
                    for remark in remarks.clone().filter(|remark| remark.item == Some(number)) {
                        text.push_str(&comment(&remark.text, 4));
                    }
                    text.push_str(&indented(&to_text(&Value::Sequence(vec![item.clone()]), true), 4));
                }
            }
            _ => text.push_str(&indented(&entry(key, &value), 2)),
        }
    }
    text
}

fn entry(key: &str, value: &Value) -> String {
    let mut map = Mapping::new();
    map.insert(key.into(), value.clone());
    to_text(&Value::Mapping(map), true)
}

fn comment(text: &str, indent: usize) -> String {
    let lines = text.lines().flat_map(|line| [" ".repeat(indent), format!("# {line}\n")]);
    lines.collect()
}

fn indented(text: &str, indent: usize) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("{:indent$}{line}\n", "") };
    text.lines().map(line).collect()
}

/// Parts of a document that are Kubernetes' words.
const VERBATIM: [&str; 4] = ["sidecars", "initContainers", "objects", "patches"];

/// Fields whose texts may look like numbers.
const PLAIN: [&str; 5] = ["port", "cpu", "maxSurge", "maxUnavailable", "minAvailable"];

/// Variables and ports are texts, however they look; numbers and truth values among them need no quotes.
fn plain(key: &str, value: &mut Value) {
    match value {
        Value::Mapping(map) => {
            let is_texts = key == "env";
            for (key, value) in map.iter_mut() {
                let key = if is_texts { "port" } else { key.as_str().unwrap_or_default() };
                plain(key, value);
            }
        }
        Value::Sequence(items) => {
            for item in items {
                plain(if key == "ports" { "port" } else { "" }, item);
            }
        }
        Value::String(text) if PLAIN.contains(&key) => {
            let number = text.parse::<i64>().ok().filter(|number| number.to_string() == *text);
            match (number, text.as_str()) {
                (Some(number), _) => *value = number.into(),
                (None, "true") => *value = true.into(),
                (None, "false") => *value = false.into(),
                (None, _) => {}
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {}
    }
}

/// Brings the fields of an object or a container into the order in which people write them.
fn usual_order(value: &mut Value) {
    let Value::Mapping(map) = value else { return };
    let mut ordered = Mapping::new();
    for key in ["apiVersion", "kind", "metadata", "name", "image"] {
        if let Some((key, value)) = map.remove_entry(key) {
            ordered.insert(key, value);
        }
    }
    ordered.extend(std::mem::take(map));
    *map = ordered;
}

/// Takes out fields that have their default, which serialising writes all the same.
fn tidy(value: &mut Value) {
    const DEFAULTS: [(&str, &str); 7] = [
        ("accessMode", "ReadWriteOnce"),
        ("protocol", "TCP"),
        ("operator", "Equal"),
        ("policy", "IfNotPresent"),
        ("concurrency", "Forbid"),
        ("volumes", "retain"),
        ("mode", "correct"),
    ];
    match value {
        Value::Mapping(map) => {
            for (field, default) in DEFAULTS {
                if map.get(field).and_then(Value::as_str) == Some(default) {
                    map.remove(field);
                }
            }
            map.iter_mut().for_each(|(_, value)| tidy(value));
        }
        Value::Sequence(items) => items.iter_mut().for_each(tidy),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Tagged(_) => {}
    }
}

fn to_text(value: &Value, block: bool) -> String {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false, compact_list_indent: false };
    serde_saphyr::to_string_with_options(&Styled { value, block }, options).unwrap_or_default()
}

/// A value that chooses the style of its parts. The outermost map or list is a block.
struct Styled<'a> {
    value: &'a Value,
    block: bool,
}

impl Serialize for Styled<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let inner = |value| Styled { value, block: false };
        match self.value {
            Value::Mapping(map) if self.block || !fits(self.value) => {
                serializer.collect_map(map.iter().map(|(key, value)| (key, inner(value))))
            }
            Value::Sequence(items) if self.block || !fits(self.value) => {
                serializer.collect_seq(items.iter().map(inner))
            }
            Value::Mapping(_) => FlowMap(self.value).serialize(serializer),
            Value::Sequence(_) => FlowSeq(self.value).serialize(serializer),
            Value::String(text) if text.contains('\n') && is_block(text) => {
                LitStr(text).serialize(serializer)
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

/// Whether a value reads well on one line.
fn fits(value: &Value) -> bool {
    fn width(value: &Value, depth: usize) -> Option<usize> {
        match value {
            Value::String(text) if text.contains('\n') => None,
            Value::String(text) => Some(text.chars().count() + 2),
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(6),
            Value::Sequence(items) if depth < 3 => {
                items.iter().try_fold(2, |sum, item| Some(sum + width(item, depth + 1)? + 2))
            }
            Value::Mapping(map) if depth < 3 => map.iter().try_fold(2, |sum, (key, value)| {
                Some(sum + width(key, depth)? + width(value, depth + 1)? + 2)
            }),
            Value::Sequence(_) | Value::Mapping(_) | Value::Tagged(_) => None,
        }
    }
    width(value, 0).is_some_and(|width| width <= WIDTH)
}

/// Whether a text may stand line by line; see [`crate::render::to_yaml`], which has the same rule.
fn is_block(text: &str) -> bool {
    let Some(body) = text.strip_suffix('\n') else { return false };
    !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(|line| !line.starts_with('\t') && !line.ends_with([' ', '\t']))
        && body.chars().all(|char| {
            char == '\n'
                || char == '\t'
                || !char.is_control()
                    && !matches!(char, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
        })
}
