//! Documents in error on the new side: the comparison is not all there is to tell. What is told goes into logs of CI,
//! so neither source lines nor messages show a secret unless somebody wants to see it.

use crate::cli::report::diagnostic::{Files, full, redacted};
use crate::cli::{CliError, Ui};
use crate::document::{Diagnostic, Entry, Loaded, Tree};
use crate::redact::Redactor;

/// What is wrong, and the files it is in.
pub(super) struct Errors {
    diagnostics: Vec<Diagnostic>,
    files: Files,
}

impl Errors {
    pub(super) fn new(loaded: &Loaded, tree: &Tree) -> Self {
        let all = loaded.diagnostics.iter();
        let diagnostics: Vec<Diagnostic> = all.filter(|one| one.is_error()).cloned().collect();
        let mut files = Files::default();
        for error in &diagnostics {
            for file in [&error.file].into_iter().chain(error.related.iter().map(|related| &related.file)) {
                files.add(file, tree.entries.get(file));
            }
        }
        Self { diagnostics, files }
    }

    /// Takes out what looks like a secret. The redactor knows the secrets of the files.
    pub(super) fn redact(&mut self) -> Redactor {
        let mut redactor = Redactor::default();
        self.files.redact(&mut redactor);
        self.diagnostics = redacted(&self.diagnostics, &mut redactor);
        redactor
    }

    /// One line each.
    pub(super) fn lines(&self) -> Vec<String> {
        self.diagnostics.iter().map(ToString::to_string).collect()
    }

    /// Tells them as people read them.
    pub(super) fn tell(&self, ui: Ui) -> Result<(), CliError> {
        if self.diagnostics.is_empty() {
            return Ok(());
        }
        ui.talk_text(&full(&self.diagnostics, &self.files, ui.talk_paint(), ui.width()));
        Err(CliError::usage("the new side has documents in error, which would stay as they are")
            .with_hint("`portfolio validate` shows everything there is to say about them"))
    }
}

/// What is said about a file, without the secrets of that file.
pub(super) fn said(text: &str, file: Option<&Entry>) -> String {
    let mut redactor = Redactor::default();
    if let Some(Entry::File { bytes, .. }) = file {
        redactor.text(&String::from_utf8_lossy(bytes));
    }
    redactor.said(text)
}
