//! [`MigrateError`]: why a run ended before it was done, and as which exit code.

use crate::document::exit;
use crate::record::{RunReport, SqlFailure};

/// Why a run ended before it was done.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The database did not let us in, or is not there. Nothing was changed.
    #[error("cannot connect to {server}: {message}")]
    Unreachable {
        /// `host:port/database`.
        server: String,
        /// What was in the way.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Something that others hold was not to be had in time. What did not run changed nothing.
    #[error("{message}")]
    Busy {
        /// What, and who holds it.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The run is refused as things are, before anything was run.
    #[error("{message}")]
    Refused {
        /// What is in the way.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Statements that cannot be run by us; nothing was run.
    #[error("{}", .failures.first().map_or_else(String::new, in_one_line))]
    Unsupported {
        /// Each, in the order of the files; at least one.
        failures: Vec<SqlFailure>,
    },
    /// The database refused a statement; its file changed nothing.
    #[error("{}", in_one_line(.failure))]
    Statement {
        /// Which, where, and why.
        failure: Box<SqlFailure>,
    },
    /// It was asked to stop, or the connection was lost: the file in flight either is in the history or changed nothing.
    #[error("{message}")]
    Interrupted {
        /// By what.
        message: String,
    },
    /// A migration is neither done nor undone.
    #[error("{message}")]
    PartWay {
        /// Which, and how far it came.
        message: String,
        /// What to do.
        hint: String,
    },
}

/// `0007_add_total.sql:3:10: column "x" does not exist`.
fn in_one_line(failure: &SqlFailure) -> String {
    format!("{}:{}:{}: {}", failure.file, failure.line, failure.column, failure.message)
}

impl MigrateError {
    pub(super) fn refused(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Refused { message: message.into(), hint: hint.into() }
    }

    pub(super) fn interrupted(message: impl Into<String>) -> Self {
        Self::Interrupted { message: message.into() }
    }

    /// The exit code of a run that ended so.
    pub const fn exit_code(&self) -> i32 {
        match self {
            Self::Unreachable { .. } | Self::Busy { .. } => exit::NOT_REACHED,
            Self::Refused { .. } | Self::Unsupported { .. } | Self::Statement { .. } => exit::FAILED,
            Self::Interrupted { .. } => exit::INTERRUPTED,
            Self::PartWay { .. } => exit::PART_WAY,
        }
    }

    /// The statements that are to blame, if any are.
    pub fn failures(&self) -> &[SqlFailure] {
        match self {
            Self::Unsupported { failures } => failures,
            Self::Statement { failure } => std::slice::from_ref(failure),
            Self::Unreachable { .. }
            | Self::Busy { .. }
            | Self::Refused { .. }
            | Self::Interrupted { .. }
            | Self::PartWay { .. } => &[],
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &str {
        match self {
            Self::Unreachable { hint, .. }
            | Self::Busy { hint, .. }
            | Self::Refused { hint, .. }
            | Self::PartWay { hint, .. } => hint,
            Self::Unsupported { .. } | Self::Statement { .. } => {
                self.failures().first().map_or("", |one| &one.hint)
            }
            Self::Interrupted { .. } => "run it again: what is in the history is not run twice",
        }
    }

    /// What the run says of itself, after it applied these versions.
    pub fn report(&self, applied: &[u64]) -> RunReport {
        let message = match self.hint() {
            "" => self.to_string(),
            hint => format!("{self}; {hint}"),
        };
        RunReport { message, applied: applied.to_vec(), failure: self.failures().first().cloned() }
    }
}
