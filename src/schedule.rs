//! [`Schedule`]: a standard five-field cron line (crontab(5), as Kubernetes reads it in a `CronJob`) over the
//! `cron` crate, which wants seconds, counts weekdays from 1 and ANDs day of month with day of week.
//!
//! So each field is expanded to the values it means, and a line that restricts both kinds of day becomes two
//! schedules. Lines are wall time; [`Schedule::next_after`] maps it to a zone. No clock: `now` is an argument.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Duration, MappedLocalTime, NaiveDateTime, TimeZone, Utc};

/// Summer time moves clocks by less than this.
const SHIFT: Duration = Duration::hours(3);
/// The longest stretch of wall time that a zone ever left out (a day, at the date line), and some more.
const LONGEST_GAP_MINUTES: i64 = 26 * 60;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// When something recurs.
#[derive(Clone, Debug)]
pub struct Schedule {
    line: String,
    /// It fires when any of them does.
    parts: Vec<cron::Schedule>,
    /// The hour field begins with `*`: it recurs in real time, also in an hour that clocks pass twice. Any other
    /// line names hours of the day and fires once for each, also when clocks leave one out.
    every_hour: bool,
}

/// What is wrong with a cron line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{line}` is not a cron line: {problem}")]
pub struct ScheduleError {
    line: String,
    problem: String,
}

impl ScheduleError {
    /// What is wrong, without the line.
    pub fn problem(&self) -> &str {
        &self.problem
    }
}

impl Schedule {
    /// Parses `minute hour day-of-month month day-of-week`.
    pub fn parse(line: &str) -> Result<Self, ScheduleError> {
        parse(line).map_err(|problem| ScheduleError { line: line.to_owned(), problem })
    }

    /// The first time after `after`, in its zone; none once the calendar of the `cron` crate ends (2100).
    pub fn next_after<Z: TimeZone>(&self, after: &DateTime<Z>) -> Option<DateTime<Z>> {
        let from = after.naive_local().checked_sub_signed(SHIFT)?;
        let mut best: Option<DateTime<Z>> = None;
        for part in &self.parts {
            for wall in part.after(&from.and_utc()).map(|time| time.naive_utc()) {
                if best.as_ref().is_some_and(|best| wall - best.naive_local() > SHIFT) {
                    break;
                }
                for time in self.instants(&after.timezone(), wall) {
                    if time > *after && best.as_ref().is_none_or(|best| time < *best) {
                        best = Some(time);
                    }
                }
            }
        }
        best
    }

    /// When a clock on the wall shows `wall`, as far as this line fires then.
    fn instants<Z: TimeZone>(&self, zone: &Z, wall: NaiveDateTime) -> Vec<DateTime<Z>> {
        match zone.from_local_datetime(&wall) {
            MappedLocalTime::Single(time) => vec![time],
            MappedLocalTime::Ambiguous(first, second) if self.every_hour => vec![first, second],
            MappedLocalTime::Ambiguous(first, _) => vec![first],
            MappedLocalTime::None if self.every_hour => Vec::new(),
            MappedLocalTime::None => gap_end(zone, wall).into_iter().collect(),
        }
    }
}

/// The first instant after the gap that `wall` lies in.
fn gap_end<Z: TimeZone>(zone: &Z, wall: NaiveDateTime) -> Option<DateTime<Z>> {
    (1..=LONGEST_GAP_MINUTES)
        .find_map(|minutes| zone.from_local_datetime(&(wall + Duration::minutes(minutes))).earliest())
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
    }
}

impl Eq for Schedule {}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(line: &str) -> Result<Self, ScheduleError> {
        Self::parse(line)
    }
}

fn parse(line: &str) -> Result<Schedule, String> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let &[minute, hour, day, month, weekday] = fields.as_slice() else {
        let count = fields.len();
        let fields = if count == 1 { "field" } else { "fields" };
        return Err(format!("it has {count} {fields}, not 5: minute hour day-of-month month day-of-week"));
    };
    let minutes = Field { what: "minute", low: 0, high: 59, names: &[] }.expand(minute)?;
    let hours = Field { what: "hour", low: 0, high: 23, names: &[] }.expand(hour)?;
    let days = Field { what: "day of month", low: 1, high: 31, names: &[] }.expand(day)?;
    let months = Field { what: "month", low: 1, high: 12, names: &MONTHS }.expand(month)?;
    let weekdays = Field { what: "day of week", low: 0, high: 7, names: &WEEKDAYS }.expand(weekday)?;
    let names: BTreeSet<&str> =
        weekdays.iter().filter_map(|day| WEEKDAYS.get(*day as usize % 7).copied()).collect();
    let names = names.into_iter().collect::<Vec<_>>().join(",");
    let start = format!("0 {} {}", list(&minutes), list(&hours));
    let (days, months) = (list(&days), list(&months));
    let lines = match (is_any(day), is_any(weekday)) {
        (true, true) => vec![format!("{start} * {months} *")],
        (false, true) => vec![format!("{start} {days} {months} *")],
        (true, false) => vec![format!("{start} * {months} {names}")],
        (false, false) => vec![format!("{start} {days} {months} *"), format!("{start} * {months} {names}")],
    };
    let parts = lines
        .iter()
        .map(|line| cron::Schedule::from_str(line).map_err(|error| error.to_string()))
        .collect::<Result<Vec<_>, _>>()?;
    let schedule = Schedule {
        line: fields.join(" "),
        parts,
        every_hour: hour.starts_with('*') || hour.starts_with('?'),
    };
    match schedule.next_after(&DateTime::<Utc>::UNIX_EPOCH) {
        Some(_) => Ok(schedule),
        None => Err("it never fires: no such month has that day".into()),
    }
}

