//! Splits a file into statements, and knows where in the file each one stands.
//!
//! The tokens are those of a real SQL lexer, so quotes, dollar quotes and comments hide what they should. Where a
//! statement ends is decided as `psql` does it: at a `;` outside of parentheses and outside of the `BEGIN ATOMIC …
//! END` body of a function. So a statement newer than any grammar we know is split right, too, and one that is
//! nested deeply or megabytes long costs no stack and little time, as it would with a parser.

use squawk_lexer::{TokenKind, tokenize};

use super::place::Place;

/// One statement of a file, without the `;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Statement {
    /// Its text, from its first token to its last.
    pub(super) text: String,
    /// Byte in the file at which it starts.
    pub(super) start: usize,
    /// Its first words outside of quotes, in upper case, without what is between parentheses.
    pub(super) words: Vec<String>,
    /// Byte in the file of a backslash outside of quotes: a command of `psql`, never SQL.
    pub(super) backslash: Option<usize>,
}

/// More words than any statement needs to be told apart.
const MOST_WORDS: usize = 24;

impl Statement {
    /// Where it starts.
    pub(super) fn place(&self, file: &str) -> Place {
        Place::at_byte(file, self.start)
    }

    /// The place of a character of the statement, counted from 1 as the server does.
    pub(super) fn place_of(&self, file: &str, position: usize) -> Place {
        let within = self.text.char_indices().nth(position.saturating_sub(1));
        Place::at_byte(file, self.start + within.map_or(self.text.len(), |(byte, _)| byte))
    }

    /// Whether it begins with these words.
    pub(super) fn begins(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && self.words.iter().zip(words).all(|(one, other)| one == other)
    }

    /// Whether the word is among the first ones.
    pub(super) fn says(&self, word: &str) -> bool {
        self.words.iter().any(|one| one == word)
    }
}

/// The statements of a file, in order. Empty ones are none.
pub(super) fn split(file: &str) -> Vec<Statement> {
    let mut split = Split { file, statements: Vec::new(), current: None };
    let mut start = 0;
    for token in tokenize(file) {
        let end = start + token.len as usize;
        split.take(token.kind, start, end);
        start = end;
    }
    split.finish();
    split.statements
}

struct Split<'f> {
    file: &'f str,
    statements: Vec<Statement>,
    current: Option<Current>,
}

struct Current {
    start: usize,
    end: usize,
    words: Vec<String>,
    parentheses: usize,
    /// How deep in `BEGIN ATOMIC … END` of a function's body; `CASE … END` counts within it.
    body: usize,
    backslash: Option<usize>,
}

impl Split<'_> {
    fn take(&mut self, kind: TokenKind, start: usize, end: usize) {
        // A comment without an end hides the rest of the file: the server is to see it, and refuses it.
        let comment = matches!(kind, TokenKind::LineComment | TokenKind::BlockComment { terminated: true });
        if comment || kind == TokenKind::Whitespace {
            return;
        }
        let inside = self.current.as_ref().is_some_and(|current| current.parentheses + current.body > 0);
        if kind == TokenKind::Semi && !inside {
            return self.finish();
        }
        let text = self.file.get(start..end).unwrap_or_default();
        let current = self.current.get_or_insert_with(|| Current {
            start,
            end,
            words: Vec::new(),
            parentheses: 0,
            body: 0,
            backslash: None,
        });
        current.end = end;
        match kind {
            TokenKind::OpenParen => current.parentheses += 1,
            TokenKind::CloseParen => current.parentheses = current.parentheses.saturating_sub(1),
            TokenKind::Ident => current.word(&text.to_ascii_uppercase()),
            TokenKind::Unknown if text == "\\" => {
                current.backslash.get_or_insert(start);
            }
            _ => {}
        }
    }

    fn finish(&mut self) {
        let Some(current) = self.current.take() else { return };
        self.statements.push(Statement {
            text: self.file.get(current.start..current.end).unwrap_or_default().to_owned(),
            start: current.start,
            words: current.words,
            backslash: current.backslash,
        });
    }
}

impl Current {
    fn word(&mut self, word: &str) {
        if self.parentheses > 0 {
            return;
        }
        match word {
            "BEGIN" if self.is_routine() => self.body += 1,
            "CASE" if self.body > 0 => self.body += 1,
            "END" => self.body = self.body.saturating_sub(1),
            _ => {}
        }
        if self.words.len() < MOST_WORDS {
            self.words.push(word.to_owned());
        }
    }

