//! [`RunReport`]: what a run of `portfolio migrate exec` says of itself when it ends.
//!
//! The runner writes it as its container's termination message
//! (<https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/>), the daemon reads it
//! from the pod's status: no access to logs is needed, and it outlives the log.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The end of a run, in JSON of at most [`RunReport::MAX_BYTES`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// What happened, in one sentence for people.
    pub message: String,
    /// The versions that this run applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<u64>,
    /// The statement that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<SqlFailure>,
}

impl RunReport {
    /// The longest termination message that the kubelet keeps of one container.
    pub const MAX_BYTES: usize = 4096;

    /// The report in JSON, its texts cut as much as it takes to keep it within [`Self::MAX_BYTES`].
    pub fn to_json(&self) -> String {
        let mut report = self.clone();
        loop {
            // Strings and numbers only: there is nothing that could not be written.
            let json = serde_json::to_string(&report).unwrap_or_default();
            if json.len() <= Self::MAX_BYTES {
                return json;
            }
            report.cut();
        }
    }

    /// Halves the longest text; once all are short, forgets the older half of the versions.
    fn cut(&mut self) {
        const SHORT: usize = 64;
        let failure = self.failure.iter_mut().flat_map(|failure| {
            let SqlFailure { file, line: _, column: _, excerpt, message, sql_state, detail, row: _, hint } =
                failure;
            [file, excerpt, message, sql_state, detail, hint]
        });
        let longest = failure.chain([&mut self.message]).max_by_key(|text| text.len());
        match longest.filter(|text| text.len() > SHORT) {
            Some(text) => {
                text.truncate(text.floor_char_boundary(text.len() / 2));
                text.push('…');
            }
            None => drop(self.applied.drain(..self.applied.len().div_ceil(2))),
        }
    }
}

/// A statement that the database refused.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SqlFailure {
    /// The migration's file.
    pub file: String,
    /// Line in the file, from 1.
    pub line: u32,
    /// Column in the line, in characters, from 1.
    pub column: u32,
    /// The line itself.
    pub excerpt: String,
    /// The server's message.
    pub message: String,
    /// SQLSTATE (PostgreSQL manual, appendix A).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sql_state: String,
    /// The server's DETAIL, and where else it was.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The server's DETAIL where it quotes a row: for whoever sees the run itself, never in a report.
    #[serde(skip)]
    pub row: String,
    /// The server's HINT, or ours.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_of_any_size_fits_and_can_be_read() {
        let long = "ü\u{1}\"".repeat(5_000);
        let failure = SqlFailure {
            file: "0007_add_total.sql".to_owned(),
            line: 3,
            column: 9,
            excerpt: long.clone(),
            message: long.clone(),
            detail: long.clone(),
            row: String::new(),
            ..SqlFailure::default()
        };
        let report = RunReport { message: long, applied: (0..9_000).collect(), failure: Some(failure) };
        let json = report.to_json();
        assert!(json.len() <= RunReport::MAX_BYTES, "{}", json.len());
        let read: RunReport = serde_json::from_str(&json).unwrap();
        assert_eq!(read.applied.last(), Some(&8_999));
        assert_eq!(read.failure.unwrap().file, "0007_add_total.sql");
    }

    #[test]
    fn a_report_that_fits_is_not_touched() {
        let report = RunReport { message: "done".to_owned(), applied: vec![1], failure: None };
        assert_eq!(serde_json::from_str::<RunReport>(&report.to_json()).unwrap(), report);
    }
}
