//! [`Manifest`]: what an object consists of, as canonical JSON: that is what is hashed, kept and sent.

use std::fmt::{self, Write as _};
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::canonical::{self, Digest};

/// The content of an object: `apiVersion`, `kind`, `metadata`, `spec`…; no `status`, no nulls. It is text, since most
/// of the time nobody asks for a part of it; to who does it is a tree of JSON, built when first asked for.
#[derive(Clone)]
pub struct Manifest(Arc<Inner>);

struct Inner {
    /// Canonical.
    json: Box<str>,
    tree: OnceLock<Value>,
}

impl Manifest {
    /// The manifest that a value is as JSON.
    pub fn of(value: &impl Serialize) -> Self {
        let mut bytes = Vec::with_capacity(4096);
        // Serialising fails only for maps whose keys are no strings, which Kubernetes types do not have.
        let _ = canonical::write(value, &mut bytes);
        let json = String::from_utf8(bytes).unwrap_or_default().into_boxed_str();
        Self(Arc::new(Inner { json, tree: OnceLock::new() }))
    }

    /// Canonical JSON.
    pub fn as_str(&self) -> &str {
        &self.0.json
    }

    /// Hex of the first 16 bytes of the SHA-256 of the canonical JSON.
    pub fn hash(&self) -> String {
        Digest::of(self.as_str().as_bytes()).to_string()
    }

    /// The body of a server-side apply: JSON that a YAML reader takes for the same thing.
    ///
    /// The API server reads `application/apply-patch+yaml` as YAML, even where it is JSON. Raw, the C1 controls and
    /// DEL would be refused with *control characters are not allowed*, and NEL, LS and PS taken for line breaks,
    /// which a quoted string folds away; escaped they survive. They can only stand
    /// within a string.
    pub fn apply_body(&self) -> Vec<u8> {
        let json = self.as_str();
        if !json.contains(is_misread) {
            return json.as_bytes().to_vec();
        }
        let mut escaped = String::with_capacity(json.len() + 64);
        for char in json.chars() {
            if is_misread(char) {
                let _ = write!(escaped, "\\u{:04x}", u32::from(char));
            } else {
                escaped.push(char);
            }
        }
        escaped.into_bytes()
    }
}

impl Deref for Manifest {
    type Target = Value;

    fn deref(&self) -> &Value {
        self.0.tree.get_or_init(|| serde_json::from_str(self.as_str()).unwrap_or_default())
    }
}

impl From<Value> for Manifest {
    fn from(tree: Value) -> Self {
        Self::of(&tree)
    }
}

impl Serialize for Manifest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Value::serialize(self, serializer)
    }
}

impl PartialEq for Manifest {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&**self, f)
    }
}

impl fmt::Debug for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Source: YAML 1.1, 5.1 and 5.4.
const fn is_misread(char: char) -> bool {
    matches!(char, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_hash_does_not_depend_on_the_order_of_keys() {
        let one: Value = serde_json::from_str(r#"{"a":1,"b":[{"x":1,"y":2}]}"#).unwrap();
        let other: Value = serde_json::from_str(r#"{"b":[{"y":2,"x":1}],"a":1}"#).unwrap();
        assert_eq!(Manifest::of(&one).hash(), Manifest::of(&other).hash());
        let third = json!({"a": 1, "b": [{"x": 1, "y": 3}]});
        assert_ne!(Manifest::of(&one).hash(), Manifest::of(&third).hash());
    }

    #[test]
    fn a_tree_survives_its_text() {
        let numbers = json!([0.1, -1, 12_345_678_901_234_567_890_u64, 0.300_000_000_000_000_04]);
        let value = json!({"numbers": numbers, "text": "\u{0}\n\u{1f600}"});
        let manifest = Manifest::of(&value);
        assert_eq!(*manifest, value);
        assert_eq!(Manifest::of(&manifest), manifest);
    }

    #[test]
    fn characters_that_yaml_reads_otherwise_are_escaped_in_a_body() {
        let value = json!({"k": "a\u{85}b\u{7f}c\u{2028}d\u{feff}e\u{9f}f\u{ffff}g\u{1f600}\u{e9}"});
        let body = String::from_utf8(Manifest::of(&value).apply_body()).unwrap();
        assert_eq!(body, r#"{"k":"a\u0085b\u007fc\u2028d\ufeffe\u009ff\uffffg😀é"}"#);
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), value);
        assert_eq!(serde_yaml::from_str::<Value>(&body).unwrap(), value);
    }
}
