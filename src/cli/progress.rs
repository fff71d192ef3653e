//! Waiting for the daemon: [`follow`] looks again and again until something is over, telling each step.

use std::str::FromStr;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::{CliError, Exit, Ui};
use crate::document::ValueError;

/// Between two looks at the status.
const PAUSE: Duration = Duration::from_millis(500);

/// How long everything must look settled to be believed: what only tells people is written every 5 s at most.
pub(super) const QUIET: Duration = Duration::from_secs(6);

/// A duration as documents write it: `90s`, `10m`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout(Duration);

impl FromStr for Timeout {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.parse::<crate::document::Duration>()?.into()))
    }
}

/// Until when to wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    waited: Duration,
}

impl Deadline {
    /// That long from now.
    pub(super) fn after(Timeout(waited): Timeout) -> Self {
        Self { at: Instant::now() + waited, waited }
    }

    /// Nobody waits at all.
    pub(super) fn is_zero(self) -> bool {
        self.waited.is_zero()
    }

    /// A pause before the next look; false when the time is over.
    pub(super) async fn pause(self) -> bool {
        let left = self.at.saturating_duration_since(Instant::now());
        sleep(PAUSE.min(left)).await;
        !left.is_zero()
    }

    /// `after 300s`
    pub(super) fn in_words(self) -> String {
        format!("after {}s", self.waited.as_secs())
    }
}

/// How far something is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not there yet.
    Going(String),
    /// There.
    Done(String),
    /// It will not get there.
    Failed(String),
}

/// Looks until it is over, or until the deadline. An end is believed once it has stood for `quiet`.
pub(super) async fn follow(
    deadline: Deadline,
    quiet: Duration,
    ui: Ui,
    look: impl AsyncFn() -> Result<Progress, CliError>,
) -> Result<Exit, CliError> {
    let mut last = None;
    let mut since = Instant::now();
    loop {
        let progress = look().await?;
        if last.as_ref() != Some(&progress) {
            since = Instant::now();
            if let Progress::Going(message) = &progress {
                ui.talk(message);
            }
        }
        if since.elapsed() >= quiet {
            match &progress {
                Progress::Done(message) => {
                    ui.talk(message);
                    return Ok(Exit::Good);
                }
                Progress::Failed(message) => return Err(CliError::refused(message)),
                Progress::Going(_) => {}
            }
        }
        last = Some(progress);
        if !deadline.pause().await {
            ui.warning(format_args!("not done {}", deadline.in_words()));
            return Ok(Exit::NotGood);
        }
    }
}
