//! `sources`: what is followed, and what its documents may do.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::document::Duration;
use crate::source::{CommitId, DEFAULT_DEADLINE, Location, Reference, RepoPath, SourceSettings};

use super::names::{NamespacePattern, ReferenceName, SourceName};
use super::not_yet::NotYet;
use super::{forms, text};

/// What is followed when neither branch, tag nor commit is written.
const DEFAULT_BRANCH: &str = "main";

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

/// Where credentials are.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Auth {
    /// Directory with `username` and `password`, or `bearer`, and `ca.crt`; for ssh with `identity`, `known_hosts`
    /// and, if need be, `passphrase`. Usually a mounted Secret.
    #[schemars(extend("examples" = ["/etc/portfolio/git"]))]
    pub dir: PathBuf,
}

/// What is followed: a folder of a git repository, in one branch, tag or commit.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(
    rename = "Source",
    extend("dependentSchemas" = {
        "tag": {"properties": {"branch": false, "commit": false}},
        "commit": {"properties": {"branch": false}}
    }),
    extend("if" = {"required": ["url"], "properties": {"url": {"pattern": forms::SSH}}}),
    extend("then" = {"required": ["auth"]})
)]
pub(super) struct SourceFile {
    /// What it is called; unique, and part of the names of what is kept about it in the cluster.
    #[serde(with = "text")]
    #[schemars(with = "SourceName", extend("examples" = ["main"]))]
    name: SourceName,
    /// The git repository: `https`, `ssh` (also `git@host:path`, with `auth`), `http`, `git` or `file`; for development also
    /// a plain folder. Without credentials: those are files of `auth.dir`.
    #[serde(with = "text")]
    #[schemars(with = "Location", extend("examples" = ["https://git.example.com/team/apps.git", "git@git.example.com:team/apps.git"]))]
    url: Location,
    /// Branch that is followed, unless `tag` or `commit` says what is.
    #[serde(default, deserialize_with = "text::optional::deserialize")]
    #[schemars(extend("default" = DEFAULT_BRANCH, "examples" = ["main", "release/1.4"]))]
    branch: Option<ReferenceName>,
    /// Tag that is followed, instead of a branch.
    #[serde(default, deserialize_with = "text::optional::deserialize")]
    #[schemars(extend("examples" = ["v1.4.2"]))]
    tag: Option<ReferenceName>,
    /// Commit that is followed, instead of a branch: all 40 digits of its id.
    #[serde(default, deserialize_with = "text::optional::deserialize")]
    #[schemars(extend("examples" = ["1f6e0d8a2b9c4e7f5a3d1c0b8e6f4a2d9c7b5e31"]))]
    commit: Option<CommitId>,
    /// Folder of the repository with the documents; what is elsewhere does not count. By default the whole repository.
    #[serde(default, deserialize_with = "text::deserialize")]
    #[schemars(extend("examples" = ["apps"]))]
    path: RepoPath,
    /// The longest time between two looks at the repository, at least `1s`.
    #[serde(default = "every_ten_seconds", with = "text")]
    #[schemars(with = "Duration")]
    poll: Duration,
    /// Which of a document's `environments` applies. By default none.
    #[serde(default)]
    #[schemars(extend("examples" = ["prod"]))]
    environment: Option<String>,
    /// Where the credentials of the repository are. By default it is read without.
    #[serde(default)]
    #[schemars(extend("examples" = [{"dir": "/etc/portfolio/git"}]))]
    auth: Option<Auth>,
    /// Namespaces that documents may be in; `*` stands for any characters. By default all.
    #[serde(default)]
    #[schemars(extend("examples" = [["shop", "team-*"]]))]
    namespaces: Vec<NamespacePattern>,
    #[serde(default, rename = "semver")]
    #[schemars(skip)]
    _semver: Option<NotYet>,
    #[serde(default, rename = "verify")]
    #[schemars(skip)]
    _verify: Option<NotYet>,
    #[serde(default, rename = "createNamespaces")]
    #[schemars(skip)]
    _create_namespaces: Option<NotYet>,
    #[serde(default, rename = "serviceAccount")]
    #[schemars(skip)]
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
            (None, None, None) => Reference::Branch(DEFAULT_BRANCH.into()),
            (Some(branch), None, None) => Reference::Branch(branch.into_text()),
            (None, Some(tag), None) => Reference::Tag(tag.into_text()),
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
