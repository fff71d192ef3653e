//! Jobs of the world in memory: each ends a while after it was made, as the test has decided.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::object::{Health, ObjectRef};

const RUN: SignedDuration = SignedDuration::from_secs(6);
/// In place of an exit code: its pod never started, or is gone.
pub const NO_EXIT: i32 = -1;

/// What the Jobs of a world do.
#[derive(Debug, Default)]
pub struct Jobs {
    /// Exit codes of the Jobs to come; 0 once they are used up.
    pub exits: VecDeque<i32>,
    /// Every Job that was made, in order; one that was made again is there twice.
    started: Vec<String>,
    /// How each Job that was ever made ends.
    ends: BTreeMap<ObjectRef, i32>,
    /// Contents, by the name of their Job without the attempt, that succeeded.
    succeeded: BTreeSet<String>,
}

impl Jobs {
    /// A Job was made.
    pub fn start(&mut self, job: &ObjectRef) {
        let content = content_of(job);
        assert!(!self.succeeded.contains(content), "{job} runs again what has succeeded");
        self.started.push(job.name.clone());
        let exit = self.exits.pop_front().unwrap_or(0);
        if exit == 0 {
            self.succeeded.insert(content.to_owned());
        }
        self.ends.insert(job.clone(), exit);
    }

    /// Every Job that was ever made, in order.
    pub fn names(&self) -> Vec<&str> {
        self.started.iter().map(String::as_str).collect()
    }

    pub fn runs(&self, job: &ObjectRef, now: Timestamp, since: Timestamp) -> bool {
        matches!(self.health(job, now, since), Health::Progressing { .. })
    }

    pub fn health(&self, job: &ObjectRef, now: Timestamp, since: Timestamp) -> Health {
        if since + RUN > now {
            return Health::Progressing { message: "it is running".to_owned() };
        }
        match self.ends.get(job) {
            None | Some(0) => Health::Healthy,
            Some(&NO_EXIT) => Health::Degraded {
                reason: "DeadlineExceeded".to_owned(),
                message: "Job was active longer than specified deadline".to_owned(),
            },
            Some(code) => Health::Degraded {
                reason: "PodFailurePolicy".to_owned(),
                message: format!("exit code {code}"),
            },
        }
    }

    /// The pods of a Job that ended.
    pub fn pods(&self, job: &ObjectRef) -> Vec<Value> {
        let exit = self.ends.get(job).copied().unwrap_or_default();
        if exit == NO_EXIT {
            return Vec::new();
        }
        let failure = json!({"file": "0002_b.sql", "line": 3, "column": 14, "excerpt": "  ADD COLUMN x;",
            "message": "syntax error", "sqlState": "42601"});
        let said = json!({"message": "a migration failed", "failure": (exit == 20).then_some(failure)});
        let ended = json!({"exitCode": exit, "reason": "Error", "finishedAt": "2026-01-01T00:00:00Z",
            "message": said.to_string()});
        let name = if is_backup(job) { "backup" } else { "migrate" };
        vec![json!({"status": {"containerStatuses": [{"name": name, "state": {"terminated": ended}}]}})]
    }
}

/// It is the backup of an app that is deleted.
pub fn is_backup(job: &ObjectRef) -> bool {
    job.name.contains("-backup-")
}

/// What must not run again once it succeeded: what a migration runs, or one backup.
fn content_of(job: &ObjectRef) -> &str {
    if is_backup(job) { &job.name } else { job.name.rsplit_once('-').unwrap().0 }
}
