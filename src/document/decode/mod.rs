//! Nodes into typed values, reporting every problem rather than the first.
//!
//! Serde stops at its first error. So each error is noted with its place, the entry it lies in is left out,
//! and decoding is tried again, until it succeeds or nothing more can be left out. What comes out beside
//! diagnostics is good only for finding more of them.

mod error;
mod name;
mod reader;
mod scalar;
mod unknown;

pub(in crate::document) use error::items as words_as_items;
pub(in crate::document) use scalar::{decimal, fraction, meant};
pub(in crate::document) use unknown::field as unknown_field;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use serde::de::DeserializeOwned;

use self::error::{DecodeError, Fault};
use self::name::Name;
use self::reader::{Raw, Reader};
use super::node::Node;
use super::{Code, Diagnostic, Span};

/// Problems of one decoding after which it gives up: the rest is more of the same.
const MOST_PROBLEMS: usize = 100;

/// Decodes `root`. `name` is what to call it, `place` where to point for what is missing from it. Something is
/// returned whenever enough is there; it is whole only if nothing was reported.
pub(in crate::document) fn decode<T: DeserializeOwned>(
    root: &Node,
    name: &str,
    place: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<T> {
    let name = Name::Field(name);
    let session = Session { root: address(root), ..Session::default() };
    let decoded = loop {
        match T::deserialize(Reader { node: root, name, place, session: &session, raw: Raw::No }) {
            Ok(value) => break Some(value),
            Err(error) => {
                if !session.learn(error.located(root, name, place)) {
                    break None;
                }
            }
        }
    };
    diagnostics.append(&mut session.found.into_inner());
    decoded
}

/// The identity of a node within one decoding, during which the tree stands still.
fn address(node: &Node) -> usize {
    std::ptr::from_ref(node).addr()
}

/// What is known from the attempts so far.
#[derive(Default)]
struct Session {
    root: usize,
    /// Values that are left out.
    skipped: RefCell<HashSet<usize>>,
    /// Required fields that an empty text stands in for.
    filled: RefCell<HashSet<(usize, &'static str)>>,
    found: RefCell<Vec<Diagnostic>>,
    /// Values that are null, and what was found about each.
    nulls: RefCell<HashMap<usize, usize>>,
}

impl Session {
    fn is_skipped(&self, node: &Node) -> bool {
        // Nearly always empty, and asked for every value.
        let skipped = self.skipped.borrow();
        !skipped.is_empty() && skipped.contains(&address(node))
    }

    fn filled(&self, node: &Node) -> Vec<&'static str> {
        let filled = self.filled.borrow();
        if filled.is_empty() {
            return Vec::new();
        }
        let address = address(node);
        filled.iter().filter(|(at, _)| *at == address).map(|(_, field)| *field).collect()
    }

    /// Enough is said; what else is wrong need not even be put into words.
    fn is_full(&self) -> bool {
        self.found.borrow().len() >= MOST_PROBLEMS
    }

    fn report(&self, diagnostic: Diagnostic) {
        let mut found = self.found.borrow_mut();
        if found.len() < MOST_PROBLEMS && !found.contains(&diagnostic) {
            found.push(diagnostic);
        }
    }

    /// Notes the error; whether another attempt would get further.
    fn learn(&self, error: DecodeError) -> bool {
        let Some(at) = error.at else { return false };
        if self.is_full() {
            return false;
        }
        match error.fault {
            Fault::Silent => self.skip(at.node),
            Fault::Wrong { code, message, help } => {
                if code == Code::NullValue {
                    self.nulls.borrow_mut().insert(at.node, self.found.borrow().len());
                }
                self.report(Diagnostic::error(code, at.span, message).maybe_help(help));
                self.skip(at.node)
            }
            Fault::Missing { owner, field } => {
                let example = unknown::missing(owner, field);
                if let Some((_, _, value)) = at.keys.iter().find(|(key, ..)| key == field) {
                    self.cannot_be_left_out(*value, example);
                } else {
                    let message = format!("{} needs the field `{field}`", at.name);
                    let help = example.map(|example| format!("write it, such as `{example}`"));
                    self.report(Diagnostic::error(Code::MissingField, at.span, message).maybe_help(help));
                }
                self.filled.borrow_mut().insert((at.node, field)) || self.skip(at.node)
            }
            Fault::Unknown { field, expected } => match at.keys.iter().find(|(key, ..)| *key == field) {
                Some((_, span, value)) => {
                    self.report(unknown::field("", &field, expected, *span));
                    self.skip(*value)
                }
                None => self.skip(at.node),
            },
        }
    }

    /// A null where something is required: only now is that known.
    fn cannot_be_left_out(&self, value: usize, example: Option<String>) {
        let number = self.nulls.borrow().get(&value).copied();
        let mut found = self.found.borrow_mut();
        if let Some(null) = number.and_then(|number| found.get_mut(number)) {
            let such_as = example.map(|example| format!(", such as `{example}`")).unwrap_or_default();
            null.help = Some(format!("it is required: write its value{such_as}"));
        }
    }

    fn skip(&self, node: usize) -> bool {
        node != self.root && self.skipped.borrow_mut().insert(node)
    }
}

#[cfg(test)]
mod tests;