    /// `CREATE [OR REPLACE] FUNCTION` or `PROCEDURE`: the only statements whose body may hold a `;`.
    fn is_routine(&self) -> bool {
        let mut words =
            self.words.iter().map(String::as_str).filter(|word| !["OR", "REPLACE"].contains(word));
        words.next() == Some("CREATE") && matches!(words.next(), Some("FUNCTION" | "PROCEDURE"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str) -> Vec<String> {
        split(file).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn quotes_comments_and_parentheses_hide_a_semicolon() {
        let file = "SELECT ';'; -- a;b\nSELECT $x$;$x$ /* ; /* ; */ */, \"a;b\";\n\
                    CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c);;\n;\nSELECT E'\\';'";
        assert_eq!(
            texts(file),
            [
                "SELECT ';'",
                "SELECT $x$;$x$ /* ; /* ; */ */, \"a;b\"",
                "CREATE RULE r AS ON INSERT TO a DO (DELETE FROM b; DELETE FROM c)",
                "SELECT E'\\';'",
            ]
        );
    }

    #[test]
    fn the_body_of_a_function_is_part_of_it() {
        let quoted = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$\nBEGIN\n  PERFORM 1;\nEND;\n$$";
        let atomic = "CREATE OR REPLACE FUNCTION g(a int) RETURNS int BEGIN ATOMIC\n  SELECT 1; SELECT CASE WHEN a > 0 THEN 1 \
                      ELSE 2 END;\nEND";
        let block = "DO $$ BEGIN RAISE NOTICE 'a;b'; END $$";
        assert_eq!(texts(&format!("{quoted};\n{atomic};\n{block};")), [quoted, atomic, block]);
    }

    #[test]
    fn a_file_without_statements_has_none() {
        assert_eq!(texts(""), Vec::<String>::new());
        assert_eq!(texts(" -- nothing\n;/* ; */\n"), Vec::<String>::new());
    }

    #[test]
    fn a_comment_without_an_end_is_for_the_server_to_refuse() {
        assert_eq!(texts("SELECT 1; /* a; SELECT 2;\n"), ["SELECT 1", "/* a; SELECT 2;\n"]);
        assert_eq!(texts("SELECT 1; /* a /* b */ ; SELECT 2"), ["SELECT 1", "/* a /* b */ ; SELECT 2"]);
    }

    #[test]
    fn quotes_begin_and_end_where_the_server_sees_them() {
        // A dollar within a name quotes nothing, a backslash only quotes in E'', tags have to be the same.
        let file =
            "SELECT a$$;SELECT 'b\\';SELECT $a$ $b$ ; $a$;SELECT 1 +/*;*/ 2;SELECT U&'\\0061;';SELECT 3--;";
        let expected = [
            "SELECT a$$",
            "SELECT 'b\\'",
            "SELECT $a$ $b$ ; $a$",
            "SELECT 1 +/*;*/ 2",
            "SELECT U&'\\0061;'",
            "SELECT 3",
        ];
        assert_eq!(texts(file), expected);
    }

    #[test]
    fn a_deep_or_a_long_statement_is_one_like_any_other() {
        let deep = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
        let long = format!("SELECT 1{}", "+1".repeat(100_000));
        assert_eq!(texts(&format!("{deep};\r\n{long};\r\n")), [deep, long]);
    }

    #[test]
    fn what_no_grammar_knows_is_split_all_the_same() {
        let file = "FROBNICATE TABLE a WITH (x; y) ON 'z;';\nSELECT 1;\n";
        assert_eq!(texts(file), ["FROBNICATE TABLE a WITH (x; y) ON 'z;'", "SELECT 1"]);
    }

    #[test]
    fn a_position_in_characters_is_found_in_a_file_of_many_bytes() {
        let file = "-- Größe\nSELECT 'ä';\n  SELECT 'äöü', fehlt;\n";
        let statements = split(file);
        let place = statements[1].place_of(file, 15);
        assert_eq!((place.line, place.column), (3, 17));
        assert_eq!(place.line_of(file), "  SELECT 'äöü', fehlt;");
        assert_eq!(statements[1].place_of(file, 1).column, 3);
    }

    #[test]
    fn first_words_tell_a_statement() {
        let statements =
            split("create /* x */ unique index concurrently \"a\" on t (concurrently);\\copy a from b");
        assert!(statements[0].begins(&["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"]));
        assert!(statements[1].backslash.is_some());
    }
}
