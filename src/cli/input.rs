//! [`Input`]: documents on this machine, for `validate` and `render`.
//!
//! Documents mean something together (two that make the same object, a dependency), so the folder around a path
//! is read as a whole, as the daemon would, and what is asked about is picked from it. The folder is the nearest
//! one with a `.portfolioignore`, else the current one, else the repository's root, else the path itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::policy::PolicyArgs;
use super::report::diagnostic::Files;
use super::{CliError, Ui};
use crate::document::{
    Blocked, Cache, Diagnostic, DocumentId, Entry, Label, LoadedDocument, Options, Related, Severity, Tree,
    load, survey,
};
use crate::source::{RepoPath, Side, SourceError, WorkingClone, read_folder};

const IGNORE_FILE: &str = ".portfolioignore";

/// What to read.
#[derive(Debug, clap::Args)]
pub(super) struct InputArgs {
    /// Folders or files with documents.
    #[arg(value_name = "PATH", default_value = ".")]
    paths: Vec<PathBuf>,

    /// The environment whose overlays are merged.
    #[arg(long, short, value_name = "NAME", env = "PORTFOLIO_ENVIRONMENT")]
    environment: Option<String>,

    #[command(flatten)]
    policy: PolicyArgs,
}

impl InputArgs {
    /// The environment whose overlays are merged.
    pub(super) fn environment(&self) -> Option<&str> {
        self.environment.as_deref()
    }
}

/// What the paths in an answer count from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PathsFrom {
    /// The current folder.
    Here,
    /// The root of the repository that a file is in; without one the current folder.
    Repository,
}

/// What was read and asked about.
#[derive(Debug, Default)]
pub(super) struct Input {
    /// Valid documents.
    pub(super) documents: BTreeMap<DocumentId, LoadedDocument>,
    /// Documents that are there but cannot be used.
    pub(super) blocked: BTreeMap<DocumentId, Blocked>,
    /// What there is to say.
    pub(super) diagnostics: Vec<Diagnostic>,
    /// What there is to say besides, of no place in a file.
    warnings: Vec<String>,
    /// The texts that diagnostics are about.
    pub(super) files: Files,
    /// Documents, usable or not.
    pub(super) count: usize,
    /// Files that they are in.
    pub(super) file_count: usize,
    /// Every file that makes a difference, with the id of its content.
    pub(super) seen: BTreeMap<String, String>,
}

impl Input {
    /// Says what is of no place in a file.
    pub(super) fn warn(&self, ui: Ui) {
        for warning in &self.warnings {
            ui.warning(warning);
        }
    }

