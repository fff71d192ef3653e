//! The history table: which migrations a database has. The truth of what was applied is here and nowhere else.

use std::fmt::Display;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::decide::Pending;
use super::quote::{identifier, literal};
use super::session::{Fault, Session};
use super::{MigrateError, MigrationFile};

/// What the history says of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) version: u64,
    pub(super) name: String,
    pub(super) sha256: String,
    pub(super) statements: i32,
    pub(super) done: i32,
    pub(super) finished: bool,
}

impl Row {
    fn of(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            version: row.try_get::<i64, _>(0)?.cast_unsigned(),
            name: row.try_get(1)?,
            sha256: row.try_get(2)?,
            statements: row.try_get(3)?,
            done: row.try_get(4)?,
            finished: row.try_get(5)?,
        })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.finished && self.done == self.statements
    }

    /// Whether the file is the one that was applied.
    pub(super) fn must_be(&self, file: &MigrationFile) -> Result<(), MigrateError> {
        if !self.is_whole() {
            return Err(self.part_way());
        }
        if self.sha256 == file.sha256 {
            return Ok(());
        }
        if self.name != file.name {
            return Err(MigrateError::refused(
                format!(
                    "version {} is taken: it was applied as `{}`, and `{}` is another file",
                    self.version, self.name, file.file
                ),
                "give the new file a higher version; two migrations of one database need schemas of their own (`schema`)",
            ));
        }
        let short = |hash: &str| hash.chars().take(12).collect::<String>();
        Err(MigrateError::refused(
            format!(
                "`{}` was changed after it was applied: its SHA-256 is {}…, that of what was applied is {}…",
                file.file,
                short(&file.sha256),
                short(&self.sha256)
            ),
            "put the file back as it was, and write the change into a new file with a higher version",
        ))
    }

    /// The file was applied under another number.
    pub(super) fn renumbered(&self, file: &MigrationFile) -> MigrateError {
        MigrateError::refused(
            format!(
                "`{}` is version {} ({}) under another number: it was applied, and would run a second time",
                file.file, self.version, self.name
            ),
            "give it its old number back; if it is to run twice, change it, if only by a comment",
        )
    }

    pub(super) fn part_way(&self) -> MigrateError {
        MigrateError::PartWay {
            message: format!(
                "version {} ({}) was left part-way: {} of {} statements are done",
                self.version, self.name, self.done, self.statements
            ),
            hint: "look at what it left in the database, finish it or take it back by hand, then correct its row in the history"
                .to_owned(),
        }
    }
}

/// The history table in a schema of its own. Migrations of different schemas of one database share it and number their
/// versions each for itself.
#[derive(Clone, Debug)]
pub(super) struct History {
    schema: String,
    table: String,
    /// Whose versions: an SQL literal.
    of: String,
}

impl History {
    /// The table in `schema` of what is applied to `target`, a schema, too.
    pub(super) fn new(schema: &str, target: &str) -> Self {
        let table = format!("{}.schema_history", identifier(schema));
        Self { schema: schema.to_owned(), table, of: literal(target) }
    }

    /// Makes the table where it is not there. The caller holds the lock, so nobody else does it meanwhile.
    pub(super) async fn create(&self, session: &mut Session) -> Result<(), MigrateError> {
        let missing = |fault: Fault| fault.while_doing("looking for the history table");
        let sql = format!(
            "SELECT to_regnamespace({}) IS NOT NULL, to_regclass({}) IS NOT NULL",
            literal(&identifier(&self.schema)),
            literal(&self.table)
        );
        let row = session.row(&sql).await.map_err(missing)?;
        let there = |column: usize| row.try_get::<bool, _>(column).unwrap_or_default();
        // `IF NOT EXISTS` asks for the privilege to create even when there is nothing to be created.
        let schema =
            if there(0) { String::new() } else { format!("CREATE SCHEMA {};", identifier(&self.schema)) };
        let table = if there(1) { String::new() } else { self.definition() };
        if schema.is_empty() && table.is_empty() {
            return Ok(());
        }
        let created = session.run(&format!("BEGIN; {schema} {table} COMMIT")).await;
        if let Err(fault) = created {
            let _ = session.run("ROLLBACK").await;
            return Err(match fault {
                Fault::Server(error) if error.code() == "42501" => {
                    let (database, role) = (session.target().database(), session.target().user());
                    let on = if there(0) {
                        format!("SCHEMA {}", identifier(&self.schema))
                    } else {
                        format!("DATABASE {}", identifier(database))
                    };
                    MigrateError::refused(
                        format!("cannot make the history table {}: {}", self.table, error.message()),
                        format!("GRANT CREATE ON {on} TO {}", identifier(role)),
                    )
                }
                other => other.while_doing("making the history table"),
            });
        }
        Ok(())
    }

    fn definition(&self) -> String {
        format!(
            "CREATE TABLE {} (schema text, version bigint, name text NOT NULL, phase text NOT NULL, \
             sha256 text NOT NULL, statements integer NOT NULL, statements_done integer NOT NULL, \
             started timestamptz NOT NULL, finished timestamptz, runner text NOT NULL, revision text NOT NULL, \
             PRIMARY KEY (schema, version));",
            self.table
        )
    }

    /// Everything that was applied, by ascending version.
    pub(super) async fn read(&self, session: &mut Session) -> Result<Vec<Row>, MigrateError> {
        let sql = format!(
            "SELECT version, name, sha256, statements, statements_done, finished IS NOT NULL FROM {} \
             WHERE schema = {} ORDER BY version",
            self.table, self.of
        );
        let foreign = |error: &dyn Display| {
            let hint = "is it a table of another tool? Choose another schema by --history-schema";
            MigrateError::refused(format!("{} is not a history table: {error}", self.table), hint)
        };
        let rows = session.rows(&sql).await.map_err(|fault| match fault {
            Fault::Server(error) if error.code() == "42703" => foreign(&error.message()),
            other => other.while_doing("reading the history"),
        })?;
        rows.iter().map(Row::of).collect::<sqlx::Result<_>>().map_err(|error| foreign(&error))
    }

    /// Whether a version is there: a condition in SQL.
    pub(super) fn has(&self, version: u64) -> String {
        format!("EXISTS (SELECT FROM {} WHERE schema = {} AND version = {version})", self.table, self.of)
    }

    /// The statement that remembers a file, to be run in its transaction.
    pub(super) fn remember(&self, pending: &Pending<'_>, runner: &str, revision: &str) -> String {
        let (file, count) = (pending.file, pending.statements.len());
        format!(
            "INSERT INTO {} (schema, version, name, phase, sha256, statements, statements_done, started, finished, \
             runner, revision) VALUES ({}, {}, {}, {}, {}, {count}, {count}, now(), clock_timestamp(), {}, {})",
            self.table,
            self.of,
            file.version,
            literal(&file.name),
            literal(file.phase.name()),
            literal(&file.sha256),
            literal(runner),
            literal(revision)
        )
    }
}
