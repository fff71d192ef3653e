//! [`Duration`] and [`Milliseconds`]: spans of time with their units.

use std::fmt;
use std::str::FromStr;
use std::time;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::ValueError;
use crate::document::diagnostic::quoted;

/// A span of time in whole seconds, written as `90s`, `10m`, `1h30m`, `2d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

impl Duration {
    /// A duration of so many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Whole seconds.
    pub const fn as_secs(self) -> u64 {
        self.0
    }
}

impl From<Duration> for time::Duration {
    fn from(duration: Duration) -> Self {
        time::Duration::from_secs(duration.0)
    }
}

/// What durations look like.
const DURATIONS: &str = "`30s`, `10m` or `1h30m`";
/// Ten years, in seconds.
const LONGEST: u64 = 10 * 365 * 86_400;
const DURATION_UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl FromStr for Duration {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            let meant = meant_duration(text).map(|meant| format!("; write {meant}")).unwrap_or_default();
            ValueError::new(format!("{} is not a duration such as {DURATIONS}{meant}", quoted(text)))
        };
        let too_long = || ValueError::new(format!("{} is longer than 10 years", quoted(text)));
        let mut seconds = 0_u64;
        let mut digits = String::new();
        let mut units = DURATION_UNITS.iter();
        for char in text.chars() {
            if char.is_ascii_digit() {
                digits.push(char);
                continue;
            }
            let (_, factor) = units.find(|(unit, _)| *unit == char).ok_or_else(wrong)?;
            if digits.is_empty() {
                return Err(wrong());
            }
            let count: u64 = digits.parse().map_err(|_| too_long())?;
            seconds =
                count.checked_mul(*factor).and_then(|part| seconds.checked_add(part)).ok_or_else(too_long)?;
            digits.clear();
        }
        // A bare `0` is as good as `0s`; any other number would leave its unit to guesswork.
        if text.is_empty() || !(digits.is_empty() || text == "0") {
            return Err(wrong());
        }
        if seconds > LONGEST {
            return Err(too_long());
        }
        Ok(Self(seconds))
    }
}

/// What to write: `10s` for `10`, `10m` for `10 m`, `1h30m` for `1.5h`.
fn meant_duration(text: &str) -> Option<String> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("`{text}s` for seconds"));
    }
    let compact: String = text.chars().filter(|char| *char != ' ').collect();
    if compact != text && compact.parse::<Duration>().is_ok() {
        return Some(format!("`{compact}`"));
    }
    let unit = text.chars().next_back()?;
    let (_, factor) = DURATION_UNITS.iter().find(|(name, _)| *name == unit)?;
    let (whole, tenths) = text.strip_suffix(unit)?.split_once('.')?;
    let (whole, tenths): (u64, u64) = match tenths.len() {
        1 => (whole.parse().ok()?, tenths.parse().ok()?),
        _ => return None,
    };
    let seconds = whole.checked_mul(*factor)?.checked_add(tenths * factor / 10)?;
    (seconds > 0 && seconds <= LONGEST).then(|| format!("`{}`", Duration(seconds)))
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (unit, factor) in DURATION_UNITS {
            if rest >= factor {
                write!(f, "{}{unit}", rest / factor)?;
                rest %= factor;
            }
        }
        Ok(())
    }
}

/// A span of time in whole milliseconds, written as a [`Duration`] or as `300ms`: for database timeouts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Milliseconds(u64);

impl Milliseconds {
    /// A span of so many milliseconds.
    pub const fn new(milliseconds: u64) -> Self {
        Self(milliseconds)
    }

    /// Whole milliseconds.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// What timeouts look like.
const TIMEOUTS: &str = "`300ms`, `5s` or `1m30s`";

impl FromStr for Milliseconds {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            let meant = meant_duration(text).map(|meant| format!("; write {meant}")).unwrap_or_default();
            ValueError::new(format!("{} is not a duration such as {TIMEOUTS}{meant}", quoted(text)))
        };
        let too_long = || ValueError::new(format!("{} is longer than PostgreSQL's 24 days", quoted(text)));
        // PostgreSQL keeps timeouts in 32 bits of milliseconds.
        let limit = |milliseconds: u64| i32::try_from(milliseconds).is_ok().then_some(Self(milliseconds));
        match text.strip_suffix("ms") {
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().and_then(limit).ok_or_else(too_long)
            }
            Some(_) => Err(wrong()),
            None => {
                let duration: Duration = text.parse().map_err(|_| wrong())?;
                duration.as_secs().checked_mul(1_000).and_then(limit).ok_or_else(too_long)
            }
        }
    }
}

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000) { Duration(self.0 / 1_000).fmt(f) } else { write!(f, "{}ms", self.0) }
    }
}

text_form!(Duration, "Duration", "a duration such as `10m`", {"type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["30s", "10m", "1h30m"]});
text_form!(Milliseconds, "Milliseconds", "a duration such as `300ms`", {"type": "string", "pattern": "^([0-9]+ms|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$", "examples": ["300ms", "5s"]});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_in_the_same_form() {
        for (text, seconds) in [("30s", 30), ("10m", 600), ("1h30m", 5_400), ("2d", 172_800), ("0s", 0)] {
            let duration: Duration = text.parse().unwrap();
            assert_eq!((duration.as_secs(), duration.to_string().as_str()), (seconds, text));
        }
        for text in ["", "10", "s", "5m5h", "1.5h", "-3s", "10 m", "99999999999d"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }

    #[test]
    fn timeouts_have_milliseconds() {
        for (text, milliseconds) in
            [("300ms", 300), ("5s", 5_000), ("1m30s", 90_000), ("0s", 0), ("1500ms", 1_500)]
        {
            let timeout: Milliseconds = text.parse().unwrap();
            assert_eq!((timeout.get(), timeout.to_string().as_str()), (milliseconds, text));
        }
        for text in ["", "ms", "300", "1.5ms", "-1ms", "9d9d", "99999999999ms", "60d"] {
            assert!(text.parse::<Milliseconds>().is_err(), "{text}");
        }
    }
}
