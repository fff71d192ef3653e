//! Objects of kinds that are not Kubernetes' own. What type a field has is known in the cluster only, so what is
//! written must be the same to whoever reads it: YAML 1.1, which kubectl's reader comes from, and YAML 1.2.
//!
//! Sources: yaml.org/type for 1.1, chapter 10.3 of the YAML specification for 1.2.

use serde_json::{Number, Value as Json};

use super::types::structure;
use super::walk::{MOST_PROBLEMS, Spot, item_place};
use crate::document::decode::{decimal, fraction};
use crate::document::diagnostic::shown;
use crate::document::node::{Node, Style, Value};
use crate::document::{Code, Diagnostic, Span};

/// Whether a node is an object of a kind that is not Kubernetes' own.
pub(in crate::document) fn is_foreign(node: &Node) -> bool {
    let text = |key| node.get(key).and_then(Node::text);
    matches!((text("apiVersion"), text("kind")), (Some(version), Some(kind)) if super::kind(version, kind).is_none())
}

/// Whether a kind of this name is somebody else's for sure.
pub(in crate::document) fn is_foreign_kind(name: &str) -> bool {
    !structure().kinds().any(|kind| kind.name == name)
}

/// What a plain scalar means where nothing is known of its field.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::document) enum Plain {
    /// A text.
    Text,
    /// This number or boolean.
    Value(Json),
    /// It depends on who reads; a number or boolean to some, which could be written so.
    Torn(&'static str, Option<Json>),
}

/// What everybody reads a plain scalar as that is not null.
pub(in crate::document) fn plain(text: &str) -> Plain {
    let lower = text.to_ascii_lowercase();
    match (text, lower.as_str()) {
        ("true" | "True" | "TRUE", _) => return Plain::Value(Json::Bool(true)),
        ("false" | "False" | "FALSE", _) => return Plain::Value(Json::Bool(false)),
        (_, "true" | "yes" | "on" | "y") => return Plain::Torn("boolean", Some(Json::Bool(true))),
        (_, "false" | "no" | "off" | "n") => return Plain::Torn("boolean", Some(Json::Bool(false))),
        _ => {}
    }
    let (minus, unsigned) = match lower.strip_prefix(['-', '+']) {
        Some(rest) => (lower.starts_with('-'), rest),
        None => (false, lower.as_str()),
    };
    if matches!(unsigned, ".inf" | ".nan") {
        return Plain::Torn("number", None);
    }
    let digits = unsigned.replace('_', "");
    let whole = |digits: &str, radix: u32| {
        let number = i128::from_str_radix(digits, radix).ok().filter(|_| !digits.starts_with(['-', '+']))?;
        number_of(if minus { -number } else { number })
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        // Neither of both takes a capital X; 1.2 takes no sign, and no `_`.
        let same = hex.len() + 2 == text.len() && text.starts_with("0x");
        let number = whole(hex, 16);
        return match number {
            Some(number) if same => Plain::Value(number),
            Some(number) => Plain::Torn("number", Some(number)),
            None if !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
                Plain::Torn("number", None)
            }
            None => Plain::Text,
        };
    }
    for (prefix, radix) in [("0o", 8), ("0b", 2)] {
        if let Some(number) = digits.strip_prefix(prefix).and_then(|rest| whole(rest, radix)) {
            return Plain::Torn("number", Some(number));
        }
    }
    let same = digits == unsigned;
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match decimal(&digits) {
            Some(_) if !unsigned.starts_with(|char: char| char.is_ascii_digit()) => Plain::Text,
            Some(number) => match number_of(if minus { -number } else { number }) {
                Some(number) if same => Plain::Value(number),
                number => Plain::Torn("number", number),
            },
            None => Plain::Torn("number", whole(&digits, 8).or_else(|| whole(&digits, 10))),
        };
    }
    let is_float = digits.starts_with(|char: char| char.is_ascii_digit() || char == '.')
        && unsigned.starts_with(|char: char| char.is_ascii_digit() || char == '.');
    let Some(float) = digits.parse::<f64>().ok().filter(|_| is_float) else { return Plain::Text };
    let number = as_written(text).or_else(|| float_of(if minus { -float } else { float }));
    let (mantissa, exponent) = digits.split_once('e').map_or((digits.as_str(), "+"), |parts| parts);
    match number {
        Some(number) if same && mantissa.contains('.') && exponent.starts_with(['-', '+']) => {
            Plain::Value(number)
        }
        number => Plain::Torn("number", number),
    }
}

fn number_of(number: i128) -> Option<Json> {
    let positive = u64::try_from(number).map(Number::from);
    positive.or_else(|_| i64::try_from(number).map(Number::from)).ok().map(Json::Number)
}

/// A number with a point, in the form that JSON has as well.
fn as_written(text: &str) -> Option<Json> {
    fraction(text).and_then(Number::from_f64).map(Json::Number)
}

