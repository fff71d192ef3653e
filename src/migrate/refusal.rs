//! What a file may not say: refused before anything is run, with the place and what to do.
//!
//! A file is one transaction, so it may not end it, and no statement may need to run outside of one.

use super::place::Place;
use super::statement::Statement;
use crate::record::SqlFailure;

/// What is wrong with a statement, if anything is.
pub(super) fn of(statement: &Statement, file: &str, sql: &str) -> Option<SqlFailure> {
    let (place, message, hint) = if let Some(byte) = statement.backslash {
        let message = "a command of psql is not SQL".to_owned();
        let hint =
            "the server sees this file, psql does not: write the statement that the command stands for";
        (Place::at_byte(sql, byte), message, hint.to_owned())
    } else if let Some(word) = transaction_control(statement) {
        let message = format!("`{word}` in a file that runs in one transaction already");
        let hint = "leave it out: the file's statements take effect together or not at all";
        (statement.place(sql), message, hint.to_owned())
    } else if copies_from_client(statement) {
        let message = "`COPY` from or to the client: there is none".to_owned();
        (statement.place(sql), message, "write the rows as `INSERT … VALUES`".to_owned())
    } else {
        let what = needs_no_transaction(statement)?;
        let message = format!("`{what}` cannot run in a transaction: not supported yet");
        let hint = format!(
            "it cannot run in a transaction ({what}): run it by hand and take it out of the file, or write it another way"
        );
        (statement.place(sql), message, hint)
    };
    Some(SqlFailure {
        row: String::new(),
        file: file.to_owned(),
        line: place.line,
        column: place.column,
        excerpt: place.line_of(sql).to_owned(),
        message,
        hint,
        ..SqlFailure::default()
    })
}

/// PostgreSQL manual, part VI, the commands that begin, end or divide a transaction.
fn transaction_control(statement: &Statement) -> Option<&'static str> {
    // `SET TRANSACTION` has to come before any other statement of a transaction, and ours came before.
    const COMMANDS: [&str; 10] = [
        "BEGIN",
        "COMMIT",
        "END",
        "ROLLBACK",
        "ABORT",
        "SAVEPOINT",
        "RELEASE",
        "START TRANSACTION",
        "PREPARE TRANSACTION",
        "SET TRANSACTION",
    ];
    first_of(&COMMANDS, statement)
}

/// The command of these with which the statement begins.
fn first_of(commands: &[&'static str], statement: &Statement) -> Option<&'static str> {
    commands.iter().copied().find(|command| {
        let words: Vec<&str> = command.split(' ').collect();
        statement.begins(&words)
    })
}

fn copies_from_client(statement: &Statement) -> bool {
    statement.begins(&["COPY"]) && (statement.says("STDIN") || statement.says("STDOUT"))
}

/// The commands that always call `PreventInTransactionBlock` in PostgreSQL 13 to 18. Those that only do so with some
/// option (`CREATE SUBSCRIPTION`, `CLUSTER`, …) are refused by the server (SQLSTATE 25001), with nothing changed.
fn needs_no_transaction(statement: &Statement) -> Option<&'static str> {
    const COMMANDS: [&str; 10] = [
        "VACUUM",
        "ALTER SYSTEM",
        "CREATE DATABASE",
        "DROP DATABASE",
        "CREATE TABLESPACE",
        "DROP TABLESPACE",
        "DISCARD ALL",
        "REINDEX DATABASE",
        "REINDEX SYSTEM",
        "REINDEX SCHEMA",
    ];
    let concurrently = statement.says("CONCURRENTLY");
    let index = |verb| statement.begins(&[verb, "INDEX", "CONCURRENTLY"]);
    if index("CREATE") || statement.begins(&["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY"]) {
        return Some("CREATE INDEX CONCURRENTLY");
    }
    if index("DROP") {
        return Some("DROP INDEX CONCURRENTLY");
    }
    if statement.begins(&["REINDEX"])
        && (concurrently || statement.text.to_ascii_uppercase().contains("CONCURRENTLY"))
    {
        return Some("REINDEX CONCURRENTLY");
    }
    if statement.begins(&["ALTER", "TABLE"]) && statement.says("DETACH") && concurrently {
        return Some("ALTER TABLE … DETACH PARTITION … CONCURRENTLY");
    }
    first_of(&COMMANDS, statement)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::statement::split;

    fn refused(sql: &str) -> Vec<SqlFailure> {
        split(sql).iter().filter_map(|statement| of(statement, "0001_a.sql", sql)).collect()
    }

    #[test]
    fn what_ends_or_cannot_bear_a_transaction_is_refused() {
        for sql in [
            "BEGIN",
            "begin;",
            "START TRANSACTION",
            "COMMIT AND CHAIN",
            "end",
            "ROLLBACK TO a",
            "SAVEPOINT a",
            "PREPARE TRANSACTION 'a'",
            "COMMIT PREPARED 'a'",
            "set transaction isolation level serializable",
            "\\copy a FROM 'b'",
            "\\i other.sql",
            "COPY a FROM STDIN",
            "COPY a (b, c) FROM stdin WITH (FORMAT csv)",
            "COPY (SELECT 1) TO STDOUT",
            "CREATE INDEX CONCURRENTLY a ON b (c)",
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a ON b (c)",
            "DROP INDEX CONCURRENTLY a",
            "REINDEX INDEX CONCURRENTLY a",
            "REINDEX (CONCURRENTLY) TABLE a",
            "VACUUM ANALYZE a",
            "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
            "CREATE DATABASE a",
        ] {
            assert_eq!(refused(sql).len(), 1, "{sql}");
        }
    }

    #[test]
    fn what_looks_like_it_but_is_not_is_let_through() {
        for sql in [
            "CREATE INDEX a ON b (c)",
            "REFRESH MATERIALIZED VIEW CONCURRENTLY a",
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END",
            "DO $$ BEGIN PERFORM 1; END $$",
            "COMMENT ON TABLE a IS '\\copy'",
            "PREPARE a AS SELECT 1",
            "SET LOCAL lock_timeout = '1s'",
            "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (create_slot = false)",
            "SELECT E'\\n' -- \\i",
            "ALTER TYPE a ADD VALUE 'b'",
            "COPY a FROM '/data/a.csv'",
        ] {
            assert_eq!(refused(sql), [], "{sql}");
        }
    }

    #[test]
    fn a_refusal_names_its_place() {
        let refused = refused("SELECT 1;\n\n  COMMIT; SELECT 2;");
        let (line, column, excerpt) = (refused[0].line, refused[0].column, refused[0].excerpt.as_str());
        assert_eq!((line, column, excerpt), (3, 3, "  COMMIT; SELECT 2;"));
        assert!(refused[0].hint.contains("leave it out"));
    }
}
