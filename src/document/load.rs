//! [`load`]: the files of a revision into valid documents, and everything there is to say about them.
//!
//! A file that cannot be read blocks its own documents only; [`Loaded::complete`] tells that nothing may be
//! pruned, because what is missing may be in what could not be read.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use globset::{Glob, GlobMatcher};

use super::across::{self, Member};
use super::check::{Checked, Outcome, Surroundings, check};
use super::file::{self, YamlFile};
use super::folder::{self, refused, resolve};
use super::ignore::{IGNORE_FILE, Ignore, is_hidden, is_yaml};
use super::node::Node;
use super::{
    Code, Diagnostic, Document, DocumentId, Entry, Judge, MAX_FILE_BYTES, Policy, Refusal, Span, Tree,
};

/// What to read, and for whom.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folder of the repository that holds the documents; empty for all of it.
    pub path: String,
    /// Further folders that are read together with it, each with a `.portfolioignore` of its own.
    pub beside: Vec<String>,
    /// The environment whose overlays are merged.
    pub environment: Option<String>,
    /// Namespaces that documents may be in; empty for any.
    pub namespaces: Vec<Glob>,
    /// What documents may ask for.
    pub policy: Policy,
    /// The most documents of a source.
    pub max_documents: usize,
    /// What is checked of an app once it is rendered.
    pub judge: Judge,
}

impl Options {
    /// Everything in any namespace, for no environment, with no further kinds.
    pub fn new(judge: Judge) -> Self {
        Self {
            path: String::new(),
            beside: Vec::new(),
            environment: None,
            namespaces: Vec::new(),
            policy: Policy::default(),
            max_documents: 5_000,
            judge,
        }
    }
}

/// Files by blob id that were read before, so that an unchanged one is not read again.
#[derive(Debug, Default)]
pub struct Cache {
    files: HashMap<String, Arc<YamlFile>>,
}

/// A valid document and where it is.
#[derive(Clone, Debug, PartialEq)]
pub struct LoadedDocument {
    /// The document.
    pub document: Document,
    /// Path of its file from the repository's root.
    pub file: String,
    /// Line of its name.
    pub line: u32,
}

/// Why a document that is there is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockedBy {
    /// It, its file, or its relation to another document is in error.
    Error,
    /// The daemon's configuration does not allow it.
    Configuration,
}

/// A document that is there but not used: what runs stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Why.
    pub by: BlockedBy,
    /// The first diagnostic in one line, with file, line and column.
    pub message: String,
    /// Path of its file from the repository's root.
    pub file: String,
}

/// What a revision says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// Valid documents.
    pub documents: BTreeMap<DocumentId, LoadedDocument>,
    /// Documents that are there and known by their identity, but not used.
    pub blocked: BTreeMap<DocumentId, Blocked>,
    /// Documents that `enabled: false` takes away in this environment.
    pub absent: BTreeSet<DocumentId>,
    /// Documents that are there more than once, with the files that they are in.
    pub twice: BTreeMap<DocumentId, BTreeSet<String>>,
    /// Everything there is to say, by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// Nothing was unreadable or in error. As long as this is false, no document may be pruned.
    pub complete: bool,
    /// Number of YAML files that were looked at.
    pub files: usize,
}

/// Reads the documents of a revision.
pub fn load(tree: &Tree, options: &Options, cache: &mut Cache) -> Loaded {
    let mut loading = Loading::new(tree, options);
    let files = loading.read(cache);
    loading.loaded.files = files.len();
    loading.failures(&files);
    loading.documents(&files);
    loading.across();
    loading.finish()
}

/// The files that are read as documents, without a word on what is in them.
pub(in crate::document) fn files<'t>(tree: &'t Tree, options: &'t Options, cache: &mut Cache) -> Files<'t> {
    Loading::new(tree, options).read(cache)
}

struct Loading<'t> {
    tree: &'t Tree,
    options: &'t Options,
    /// Those of the options.
    namespaces: Vec<GlobMatcher>,
    loaded: Loaded,
    members: Vec<Member>,
}

/// YAML files by their path.
pub(in crate::document) type Files<'t> = BTreeMap<&'t str, Arc<YamlFile>>;

impl<'t> Loading<'t> {
    fn new(tree: &'t Tree, options: &'t Options) -> Self {
        let namespaces = options.namespaces.iter().map(Glob::compile_matcher).collect();
        Self { tree, options, namespaces, loaded: Loaded::default(), members: Vec::new() }
    }

