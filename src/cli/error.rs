//! [`CliError`]: why a command could not do what it was asked, with a hint, and which exit code that is.
//!
//! A finding is no error: a command that found something answers with [`Exit::NotGood`].

use std::fmt::Display;
use std::path::Path;

use crate::cluster::ClusterError;
use crate::document::visible;
use crate::source::SourceError;

/// What a command that did its work has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// The thing asked about is good. Exit code 0.
    Good,
    /// The thing asked about is not good: findings, differences, not ready. Exit code 1.
    NotGood,
    /// There was nothing to do, and the caller wants to be told. Exit code 10.
    NothingToDo,
    /// A migration did not come to its end; the exit code says how (see [`crate::record`]).
    Migration(i32),
}

impl Exit {
    /// Good if so.
    pub const fn good_if(good: bool) -> Self {
        if good { Self::Good } else { Self::NotGood }
    }
}

/// What kind of failure an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What was asked for cannot be had as things are. Exit code 1.
    NotGood,
    /// Arguments or input cannot be used. Exit code 2.
    Usage,
    /// Cluster, git or database cannot be reached. Exit code 3.
    Unreachable,
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Arguments or input cannot be used.
    #[error("{message}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// What was asked for cannot be had as things are.
    #[error("{message}")]
    Refused {
        /// What is in the way.
        message: String,
        /// What to do.
        hint: Option<String>,
    },
    /// The cluster.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// Git, or a folder.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file of this machine, or the terminal.
    #[error("{what}: {error}")]
    Io {
        /// Which.
        what: String,
        /// Why.
        #[source]
        error: std::io::Error,
    },
}

impl CliError {
    /// Arguments or input that cannot be used.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: None }
    }

    /// Something that cannot be had as things are.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), hint: None }
    }

    /// A file, or the terminal.
    pub fn io(what: impl Display, error: std::io::Error) -> Self {
        Self::Io { what: what.to_string(), error }
    }

    /// A file.
    pub fn file(path: &Path, error: std::io::Error) -> Self {
        Self::io(visible(&path.display().to_string()), error)
    }

    /// With what to do about it.
    #[must_use]
    pub fn with_hint(mut self, text: impl Into<String>) -> Self {
        if let Self::Usage { hint, .. } | Self::Refused { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }

    /// What to do about it, where something is known.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } | Self::Refused { hint, .. } => hint.clone(),
            Self::Cluster(ClusterError::Access { .. }) => {
                Some("name a cluster by --kubeconfig and --context, or by KUBECONFIG".to_owned())
            }
            Self::Cluster(ClusterError::Unreachable { .. } | ClusterError::Timeout { .. }) => Some(
                "does `kubectl get --raw /readyz` work with the same --kubeconfig and --context?".to_owned(),
            ),
            Self::Source(SourceError::RepositoryMissing { .. }) => {
                Some("run this inside the repository, or name it by --repository".to_owned())
            }
            Self::Source(SourceError::NoWorkTree { .. }) => {
                Some("name two revisions: `FROM..TO`, such as `HEAD~1..HEAD`".to_owned())
            }
            Self::Cluster(_) | Self::Source(_) | Self::Io { .. } => None,
        }
    }

    /// What kind of failure it is, for the exit code.
    pub const fn failure(&self) -> Failure {
        match self {
            Self::Refused { .. } => Failure::NotGood,
            Self::Usage { .. }
            | Self::Io { .. }
            | Self::Cluster(ClusterError::Invalid { .. })
            | Self::Source(
                SourceError::RepositoryMissing { .. }
                | SourceError::NoWorkTree { .. }
                | SourceError::BranchMissing { .. }
                | SourceError::TagMissing { .. }
                | SourceError::CommitMissing { .. }
                | SourceError::PathMissing { .. }
                | SourceError::EmptySource { .. }
                | SourceError::SourceTooLarge { .. }
                | SourceError::FolderUnreadable { .. },
            ) => Failure::Usage,
            Self::Cluster(_) | Self::Source(_) => Failure::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_its_exit_code() {
        let unreachable = ClusterError::Unreachable { server: "https://k".into(), message: "refused".into() };
        let invalid =
            ClusterError::Invalid { target: "\"\"".into(), message: String::new(), fields: Vec::new() };
        let commit =
            SourceError::CommitMissing { url: ".".into(), commit: "v9".into(), detail: String::new() };
        let timed_out =
            SourceError::Unreachable { url: "https://git".into(), detail: "connection refused".into() };
        for (error, failure) in [
            (CliError::usage("no such path"), Failure::Usage),
            (CliError::refused("nothing waits for approval"), Failure::NotGood),
            (unreachable.into(), Failure::Unreachable),
            (invalid.into(), Failure::Usage),
            (commit.into(), Failure::Usage),
            (timed_out.into(), Failure::Unreachable),
        ] {
            assert_eq!(error.failure(), failure, "{error}");
        }
    }
}
