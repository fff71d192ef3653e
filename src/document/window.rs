//! [`Window`]: when something may start, as cron lines with a length.

use std::str::FromStr;

use chrono::{DateTime, TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Duration;
use crate::schedule::Schedule;

/// Times at which changes may start. What has begun goes on after the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    /// When each opens and for how long: a cron line, `for`, a duration, such as `0 9 * * 1-5 for 8h`.
    #[schemars(extend("examples" = [["0 9 * * 1-5 for 8h"]]))]
    pub allow: Vec<String>,
    /// Time zone of the cron lines, such as `Europe/Berlin`. Default UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["Europe/Berlin"]))]
    pub time_zone: Option<String>,
}

/// One line of a window: when it opens and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    schedule: Schedule,
    length: Duration,
}

/// The longest opening: that of a week is always open.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

impl FromStr for Opening {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let Some((cron, length)) = line.split_once(" for ") else {
            return Err("it has no length".to_owned());
        };
        let schedule = Schedule::parse(cron.trim()).map_err(|error| error.problem().to_owned())?;
        let length: Duration = length.trim().parse().map_err(|error| format!("{error}"))?;
        if length == Duration::from_secs(0) || length > LONGEST {
            return Err(format!("its length must be from 1s to 7d, not {length}"));
        }
        Ok(Self { schedule, length })
    }
}

impl Opening {
    /// Whether it is open at `now`.
    pub fn is_open<Z: TimeZone>(&self, now: &DateTime<Z>) -> bool {
        // The line fired within the last `length`: then its first time after that ago is not after now.
        let length = i64::try_from(self.length.as_secs()).unwrap_or(i64::MAX / 4);
        let earliest = now.clone() - chrono::Duration::seconds(length);
        self.schedule.next_after(&earliest).is_some_and(|opened| opened <= *now)
    }

    /// When it opens next.
    pub fn next<Z: TimeZone>(&self, now: &DateTime<Z>) -> Option<DateTime<Z>> {
        self.schedule.next_after(now)
    }
}

impl Window {
    /// The zone that the lines are in; `None` for one that is not known.
    pub fn zone(&self) -> Option<chrono_tz::Tz> {
        self.time_zone.as_deref().map_or(Some(chrono_tz::UTC), |name| name.parse().ok())
    }

    /// The lines that can be read; validation sees to it that all can.
    pub fn openings(&self) -> impl Iterator<Item = Opening> {
        self.allow.iter().filter_map(|line| line.parse().ok())
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Berlin;

    use super::*;

    fn at(text: &str) -> DateTime<chrono_tz::Tz> {
        Berlin.from_local_datetime(&text.parse().unwrap()).unwrap()
    }

    #[test]
    fn a_window_is_open_from_its_time_for_its_length() {
        let opening: Opening = "0 9 * * 1-5 for 8h".parse().unwrap();
        // 2026-11-27 is a Friday.
        for (time, open) in [
            ("2026-11-27T08:59:59", false),
            ("2026-11-27T09:00:00", true),
            ("2026-11-27T16:59:59", true),
            ("2026-11-27T17:00:00", false),
            ("2026-11-28T10:00:00", false),
        ] {
            assert_eq!(opening.is_open(&at(time)), open, "{time}");
        }
        assert_eq!(opening.next(&at("2026-11-27T17:00:00")), Some(at("2026-11-30T09:00:00")));
    }

    #[test]
    fn lines_without_a_time_or_a_length_are_refused() {
        for line in
            ["0 9 * * 1-5", "0 9 * * for 8h", "0 9 * * * for", "0 9 * * * for 0s", "0 9 * * * for 8d", ""]
        {
            assert!(line.parse::<Opening>().is_err(), "{line}");
        }
    }
}
