//! What came of an import, as data: documents, and where everything of the input went. `cli` tells it to people.

use crate::document::{Code, Diagnostic, DocumentId, Span};

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Imported {
    /// What is wrong with the input. Nothing is imported then, since the rest could be taken for all of it.
    pub errors: Vec<Diagnostic>,
    /// The documents, by namespace and name.
    pub apps: Vec<ImportedApp>,
    /// What belongs to no document.
    pub findings: Vec<Finding>,
}

impl Imported {
    /// Everything of the input is in the documents, in one form or another.
    pub fn is_complete(&self) -> bool {
        let mut all = self.apps.iter().flat_map(|app| &app.findings).chain(&self.findings);
        all.all(|finding| finding.fate != Fate::Unfit)
    }
}

/// A document, and where everything of its input went.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportedApp {
    /// Its identity.
    pub id: DocumentId,
    /// The document as YAML, without `---`.
    pub text: String,
    /// What it was made of, each with its place: `Deployment/web`, or the service of a compose file.
    pub origins: Vec<(String, Place)>,
    /// What to know of it.
    pub findings: Vec<Finding>,
    /// What adopting it does to the pods that run. None where nothing ran in Kubernetes before.
    pub restart: Option<Restart>,
    /// What the daemon's configuration must allow.
    pub needs: Needs,
}

/// What the daemon's configuration must allow for a document (`allow`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Kinds of its `objects`.
    pub kinds: Vec<String>,
    /// Pods that have more rights on their node than the default.
    pub privileged: bool,
}

/// What adopting an app does to the pods that run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Their template stays the same: nothing restarts.
    None,
    /// Their template becomes another one: they are replaced as the rollout says. Why, as paths of the template.
    Rollout(Vec<String>),
}

/// A place in the input.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as it was named.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
}

/// Where something went, or did not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where it went.
    pub fate: Fate,
    /// Where it is in the input; what portfolio adds is nowhere in it.
    pub place: Option<Place>,
    /// `Deployment/web`, or the service of a compose file.
    pub object: String,
    /// The field in it; empty for all of it.
    pub path: String,
    /// What became of it, or what to do.
    pub message: String,
}

/// Where something of the input went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It did not fit: somebody has to do something.
    Unfit,
    /// It fits, and a person should know something about it.
    Note,
    /// The document says it in another form.
    Folded,
    /// A patch of the document keeps it.
    Patched,
    /// It is portfolio's to set from now on.
    Owned,
    /// Portfolio would add it; a patch of the document leaves it out, so that nothing changes.
    LeftOut,
    /// Portfolio adds it.
    Added,
}

impl Finding {
    pub(super) fn new(fate: Fate, object: impl Into<String>, message: impl Into<String>) -> Self {
        Self { fate, place: None, object: object.into(), path: String::new(), message: message.into() }
    }

    pub(super) fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    pub(super) fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }
}

/// Apps that two parts of the input would make, in the order of their ids: one of them would be lost.
pub(super) fn twice(apps: &[ImportedApp]) -> Vec<Diagnostic> {
    let pairs = apps.iter().zip(apps.iter().skip(1)).filter(|(one, other)| one.id == other.id);
    let place = |app: &ImportedApp| app.origins.first().map(|(_, place)| place.clone()).unwrap_or_default();
    let found = pairs.map(|(one, other)| {
        let (first, second) = (place(one), place(other));
        let span = Span { line: second.line.max(1), ..Span::START };
        let message = format!("{} would be made twice", other.id);
        Diagnostic::error(Code::DuplicateDocument, span, message)
            .help(format!(
                "it is made of line {} of {} as well; of compose files that complete each other import what `docker compose \
                 config` prints",
                first.line, first.file
            ))
            .in_file(&second.file)
    });
    found.collect()
}
