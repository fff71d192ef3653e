//! Canonical JSON: keys sorted, no spaces. Equal values have equal bytes, so their hashes can be compared.
//!
//! Called for the content of rendered objects and for the values that a projection covers.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// The first 16 bytes of a SHA-256; written as 32 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 16]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let mut short = [0; 16];
        for (to, from) in short.iter_mut().zip(Sha256::digest(bytes)) {
            *to = from;
        }
        Self(short)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not 32 hex digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a digest of 32 hex digits")]
pub struct ParseDigestError(pub String);

impl FromStr for Digest {
    type Err = ParseDigestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 16];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| ParseDigestError(text.to_owned()))?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Digest of a value's canonical JSON, as text.
pub fn content_hash(value: &Value) -> String {
    let mut bytes = Vec::with_capacity(4096);
    write(value, &mut bytes);
    Digest::of(&bytes).to_string()
}

/// The body of a server-side apply: JSON that a YAML reader takes for the same thing.
///
/// The API server reads `application/apply-patch+yaml` as YAML, even where it is JSON. Raw, the C1 controls and
/// DEL would be refused with *control characters are not allowed*, and NEL, LS and PS taken for line breaks,
/// which a quoted string folds away; escaped they survive. They can only stand
/// within a string.
pub fn apply_body(content: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4096);
    write(content, &mut bytes);
    let text = String::from_utf8(bytes).unwrap_or_default();
    if !text.contains(is_misread) {
        return text.into_bytes();
    }
    let mut escaped = String::with_capacity(text.len() + 64);
    for char in text.chars() {
        if is_misread(char) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(char));
        } else {
            escaped.push(char);
        }
    }
    escaped.into_bytes()
}

/// Source: YAML 1.1, 5.1 and 5.4.
const fn is_misread(char: char) -> bool {
    matches!(char, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Appends a value's canonical JSON. Keys are sorted whatever the map type of `serde_json` was built as.
pub(super) fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        // Writing to memory cannot fail.
        _ if *MAPS_ARE_SORTED => drop(serde_json::to_writer(out, value)),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            write_map(entries.into_iter(), out);
        }
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out);
            }
            out.push(b']');
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
            drop(serde_json::to_writer(out, value));
        }
    }
}

/// Whether `serde_json` keeps its maps sorted: it does not with its feature `preserve_order`, which any
/// dependency may switch on for all.
static MAPS_ARE_SORTED: LazyLock<bool> = LazyLock::new(|| {
    let map: Map<String, Value> = ["b", "a"].into_iter().map(|key| (key.to_owned(), Value::Null)).collect();
    map.keys().is_sorted()
});

fn write_map<'a>(entries: impl Iterator<Item = (&'a String, &'a Value)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (key, item)) in entries.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(key, out);
        out.push(b':');
        write(item, out);
    }
    out.push(b'}');
}

/// Appends a JSON string. Writing to memory cannot fail.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    let _ = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_hash_does_not_depend_on_the_order_of_keys() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":[{"x":1,"y":2}]}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b":[{"y":2,"x":1}],"a":1}"#).unwrap();
        assert_eq!(content_hash(&one), content_hash(&other));
        assert_ne!(content_hash(&one), content_hash(&json!({"a": 1, "b": [{"x": 1, "y": 3}]})));
    }

    #[test]
    fn canonical_bytes_are_json_without_spaces() {
        let mut bytes = Vec::new();
        write(&json!({"b": [1, true, null], "a": "x\n\"y\""}), &mut bytes);
        assert_eq!(String::from_utf8(bytes).unwrap(), r#"{"a":"x\n\"y\"","b":[1,true,null]}"#);
    }

    #[test]
    fn characters_that_yaml_reads_otherwise_are_escaped_in_a_body() {
        let value = json!({"k": "a\u{85}b\u{7f}c\u{2028}d\u{feff}e\u{9f}f\u{ffff}g\u{1f600}\u{e9}"});
        let body = String::from_utf8(apply_body(&value)).unwrap();
        assert_eq!(body, r#"{"k":"a\u0085b\u007fc\u2028d\ufeffe\u009ff\uffffg😀é"}"#);
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), value);
        assert_eq!(serde_yaml::from_str::<Value>(&body).unwrap(), value);
    }

    #[test]
    fn a_digest_survives_its_text_form() {
        let digest = Digest::of(b"shop");
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("xyz".parse::<Digest>().is_err());
    }
}
