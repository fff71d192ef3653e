//! Sizes and times as compose writes them.

use crate::document::{Duration, Quantity};

/// Bytes: `64m`, `1.5gb`, `1024`. The units are powers of 1024.
/// Source: docker/go-units `RAMInBytes`.
pub(super) fn bytes(text: &str) -> Option<Quantity> {
    let text = text.trim().to_ascii_lowercase();
    let split = text.find(|char: char| !(char.is_ascii_digit() || char == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(split)?;
    let factor: u32 = match unit.trim() {
        "" | "b" => 0,
        "k" | "kb" | "ki" | "kib" => 10,
        "m" | "mb" | "mi" | "mib" => 20,
        "g" | "gb" | "gi" | "gib" => 30,
        "t" | "tb" | "ti" | "tib" => 40,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: i64 = whole.parse().ok()?;
    let mut bytes = whole.checked_mul(1_i64.checked_shl(factor)?)?;
    if !fraction.is_empty() {
        let digits: i64 = fraction.get(..fraction.len().min(6))?.parse().ok()?;
        let scale = 10_i64.checked_pow(u32::try_from(fraction.len().min(6)).ok()?)?;
        bytes = bytes.checked_add(digits.checked_mul(1_i64.checked_shl(factor)?)? / scale)?;
    }
    (bytes > 0).then(|| Quantity::from_bytes(bytes))
}

/// A span of time: `1m30s`, `500ms`; in whole seconds, rounded up.
/// Source: Go `time.ParseDuration`.
pub(super) fn seconds(text: &str) -> Option<Duration> {
    let mut micros: u64 = 0;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let split = rest.find(|char: char| !(char.is_ascii_digit() || char == '.'))?;
        let (number, tail) = rest.split_at_checked(split)?;
        let end = tail.find(|char: char| char.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(end)?;
        let factor: u64 = match unit {
            "us" | "µs" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let whole: u64 = whole.parse().ok()?;
        micros = micros.checked_add(whole.checked_mul(factor)?)?;
        let fraction = fraction.get(..fraction.len().min(6))?;
        if !fraction.is_empty() {
            let digits: u64 = fraction.parse().ok()?;
            let scale = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
            micros = micros.checked_add(digits.checked_mul(factor)? / scale)?;
        }
        rest = tail;
    }
    // The longest that a document takes.
    Some(micros.div_ceil(1_000_000)).filter(|seconds| *seconds <= 10 * 365 * 86_400).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, expected) in [
            ("64m", "64Mi"),
            ("1.5G", "1536Mi"),
            ("512MB", "512Mi"),
            ("1024", "1Ki"),
            ("2kb", "2Ki"),
            ("1b", "1"),
        ] {
            assert_eq!(bytes(text).unwrap().to_string(), expected, "{text}");
        }
        for text in ["", "m", "-1m", "1x", "0", "99999999999999999999g", "1..2m", "é"] {
            assert_eq!(bytes(text), None, "{text}");
        }
    }

    #[test]
    fn times_are_whole_seconds() {
        for (text, expected) in
            [("1m30s", 90), ("500ms", 1), ("1.5s", 2), ("1h", 3600), ("0s", 0), ("1m1us", 61)]
        {
            assert_eq!(seconds(text), Some(Duration::from_secs(expected)), "{text}");
        }
        for text in ["", "5", "s", "1d", "1s2", "99999999999999h", "-1s", "1é"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
