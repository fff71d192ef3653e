//! Variables in a compose file: `${TAG:-1.0}` and its like. Nothing has a value here but by a default: what is imported
//! must not depend on who imports it.
//!
//! Source: <https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md>.

use std::collections::HashMap;

/// Defaults within defaults are followed as deep as anybody writes them.
const DEEPEST: usize = 8;

/// A text with its variables followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Followed {
    pub(super) text: String,
    /// Variables without a value, which stand for nothing in the text.
    pub(super) unset: Vec<String>,
}

/// Follows the variables of a text.
pub(super) fn follow(text: &str) -> Followed {
    let mut followed = Followed::default();
    expand(text, DEEPEST, &mut followed);
    followed
}

fn expand(text: &str, depth: usize, out: &mut Followed) {
    let closing = closing(text);
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, after) = rest.split_at(at);
        out.text.push_str(before);
        let after = after.get(1..).unwrap_or_default();
        let open = text.len() - after.len();
        if let Some(escaped) = after.strip_prefix('$') {
            out.text.push('$');
            rest = escaped;
        } else if let Some(close) = closing.get(&open) {
            variable(text.get(open + 1..*close).unwrap_or_default(), depth, out);
            rest = text.get(close + 1..).unwrap_or_default();
        } else {
            let end = after.find(|char: char| !is_name(char)).unwrap_or(after.len());
            let (name, behind) = after.split_at(end);
            if name.is_empty() || name.starts_with(|char: char| char.is_ascii_digit()) {
                out.text.push('$');
                out.text.push_str(name);
            } else {
                out.unset.push(name.to_owned());
            }
            rest = behind;
        }
    }
    out.text.push_str(rest);
}

/// The place of each brace that opens, with that of the one which closes it.
fn closing(text: &str) -> HashMap<usize, usize> {
    let mut open = Vec::new();
    let mut closing = HashMap::new();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => open.push(at),
            b'}' => closing.extend(open.pop().map(|from| (from, at))),
            _ => {}
        }
    }
    closing
}

fn variable(inside: &str, depth: usize, out: &mut Followed) {
    let end = inside.find(|char: char| !is_name(char)).unwrap_or(inside.len());
    let (name, rest) = inside.split_at(end);
    let operator = rest.strip_prefix(':').unwrap_or(rest);
    match (operator.strip_prefix('-'), operator.strip_prefix('+')) {
        (Some(default), _) if depth > 0 => expand(default, depth - 1, out),
        // The alternative is for a variable that has a value.
        (_, Some(_)) => {}
        _ => out.unset.push(name.to_owned()),
    }
}

fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_followed_and_what_has_none_is_told() {
        for (text, expected, unset) in [
            ("nginx:${TAG:-1.27}", "nginx:1.27", &[][..]),
            ("${A-x}${B:-}", "x", &[]),
            ("${A:-${B:-c}}d", "cd", &[]),
            ("$TAG-x", "-x", &["TAG"]),
            ("${TAG}", "", &["TAG"]),
            ("${TAG:?say it}", "", &["TAG"]),
            ("${A:+b}c", "c", &[]),
            ("pa$$word $${A} $1 $", "pa$word ${A} $1 $", &[]),
            ("${open", "${open", &[]),
            ("${A:-${B}}", "", &["B"]),
        ] {
            let followed = follow(text);
            assert_eq!(
                (followed.text.as_str(), followed.unset),
                (expected, unset.iter().map(|one| (*one).to_owned()).collect()),
                "{text}"
            );
        }
    }

    #[test]
    fn defaults_of_any_depth_come_to_an_end() {
        let deep = format!("{}x{}", "${A:-".repeat(500), "}".repeat(500));
        assert_eq!(follow(&deep).unset, ["A"]);
        assert_eq!(follow(&"${".repeat(100_000)).unset, [""; 0]);
    }
}
