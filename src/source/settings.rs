//! Where a source is and which part of it counts, parsed: a [`SourceSettings`] cannot hold a malformed URL, path
//! or commit. Used by the configuration, which parses text straight into these types.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use url::Url;

use super::ssh::SshAddress;

/// How long one poll may take from connecting to the last byte, unless configured otherwise.
pub const DEFAULT_DEADLINE: Duration = Duration::from_mins(5);

/// Everything that [`super::Source`] needs to know.
#[derive(Clone, Debug)]
pub struct SourceSettings {
    /// Its name: also the name of its clone in the cache.
    pub name: String,
    /// Where it is.
    pub location: Location,
    /// What of it is followed; not looked at for a folder.
    pub reference: Reference,
    /// The folder in it that counts.
    pub path: RepoPath,
    /// Directory with credential files, read anew at each poll.
    pub auth_dir: Option<PathBuf>,
    /// Longest time of one poll.
    pub deadline: Duration,
}

/// Where a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A git repository: `https`, `http`, `git` or `file`.
    Git(Url),
    /// A git repository over ssh.
    Ssh(SshAddress),
    /// A plain folder, for development.
    Folder(PathBuf),
}

/// Why a text is not a [`Location`], [`RepoPath`] or [`Reference`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingError(pub String);

impl FromStr for Location {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if text.is_empty() {
            return Err(SettingError("is empty: write the URL of a git repository".into()));
        }
        let Some((scheme, _)) = text.split_once("://") else {
            return if SshAddress::looks_like_scp(text) {
                text.parse().map(Self::Ssh)
            } else {
                Ok(Self::Folder(PathBuf::from(text)))
            };
        };
        match scheme {
            "https" | "http" | "git" | "file" => {}
            "ssh" => return text.parse().map(Self::Ssh),
            other => {
                return Err(SettingError(format!(
                    "scheme `{other}` is unknown: use https, ssh, http, git or file"
                )));
            }
        }
        // The text is not repeated: a URL that does not parse may still hold a password.
        let url = Url::parse(text).map_err(|error| SettingError(format!("is not a URL: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(SettingError("holds credentials: put them into files of `auth.dir`".into()));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(SettingError("has a query or fragment, which no git server reads".into()));
        }
        Ok(Self::Git(url))
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git(url) => f.write_str(url.as_str()),
            Self::Ssh(address) => write!(f, "{address}"),
            Self::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

/// What of a repository is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reference {
    /// The tip of a branch.
    Branch(String),
    /// A tag, annotated or not.
    Tag(String),
    /// One commit, by its full id.
    Commit(CommitId),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Branch(name) => write!(f, "branch `{name}`"),
            Self::Tag(name) => write!(f, "tag `{name}`"),
            Self::Commit(id) => write!(f, "commit {}", id.0),
        }
    }
}

/// A full commit id: 40 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitId(String);

impl CommitId {
    /// The 40 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommitId {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(SettingError("is not a full commit id: write all 40 hexadecimal digits".into()))
        }
    }
}

/// Checks the name of a branch or tag by git's own rules (git-check-ref-format(1)).
pub fn check_reference_name(name: &str) -> Result<(), SettingError> {
    let short = name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/"));
    if let Some(short) = short {
        return Err(SettingError(format!("write the short name: `{short}`")));
    }
    let plain = !name.contains('*') && git2::Reference::is_valid_name(&format!("refs/heads/{name}"));
    if plain { Ok(()) } else { Err(SettingError(format!("`{name}` is not a name that git allows"))) }
}

/// A folder of the repository: relative, with `/`, without `.` and `..`; empty for the root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RepoPath(String);

impl RepoPath {
    /// The path, empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RepoPath {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if text.starts_with('/') || text.contains('\\') || text.contains('\0') {
            return Err(SettingError(format!(
                "`{text}` must be relative to the repository's root, with `/` between folders"
            )));
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.contains(&"..") {
            return Err(SettingError(format!("`{text}` must not leave the repository: remove `..`")));
        }
        Ok(Self(parts.join("/")))
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "." } else { &self.0 })
    }
}
