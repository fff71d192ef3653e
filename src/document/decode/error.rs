//! [`DecodeError`]: what serde and the types say, and where.

use std::fmt;

use serde::de::{Expected, Unexpected};

use super::address;
use super::name::Name;
use crate::document::diagnostic::shown;
use crate::document::node::{Node, Style, Value};
use crate::document::{Code, Span};

/// An error on its way up; the innermost value that it passes becomes its place.
#[derive(Debug)]
pub(super) struct DecodeError {
    pub fault: Fault,
    pub at: Option<Box<At>>,
}

#[derive(Debug)]
pub(super) enum Fault {
    /// Something is wrong with the value.
    Wrong { code: Code, message: String, help: Option<String> },
    /// A required field is not there.
    Missing { owner: Option<&'static str>, field: &'static str },
    /// A field that the type does not have, found by the type itself.
    Unknown { field: String, expected: &'static [&'static str] },
    /// Reported before.
    Silent,
}

/// The value that is at fault.
#[derive(Debug)]
pub(super) struct At {
    pub node: usize,
    pub name: String,
    pub span: Span,
    /// Keys of the value if it is a map, each with its place and its own value's identity.
    pub keys: Vec<(String, Span, usize)>,
}

impl DecodeError {
    pub(super) fn new(fault: Fault) -> Self {
        Self { fault, at: None }
    }

    pub(super) fn wrong(code: Code, message: impl Into<String>) -> Self {
        Self::new(Fault::Wrong { code, message: message.into(), help: None })
    }

    pub(super) fn help(mut self, text: impl Into<String>) -> Self {
        if let Fault::Wrong { help, .. } = &mut self.fault {
            *help = Some(text.into());
        }
        self
    }

    pub(super) fn maybe_help(self, text: Option<String>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }

    /// Tells of which type the field is that is missing.
    pub(super) fn of_type(mut self, name: &'static str) -> Self {
        if let (Fault::Missing { owner: owner @ None, .. }, None) = (&mut self.fault, &self.at) {
            *owner = Some(name);
        }
        self
    }

    /// Gives the error its place, unless it has one. Messages of types that know no field get its name.
    pub(super) fn located(mut self, node: &Node, name: Name<'_>, span: Span) -> Self {
        if self.at.is_some() {
            return self;
        }
        if let Fault::Wrong { code: Code::WrongType, message, help } = &mut self.fault {
            *help = help.take().or_else(|| retyped(message, node, name));
            *message = format!("{name} must be {message}, not {}", node.kind());
        }
        let needs_keys = matches!(self.fault, Fault::Missing { .. } | Fault::Unknown { .. });
        let keys = node.entries().iter().filter(|_| needs_keys);
        self.at = Some(Box::new(At {
            node: address(node),
            name: name.to_string(),
            span,
            keys: keys.map(|entry| (entry.key.text.clone(), entry.key.span, address(&entry.value))).collect(),
        }));
        self
    }
}

/// How to write what was probably meant, when the value is of another type than what is expected.
fn retyped(expected: &str, node: &Node, name: Name<'_>) -> Option<String> {
    match (expected, &node.value) {
        ("a map", Value::Seq(_)) => {
            Some("write `name: value` on lines of their own, without `- `".to_owned())
        }
        ("a map", Value::Scalar { .. }) => {
            Some("write its fields below it, each as `name: value`".to_owned())
        }
        ("a list", _) => Some("begin each item with `- `".to_owned()),
        (_, Value::Scalar { text, style: Style::Quoted }) if text.parse::<u16>().is_ok() => {
            Some(format!("{} without quotes", name.write(text)))
        }
        // Of one item, but not where it could not be what is expected either.
        (expected, Value::Seq(items)) if expected.starts_with("a ") && expected != "a whole number" => {
            match items.as_slice() {
                [item] => item.text().map(|text| format!("{} without brackets", name.write(shown(text)))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Fields whose items have spaces in them.
const OF_PHRASES: [&str; 1] = ["allow"];
/// Characters of a text that are still written out.
const MOST_WRITTEN: usize = 200;

/// What stands in the list called `name` when this is meant by it; nothing for what is too long to be shown.
pub(in crate::document) fn items(name: &str, text: &str) -> Option<String> {
    let items = if OF_PHRASES.contains(&name) { vec![text.to_owned()] } else { words(text) };
    // JSON's quotes are those of YAML.
    let items: Vec<String> =
        items.into_iter().map(|item| serde_json::Value::from(item).to_string()).collect();
    (text.chars().count() <= MOST_WRITTEN).then(|| items.join(", "))
}

/// The words of a command line as a person types it, quotes taken away as a shell does; one that does not end its
/// quotes is left as it is.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for char in text.chars() {
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, _) if char.is_whitespace() => words.extend(word.take()),
            (Some(_) | None, _) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    if quote.is_some() || text.contains('\\') { vec![text.to_owned()] } else { words }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Wrong { message, .. } => f.write_str(message),
            Fault::Missing { field, .. } => write!(f, "the field `{field}` is missing"),
            Fault::Unknown { field, .. } => write!(f, "unknown field `{field}`"),
            Fault::Silent => f.write_str("reported before"),
        }
    }
}

impl serde::de::Error for DecodeError {
    /// A type that knows what was meant ends its message with it.
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        match message.rsplit_once("; write `") {
            Some((message, meant)) => {
                Self::wrong(Code::InvalidValue, message).help(format!("write `{meant}"))
            }
            None => Self::wrong(Code::InvalidValue, message),
        }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong(Code::WrongType, expected.to_string())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Fault::Unknown { field: field.to_owned(), expected })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Fault::Missing { owner: None, field })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_in_the_place_of_a_list_is_written_as_the_list_that_is_meant() {
        for (name, text, written) in [
            ("command", "./server --port 80", r#""./server", "--port", "80""#),
            ("command", r#"sh -c "echo hi there" 'x y'"#, r#""sh", "-c", "echo hi there", "x y""#),
            ("args", r#"--name="a b" ''"#, r#""--name=a b", """#),
            ("args", r#"echo "open"#, r#""echo \"open""#),
            ("allow", "0 9 * * 1-5 for 8h", r#""0 9 * * 1-5 for 8h""#),
        ] {
            let found = items(name, text).unwrap();
            assert_eq!(found, written);
            assert!(serde_yaml::from_str::<Vec<String>>(&format!("[{found}]")).is_ok(), "{found}");
        }
        assert_eq!(items("command", &"x".repeat(1_000)), None);
    }
}
