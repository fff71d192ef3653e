//! Names and texts within SQL that we write ourselves (PostgreSQL manual, 4.1).

/// A name: `"a""b"`.
pub(super) fn identifier(name: &str) -> String {
    format!("\"{}\"", without_nul(name).replace('"', "\"\""))
}

/// A text. The session has `standard_conforming_strings`, so a backslash is a backslash.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", without_nul(text).replace('\'', "''"))
}

/// The one character that PostgreSQL has in no text.
fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_doubled() {
        assert_eq!(identifier("a\"b\0"), "\"a\"\"b\"");
        assert_eq!(literal("it's \\"), "'it''s \\'");
    }
}
