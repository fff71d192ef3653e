//! One document, from what was written to what can be rendered: environment merge, decoding, the files it
//! refers to, rules, hash. Every environment is checked; only the daemon's own gives the document.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde::Deserialize;

use super::config::config_files;
use super::decode::decode;
use super::diagnostic::keep_most;
use super::file::RawDocument;
use super::hash::ContentHash;
use super::merge::{Variant, Variants};
use super::node::{Index, Node, Places};
use super::{
    App, AppSpec, Code, Diagnostic, Document, DocumentId, DocumentKind, Judge, Migration, MigrationSpec,
    Policy, Span, Tree, Validated, sql, validate,
};

/// Diagnostics of one document after which the rest is left unsaid.
const MOST_DIAGNOSTICS: usize = 100;

/// What a document may look at besides itself.
#[derive(Clone, Copy)]
pub(in crate::document) struct Surroundings<'a> {
    pub tree: &'a Tree,
    /// The file that the document is in.
    pub file: &'a str,
    pub environment: Option<&'a str>,
    /// Files with documents of ours, which no folder of configuration files may contain.
    pub document_files: &'a BTreeSet<&'a str>,
    pub policy: &'a Policy,
    pub judge: Judge,
}

/// What became of a document.
pub(in crate::document) struct Checked {
    pub outcome: Outcome,
    pub diagnostics: Vec<Diagnostic>,
    /// Documents that must be ready first.
    pub dependencies: Vec<(DocumentId, Span)>,
    /// Names of objects that another document could make as well.
    pub claims: Vec<(String, Span)>,
}

pub(in crate::document) enum Outcome {
    Present(Document),
    /// `enabled: false` in this environment.
    Absent,
    Invalid,
}

/// The `metadata` of a document.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::document) struct Metadata {
    pub name: String,
    #[serde(default)]
    pub namespace: Option<String>,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

impl Checked {
    /// A document that is not looked at.
    pub(in crate::document) const fn invalid() -> Self {
        Self {
            outcome: Outcome::Invalid,
            diagnostics: Vec::new(),
            dependencies: Vec::new(),
            claims: Vec::new(),
        }
    }
}

/// Checks one document.
pub(in crate::document) fn check(raw: &RawDocument, around: Surroundings<'_>) -> Checked {
    let mut checked = Checked {
        outcome: Outcome::Invalid,
        diagnostics: raw.problems.iter().chain(&raw.identity.problems).cloned().collect(),
        dependencies: Vec::new(),
        claims: Vec::new(),
    };
    // Under another version or kind the fields would be other ones.
    let unreadable =
        |problem: &Diagnostic| matches!(problem.code, Code::UnknownApiVersion | Code::UnknownKind);
    let has_kind = raw.root.get("kind").and_then(Node::text).is_some();
    if raw.problems.is_empty() && has_kind && !raw.identity.problems.iter().any(unreadable) {
        content(raw, around, &mut checked);
    }
    if checked.diagnostics.iter().any(|diagnostic| diagnostic.is_error() && !diagnostic.code.is_policy()) {
        checked.outcome = Outcome::Invalid;
    }
    // Whoever loads the document goes by what is kept: no warnings may crowd out what it is refused for.
    keep_most(&mut checked.diagnostics, 0, MOST_DIAGNOSTICS);
    for diagnostic in &mut checked.diagnostics {
        around.file.clone_into(&mut diagnostic.file);
    }
    checked
}

