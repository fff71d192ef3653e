//! Scalars of Kubernetes' objects: what is written, against what the field takes.
//!
//! A plain scalar that YAML readers take for a number or a boolean is no text here: `kubectl` would refuse it, and
//! what `1.10` or `on` mean should not depend on who reads.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::types::Shape;
use super::walk::Spot;
use crate::document::decode::{decimal, meant};
use crate::document::diagnostic::shown;
use crate::document::node::{Node, Style, Value};
use crate::document::{Code, Diagnostic, Quantity};

/// What is wrong with a node where a scalar of this shape is expected. Null is for the caller to judge.
pub(super) fn check(shape: &Shape, node: &Node, spot: Spot<'_>) -> Option<Diagnostic> {
    let expected = expected(shape);
    let Value::Scalar { text, style } = &node.value else {
        return Some(spot.error(Code::KubernetesType, format!("must be {expected}, not {}", node.kind())));
    };
    let plain = *style == Style::Plain;
    match shape {
        Shape::Text => self::text(text, plain, spot),
        Shape::Boolean => boolean(text, plain, spot),
        Shape::Int32 => integer(text, plain, spot, i128::from(i32::MIN), i128::from(i32::MAX)),
        Shape::Int64 => integer(text, plain, spot, i128::from(i64::MIN), i128::from(i64::MAX)),
        Shape::Bytes => bytes(text, plain, spot),
        Shape::Time => time(text, spot),
        Shape::Quantity => quantity(text, spot),
        Shape::IntOrText => int_or_text(text, plain, spot),
        Shape::Any | Shape::Status | Shape::List(_) | Shape::Map(_) | Shape::Of(_) => {
            Some(spot.error(Code::KubernetesType, format!("must be {expected}, not {}", node.kind())))
        }
    }
}

/// What to call a shape in a message.
pub(super) fn expected(shape: &Shape) -> &'static str {
    match shape {
        Shape::Text => "a text",
        Shape::Boolean => "`true` or `false`",
        Shape::Int32 | Shape::Int64 => "a whole number",
        Shape::Bytes => "a text in base64",
        Shape::Time => "a time",
        Shape::Quantity => "a quantity",
        Shape::IntOrText => "a whole number or a text",
        Shape::List(_) => "a list",
        Shape::Any | Shape::Status | Shape::Map(_) | Shape::Of(_) => "a map",
    }
}

fn text(text: &str, plain: bool, spot: Spot<'_>) -> Option<Diagnostic> {
    let read = reads_as(text).filter(|_| plain)?;
    let message = format!("must be a text, but `{}` is read as {read}", shown(text));
    Some(spot.error(Code::KubernetesType, message).help(spot.write(&format!("\"{}\"", shown(text)))))
}

/// What others read a plain scalar as, if not as a text: YAML 1.1 and 1.2 together.
fn reads_as(text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "true" | "false" | "yes" | "no" | "on" | "off") {
        return Some("a boolean");
    }
    let digits = lower.trim_start_matches(['-', '+']);
    let number = match digits.strip_prefix('0').and_then(|rest| rest.split_at_checked(1)) {
        Some(("x", hex)) => {
            !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
        }
        Some(("o" | "b", rest)) => !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()),
        _ => {
            matches!(digits, ".inf" | ".nan")
                || (digits.starts_with(|char: char| char.is_ascii_digit() || char == '.')
                    && digits.replace('_', "").parse::<f64>().is_ok())
        }
    };
    number.then_some("a number")
}

fn boolean(text: &str, plain: bool, spot: Spot<'_>) -> Option<Diagnostic> {
    if plain && matches!(text, "true" | "false") {
        return None;
    }
    let found = if plain { format!("`{}`", shown(text)) } else { format!("the text \"{}\"", shown(text)) };
    let message = format!("must be `true` or `false`, not {found}");
    let meant = match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "1" => Some("true"),
        "false" | "no" | "off" | "n" | "0" => Some("false"),
        _ => None,
    };
    let quotes = if meant == Some(text) { " without quotes" } else { "" };
    let help = meant.map(|meant| format!("{}{quotes}", spot.write(meant)));
    Some(spot.error(Code::KubernetesType, message).maybe_help(help))
}

fn integer(text: &str, plain: bool, spot: Spot<'_>, min: i128, max: i128) -> Option<Diagnostic> {
    let number = decimal(text);
    if plain && number.is_some_and(|number| (min..=max).contains(&number)) {
        return None;
    }
    let found = if plain { format!("`{}`", shown(text)) } else { format!("the text \"{}\"", shown(text)) };
    let message = match number {
        Some(_) if plain => format!("must be a whole number from {min} to {max}, not {found}"),
        Some(_) | None => format!("must be a whole number, not {found}"),
    };
    let help = match (number, meant(text)) {
        (Some(_), _) if !plain => Some(format!("{} without quotes", spot.write(&shown(text)))),
        (None, Some(meant)) => Some(spot.write(&meant.to_string())),
        (Some(_) | None, _) => None,
    };
    Some(spot.error(Code::KubernetesType, message).maybe_help(help))
}

