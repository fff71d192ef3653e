//! The content hash of a document: everything that was written and has a meaning, in one order.
//!
//! Comments, order of keys, quotes, the file's name and other environments' overlays make no difference.

use sha2::{Digest, Sha256};

use super::DocumentId;
use super::node::{Node, Value};

/// Collects what a document says.
pub(in crate::document) struct ContentHash(Sha256);

impl ContentHash {
    pub(in crate::document) fn new(id: &DocumentId) -> Self {
        let mut hash = Self(Sha256::new());
        hash.text(id.kind.name());
        hash.text(&id.namespace);
        hash.text(&id.name);
        hash
    }

    /// A part of the document; a part that was not written is told from an empty one.
    pub(in crate::document) fn part(&mut self, name: &str, node: Option<&Node>) {
        self.text(name);
        match node {
            Some(node) => self.node(node),
            None => self.0.update(b"-"),
        }
    }

    /// A file that the document refers to.
    pub(in crate::document) fn file(&mut self, name: &str, bytes: &[u8]) {
        self.text(name);
        self.bytes(bytes);
    }

    /// 32 hex digits.
    pub(in crate::document) fn finish(self) -> String {
        let mut hash = hex::encode(self.0.finalize());
        hash.truncate(32);
        hash
    }

    fn node(&mut self, node: &Node) {
        match &node.value {
            Value::Scalar { .. } if node.is_null() => self.0.update(b"0"),
            Value::Scalar { text, .. } => {
                self.0.update(b"s");
                self.text(text);
            }
            Value::Seq(items) => {
                self.0.update(b"l");
                self.length(items.len());
                for item in items {
                    self.node(item);
                }
            }
            Value::Map(entries) => {
                self.0.update(b"m");
                self.length(entries.len());
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_unstable_by(|a, b| a.key.text.cmp(&b.key.text));
                for entry in entries {
                    self.text(&entry.key.text);
                    self.node(&entry.value);
                }
            }
        }
    }

    fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.update(bytes);
    }

    fn length(&mut self, length: usize) {
        self.0.update((length as u64).to_le_bytes());
    }
}
