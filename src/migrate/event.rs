//! [`Event`]: what a run tells while it goes. One JSON object a line for programs, a sentence for people.

use std::fmt;

use serde::Serialize;

/// A step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[allow(missing_docs, reason = "the variant says what its fields are of")]
pub enum Event {
    /// The database let us in.
    Connected { server: String, version: String, pid: i32 },
    /// Another run holds the lock.
    WaitingForLock { holder: String, seconds: u64 },
    /// The lock is ours.
    Locked,
    /// A version is in the history, its file is not there.
    Missing { version: u64, name: String },
    /// A backfill or contract that this run leaves alone.
    Waiting { version: u64, file: String, phase: &'static str },
    /// A file runs although a higher version ran before.
    Late { version: u64, file: String, highest: u64 },
    /// A file's transaction begins.
    Applying { version: u64, file: String, statements: usize },
    /// A statement is sent.
    Statement { version: u64, number: usize, line: u32 },
    /// The server says something beside its answer: `RAISE NOTICE`, a warning.
    Notice { severity: &'static str, message: String },
    /// A file's transaction was rolled back and is going to be tried again.
    Retrying { version: u64, file: String, attempt: u32, reason: String, blocker: String, pause_ms: u64 },
    /// The statement that runs is asked to stop.
    Cancelling { pid: i32 },
    /// A file is in the history.
    Applied { version: u64, file: String, statements: usize, ms: u64 },
    /// The end, when all is well.
    Done { applied: Vec<u64>, waiting: usize },
    /// The end, when it is not.
    Failed {
        exit: i32,
        message: String,
        applied: Vec<u64>,
        file: String,
        line: u32,
        column: u32,
        hint: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected { server, version, .. } => {
                write!(f, "connected to {server}, PostgreSQL {version}")
            }
            Self::WaitingForLock { holder, seconds } => {
                write!(f, "waiting for another run to end, {seconds} s by now: {holder}")
            }
            Self::Locked => f.write_str("no other run is under way"),
            Self::Missing { version, name } => {
                write!(f, "{version} ({name}) was applied once; its file is not there any more")
            }
            Self::Waiting { file, phase, .. } => write!(f, "{file} waits: a {phase} is not part of this run"),
            Self::Late { file, highest, .. } => {
                write!(f, "warning: {file} runs although version {highest} was applied before")
            }
            Self::Applying { file, statements: 1, .. } => write!(f, "{file}: 1 statement"),
            Self::Applying { file, statements, .. } => write!(f, "{file}: {statements} statements"),
            Self::Statement { version, number, line } => {
                write!(f, "{version}: statement {number}, line {line}")
            }
            Self::Notice { severity, message } => write!(f, "{severity}: {message}"),
            Self::Retrying { file, attempt, reason, blocker, pause_ms, .. } => {
                write!(f, "{file}: {reason}, rolled back; attempt {} in {pause_ms} ms", attempt + 1)?;
                if blocker.is_empty() { Ok(()) } else { write!(f, "; in the way: {blocker}") }
            }
            Self::Cancelling { .. } => f.write_str("asked to stop: cancelling the statement that runs"),
            Self::Applied { file, ms, .. } => write!(f, "{file}: applied in {ms} ms"),
            Self::Done { applied, .. } if applied.is_empty() => f.write_str("nothing to do"),
            Self::Done { applied, .. } => write!(f, "done: {} applied", applied.len()),
            Self::Failed { message, .. } => f.write_str(message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_reads_an_object() {
        let event = Event::Applied { version: 7, file: "0007_a.sql".to_owned(), statements: 2, ms: 12 };
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"event":"applied","version":7,"file":"0007_a.sql","statements":2,"ms":12}"#
        );
    }
}