fn content(raw: &RawDocument, around: Surroundings<'_>, checked: &mut Checked) {
    let kind = raw.identity.kind;
    let (Some(metadata), Some(spec)) = (raw.root.entry("metadata"), raw.root.entry("spec")) else { return };
    let index = Index::default();
    let places = Places::new(&metadata.value, metadata.key.span, &index);
    let decoded: Option<Metadata> =
        decode(&metadata.value, "metadata", metadata.key.span, &mut checked.diagnostics);
    let Some(decoded) = decoded else { return };
    validate::metadata(kind, &decoded, places, &mut checked.diagnostics);
    let id = DocumentId {
        kind,
        namespace: decoded.namespace.clone().unwrap_or_else(|| super::identity::DEFAULT_NAMESPACE.to_owned()),
        name: decoded.name.clone(),
    };
    let variants = Variants::new(&spec.value, around.environment, &mut checked.diagnostics);
    // Most of what is wrong is wrong in every environment; it is said once.
    let mut said: HashSet<Diagnostic> = checked.diagnostics.iter().cloned().collect();
    for number in 0..variants.len() {
        let mut diagnostics = Vec::new();
        let variant = variants.variant(number, &mut diagnostics);
        let index = Index::default();
        let mut reading = Reading {
            id: &id,
            metadata: &decoded,
            written: &metadata.value,
            places: Places::new(&variant.spec, spec.key.span, &index),
            variant: &variant,
            around,
            diagnostics,
        };
        let document = match kind {
            DocumentKind::PortfolioApp => reading.app().map(Document::App),
            DocumentKind::DatabaseMigration => reading.migration().map(Document::Migration),
        };
        reading.diagnostics = variants.told(number, reading.diagnostics, &said);
        for diagnostic in std::mem::take(&mut reading.diagnostics) {
            if said.insert(diagnostic.clone()) {
                checked.diagnostics.push(diagnostic);
            }
        }
        if number == 0 {
            match document {
                Some(document) if variant.enabled => {
                    checked.dependencies = validate::dependencies(&document, reading.places);
                    checked.claims = validate::claims(&document, reading.places);
                    checked.outcome = Outcome::Present(document);
                }
                Some(_) | None => checked.outcome = Outcome::Absent,
            }
        }
    }
}

/// One variant of a document on its way.
struct Reading<'a> {
    id: &'a DocumentId,
    metadata: &'a Metadata,
    written: &'a Node,
    places: Places<'a>,
    variant: &'a Variant<'a>,
    around: Surroundings<'a>,
    diagnostics: Vec<Diagnostic>,
}

impl Reading<'_> {
    fn app(&mut self) -> Option<Validated<App>> {
        let Places { root, fallback, .. } = self.places;
        let spec: AppSpec = decode(root, "spec", fallback, &mut self.diagnostics)?;
        let read = self.diagnostics.len();
        let whole = read == 0;
        let config_files = config_files(&spec, self.places, self.around, &mut self.diagnostics);
        let app = App {
            id: self.id.clone(),
            labels: self.metadata.labels.clone(),
            annotations: self.metadata.annotations.clone(),
            spec,
            config_files,
        };
        if !self.variant.enabled {
            return None;
        }
        validate::app(&app, self.places, whole, &mut self.diagnostics);
        validate::only_what_was_read(read, &mut self.diagnostics);
        if !self.diagnostics.iter().any(Diagnostic::is_error) {
            let findings = (self.around.judge)(&app, self.around.policy);
            self.diagnostics.extend(findings.into_iter().map(|finding| finding.diagnostic(self.places)));
        }
        let mut hash = self.hash();
        for (name, file) in &app.config_files {
            match file {
                super::ConfigFile::Text(text) => hash.file(name, text.as_bytes()),
                super::ConfigFile::Base64(base64) => {
                    hash.file("base64", name.as_bytes());
                    hash.file(name, base64.as_bytes());
                }
            }
        }
        Some(Validated::new(app, hash.finish()))
    }

    fn migration(&mut self) -> Option<Validated<Migration>> {
        let Places { root, fallback, .. } = self.places;
        let spec: MigrationSpec = decode(root, "spec", fallback, &mut self.diagnostics)?;
        let read = self.diagnostics.len();
        let steps = sql::steps(&spec, self.places, self.around, &mut self.diagnostics);
        let migration = Migration {
            id: self.id.clone(),
            labels: self.metadata.labels.clone(),
            annotations: self.metadata.annotations.clone(),
            spec,
            steps,
        };
        if !self.variant.enabled {
            return None;
        }
        validate::migration(&migration, self.around.policy, self.places, &mut self.diagnostics);
        validate::only_what_was_read(read, &mut self.diagnostics);
        let mut hash = self.hash();
        for step in &migration.steps {
            hash.file(&step.file, step.sql.as_bytes());
            hash.file("down", step.down.as_deref().unwrap_or_default().as_bytes());
        }
        Some(Validated::new(migration, hash.finish()))
    }

    fn hash(&self) -> ContentHash {
        let mut hash = ContentHash::new(self.id);
        hash.part("labels", self.written.get("labels"));
        hash.part("annotations", self.written.get("annotations"));
        let spec: &Cow<'_, Node> = &self.variant.spec;
        hash.part("spec", Some(spec));
        hash
    }
}