fn bytes(text: &str, plain: bool, spot: Spot<'_>) -> Option<Diagnostic> {
    if let Some(problem) = self::text(text, plain, spot) {
        return Some(problem);
    }
    // Line breaks within are the custom of those who write it by hand.
    let joined: String = text.chars().filter(|char| !matches!(char, '\n' | '\r')).collect();
    if STANDARD.decode(joined).is_ok() {
        return None;
    }
    let message = format!("must be a text in base64, not `{}`", shown(text));
    Some(
        spot.error(Code::KubernetesType, message)
            .help("encode it; in a Secret, `stringData` takes the text as it is"),
    )
}

fn time(text: &str, spot: Spot<'_>) -> Option<Diagnostic> {
    // The parser takes more than RFC 3339, such as a space in the middle.
    let strict = text.as_bytes().get(10) == Some(&b'T') && text.len() >= "2006-01-02T15:04:05Z".len();
    if strict && text.parse::<jiff::Timestamp>().is_ok() {
        return None;
    }
    let message = format!("must be a time, not `{}`", shown(text));
    Some(spot.error(Code::KubernetesType, message).help("write it as in `2026-01-31T12:00:00Z` (RFC 3339)"))
}

fn quantity(text: &str, spot: Spot<'_>) -> Option<Diagnostic> {
    if is_quantity(text) {
        return None;
    }
    let message = format!("must be a quantity, not `{}`", shown(text));
    let help = match text.parse::<Quantity>().map_err(|error| error.to_string()) {
        Err(error) if error.contains("; write ") => error.rsplit("; ").next().unwrap_or_default().to_owned(),
        Ok(_) | Err(_) => "write it as in `250m`, `64Mi` or `1.5Gi`".to_owned(),
    };
    Some(spot.error(Code::KubernetesType, message).help(help))
}

/// The whole grammar, of which [`Quantity`] reads what people write. Exponents end at 99: on one of ten digits the API
/// server works for minutes, and takes all memory there is.
///
/// Source: k8s.io/apimachinery `resource.Quantity`.
fn is_quantity(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let split = unsigned.find(|char: char| !(char.is_ascii_digit() || char == '.')).unwrap_or(unsigned.len());
    let (number, suffix) = unsigned.split_at(split);
    let number = number.bytes().any(|byte| byte.is_ascii_digit()) && number.matches('.').count() <= 1;
    let exponent = suffix.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix(['-', '+']).unwrap_or(rest));
    let suffix = matches!(
        suffix,
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi" | "Ei"
    ) || exponent.is_some_and(|digits| {
        matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    number && suffix
}

/// A number in quotes is always a mistake: as a text it would be a name or a share, and it is neither.
fn int_or_text(text: &str, plain: bool, spot: Spot<'_>) -> Option<Diagnostic> {
    let number = decimal(text);
    match (number, plain) {
        (Some(_), true) => integer(text, plain, spot, i128::from(i32::MIN), i128::from(i32::MAX)),
        (Some(_), false) => {
            let message = format!("must be a whole number or a name, not the text \"{}\"", shown(text));
            let help = format!("{} without quotes", spot.write(&shown(text)));
            Some(spot.error(Code::KubernetesType, message).help(help))
        }
        (None, true) => self::text(text, plain, spot),
        (None, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_those_of_the_api_server() {
        for good in [
            "1", "0.5", ".5", "1.", "250m", "64Mi", "1e3", "1E3", "1e-3", "-1", "+1", "5E", "100n", "1.5Gi",
            "1e99",
        ] {
            assert!(is_quantity(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "Mi",
            "1 Gi",
            "1gb",
            "1K",
            "1..2",
            "1e",
            "e3",
            "0x1",
            "64MB",
            "--1",
            "1mi",
            "1e100",
            "1e-1000000000",
        ] {
            assert!(!is_quantity(bad), "{bad}");
        }
    }

    #[test]
    fn plain_scalars_that_others_read_as_something_else_are_no_texts() {
        for number in
            ["8080", "-1", "1.10", ".5", "1e3", "0x1f", "0o17", "017", "1_000", ".inf", "-.inf", "+1"]
        {
            assert_eq!(reads_as(number), Some("a number"), "{number}");
        }
        for boolean in ["true", "False", "yes", "NO", "on", "Off"] {
            assert_eq!(reads_as(boolean), Some("a boolean"), "{boolean}");
        }
        for text in
            ["a", "1.2.3", "12:30", "2024-01-01", "1h", "0xg", "-", ".", "inf", "nan", "y", "25%", "", "e3"]
        {
            assert_eq!(reads_as(text), None, "{text}");
        }
    }
}