    /// How many diagnostics are this serious.
    pub(super) fn count_of(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// `3 documents in 2 files: 1 error, 2 warnings`
    pub(super) fn summary(&self) -> String {
        let findings: Vec<String> = [
            (Severity::Error, "error", "errors"),
            (Severity::Warning, "warning", "warnings"),
            (Severity::Note, "note", "notes"),
        ]
        .into_iter()
        .filter_map(|(severity, one, many)| match self.count_of(severity) {
            0 => None,
            count => Some(counted(count, one, many)),
        })
        .collect();
        let findings = if findings.is_empty() { "nothing to say".to_owned() } else { findings.join(", ") };
        format!(
            "{} in {}: {findings}",
            counted(self.count, "document", "documents"),
            counted(self.file_count, "file", "files")
        )
    }
}

/// `1 file`, `2 files`
pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

fn here() -> Result<PathBuf, CliError> {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.map_err(|error| CliError::io("the current folder", error))
}

/// The folders whose files may make a difference.
pub(super) fn folders(args: &InputArgs) -> Result<Vec<PathBuf>, CliError> {
    Ok(Asked::new(args, &here()?)?.bases.into_iter().collect())
}

/// Reads what the arguments ask about.
pub(super) fn read(args: &InputArgs) -> Result<Input, CliError> {
    read_with(args, PathsFrom::Here)
}

/// The same, with other paths.
pub(super) fn read_with(args: &InputArgs, paths: PathsFrom) -> Result<Input, CliError> {
    let here = here()?;
    let asked = Asked::new(args, &here)?;
    let tree = asked.tree()?;
    let mut folders = asked.bases.iter().map(|base| key(&asked.top, base));
    let options = Options {
        path: folders.next().unwrap_or_default(),
        beside: folders.collect(),
        environment: args.environment.clone(),
        policy: args.policy.policy(),
        ..Options::new(crate::render::judge)
    };
    let mut cache = Cache::default();
    let mut loaded = load(&tree, &options, &mut cache);
    // What is around one path may be around another one, too.
    loaded.diagnostics.dedup();
    let shown = Shown::new(&asked, paths, &here);
    let mut input = Input::default();
    let mut files: BTreeSet<String> = BTreeSet::new();
    for (id, document) in loaded.documents {
        if asked.contains(&document.file) {
            files.insert(shown.path(&document.file));
            input.documents.insert(id, LoadedDocument { file: shown.path(&document.file), ..document });
        }
    }
    for (id, blocked) in loaded.blocked {
        let all = loaded.twice.get(&id).into_iter().flatten();
        let mut all = [&blocked.file].into_iter().chain(all).filter(|file| asked.contains(file)).peekable();
        if let Some(first) = all.peek() {
            input.blocked.insert(id, Blocked { file: shown.path(first), ..blocked.clone() });
        }
        files.extend(all.map(|file| shown.path(file)));
    }
    for diagnostic in loaded.diagnostics.into_iter().filter_map(|one| asked.turned(one)) {
        let names = diagnostic.related.iter().map(|related| &related.file).chain([&diagnostic.file]);
        for name in names {
            input.files.add(&shown.path(name), tree.entries.get(name));
        }
        input.diagnostics.push(shown.diagnostic(diagnostic));
    }
    input.diagnostics.sort_by(|a, b| (&a.file, a.span, a.code).cmp(&(&b.file, b.span, b.code)));
    input.file_count = files.len();
    input.count = input.documents.len() + input.blocked.len();
    let survey = survey(&tree, &options, &mut cache);
    for (name, entry) in survey.inputs.iter().filter_map(|name| tree.entries.get_key_value(name)) {
        let id = match entry {
            Entry::File { id, .. } => id.clone(),
            Entry::Refused(refusal) => format!("{refusal:?}"),
        };
        input.seen.insert(shown.path(name), id);
    }
    if input.count == 0 && input.diagnostics.is_empty() {
        let warning =
            "there is no document there; documents are YAML files with apiVersion portfolio.dev/v1alpha1";
        input.warnings.push(warning.to_owned());
    }
    input.warnings.extend(args.environment().and_then(|name| survey.unknown_environment(name)));
    Ok(input)
}

/// What the arguments ask about, and what is read because of it.
struct Asked {
    /// The folder that everything is in; the names of files count from it.
    top: PathBuf,
    /// The folders that are read as a whole.
    bases: BTreeSet<PathBuf>,
    /// Files and folders, from `top`.
    keys: BTreeSet<String>,
}

impl Asked {
    fn new(args: &InputArgs, here: &Path) -> Result<Self, CliError> {
        let paths = args.paths.iter().map(|path| {
            let whole = path.canonicalize();
            whole.map_err(|error| CliError::file(path, error))
        });
        let paths: Vec<PathBuf> = paths.collect::<Result<_, _>>()?;
        let bases: BTreeSet<PathBuf> = paths.iter().map(|path| base_of(path, here)).collect();
        let top = bases.iter().fold(None, |top: Option<PathBuf>, base| match top {
            None => Some(base.clone()),
            Some(top) => top.ancestors().find(|folder| base.starts_with(folder)).map(Path::to_owned),
        });
        let top = top.unwrap_or_else(|| here.to_owned());
        let keys = paths.iter().map(|path| key(&top, path)).collect();
        Ok(Self { top, bases, keys })
    }

    /// The files of all folders.
    fn tree(&self) -> Result<Tree, CliError> {
        let mut entries = BTreeMap::new();
        for base in &self.bases {
            let folder = key(&self.top, base);
            let below = |name: String| if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let files = tree(base)?.entries;
            entries.extend(files.into_iter().map(|(name, entry)| (below(name), entry)));
        }
        Ok(Tree { entries })
    }

    fn contains(&self, file: &str) -> bool {
        self.keys.iter().any(|asked| is_below(file, asked))
    }

