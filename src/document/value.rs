//! Scalars with a meaning: [`Quantity`], [`Duration`], [`IntOrPercent`] and [`Scalar`].
//!
//! Each is parsed from text, knows its canonical form, and serialises as that form.

use std::fmt;
use std::str::FromStr;
use std::time;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Any scalar, exactly as it was written: `1_000`, `on`, `0x1f` and `1.10` stay what they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scalar(pub String);

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is wrong with a scalar's text; the message says what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ValueError {
    message: String,
}

impl ValueError {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

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

const DURATION_UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

impl FromStr for Duration {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            let bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let unit = if bare { format!("; in seconds it is `{text}s`") } else { String::new() };
            ValueError::new(format!("`{text}` is not a duration such as `30s`, `10m` or `1h30m`{unit}"))
        };
        let mut seconds = 0_u64;
        let mut digits = String::new();
        let mut units = DURATION_UNITS.iter();
        for char in text.chars() {
            if char.is_ascii_digit() {
                digits.push(char);
                continue;
            }
            let (_, factor) = units.find(|(unit, _)| *unit == char).ok_or_else(wrong)?;
            let count: u64 = digits.parse().map_err(|_| wrong())?;
            seconds =
                count.checked_mul(*factor).and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
            digits.clear();
        }
        // A bare `0` is as good as `0s`; any other number would leave its unit to guesswork.
        if text.is_empty() || !(digits.is_empty() || text == "0") || seconds > 10 * 365 * 86_400 {
            return Err(wrong());
        }
        Ok(Self(seconds))
    }
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

impl FromStr for Milliseconds {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || ValueError::new(format!("`{text}` is not a duration such as `300ms`, `5s` or `1m30s`"));
        // PostgreSQL keeps timeouts in 32 bits of milliseconds.
        let limit = |milliseconds: u64| i32::try_from(milliseconds).is_ok().then_some(Self(milliseconds));
        match text.strip_suffix("ms") {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().and_then(limit).ok_or_else(wrong)
            }
            Some(_) => Err(wrong()),
            None => {
                let duration: Duration = text.parse().map_err(|_| wrong())?;
                duration.as_secs().checked_mul(1_000).and_then(limit).ok_or_else(wrong)
            }
        }
    }
}

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000) { Duration(self.0 / 1_000).fmt(f) } else { write!(f, "{}ms", self.0) }
    }
}

/// A Kubernetes resource quantity in its canonical form: `1Gi` for `1024Mi`, `50m` for `0.05`.
///
/// Source: k8s.io/apimachinery `resource.Quantity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    /// Value in units of 10^-9.
    nanos: i128,
    binary: bool,
}

const NANOS: i128 = 1_000_000_000;
const MILLI: i128 = 1_000_000;
const DECIMAL: [(&str, i128); 10] = [
    ("E", 1_000_000_000_000_000_000 * NANOS),
    ("P", 1_000_000_000_000_000 * NANOS),
    ("T", 1_000_000_000_000 * NANOS),
    ("G", 1_000_000_000 * NANOS),
    ("M", 1_000_000 * NANOS),
    ("k", 1_000 * NANOS),
    ("", NANOS),
    ("m", MILLI),
    ("u", 1_000),
    ("n", 1),
];
const BINARY: [(&str, i128); 6] = [
    ("Ei", (1 << 60) * NANOS),
    ("Pi", (1 << 50) * NANOS),
    ("Ti", (1 << 40) * NANOS),
    ("Gi", (1 << 30) * NANOS),
    ("Mi", (1 << 20) * NANOS),
    ("Ki", (1 << 10) * NANOS),
];

impl Quantity {
    /// A quantity of so many bytes, shown with binary suffixes.
    pub const fn from_bytes(bytes: i64) -> Self {
        Self { nanos: bytes as i128 * NANOS, binary: true }
    }

    /// A quantity of so many thousandths.
    pub const fn from_millis(millis: i64) -> Self {
        Self { nanos: millis as i128 * 1_000_000, binary: false }
    }

    /// Twice as much.
    #[must_use]
    pub const fn doubled(self) -> Self {
        Self { nanos: self.nanos * 2, binary: self.binary }
    }

    /// The sum, in the form of `self`.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { nanos: self.nanos + other.nanos, binary: self.binary }
    }

    /// Without a part of one.
    pub const fn is_whole(self) -> bool {
        self.nanos % NANOS == 0
    }

    /// Greater than zero.
    pub const fn is_positive(self) -> bool {
        self.nanos > 0
    }
}

impl FromStr for Quantity {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || {
            let meant = meant_quantity(text).map(|meant| format!("; write `{meant}`")).unwrap_or_default();
            ValueError::new(format!("`{text}` is not a quantity such as `250m`, `64Mi` or `1.5Gi`{meant}"))
        };
        let split = text.find(|char: char| !(char.is_ascii_digit() || char == '.')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(split);
        let (factor, binary) = unit(suffix).ok_or_else(wrong)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty())
            || whole.len() > 19
            || fraction.len() > 9
            || fraction.contains('.')
        {
            return Err(wrong());
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong())? };
        let scale = 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| wrong())?);
        let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| wrong())? };
        let nanos = whole
            .checked_mul(factor)
            .and_then(|nanos| part.checked_mul(factor).and_then(|part| nanos.checked_add(part / scale)))
            .filter(|nanos| *nanos <= i128::from(i64::MAX) * NANOS)
            .ok_or_else(wrong)?;
        // Up, as the API server's defaults do with what is finer than a thousandth. Binary suffixes are those of
        // bytes, of which `1.3Gi` is meant to be a whole number.
        let grain = if binary { NANOS } else { MILLI };
        Ok(Self { nanos: (nanos + grain - 1) / grain * grain, binary })
    }
}

