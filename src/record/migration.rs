//! [`MigrationRun`]: which run of a migration is due, and how the last one ended.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RunReport;
use crate::render::Content;

/// How many contents are remembered to have run.
const MAX_PAST: usize = 100;

/// The run of a migration that is due, under way, or was the last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MigrationRun {
    /// What is run.
    pub content: Content,
    /// The revision that it came with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub revision: String,
    /// Counts from 1 for each content; a Job each.
    pub attempt: u32,
    /// It succeeded: it is never run again.
    #[serde(default)]
    pub done: bool,
    /// How the last attempt that did not succeed ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<RunEnd>,
    /// The attempt begins no sooner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub not_before: Option<Timestamp>,
    /// What succeeded before, oldest first: a team's own tool keeps no history that we could read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Content>,
}

/// The end of an attempt that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunEnd {
    /// Which attempt.
    pub attempt: u32,
    /// When that was seen.
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Exit code of its last pod, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    /// Why the Job failed, in one word of Kubernetes': `PodFailurePolicy`, `DeadlineExceeded`, `OOMKilled`, …
    #[serde(default)]
    pub reason: String,
    /// What the run said of itself.
    #[serde(default)]
    pub report: RunReport,
}

impl MigrationRun {
    /// The first attempt at this content.
    fn first(content: Content, past: Vec<Content>) -> Self {
        let done = past.contains(&content);
        Self { content, revision: String::new(), attempt: 1, done, ended: None, not_before: None, past }
    }

    /// Somebody saw another content succeed.
    pub fn remember(&mut self, content: Content) {
        self.past.retain(|known| *known != content);
        self.past.push(content);
        let surplus = self.past.len().saturating_sub(MAX_PAST);
        self.past.drain(..surplus);
    }

    /// The run of this content, given what ran before.
    pub fn of(content: Content, before: Option<&Self>) -> Self {
        match before {
            Some(before) if before.content == content => before.clone(),
            Some(before) => Self::first(content, before.past.clone()),
            None => Self::first(content, Vec::new()),
        }
    }

    /// This attempt failed, and another one does not begin by itself.
    pub fn has_failed(&self) -> bool {
        !self.done && self.ended.as_ref().is_some_and(|end| end.attempt == self.attempt)
    }

    /// It succeeded.
    pub fn succeed(&mut self) {
        (self.done, self.ended, self.not_before) = (true, None, None);
        self.remember(self.content.clone());
    }

    /// The next attempt is due at `not_before`; how the last one ended stays known.
    pub fn try_again(&mut self, not_before: Option<Timestamp>) {
        self.attempt = self.attempt.saturating_add(1);
        self.not_before = not_before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Content {
        serde_json::from_value(text.into()).unwrap()
    }

    #[test]
    fn what_succeeded_once_is_done_when_it_comes_back() {
        let mut run = MigrationRun::of(content("a"), None);
        assert!(!run.done);
        run.succeed();
        let mut next = MigrationRun::of(content("b"), Some(&run));
        assert_eq!((next.attempt, next.done), (1, false));
        next.succeed();
        assert!(MigrationRun::of(content("a"), Some(&next)).done);
    }

    #[test]
    fn an_attempt_that_ended_has_failed_until_the_next_one_is_due() {
        let mut run = MigrationRun::of(content("a"), None);
        run.ended = Some(RunEnd {
            attempt: 1,
            at: Timestamp::UNIX_EPOCH,
            exit: Some(20),
            reason: "PodFailurePolicy".to_owned(),
            report: RunReport::default(),
        });
        assert!(run.has_failed());
        run.try_again(None);
        assert!(!run.has_failed() && run.attempt == 2);
    }
}
