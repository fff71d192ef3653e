//! `sources`: what is followed, and what its documents may do.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use crate::document::Duration;
use crate::source::{
    CommitId, DEFAULT_DEADLINE, Location, Reference, RepoPath, SourceSettings, check_reference_name,
};

use super::not_yet::NotYet;
use super::text;

/// One source.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "SourceFile")]
pub struct SourceConfig {
    /// Unique; part of the names of its records.
    pub name: SourceName,
    /// Where it is.
    pub location: Location,
    /// What of it is followed.
    pub reference: Reference,
    /// The folder in it that counts.
    pub path: RepoPath,
    /// The longest time between two polls.
    pub poll: Duration,
    /// Which of a document's `environments` applies.
    pub environment: Option<String>,
    /// Where its credentials are.
    pub auth: Option<Auth>,
    /// Documents elsewhere are refused; empty: all are taken.
    pub namespaces: Vec<NamespacePattern>,
}

impl SourceConfig {
    /// What the fetcher needs of it.
    pub fn settings(&self) -> SourceSettings {
        SourceSettings {
            name: self.name.as_str().to_owned(),
            location: self.location.clone(),
            reference: self.reference.clone(),
            path: self.path.clone(),
            auth_dir: self.auth.as_ref().map(|auth| auth.dir.clone()),
            deadline: DEFAULT_DEADLINE,
        }
    }

    /// Whether documents of this source may be in `namespace`.
    pub fn allows_namespace(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.iter().any(|pattern| pattern.matches(namespace))
    }
}

/// `auth`
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Auth {
    /// Directory with `username` and `password`, or `bearer`, and `ca.crt`; for ssh with `identity`, `known_hosts`
    /// and, if need be, `passphrase`.
    pub dir: PathBuf,
}

/// The entry as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SourceFile {
    #[serde(with = "text")]
    name: SourceName,
    #[serde(with = "text")]
    url: Location,
    #[serde(default, deserialize_with = "text::optional::deserialize")]
    branch: Option<ReferenceName>,
    #[serde(default, deserialize_with = "text::optional::deserialize")]
    tag: Option<ReferenceName>,
    #[serde(default, deserialize_with = "text::optional::deserialize")]
    commit: Option<CommitId>,
    #[serde(default, deserialize_with = "text::deserialize")]
    path: RepoPath,
    #[serde(default = "every_ten_seconds", with = "text")]
    poll: Duration,
    #[serde(default)]
    environment: Option<String>,
    #[serde(default)]
    auth: Option<Auth>,
    #[serde(default)]
    namespaces: Vec<NamespacePattern>,
    #[serde(default, rename = "semver")]
    _semver: Option<NotYet>,
    #[serde(default, rename = "verify")]
    _verify: Option<NotYet>,
    #[serde(default, rename = "createNamespaces")]
    _create_namespaces: Option<NotYet>,
    #[serde(default, rename = "serviceAccount")]
    _service_account: Option<NotYet>,
}

fn every_ten_seconds() -> Duration {
    Duration::from_secs(10)
}

impl TryFrom<SourceFile> for SourceConfig {
    type Error = String;

    fn try_from(file: SourceFile) -> Result<Self, String> {
        let wrong = |problem: &str| Err(format!("source `{}`: {problem}", file.name));
        if matches!(file.location(), Location::Folder(_))
            && (file.branch.is_some() || file.tag.is_some() || file.commit.is_some() || file.auth.is_some())
        {
            return wrong(
                "`url` is a plain folder, which has no branch, tag, commit or credentials; \
                          a repository on this machine is `file:///…`",
            );
        }
        if matches!(file.location(), Location::Ssh(_)) && file.auth.is_none() {
            return wrong(
                "`url` is ssh, which needs `auth: {dir: …}`: a directory with the files `identity` (private key) \
                          and `known_hosts`",
            );
        }
        if file.poll.as_secs() == 0 {
            return wrong("`poll` must be at least 1s");
        }
        let reference = match (file.branch, file.tag, file.commit) {
            (None, None, None) => Reference::Branch("main".into()),
            (Some(branch), None, None) => Reference::Branch(branch.0),
            (None, Some(tag), None) => Reference::Tag(tag.0),
            (None, None, Some(commit)) => Reference::Commit(commit),
            (_, _, _) => {
                return Err(format!(
                    "source `{}`: write only one of `branch`, `tag` and `commit`",
                    file.name
                ));
            }
        };
        Ok(Self {
            name: file.name,
            location: file.url,
            reference,
            path: file.path,
            poll: file.poll,
            environment: file.environment,
            auth: file.auth,
            namespaces: file.namespaces,
        })
    }
}

impl SourceFile {
    fn location(&self) -> &Location {
        &self.url
    }
}

/// A branch or tag.
struct ReferenceName(String);

impl FromStr for ReferenceName {
    type Err = crate::source::SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_reference_name(text).map(|()| Self(text.to_owned()))
    }
}

/// A DNS label (RFC 1123) of at most 40 characters without `-records-`, which separates the names of records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceName(String);

impl SourceName {
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
        if text.len() > 40 {
            return Err(format!("`{text}` is {} characters long, 40 are allowed", text.len()));
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
        if text.is_empty() || text.len() > 63 || !text.bytes().all(plain) {
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
