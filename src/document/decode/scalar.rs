//! Scalars: each is what the asking type wants it to be, strictly, or an error that says what to write.

use serde::de::Expected;

use super::error::DecodeError;
use super::reader::{EMPTY, Reader};
use crate::document::Code;
use crate::document::diagnostic::{did_you_mean, one_of, shown};
use crate::document::node::Style;

/// What serde's own texts say that they expect.
const ANY_TEXT: &str = "a string";

impl<'n> Reader<'n> {
    /// Stands in for something that is missing; what is given for it need only be of the type.
    pub(super) fn is_stand_in(&self) -> bool {
        std::ptr::eq(self.node, &raw const EMPTY)
    }

    /// A text, or what the type makes of one.
    pub(super) fn text(&self, expected: &dyn Expected) -> Result<&'n str, DecodeError> {
        match self.node.text() {
            Some(text) if !self.is_stand_in() => Ok(text),
            Some(empty) if expected.to_string() == ANY_TEXT => Ok(empty),
            Some(_) => Ok("0"),
            None => Err(match expected.to_string().as_str() {
                ANY_TEXT => self.wrong("a text"),
                expected => self.wrong(expected),
            }),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, DecodeError> {
        const EXPECTED: &str = "`true` or `false`";
        let Some((text, style)) = self.node.scalar() else { return Err(self.wrong(EXPECTED)) };
        match (text, style) {
            ("true", Style::Plain) => Ok(true),
            ("false", Style::Plain) => Ok(false),
            (text, style) => {
                let name = self.name;
                let message = format!("{name} must be {EXPECTED}, not {}", written(text, style));
                let meant = match text.to_ascii_lowercase().as_str() {
                    "true" | "yes" | "on" | "y" | "1" => Some("true"),
                    "false" | "no" | "off" | "n" | "0" => Some("false"),
                    _ => None,
                };
                let quotes = if meant == Some(text) { " without quotes" } else { "" };
                let help = meant.map(|meant| format!("{}{quotes}", name.write(meant)));
                Err(DecodeError::wrong(Code::InvalidBoolean, message).maybe_help(help))
            }
        }
    }

    pub(super) fn integer<T: TryFrom<i128>>(&self, min: i128, max: i128) -> Result<T, DecodeError> {
        const EXPECTED: &str = "a whole number";
        if self.is_stand_in() {
            return T::try_from(0).map_err(|_| self.wrong(EXPECTED));
        }
        let Some((text, style)) = self.node.scalar() else { return Err(self.wrong(EXPECTED)) };
        let (number, name) = (decimal(text), self.name);
        let in_range = number.filter(|number| style == Style::Plain && (min..=max).contains(number));
        if let Some(Ok(value)) = in_range.map(T::try_from) {
            return Ok(value);
        }
        let (range, help) = match (number, meant(text)) {
            (Some(number), _) if style != Style::Plain => {
                (String::new(), Some(format!("{} without quotes", name.write(number))))
            }
            (None, Some(meant)) => (String::new(), Some(name.write(meant))),
            (None, None) if text.len() > 1 && text.starts_with('0') && is_digits(text) => (
                String::new(),
                Some("leave the zero in front away: older YAML takes it for octal".to_owned()),
            ),
            // A number of so many digits that it is not even read as one.
            (None, None) if !is_digits(text) => (String::new(), None),
            (Some(_) | None, _) => (format!(" from {min} to {max}"), None),
        };
        let message = format!("{name} must be {EXPECTED}{range}, not {}", written(text, style));
        Err(DecodeError::wrong(Code::InvalidNumber, message).maybe_help(help))
    }

    /// One of some texts.
    pub(super) fn choice(&self, choices: &'static [&'static str]) -> Result<&'n str, DecodeError> {
        if let (true, Some(first)) = (self.is_stand_in(), choices.first()) {
            return Ok(first);
        }
        let expected = one_of(choices.iter().copied());
        match self.node.scalar() {
            None => Err(self.wrong(&expected)),
            Some((text, _)) if choices.contains(&text) => Ok(text),
            Some((text, style)) => {
                let message = format!("{} must be {expected}, not {}", self.name, written(text, style));
                let help = did_you_mean(text, choices.iter().copied());
                Err(DecodeError::wrong(Code::UnknownValue, message).maybe_help(help))
            }
        }
    }
}

/// A scalar as it is quoted in a message: what has quotes around it is no number, whatever is in it.
fn written(text: &str, style: Style) -> String {
    match style {
        _ if text.is_empty() => "an empty text".to_owned(),
        Style::Plain => format!("`{}`", shown(text)),
        Style::Quoted | Style::Block => format!("the text \"{}\"", shown(text)),
    }
}

/// A decimal number without a leading zero, which in older YAML would make it octal.
pub(in crate::document) fn decimal(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    (is_digits(digits) && (digits == "0" || !digits.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A decimal number with a point, as JSON writes it.
pub(in crate::document) fn fraction(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.')?;
    (is_digits(whole) && is_digits(part)).then(|| text.parse().ok()).flatten()
}

/// The decimal number that somebody probably meant.
pub(in crate::document) fn meant(text: &str) -> Option<i128> {
    let text = text.to_ascii_lowercase();
    if let Some(hex) = text.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok().map(i128::from);
    }
    if let Some(octal) = text.strip_prefix("0o") {
        return i64::from_str_radix(octal, 8).ok().map(i128::from);
    }
    let plain = text.replace(['_', ','], "");
    let plain = plain.strip_suffix(".0").or(plain.strip_suffix('%')).unwrap_or(&plain);
    decimal(plain)
}
