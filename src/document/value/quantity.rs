//! [`Quantity`]: amounts of resources, as Kubernetes writes them.

use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::ValueError;
use crate::document::diagnostic::quoted;

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

/// What quantities look like.
const QUANTITIES: &str = "`250m`, `64Mi` or `1.5Gi`";

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
            ValueError::new(format!("{} is not a quantity such as {QUANTITIES}{meant}", quoted(text)))
        };
        let too_large = || ValueError::new(format!("{} is more than Kubernetes can count", quoted(text)));
        let positive = text.strip_prefix('-').filter(|text| !text.starts_with('-'));
        if positive.is_some_and(|text| text.parse::<Self>().is_ok()) {
            return Err(ValueError::new(format!("{} is less than nothing", quoted(text))));
        }
        let split = text.find(|char: char| !(char.is_ascii_digit() || char == '.')).unwrap_or(text.len());
        let (number, suffix) = text.split_at(split);
        let (factor, binary) = unit(suffix).ok_or_else(wrong)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.len() > 9 || fraction.contains('.') {
            return Err(wrong());
        }
        if whole.len() > 19 {
            return Err(too_large());
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| wrong())? };
        let scale = 10_i128.pow(u32::try_from(fraction.len()).map_err(|_| wrong())?);
        let part: i128 = if fraction.is_empty() { 0 } else { fraction.parse().map_err(|_| wrong())? };
        let nanos = whole
            .checked_mul(factor)
            .and_then(|nanos| part.checked_mul(factor).and_then(|part| nanos.checked_add(part / scale)))
            .filter(|nanos| *nanos <= i128::from(i64::MAX) * NANOS)
            .ok_or_else(too_large)?;
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

text_form!(Quantity, "Quantity", "a quantity such as `64Mi`", {"type": ["string", "number"], "examples": ["250m", "64Mi", "1.5Gi"]});

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
}
