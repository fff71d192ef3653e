//! Pure: which files are to run, out of those that are there and those that the history knows.

use std::collections::{BTreeMap, BTreeSet};

use super::history::Row;
use super::statement::{self, Statement};
use super::{MigrateError, MigrationFile, refusal};
use crate::document::MigrationPhase;

/// What a run is going to do, and what it has to say about it.
#[derive(Debug, Default)]
pub(super) struct Decision<'f> {
    /// To be applied now, in this order.
    pub(super) pending: Vec<Pending<'f>>,
    /// Not run by an expand run: backfills and contracts that are not in the history.
    pub(super) waiting: Vec<&'f MigrationFile>,
    /// In the history, but not among the files.
    pub(super) missing: Vec<Row>,
    /// Pending, though a higher version was applied before.
    pub(super) late: Vec<&'f MigrationFile>,
}

/// A file that is to run, taken apart.
#[derive(Debug)]
pub(super) struct Pending<'f> {
    pub(super) file: &'f MigrationFile,
    pub(super) statements: Vec<Statement>,
}

/// Decides, or says why nothing may run.
pub(super) fn decide(files: &[MigrationFile], history: Vec<Row>) -> Result<Decision<'_>, MigrateError> {
    let highest = history.iter().map(|row| row.version).max();
    let there: BTreeSet<u64> = files.iter().map(|file| file.version).collect();
    let gone: Vec<Row> = history.iter().filter(|row| !there.contains(&row.version)).cloned().collect();
    let mut applied: BTreeMap<u64, Row> = history.into_iter().map(|row| (row.version, row)).collect();
    let mut decision = Decision::default();
    let mut refused = Vec::new();
    for file in files {
        if let Some(row) = applied.remove(&file.version) {
            row.must_be(file)?;
            continue;
        }
        if let Some(row) = gone.iter().find(|row| row.is_whole() && row.sha256 == file.sha256) {
            return Err(row.renumbered(file));
        }
        match file.phase {
            MigrationPhase::Expand => {
                let statements = statement::split(&file.sql);
                refused.extend(statements.iter().filter_map(|one| refusal::of(one, &file.file, &file.sql)));
                decision.pending.push(Pending { file, statements });
                if highest.is_some_and(|highest| file.version < highest) {
                    decision.late.push(file);
                }
            }
            MigrationPhase::Backfill | MigrationPhase::Contract => decision.waiting.push(file),
        }
    }
    decision.missing = applied.into_values().collect();
    if let Some(part_way) = decision.missing.iter().find(|row| !row.is_whole()) {
        return Err(part_way.part_way());
    }
    if refused.is_empty() { Ok(decision) } else { Err(MigrateError::Unsupported { failures: refused }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, sql: &str) -> MigrationFile {
        MigrationFile::new(name, sql).unwrap()
    }

    fn row(file: &MigrationFile) -> Row {
        Row {
            version: file.version,
            name: file.name.clone(),
            sha256: file.sha256.clone(),
            statements: 1,
            done: 1,
            finished: true,
        }
    }

    fn names(decision: &Decision<'_>) -> Vec<String> {
        decision.pending.iter().map(|pending| pending.file.file.clone()).collect()
    }

    #[test]
    fn what_is_in_the_history_does_not_run_again() {
        let files = [file("1_a.sql", "SELECT 1;"), file("2_b.sql", "SELECT 2;")];
        let decision = decide(&files, vec![row(&files[0])]).unwrap();
        assert_eq!(names(&decision), ["2_b.sql"]);
        assert!(decision.late.is_empty() && decision.missing.is_empty());
    }

    #[test]
    fn a_file_that_changed_since_refuses_the_whole_run() {
        let files = [file("1_a.sql", "SELECT 1;"), file("2_b.sql", "SELECT 2;")];
        let old = file("1_a.sql", "SELECT 0;");
        let error = decide(&files, vec![row(&old)]).unwrap_err();
        assert!(error.to_string().contains("1_a.sql"), "{error}");
    }

    #[test]
    fn a_version_that_comes_late_runs_with_a_warning_and_a_lost_file_is_told() {
        let files = [file("1_a.sql", "SELECT 1;"), file("2_b.sql", "SELECT 2;")];
        let gone = file("9_gone.sql", "SELECT 9;");
        let decision = decide(&files, vec![row(&files[1]), row(&gone)]).unwrap();
        assert_eq!(names(&decision), ["1_a.sql"]);
        assert_eq!(decision.late.len(), 1);
        assert_eq!(decision.missing.iter().map(|row| row.version).collect::<Vec<_>>(), [9]);
    }

    #[test]
    fn a_file_that_got_another_number_is_not_run_again() {
        let old = file("1_a.sql", "INSERT INTO t VALUES (1);");
        let new = [file("2_a.sql", "INSERT INTO t VALUES (1);")];
        let error = decide(&new, vec![row(&old)]).unwrap_err();
        assert!(error.to_string().contains("`2_a.sql` is version 1"), "{error}");
        // As long as the first one is there, the second is meant.
        let both = [old, new[0].clone()];
        assert_eq!(names(&decide(&both, vec![row(&both[0])]).unwrap()), ["2_a.sql"]);
    }

    #[test]
    fn backfill_and_contract_wait_and_stop_no_later_expand() {
        let files = [
            file("1_a.backfill.sql", "SELECT 1;"),
            file("2_b.contract.sql", "COMMIT;"),
            file("3_c.sql", "SELECT 3;"),
        ];
        let decision = decide(&files, Vec::new()).unwrap();
        assert_eq!((names(&decision), decision.waiting.len()), (vec!["3_c.sql".to_owned()], 2));
    }

    #[test]
    fn one_statement_that_cannot_run_refuses_every_file() {
        let files = [file("1_a.sql", "SELECT 1;"), file("2_b.sql", "COMMIT; VACUUM;")];
        let Err(MigrateError::Unsupported { failures }) = decide(&files, Vec::new()) else { panic!() };
        assert_eq!(failures.len(), 2);
    }

    #[test]
    fn a_row_that_was_left_part_way_needs_a_person() {
        let files = [file("1_a.sql", "SELECT 1;")];
        let row = Row { finished: false, ..row(&files[0]) };
        assert!(matches!(decide(&files, vec![row]), Err(MigrateError::PartWay { .. })));
    }
}