    /// What is said of a place that is asked about, at that place: that two documents do not agree is said where one
    /// of them is, and concerns both.
    fn turned(&self, mut diagnostic: Diagnostic) -> Option<Diagnostic> {
        if self.contains(&diagnostic.file) {
            return Some(diagnostic);
        }
        let at = diagnostic.related.iter().position(|related| self.contains(&related.file))?;
        let related = diagnostic.related.get_mut(at)?;
        std::mem::swap(&mut related.file, &mut diagnostic.file);
        std::mem::swap(&mut related.span, &mut diagnostic.span);
        "the other one".clone_into(&mut related.message);
        diagnostic.label.clear();
        let file = related.file.clone();
        let labels = std::mem::take(&mut diagnostic.labels).into_iter();
        let labels = labels.map(|Label { span, message }| Related { file: file.clone(), span, message });
        diagnostic.related.extend(labels);
        Some(diagnostic)
    }
}

/// The folder that is read as a whole because of a path.
fn base_of(path: &Path, here: &Path) -> PathBuf {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    if let Some(marked) = folder.ancestors().find(|folder| folder.join(IGNORE_FILE).is_file()) {
        return marked.to_owned();
    }
    match root_of(folder) {
        Some(root) if path.starts_with(here) && here.starts_with(&root) => here.to_owned(),
        Some(root) if path.starts_with(&root) => root,
        Some(_) | None => folder.to_owned(),
    }
}

/// The root of the repository that a folder is in.
fn root_of(folder: &Path) -> Option<PathBuf> {
    WorkingClone::discover(folder).ok().and_then(|clone| clone.root().canonicalize().ok())
}

/// The files below a folder; in a repository without those that git ignores.
fn tree(base: &Path) -> Result<Tree, CliError> {
    let Ok(clone) = WorkingClone::discover(base) else { return Ok(read_folder(base)?) };
    let root = clone.root().canonicalize().unwrap_or_else(|_| clone.root().to_owned());
    let Ok(inside) = base.strip_prefix(&root) else { return Ok(read_folder(base)?) };
    let Ok(path) = inside.to_string_lossy().parse::<RepoPath>() else { return Ok(read_folder(base)?) };
    let tree = match clone.snapshot(&Side::WorkTree, &path) {
        Err(SourceError::NoWorkTree { .. }) => return Ok(read_folder(base)?),
        snapshot => snapshot?.tree,
    };
    let cut = |name: String| {
        name.strip_prefix(path.as_str()).map_or(name.clone(), |rest| rest.trim_start_matches('/').to_owned())
    };
    Ok(Tree { entries: tree.entries.into_iter().map(|(name, entry)| (cut(name), entry)).collect() })
}

/// A path as a key of the tree below `base`; empty for all of it.
fn key(base: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(base).unwrap_or(path);
    let parts: Vec<_> = inside.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn is_below(file: &str, folder: &str) -> bool {
    folder.is_empty()
        || file.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// How files are called towards whoever reads the answer.
struct Shown<'a> {
    top: &'a Path,
    /// What their names count from, for those of each folder; the innermost first.
    from: Vec<(&'a Path, PathBuf)>,
}

impl<'a> Shown<'a> {
    fn new(asked: &'a Asked, paths: PathsFrom, here: &Path) -> Self {
        let from = |base: &'a PathBuf| {
            let root = match paths {
                PathsFrom::Here => None,
                PathsFrom::Repository => root_of(base),
            };
            (base.as_path(), root.unwrap_or_else(|| here.to_owned()))
        };
        Self { top: &asked.top, from: asked.bases.iter().rev().map(from).collect() }
    }

    fn path(&self, name: &str) -> String {
        let path = self.top.join(name);
        let from = self.from.iter().find(|(base, _)| path.starts_with(base)).map(|(_, from)| from);
        from.and_then(|from| path.strip_prefix(from).ok()).unwrap_or(&path).display().to_string()
    }

    fn diagnostic(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        diagnostic.file = self.path(&diagnostic.file);
        for related in &mut diagnostic.related {
            related.file = self.path(&related.file);
        }
        diagnostic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_contains_what_is_below_it_and_not_what_begins_like_it() {
        assert!(is_below("apps/shop.yaml", "apps"));
        assert!(is_below("apps/shop.yaml", "apps/shop.yaml"));
        assert!(is_below("shop.yaml", ""));
        assert!(!is_below("apps-old/shop.yaml", "apps"));
    }
}
