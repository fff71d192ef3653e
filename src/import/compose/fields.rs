//! [`Fields`]: a map of which every key is either taken or told.

use crate::import::yaml::{Entry, Node};

/// The keys of a map that nobody has taken yet.
pub(super) struct Fields<'n> {
    left: Vec<&'n Entry>,
}

impl<'n> Fields<'n> {
    pub(super) fn new(node: &'n Node) -> Self {
        Self { left: node.entries().iter().collect() }
    }

    /// The entry of this key, if it is there and not null.
    pub(super) fn take(&mut self, key: &str) -> Option<&'n Entry> {
        let at = self.left.iter().position(|entry| entry.key == key)?;
        Some(self.left.remove(at)).filter(|entry| !entry.value.is_null())
    }

    /// What nobody took, without extensions (`x-…`), which mean nothing by themselves.
    pub(super) fn rest(self) -> impl Iterator<Item = &'n Entry> {
        self.left.into_iter().filter(|entry| !entry.key.starts_with("x-"))
    }
}
