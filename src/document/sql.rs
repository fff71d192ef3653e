//! The steps of a migration: the SQL files of its folder, or what is written into the document.

use std::collections::BTreeMap;

use super::check::Surroundings;
use super::diagnostic::{quoted, shown};
use super::folder;
use super::migration_file::{FilePurpose, MigrationFileName, is_name, version};
use super::node::Places;
use super::{Code, Diagnostic, MigrationSpec, MigrationStep, Span};

/// Collects the steps by version; what is wrong with them is reported at `dir` or at the inline migration.
pub(in crate::document) fn steps(
    spec: &MigrationSpec,
    places: Places<'_>,
    around: Surroundings<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<MigrationStep> {
    let mut steps = Steps { by_version: BTreeMap::new(), diagnostics };
    if let Some(dir) = &spec.dir {
        steps.folder(dir, places.of(&["dir"]), around);
    }
    for (number, inline) in spec.migrations.iter().enumerate() {
        let number = number.to_string();
        let place = |field: &str| places.of(&["migrations", &number, field]);
        let Some(version) = version(&inline.version.0) else {
            let message = format!("the version `{}` is not a whole number", shown(&inline.version.0));
            steps.report(Code::MigrationVersion, place("version"), message, "write `version: \"0001\"`");
            continue;
        };
        if !is_name(&inline.name) {
            let message = format!("{} is not the name of a migration", quoted(&inline.name));
            steps.report(Code::MigrationFileName, place("name"), message, "use letters, digits, `_` and `-`");
        }
        let step = MigrationStep {
            version,
            name: inline.name.clone(),
            phase: inline.phase,
            file: format!("{}_{}{}.sql", inline.version.0, inline.name, inline.phase.file_ending()),
            sql: inline.sql.clone(),
            down: inline.rollback.clone(),
        };
        if step.sql.trim().is_empty() {
            let message = format!("the migration `{}` has no statement", shown(&step.file));
            steps.report(Code::MigrationFile, place("sql"), message, "write the statements into `sql`");
        }
        if step.down.as_ref().is_some_and(|sql| sql.trim().is_empty()) {
            let message = format!("the way back from `{}` has no statement", shown(&step.file));
            let help = "write the statements into `rollback`, or remove it";
            steps.report(Code::MigrationFile, place("rollback"), message, help);
        }
        steps.add(step, place("version"));
    }
    steps.by_version.into_values().collect()
}

struct Steps<'d> {
    by_version: BTreeMap<u64, MigrationStep>,
    diagnostics: &'d mut Vec<Diagnostic>,
}

impl Steps<'_> {
    fn report(&mut self, code: Code, span: Span, message: String, help: &str) {
        self.diagnostics.push(Diagnostic::error(code, span, message).help(help));
    }

    fn add(&mut self, step: MigrationStep, span: Span) {
        if let Some(first) = self.by_version.get(&step.version) {
            let message = format!(
                "`{}` and `{}` have the same version {}",
                shown(&first.file),
                shown(&step.file),
                step.version
            );
            self.report(Code::MigrationVersion, span, message, "give each migration a version of its own");
            return;
        }
        self.by_version.insert(step.version, step);
    }

    fn folder(&mut self, dir: &str, span: Span, around: Surroundings<'_>) {
        let folder = match folder::resolve(around.file, dir, span) {
            Ok(folder) => folder,
            Err(diagnostic) => return self.diagnostics.push(*diagnostic),
        };
        // SQL directly in the folder; a README beside it or a folder of drafts does no harm.
        let wanted = |name: &str| {
            !name.contains('/') && !name.starts_with('.') && name.to_ascii_lowercase().ends_with(".sql")
        };
        let before = self.diagnostics.len();
        let files = folder::files(around.tree, &folder, span, wanted, self.diagnostics);
        if files.is_empty() && self.diagnostics.len() == before {
            let message = format!("the folder `{}` has no SQL files", shown(dir));
            self.report(Code::FolderMissing, span, message, "add one, such as `0001_create_orders.sql`");
        }
        let mut downs = BTreeMap::new();
        for file in files {
            let Ok(sql) = std::str::from_utf8(file.bytes) else {
                let message = format!("{} is not UTF-8", quoted(file.name));
                self.report(Code::MigrationFile, span, message, "save it as UTF-8");
                continue;
            };
            let Some(parsed) = MigrationFileName::parse(file.name) else {
                let message = format!("{} is not the name of a migration file", quoted(file.name));
                self.report(
                    Code::MigrationFileName,
                    span,
                    message,
                    "write `0007_add_total.sql`, with `.backfill`, `.contract` or `.down` before `.sql`",
                );
                continue;
            };
            if sql.trim().is_empty() {
                let message = format!("`{}` is empty", shown(file.name));
                self.report(Code::MigrationFile, span, message, "write the statements into it, or remove it");
                continue;
            }
            match parsed.purpose {
                FilePurpose::Up(phase) => self.add(
                    MigrationStep {
                        version: parsed.version,
                        name: parsed.name.to_owned(),
                        phase,
                        file: file.name.to_owned(),
                        sql: sql.to_owned(),
                        down: None,
                    },
                    span,
                ),
                FilePurpose::Down => {
                    downs.insert(parsed.version, (file.name, parsed.name, sql));
                }
            }
        }
        for (version, (file, name, sql)) in downs {
            if let Some(step) = self.by_version.get_mut(&version).filter(|step| step.name == name) {
                step.down = Some(sql.to_owned());
            } else {
                let message = format!("`{}` takes back a migration that is not there", shown(file));
                self.report(
                    Code::MigrationWithoutUp,
                    span,
                    message,
                    "give it the version and name of the migration that it belongs to",
                );
            }
        }
    }
}
