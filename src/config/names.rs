//! The names that a source is written with, each of which only holds what is one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use super::text;
use crate::source::{SettingError, check_reference_name};

/// A branch or tag.
pub(super) struct ReferenceName(String);

impl ReferenceName {
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl FromStr for ReferenceName {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_reference_name(text).map(|()| Self(text.to_owned()))
    }
}

/// A DNS label (RFC 1123) of at most 40 characters without `-records-`, which separates the names of records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(String);

impl SourceName {
    pub(super) const MAX_LENGTH: usize = 40;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for SourceName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl FromStr for SourceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain =
            text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if text.is_empty() || !plain || text.starts_with('-') || text.ends_with('-') {
            return Err(format!(
                "`{text}` must be lower-case letters, digits and `-`, not `-` at either end"
            ));
        }
        if text.len() > Self::MAX_LENGTH {
            return Err(format!(
                "`{text}` is {} characters long, {} are allowed",
                text.len(),
                Self::MAX_LENGTH
            ));
        }
        if text.contains("-records-") {
            return Err(format!("`{text}` must not contain `-records-`: records are named so"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A namespace, or several by `*`.
#[derive(Clone, Debug)]
pub struct NamespacePattern {
    text: String,
    matcher: globset::GlobMatcher,
}

impl NamespacePattern {
    pub(super) const MAX_LENGTH: usize = 63;

    /// The pattern as the document reader takes it.
    pub fn glob(&self) -> &globset::Glob {
        self.matcher.glob()
    }

    /// Whether it covers `namespace`.
    pub fn matches(&self, namespace: &str) -> bool {
        self.matcher.is_match(namespace)
    }
}

impl PartialEq for NamespacePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for NamespacePattern {}

impl fmt::Display for NamespacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for NamespacePattern {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'*');
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.bytes().all(plain) {
            return Err(format!("`{text}` is not a namespace; `*` may stand for any characters"));
        }
        let glob = globset::Glob::new(text).map_err(|error| error.to_string())?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }
}

impl<'de> Deserialize<'de> for NamespacePattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text::deserialize(deserializer)
    }
}
