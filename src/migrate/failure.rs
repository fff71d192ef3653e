//! A statement that the server refused, with its place in the file and what to do.

use sqlx::postgres::{PgDatabaseError, PgErrorPosition};

use super::decide::Pending;
use super::{MigrateError, Settings};
use crate::record::SqlFailure;

/// What a file was about when the server refused to go on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// This statement of the file.
    Statement(usize),
    /// Something that the file put off until the end of its transaction, as a deferred constraint is.
    End,
    /// Something of ours, before or after the file's statements.
    Ours,
}

/// The server's answer, with its place in the file where it has one.
pub(super) fn failure(
    pending: &Pending<'_>,
    step: Step,
    error: &PgDatabaseError,
    settings: &Settings,
) -> MigrateError {
    let file = pending.file;
    let statement = match step {
        Step::Statement(index) => pending.statements.get(index),
        Step::End => pending.statements.last(),
        Step::Ours => None,
    };
    let hint = error.hint().map_or_else(|| hint(error.code(), settings), str::to_owned);
    let Some(statement) = statement else {
        let message = format!("{}: {} (SQLSTATE {})", file.file, error.message(), error.code());
        return MigrateError::refused(message, hint);
    };
    let place = match (step, error.position()) {
        (Step::Statement(_), Some(PgErrorPosition::Original(position))) => {
            statement.place_of(&file.sql, position)
        }
        // Within a function: the statement that called it is what the file can show.
        _ => statement.place(&file.sql),
    };
    MigrateError::Statement {
        failure: Box::new(SqlFailure {
            file: file.file.clone(),
            line: place.line,
            column: place.column,
            excerpt: place.line_of(&file.sql).to_owned(),
            message: error.message().to_owned(),
            sql_state: error.code().to_owned(),
            detail: detail(step, error),
            row: error.detail().filter(|_| quotes_a_row(error)).unwrap_or_default().to_owned(),
            hint,
        }),
    }
}

/// Of data and constraints: "Key (email)=(…) already exists".
fn quotes_a_row(error: &PgDatabaseError) -> bool {
    error.code().starts_with("22") || error.code().starts_with("23")
}

/// What else the server says, a line each.
fn detail(step: Step, error: &PgDatabaseError) -> String {
    let at_the_end = match step {
        Step::End => {
            Some("found at the end of the file's transaction, where deferred constraints are checked")
        }
        Step::Statement(_) | Step::Ours => None,
    };
    let within = match error.position() {
        Some(PgErrorPosition::Internal { position, query }) => {
            Some(format!("at character {position} of: {query}"))
        }
        Some(PgErrorPosition::Original(_)) | None => None,
    };
    let own = error.detail().filter(|_| !quotes_a_row(error));
    let lines = [at_the_end, own, within.as_deref(), error.r#where()];
    lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// What to do about it, where the server does not say.
fn hint(code: &str, settings: &Settings) -> String {
    match code {
        "25001" => "statements that cannot run in a transaction are not supported yet".to_owned(),
        "3F000" => format!(
            "is there a schema `{0}`? The document's `schema` (--schema) names it, `CREATE SCHEMA {0}` in a file before this one \
             makes it",
            settings.schema
        ),
        "42501" => "grant the migrator's role what it needs, or make it the owner".to_owned(),
        "55P04" => {
            "use the new value in a file of its own: it can be used once the file that adds it is applied"
                .to_owned()
        }
        // Without a timeout of ours it is one of the file, or a person has cancelled the statement.
        "57014" if settings.statement_timeout.get() > 0 => {
            "raise --statement-timeout, or make the statement do less".to_owned()
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_timeout_is_blamed_only_where_there_is_one() {
        let settings = |timeout: &str| Settings {
            schema: "app".to_owned(),
            history_schema: "portfolio".to_owned(),
            lock_timeout: "300ms".parse().unwrap(),
            statement_timeout: timeout.parse().unwrap(),
            lock_wait: Duration::ZERO,
            runner: String::new(),
            revision: String::new(),
        };
        assert_eq!(hint("57014", &settings("0s")), "");
        assert!(hint("57014", &settings("5s")).contains("--statement-timeout"));
        assert!(hint("3F000", &settings("0s")).contains("CREATE SCHEMA app"));
    }
}