/// What is whole is written without a point.
fn float_of(float: f64) -> Option<Json> {
    /// Up to here a float holds every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if float.fract() == 0.0 && float.abs() <= EXACT {
        return format!("{float:.0}").parse().ok().and_then(number_of);
    }
    Number::from_f64(float).map(Json::Number)
}

/// Checks what is merged into an object of a kind of somebody else, which is taken as JSON has it.
pub(in crate::document) fn foreign(node: &Node, name: &str, place: Span, diagnostics: &mut Vec<Diagnostic>) {
    check(node, Spot { name, place, item: false }, false, diagnostics);
}

/// Reports what is not the same to everybody. `taken` says that numbers which are the same, but not written as JSON
/// has them, will be taken as numbers.
pub(super) fn check(node: &Node, spot: Spot<'_>, taken: bool, diagnostics: &mut Vec<Diagnostic>) {
    let most = diagnostics.len() + MOST_PROBLEMS;
    walk(node, spot, taken, most, diagnostics);
}

fn walk(node: &Node, spot: Spot<'_>, taken: bool, most: usize, diagnostics: &mut Vec<Diagnostic>) {
    if diagnostics.len() >= most {
        return;
    }
    match &node.value {
        Value::Map(entries) => {
            for entry in entries {
                let spot = Spot { name: &entry.key.text, place: entry.place(), item: false };
                walk(&entry.value, spot, taken, most, diagnostics);
            }
        }
        Value::Seq(items) => {
            for item in items {
                let spot = Spot { name: spot.name, place: item_place(item, &[]), item: true };
                walk(item, spot, taken, most, diagnostics);
            }
        }
        Value::Scalar { text, style: Style::Plain } if !node.is_null() => {
            diagnostics.extend(torn(text, spot, taken));
        }
        Value::Scalar { .. } => {}
    }
}

fn torn(text: &str, spot: Spot<'_>, taken: bool) -> Option<Diagnostic> {
    let (what, value, same) = match plain(text) {
        Plain::Torn(what, value) => (what, value, false),
        Plain::Value(value) if !taken && !is_json(text) => {
            (if value.is_boolean() { "boolean" } else { "number" }, Some(value), true)
        }
        Plain::Value(_) | Plain::Text => return None,
    };
    let message = if same {
        format!("must be written as JSON has it, not `{}`", shown(text))
    } else {
        format!("is `{}`, which some read as a {what} and others as something else", shown(text))
    };
    let quoted = spot.write(&format!("\"{}\"", shown(text)));
    let help = match value {
        Some(value) => format!("{} for the {what}, or {quoted} for the text", spot.write(&value.to_string())),
        None => format!("{quoted} for the text"),
    };
    // One `write` is enough.
    let help = help.replace(", or write `", ", or `");
    Some(spot.error(Code::KubernetesType, message).help(help))
}

fn is_json(text: &str) -> bool {
    matches!(text, "true" | "false") || decimal(text).is_some() || fraction(text).is_some()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_plain_scalar_is_what_both_versions_of_yaml_read() {
        for (text, value) in [
            ("1", json!(1)),
            ("-1", json!(-1)),
            ("+1", json!(1)),
            ("0", json!(0)),
            ("0.5", json!(0.5)),
            (".5", json!(0.5)),
            ("-.5", json!(-0.5)),
            ("5.", json!(5)),
            ("1.10", json!(1.1)),
            ("1.5e+3", json!(1500)),
            ("2.5E-1", json!(0.25)),
            ("0x1f", json!(31)),
            ("18446744073709551615", json!(u64::MAX)),
            ("True", json!(true)),
            ("FALSE", json!(false)),
        ] {
            assert_eq!(plain(text), Plain::Value(value), "{text}");
        }
        for (text, value) in [
            ("yes", json!(true)),
            ("Off", json!(false)),
            ("y", json!(true)),
            ("tRUE", json!(true)),
            ("0644", json!(420)),
            ("-017", json!(-15)),
            ("089", json!(89)),
            ("0o17", json!(15)),
            ("0b11", json!(3)),
            ("0X1F", json!(31)),
            ("-0x1f", json!(-31)),
            ("0x1_f", json!(31)),
            ("1_000", json!(1000)),
            ("1e3", json!(1000)),
            ("1.5e3", json!(1500)),
            ("1_0.5", json!(10.5)),
        ] {
            assert!(
                matches!(plain(text), Plain::Torn(_, Some(read)) if read == value),
                "{text}: {:?}",
                plain(text)
            );
        }
        for text in [".inf", "-.INF", ".NaN", "99999999999999999999", "1.0e+999"] {
            assert_eq!(plain(text), Plain::Torn("number", None), "{text}");
        }
        for text in [
            "a",
            "1.2.3",
            "1.2.3.4",
            "12:30",
            "2024-01-01",
            "1h",
            "0xg",
            "-",
            "+",
            ".",
            "_",
            "_1",
            "inf",
            "nan",
            "e3",
            "25%",
            "64Mi",
            "0x",
            "0o9",
            "--1",
            "+-1",
            "1e",
            "0o-7",
        ] {
            assert_eq!(plain(text), Plain::Text, "{text}");
        }
    }
}