fn is_any(field: &str) -> bool {
    matches!(field, "*" | "?")
}

fn list(values: &BTreeSet<u32>) -> String {
    values.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

struct Field<'a> {
    what: &'a str,
    low: u32,
    high: u32,
    /// Three-letter names, the first for `low`.
    names: &'a [&'a str],
}

impl Field<'_> {
    /// All values of a list of `*`, `n`, `a-b`, each perhaps with `/step`. `a/step` goes to the end.
    fn expand(&self, text: &str) -> Result<BTreeSet<u32>, String> {
        let mut values = BTreeSet::new();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                None => (item, None),
                Some((range, step)) => (range, Some(self.step(step)?)),
            };
            let (first, last) = match range.split_once('-') {
                _ if is_any(range) => (self.low, self.high),
                Some((first, last)) => (self.value(first)?, self.value(last)?),
                None if step.is_some() => (self.value(range)?, self.high),
                None => (self.value(range)?, self.value(range)?),
            };
            if first > last {
                return Err(format!(
                    "{} `{}` runs backwards: write it as two ranges",
                    self.what,
                    excerpt(item)
                ));
            }
            values.extend((first..=last).step_by(step.unwrap_or(1)));
        }
        Ok(values)
    }

    fn step(&self, text: &str) -> Result<usize, String> {
        let step = number(text).filter(|step| *step > 0).and_then(|step| usize::try_from(step).ok());
        step.ok_or_else(|| {
            format!("{} has the step `{}`, which is not a number above 0", self.what, excerpt(text))
        })
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value =
            named.and_then(|at| u32::try_from(at).ok()).map(|at| at + self.low).or_else(|| number(text));
        value.filter(|value| (self.low..=self.high).contains(value)).ok_or_else(|| {
            format!("{} `{}` is not within {} to {}", self.what, excerpt(text), self.low, self.high)
        })
    }
}

/// A part of a line as it is quoted in a message, however long it is.
fn excerpt(text: &str) -> String {
    const MOST: usize = 20;
    let mut excerpt: String = text
        .chars()
        .take(MOST)
        .map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char })
        .collect();
    if text.chars().nth(MOST).is_some() {
        excerpt.push('…');
    }
    excerpt
}