/// `64Mi` for `64MiB`, `64mib` or `64 Mi`, and `64M` for `64MB`.
fn meant_quantity(text: &str) -> Option<String> {
    let split = text.find(|char: char| !(char.is_ascii_digit() || char == '.'))?;
    let (number, suffix) = text.split_at_checked(split)?;
    let letters = suffix.trim().to_ascii_lowercase();
    let letters = letters.strip_suffix('b').unwrap_or(&letters);
    let known = BINARY
        .iter()
        .chain(&DECIMAL)
        .map(|(name, _)| *name)
        .filter(|name| !matches!(*name, "" | "m" | "u" | "n"));
    let name = known.into_iter().find(|name| name.eq_ignore_ascii_case(letters))?;
    (!number.is_empty()).then(|| format!("{number}{name}"))
}

fn unit(suffix: &str) -> Option<(i128, bool)> {
    if let Some((_, factor)) = BINARY.iter().find(|(name, _)| *name == suffix) {
        return Some((*factor, true));
    }
    if let Some((_, factor)) = DECIMAL.iter().find(|(name, _)| *name == suffix) {
        return Some((*factor, false));
    }
    let exponent: u32 = suffix.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((10_i128.checked_pow(exponent).filter(|_| exponent <= 18)? * NANOS, false))
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Binary suffixes only from 1Ki up and only for whole multiples, as the API server does it.
        if self.binary
            && self.nanos >= 1024 * NANOS
            && let Some((name, factor)) = BINARY.iter().find(|(_, factor)| self.nanos % factor == 0)
        {
            return write!(f, "{}{name}", self.nanos / factor);
        }
        let (name, factor) = DECIMAL
            .iter()
            .find(|(_, factor)| self.nanos != 0 && self.nanos % factor == 0)
            .copied()
            .unwrap_or(("", NANOS));
        write!(f, "{}{name}", self.nanos / factor)
    }
}

/// A count, or a share of the replicas such as `25%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IntOrPercent {
    /// A count.
    Int(u16),
    /// 0 to 100.
    Percent(u8),
}

impl FromStr for IntOrPercent {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed = match text.strip_suffix('%') {
            Some(number) => number.parse().ok().filter(|share| *share <= 100).map(IntOrPercent::Percent),
            None => text.parse().ok().map(IntOrPercent::Int),
        };
        parsed.ok_or_else(|| {
            ValueError::new(format!("`{text}` is neither a count such as `1` nor a share such as `25%`"))
        })
    }
}

impl fmt::Display for IntOrPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrPercent::Int(count) => write!(f, "{count}"),
            IntOrPercent::Percent(share) => write!(f, "{share}%"),
        }
    }
}

macro_rules! text_form {
    ($type:ty, $name:literal, $schema:tt) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

text_form!(Duration, "Duration", {"type": "string", "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["30s", "10m", "1h30m"]});
text_form!(Milliseconds, "Milliseconds", {"type": "string", "pattern": "^([0-9]+ms|([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?)$", "examples": ["300ms", "5s"]});
text_form!(Quantity, "Quantity", {"type": ["string", "number"], "examples": ["250m", "64Mi", "1.5Gi"]});
text_form!(IntOrPercent, "IntOrPercent", {"type": ["string", "integer"], "examples": [1, "25%"]});

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "number", "boolean"]})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_take_the_form_that_the_api_server_stores() {
        for (written, canonical) in [
            ("1024Mi", "1Gi"),
            ("1.5Gi", "1536Mi"),
            ("0.05", "50m"),
            ("1000m", "1"),
            ("1500m", "1500m"),
            ("64Mi", "64Mi"),
            ("1e3", "1k"),
            ("0", "0"),
            ("512", "512"),
            ("100M", "100M"),
            (".5", "500m"),
            ("1.3Gi", "1395864372"),
            ("1.00000002Gi", "1073741846"),
            ("0.9765625Mi", "1000Ki"),
            ("1001.953125Ki", "1026k"),
            ("0.1Ki", "103"),
            ("1u", "1m"),
            ("0.0001", "1m"),
        ] {
            assert_eq!(
                written.parse::<Quantity>().map(|q| q.to_string()),
                Ok(canonical.to_owned()),
                "{written}"
            );
        }
    }

    #[test]
    fn texts_that_are_no_quantity_are_refused() {
        for text in ["", "Mi", "1 Gi", "1gb", "-1", "1..2", "1K", "1e99", "99999999999999999999"] {
            assert!(text.parse::<Quantity>().is_err(), "{text}");
        }
    }

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

    #[test]
    fn shares_stop_at_a_hundred_percent() {
        assert_eq!("25%".parse(), Ok(IntOrPercent::Percent(25)));
        assert_eq!("3".parse(), Ok(IntOrPercent::Int(3)));
        assert!("101%".parse::<IntOrPercent>().is_err());
        assert!("-1".parse::<IntOrPercent>().is_err());
    }
}