    /// Every YAML file below the paths, from the cache where its blob is known.
    fn read(&mut self, cache: &mut Cache) -> Files<'t> {
        let mut known = HashMap::new();
        let mut files = Files::new();
        for folder in std::iter::once(&self.options.path).chain(&self.options.beside) {
            self.read_folder(folder, cache, &mut known, &mut files);
        }
        cache.files = known;
        files
    }

    fn read_folder(
        &mut self,
        folder: &str,
        cache: &Cache,
        known: &mut HashMap<String, Arc<YamlFile>>,
        files: &mut Files<'t>,
    ) {
        let folder = folder.split('/').filter(|part| !matches!(*part, "" | "."));
        let folder = folder.collect::<Vec<_>>().join("/");
        let cut = if folder.is_empty() { 0 } else { folder.len() + 1 };
        let ignore = self.ignore(&folder);
        for (path, entry) in folder::entries(self.tree, &folder) {
            let name = path.get(cut..).unwrap_or(path);
            if is_hidden(name) || ignore.ignores(name) {
                continue;
            }
            match entry {
                Entry::File { bytes, .. } if bytes.len() as u64 > MAX_FILE_BYTES => {
                    self.refuse(path, &Refusal::TooLarge { bytes: bytes.len() as u64 });
                }
                Entry::File { id, bytes } if is_yaml(path) => {
                    let file = cache.files.get(id).or_else(|| known.get(id)).cloned();
                    let file = file.unwrap_or_else(|| Arc::new(file::read(bytes)));
                    known.insert(id.clone(), Arc::clone(&file));
                    files.insert(path, file);
                }
                Entry::File { .. } => {}
                Entry::Refused(refusal) => self.refuse(path, refusal),
            }
        }
    }

    fn ignore(&mut self, folder: &str) -> Ignore {
        let path = if folder.is_empty() { IGNORE_FILE.to_owned() } else { format!("{folder}/{IGNORE_FILE}") };
        let mut diagnostics = Vec::new();
        let ignore = match self.tree.entries.get(&path) {
            Some(Entry::File { bytes, .. }) => {
                Ignore::read(&String::from_utf8_lossy(bytes), &mut diagnostics)
            }
            Some(Entry::Refused(refusal)) => {
                let message = format!("`{IGNORE_FILE}` {}", refused(refusal));
                diagnostics.push(Diagnostic::error(Code::Unreadable, Span::START, message));
                Ignore::default()
            }
            None => Ignore::default(),
        };
        self.loaded.diagnostics.extend(diagnostics.into_iter().map(|diagnostic| diagnostic.in_file(&path)));
        ignore
    }

    /// Reports what is not read, where documents may lie in it: a YAML file, or what may be a folder.
    fn refuse(&mut self, path: &str, refusal: &Refusal) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (code, folder) = match refusal {
            Refusal::Submodule => (Code::NotFollowed, true),
            Refusal::Symlink => (Code::NotFollowed, !name.contains('.')),
            Refusal::TooLarge { .. } => (Code::FileTooLarge, false),
            Refusal::Unreadable { .. } => (Code::Unreadable, false),
        };
        if folder || is_yaml(path) {
            let diagnostic = Diagnostic::error(code, Span::START, format!("`{name}` {}", refused(refusal)))
                .help(format!("if there are no documents in it, name it in `{IGNORE_FILE}`"));
            self.loaded.diagnostics.push(diagnostic.in_file(path));
        }
    }

    /// Files that could not be read to their end: all of their documents are blocked. In a folder of
    /// configuration files anything may lie, as long as it does not speak of us.
    fn failures(&mut self, files: &Files<'_>) {
        let config = LazyCell::new(|| config_folders(files));
        let is_config = |path: &str| {
            let mut folders = path.match_indices('/').map(|(at, _)| path.get(..at).unwrap_or_default());
            config.contains("") || folders.any(|folder| config.contains(folder))
        };
        for (path, file) in files {
            let Some(failure) = &file.failure else { continue };
            if file.documents.is_empty() && !file.speaks_of_us && is_config(path) {
                continue;
            }
            let mut failure = failure.clone().in_file(path);
            if file.documents.is_empty() && !file.speaks_of_us && failure.help.is_none() {
                failure.help = Some(format!("if there are no documents in it, name it in `{IGNORE_FILE}`"));
            }
            for document in &file.documents {
                if let Some(id) = &document.identity.id {
                    self.block(id, BlockedBy::Error, &failure, path);
                    self.members.push(Member {
                        id: id.clone(),
                        file: (*path).to_owned(),
                        place: document.identity.place,
                        present: true,
                        valid: false,
                        dependencies: Vec::new(),
                        claims: Vec::new(),
                    });
                }
            }
            self.loaded.diagnostics.push(failure);
        }
    }

    fn documents(&mut self, files: &Files<'_>) {
        let document_files =
            files.iter().filter(|(_, file)| !file.documents.is_empty()).map(|(path, _)| *path).collect();
        let mut count = 0;
        for (path, file) in files.iter().filter(|(_, file)| file.failure.is_none()) {
            let around = Surroundings {
                tree: self.tree,
                file: path,
                environment: self.options.environment.as_deref(),
                document_files: &document_files,
                policy: &self.options.policy,
                judge: self.options.judge,
            };
            for raw in &file.documents {
                count += 1;
                let checked = if count <= self.options.max_documents {
                    check(raw, around)
                } else {
                    let mut checked = Checked::invalid();
                    if count == self.options.max_documents + 1 {
                        checked.diagnostics.push(self.too_many(raw.identity.place).in_file(path));
                    }
                    checked
                };
                self.document(raw.identity.id.as_ref(), raw.identity.place, path, checked);
            }
        }
    }

    fn too_many(&self, span: Span) -> Diagnostic {
        let message = format!("the source has more than {} documents", self.options.max_documents);
        Diagnostic::error(Code::TooManyDocuments, span, message)
            .help("this one and those after it are left as they are; raise the limit, or divide the source")
    }

    fn document(&mut self, id: Option<&DocumentId>, place: Span, path: &str, mut checked: Checked) {
        let Some(id) = id else { return self.loaded.diagnostics.append(&mut checked.diagnostics) };
        if !self.allows(&id.namespace) {
            let message = format!("documents of this source may not be in the namespace `{}`", id.namespace);
            let diagnostic = Diagnostic::error(Code::NamespaceRefused, place, message)
                .in_file(path)
                .help("move it, or add the namespace to `namespaces` in the daemon's configuration");
            checked.diagnostics.push(diagnostic);
        }
        let errors = || checked.diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
        let error = errors().find(|diagnostic| !diagnostic.code.is_policy());
        let refusal = errors().find(|diagnostic| diagnostic.code.is_policy());
        match (&checked.outcome, error, refusal) {
            (_, Some(error), _) => self.block(id, BlockedBy::Error, error, path),
            (Outcome::Absent, None, _) => {
                self.loaded.absent.insert(id.clone());
            }
            (_, None, Some(refusal)) => self.block(id, BlockedBy::Configuration, refusal, path),
            (Outcome::Present(document), None, None) => {
                let loaded =
                    LoadedDocument { document: document.clone(), file: path.to_owned(), line: place.line };
                self.loaded.documents.insert(id.clone(), loaded);
            }
            (Outcome::Invalid, None, None) => {
                let diagnostic = self.too_many(place).in_file(path);
                self.block(id, BlockedBy::Error, &diagnostic, path);
            }
        }
        self.loaded.diagnostics.append(&mut checked.diagnostics);
        self.members.push(Member {
            id: id.clone(),
            file: path.to_owned(),
            place,
            present: !matches!(checked.outcome, Outcome::Absent),
            valid: matches!(checked.outcome, Outcome::Present(_)),
            dependencies: checked.dependencies,
            claims: checked.claims,
        });
    }

    fn allows(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.iter().any(|glob| glob.is_match(namespace))
    }

    fn across(&mut self) {
        // What stands against several documents is said once.
        let mut said = HashSet::new();
        for (id, diagnostic) in across::check(&self.members) {
            if diagnostic.code == Code::DuplicateDocument {
                let related = diagnostic.related.iter().map(|other| &other.file);
                let files = self.loaded.twice.entry(id.clone()).or_default();
                files.extend(related.chain([&diagnostic.file]).cloned());
            }
            if diagnostic.is_error() {
                let file = self.file_of(&id, &diagnostic.file);
                self.block(&id, BlockedBy::Error, &diagnostic, &file);
            }
            if said.insert(diagnostic.clone()) {
                self.loaded.diagnostics.push(diagnostic);
            }
        }
    }

    /// The file that a document is in; `named` if it is there too. A diagnostic may stand in the file of another one.
    fn file_of(&self, id: &DocumentId, named: &str) -> String {
        let mut files = self.members.iter().filter(|member| member.id == *id).map(|member| &member.file);
        let first = files.clone().next();
        files.find(|file| *file == named).or(first).map_or_else(|| named.to_owned(), Clone::clone)
    }

    fn block(&mut self, id: &DocumentId, by: BlockedBy, diagnostic: &Diagnostic, file: &str) {
        let blocked = Blocked { by, message: diagnostic.to_string(), file: file.to_owned() };
        self.loaded.blocked.entry(id.clone()).or_insert(blocked);
    }

    fn finish(mut self) -> Loaded {
        let loaded = &mut self.loaded;
        loaded.documents.retain(|id, _| !loaded.blocked.contains_key(id));
        loaded.absent.retain(|id| !loaded.blocked.contains_key(id) && !loaded.documents.contains_key(id));
        loaded.diagnostics.sort_by(|a, b| (&a.file, a.span, a.code).cmp(&(&b.file, b.span, b.code)));
        loaded.complete = !loaded
            .diagnostics
            .iter()
            .any(|diagnostic| diagnostic.is_error() && !diagnostic.code.is_policy());
        self.loaded
    }
}

/// Folders that some document, valid or not, calls its configuration files or migrations.
pub(in crate::document) fn config_folders(files: &Files<'_>) -> BTreeSet<String> {
    let mut folders = BTreeSet::new();
    for (path, file) in files {
        for document in &file.documents {
            let Some(spec) = document.root.get("spec") else { continue };
            let overlays = spec.get("environments").map(Node::entries).unwrap_or_default();
            for spec in overlays.iter().map(|overlay| &overlay.value).chain([spec]) {
                for folder in ["configFrom", "dir"].into_iter().filter_map(|field| spec.get(field)?.text()) {
                    folders.extend(resolve(path, folder, Span::START));
                }
            }
        }
    }
    folders
}
