//! [`SourceError`]: why a source could not be read. Each message names the URL (which never holds credentials),
//! says what happened and what to do; [`SourceError::reason`] is the word that goes into the status.

use std::time::Duration;

/// Why a source could not be read. The last good revision stays in force whatever the reason.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SourceError {
    /// The server wants credentials, or refuses those it got.
    #[error("{url}: authentication failed: {detail}")]
    AuthenticationFailed {
        /// Where.
        url: String,
        /// What happened and what to do.
        detail: String,
    },
    /// The files of `auth.dir` cannot be used.
    #[error("credentials in {dir}: {detail}")]
    CredentialsUnreadable {
        /// The directory.
        dir: String,
        /// What is wrong with which file.
        detail: String,
    },
    /// The server's TLS certificate is not trusted.
    #[error("{url}: the server's certificate is not trusted: {detail}")]
    CertificateUntrusted {
        /// Where.
        url: String,
        /// What is wrong with it and what to do.
        detail: String,
    },
    /// `known_hosts` has no key of the server that could be compared.
    #[error("{url}: the server's host key is not known: {detail}")]
    HostKeyUnknown {
        /// Where.
        url: String,
        /// What it presents, what the file has instead, and what to do.
        detail: String,
    },
    /// The server presents another key than the one in `known_hosts`.
    #[error("{url}: the server's host key is not the expected one: {detail}")]
    HostKeyChanged {
        /// Where.
        url: String,
        /// Both fingerprints and what to do.
        detail: String,
    },
    /// `known_hosts` revokes the server's key.
    #[error("{url}: the server's host key is revoked: {detail}")]
    HostKeyRevoked {
        /// Where.
        url: String,
        /// Which key, by which line.
        detail: String,
    },
    /// No connection, or it broke.
    #[error("{url}: cannot be reached: {detail}; check the host name, the network policy and the proxy")]
    Unreachable {
        /// Where.
        url: String,
        /// What the network said.
        detail: String,
    },
    /// It took longer than allowed, or the server went silent.
    #[error("{url}: gave up after {}s: {detail}", waited.as_secs())]
    TimedOut {
        /// Where.
        url: String,
        /// How long was waited.
        waited: Duration,
        /// What was going on.
        detail: String,
    },
    /// The poll was given up by the caller.
    #[error("{url}: the poll was cancelled")]
    Cancelled {
        /// Where.
        url: String,
    },
    /// The server has no such repository, or does not show it to these credentials.
    #[error("{url}: is not a git repository, or these credentials may not see it: {detail}")]
    RepositoryMissing {
        /// Where.
        url: String,
        /// What the server said.
        detail: String,
    },
    /// Files were asked for, and the repository has none.
    #[error("{url}: is a bare repository, so there are no files to compare with")]
    NoWorkTree {
        /// Where.
        url: String,
    },
    /// No such branch.
    #[error("{url}: there is no branch `{branch}`{}", near(names, "branches"))]
    BranchMissing {
        /// Where.
        url: String,
        /// What was asked for.
        branch: String,
        /// Branches that exist, nearest first.
        names: Vec<String>,
    },
    /// No such tag.
    #[error("{url}: there is no tag `{tag}`{}", near(names, "tags"))]
    TagMissing {
        /// Where.
        url: String,
        /// What was asked for.
        tag: String,
        /// Tags that exist, nearest first.
        names: Vec<String>,
    },
    /// No such commit, or the reference does not lead to one.
    #[error("{url}: there is no commit {commit}: {detail}")]
    CommitMissing {
        /// Where.
        url: String,
        /// What was asked for.
        commit: String,
        /// What is there instead.
        detail: String,
    },
    /// The source's path is not a folder of this revision.
    #[error("{url}: `{path}` {detail} at {revision}; correct the source's `path`")]
    PathMissing {
        /// Where.
        url: String,
        /// The path.
        path: String,
        /// In which revision.
        revision: String,
        /// What is there instead.
        detail: String,
    },
    /// Nothing below the path that could be a document.
    #[error("{url}: there is no YAML file below `{path}` at {revision}; nothing is deleted because of that")]
    EmptySource {
        /// Where.
        url: String,
        /// The path.
        path: String,
        /// In which revision.
        revision: String,
    },
    /// More than is read into memory.
    #[error("{url}: `{path}` is too large: {detail}; set the source's `path` to a smaller folder")]
    SourceTooLarge {
        /// Where.
        url: String,
        /// The path.
        path: String,
        /// Which limit.
        detail: String,
    },
    /// The local clone could not be made or read, even after it was made again.
    #[error("{url}: the clone in {dir} does not work: {detail}")]
    CloneFailed {
        /// Of what.
        url: String,
        /// Where the clone is.
        dir: String,
        /// What the reader said.
        detail: String,
    },
    /// A folder, or a file of it, could not be read.
    #[error("{path}: {detail}")]
    FolderUnreadable {
        /// Which.
        path: String,
        /// What the system said.
        detail: String,
    },
}

impl SourceError {
    /// One CamelCase word for a condition's `reason`.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::AuthenticationFailed { .. } => "AuthenticationFailed",
            Self::CredentialsUnreadable { .. } => "CredentialsUnreadable",
            Self::CertificateUntrusted { .. } => "CertificateUntrusted",
            Self::HostKeyUnknown { .. } => "HostKeyUnknown",
            Self::HostKeyChanged { .. } => "HostKeyChanged",
            Self::HostKeyRevoked { .. } => "HostKeyRevoked",
            Self::Unreachable { .. } => "Unreachable",
            Self::TimedOut { .. } => "TimedOut",
            Self::Cancelled { .. } => "Cancelled",
            Self::RepositoryMissing { .. } => "RepositoryMissing",
            Self::NoWorkTree { .. } => "NoWorkTree",
            Self::BranchMissing { .. } => "BranchMissing",
            Self::TagMissing { .. } => "TagMissing",
            Self::CommitMissing { .. } => "CommitMissing",
            Self::PathMissing { .. } => "PathMissing",
            Self::EmptySource { .. } => "EmptySource",
            Self::SourceTooLarge { .. } => "SourceTooLarge",
            Self::CloneFailed { .. } => "CloneFailed",
            Self::FolderUnreadable { .. } => "FolderUnreadable",
        }
    }
}

fn near(names: &[String], what: &str) -> String {
    if names.is_empty() {
        format!(" and no {what} at all")
    } else {
        format!("; {what} there: `{}`", names.join("`, `"))
    }
}

/// The names most like `wanted`, at most five, nearest first.
pub(super) fn nearest(wanted: &str, mut names: Vec<String>) -> Vec<String> {
    names.sort_by(|a, b| {
        strsim::jaro_winkler(wanted, b).total_cmp(&strsim::jaro_winkler(wanted, a)).then_with(|| a.cmp(b))
    });
    names.truncate(5);
    names
}