/// Digits only: `u32::from_str` would take `+5`.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeZone, Utc};
    use chrono_tz::Tz;
    use proptest::prelude::*;

    use super::Schedule;

    /// The next `count` times as a clock in `zone` shows them, with the offset.
    fn times(line: &str, zone: Tz, start: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(line).unwrap();
        let mut at = start.parse::<DateTime<Utc>>().unwrap().with_timezone(&zone);
        let mut times = Vec::new();
        for _ in 0..count {
            at = schedule.next_after(&at).unwrap();
            times.push(at.format("%m-%d %H:%M %z").to_string());
        }
        times
    }

    #[test]
    fn a_step_fires_on_the_clock() {
        let every_two = times("*/2 * * * *", Tz::UTC, "2026-11-23T10:03:30Z", 3);
        assert_eq!(every_two, ["11-23 10:04 +0000", "11-23 10:06 +0000", "11-23 10:08 +0000"]);
    }

    #[test]
    fn sunday_is_zero_and_seven_and_a_name() {
        for line in ["0 0 * * 0", "0 0 * * 7", "0 0 * * sun", "0 0 * * SUN"] {
            assert_eq!(times(line, Tz::UTC, "2026-11-23T00:00:00Z", 1), ["11-29 00:00 +0000"], "{line}");
        }
        assert_eq!(times("0 0 * * 5-7", Tz::UTC, "2026-11-23T00:00:00Z", 4).len(), 4);
    }

    #[test]
    fn day_of_month_or_day_of_week() {
        let times = times("0 0 13 * fri", Tz::UTC, "2026-11-01T00:00:00Z", 5);
        let days: Vec<&str> = times.iter().map(|time| &time[..5]).collect();
        assert_eq!(days, ["11-06", "11-13", "11-20", "11-27", "12-04"]);
    }

    #[test]
    fn an_hour_that_clocks_leave_out_fires_once_right_after_it() {
        let berlin = times("30 2 * * *", Tz::Europe__Berlin, "2026-03-28T00:00:00Z", 3);
        assert_eq!(berlin, ["03-28 02:30 +0100", "03-29 03:00 +0200", "03-30 02:30 +0200"]);
        let many = times("0,15,30 2 * * *", Tz::Europe__Berlin, "2026-03-28T12:00:00Z", 2);
        assert_eq!(many, ["03-29 03:00 +0200", "03-30 02:00 +0200"]);
    }

    #[test]
    fn an_hour_that_clocks_pass_twice_fires_once() {
        let berlin = times("30 2 * * *", Tz::Europe__Berlin, "2026-10-24T12:00:00Z", 2);
        assert_eq!(berlin, ["10-25 02:30 +0200", "10-26 02:30 +0100"]);
    }

    #[test]
    fn a_line_for_every_hour_keeps_its_pace_through_both() {
        let autumn = times("30 * * * *", Tz::Europe__Berlin, "2026-10-24T23:00:00Z", 4);
        assert_eq!(
            autumn,
            ["10-25 01:30 +0200", "10-25 02:30 +0200", "10-25 02:30 +0100", "10-25 03:30 +0100"]
        );
        let spring = times("30 * * * *", Tz::Europe__Berlin, "2026-03-29T00:00:00Z", 2);
        assert_eq!(spring, ["03-29 01:30 +0100", "03-29 03:30 +0200"]);
    }

    #[test]
    fn a_day_that_a_zone_left_out_fires_at_the_next() {
        let apia = times("0 5 * * *", Tz::Pacific__Apia, "2011-12-29T20:00:00Z", 2);
        assert_eq!(apia, ["12-31 00:00 +1400", "12-31 05:00 +1400"]);
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, problem) in [
            ("* * * *", "it has 4 fields, not 5"),
            ("0 * * * * *", "it has 6 fields, not 5"),
            ("@daily", "it has 1 field, not 5"),
            ("60 * * * *", "minute `60` is not within 0 to 59"),
            ("* * 0 * *", "day of month `0`"),
            ("* * * * 8", "day of week `8`"),
            ("*/0 * * * *", "step `0`"),
            ("5-1 * * * *", "runs backwards"),
            ("+5 * * * *", "minute `+5`"),
            ("* * L * *", "day of month `L`"),
            ("1,,2 * * * *", "minute ``"),
            ("99999999999999999999 * * * *", "minute `99999999999999999999`"),
            ("0 0 31 2 *", "it never fires"),
        ] {
            let error = Schedule::parse(line).unwrap_err().to_string();
            assert!(error.contains(problem), "{line}: {error}");
        }
    }

    fn item(low: u32, high: u32) -> impl Strategy<Value = String> {
        prop_oneof![
            (low..=high).prop_map(|value| value.to_string()),
            (low..=high, low..=high).prop_map(|(a, b)| format!("{}-{}", a.min(b), a.max(b))),
            (low..=high, low..=high, 1..=7_u32).prop_map(|(a, b, s)| format!(
                "{}-{}/{s}",
                a.min(b),
                a.max(b)
            )),
        ]
    }

    fn field(low: u32, high: u32) -> impl Strategy<Value = String> {
        prop_oneof![
            2 => Just("*".to_owned()),
            1 => (2..=9_u32).prop_map(|step| format!("*/{step}")),
            3 => prop::collection::vec(item(low, high), 1..4).prop_map(|items| items.join(",")),
        ]
    }

    proptest! {
        #[test]
        fn croner_says_the_same(
            fields in (field(0, 59), field(0, 23), field(1, 31), field(1, 12), field(0, 7)),
            start in 1_600_000_000_i64..2_000_000_000,
        ) {
            let line = format!("{} {} {} {} {}", fields.0, fields.1, fields.2, fields.3, fields.4);
            let oracle = line.parse::<croner::Cron>().unwrap();
            let ours = match Schedule::parse(&line) {
                Ok(ours) => ours,
                Err(error) => {
                    prop_assert!(error.to_string().contains("never fires"), "{}", error);
                    return Ok(());
                }
            };
            let mut at = Utc.timestamp_opt(start, 0).unwrap();
            for _ in 0..5 {
                let next = ours.next_after(&at);
                prop_assert_eq!(next, oracle.find_next_occurrence(&at, false).ok(), "{} after {}", line, at);
                let Some(next) = next else { break };
                at = next;
            }
        }

        #[test]
        fn no_text_makes_it_panic(line in "[-*/?,0-9a-zL# ]{0,30}") {
            drop(Schedule::parse(&line));
        }

        #[test]
        fn time_only_moves_forward(hour in 0..24_u32, minute in 0..60_u32, start in 1_600_000_000_i64..2_000_000_000) {
            let schedule = Schedule::parse(&format!("{minute} {hour} * * *")).unwrap();
            let at = Tz::America__New_York.timestamp_opt(start, 0).unwrap();
            let next = schedule.next_after(&at).unwrap();
            let after = schedule.next_after(&next).unwrap();
            prop_assert!(at < next && next < after);
            // Never twice on one day.
            prop_assert_ne!(next.date_naive(), after.date_naive());
        }
    }
}
