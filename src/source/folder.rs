//! A plain folder as a source: development, and the work tree of a clone. Symbolic links are not followed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::document::{Entry, MAX_FILE_BYTES, Refusal, Revision, Tree};

use super::limits::Budget;
use super::settings::{RepoPath, SourceSettings};
use super::{History, Poll, Snapshot, SourceError};

/// What a folder source remembers between polls.
pub(super) struct FolderSource {
    root: PathBuf,
    previous: Option<Revision>,
    given: bool,
}

impl FolderSource {
    pub(super) fn new(root: &Path, previous: Option<Revision>) -> Self {
        Self { root: root.to_owned(), previous, given: false }
    }

    pub(super) fn poll(&mut self, settings: &SourceSettings) -> Result<Poll, SourceError> {
        let tree = match read(&self.root, &settings.path, &|_| false) {
            // A folder that was followed and is emptied: what follows is not decided here.
            Err(SourceError::PathMissing { .. }) if self.previous.is_some() && self.root.is_dir() => {
                Tree::default()
            }
            read => read?,
        };
        let revision = revision(&tree);
        if self.given && self.previous.as_ref() == Some(&revision) {
            return Ok(Poll::Unchanged { revision });
        }
        if self.previous.is_none() && !super::holds_documents(&tree) {
            return Err(SourceError::EmptySource {
                url: self.root.display().to_string(),
                path: settings.path.to_string(),
                revision: revision.to_string(),
            });
        }
        // A folder has no history that could be rewritten.
        let history = if self.previous.is_some() { History::FastForward } else { History::First };
        self.previous = Some(revision.clone());
        self.given = true;
        Ok(Poll::Changed(Snapshot { revision, tree, commit: None, history }))
    }
}

/// The files below a folder, as they lie there; keys relative to it.
pub fn read_folder(root: &Path) -> Result<Tree, SourceError> {
    read(root, &RepoPath::default(), &|_| false)
}

/// The files below `root`/`path`, without `.git` and without what `ignored` says; keys relative to `root`.
pub(super) fn read(
    root: &Path,
    path: &RepoPath,
    ignored: &dyn Fn(&Path) -> bool,
) -> Result<Tree, SourceError> {
    let start = real_folder(root, path)?;
    let mut entries = BTreeMap::new();
    let mut budget = Budget::default();
    let mut open = vec![(start, path.as_str().to_owned())];
    while let Some((dir, prefix)) = open.pop() {
        for item in fs::read_dir(&dir).map_err(|error| unreadable(&dir, &error))? {
            let item = item.map_err(|error| unreadable(&dir, &error))?;
            let (name, place) = (item.file_name(), item.path());
            if name == ".git" || ignored(&place) {
                continue;
            }
            let name = name.to_string_lossy();
            let key = if prefix.is_empty() { name.to_string() } else { format!("{prefix}/{name}") };
            budget.count_entry().map_err(|detail| too_large(root, path, detail))?;
            // Editors and package managers remove files while we look: gone is the same as never there.
            let Ok(about) = place.symlink_metadata() else { continue };
            if about.is_dir() {
                open.push((place, key));
                continue;
            }
            let Some(entry) = file(&place, &about) else { continue };
            if let Entry::File { bytes, .. } = &entry {
                budget.count_bytes(bytes.len() as u64).map_err(|detail| too_large(root, path, detail))?;
            }
            entries.insert(key, entry);
        }
    }
    Ok(Tree { entries })
}

/// `root`/`path`, none of whose own parts is a symbolic link.
fn real_folder(root: &Path, path: &RepoPath) -> Result<PathBuf, SourceError> {
    let missing = |detail: &str| SourceError::PathMissing {
        url: root.display().to_string(),
        path: path.to_string(),
        revision: "the folder as it is".into(),
        detail: detail.into(),
    };
    let mut at = root.to_owned();
    for part in path.as_str().split('/').filter(|part| !part.is_empty()) {
        at.push(part);
        match at.symlink_metadata() {
            Ok(about) if about.is_symlink() => return Err(missing("leads over a symbolic link")),
            Ok(about) if about.is_dir() => {}
            Ok(_) => return Err(missing("is a file, not a folder")),
            Err(_) => return Err(missing("does not exist")),
        }
    }
    Ok(at)
}

fn file(place: &Path, about: &fs::Metadata) -> Option<Entry> {
    if about.is_symlink() {
        return Some(Entry::Refused(Refusal::Symlink));
    }
    if !about.is_file() {
        return Some(Entry::Refused(Refusal::Unreadable { message: "is not a regular file".into() }));
    }
    if about.len() > MAX_FILE_BYTES {
        return Some(Entry::Refused(Refusal::TooLarge { bytes: about.len() }));
    }
    match fs::read(place) {
        Ok(bytes) if bytes.len() as u64 > MAX_FILE_BYTES => {
            Some(Entry::Refused(Refusal::TooLarge { bytes: bytes.len() as u64 }))
        }
        Ok(bytes) => Some(Entry::File { id: hex::encode(Sha256::digest(&bytes)), bytes: Arc::from(bytes) }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => Some(Entry::Refused(Refusal::Unreadable { message: error.to_string() })),
    }
}

/// `folder-` and the first 20 bytes of a hash over all paths and contents.
pub(super) fn revision(tree: &Tree) -> Revision {
    let mut hash = Sha256::new();
    for (path, entry) in &tree.entries {
        let content = match entry {
            Entry::File { id, .. } => id.clone(),
            Entry::Refused(refusal) => format!("{refusal:?}"),
        };
        for part in [path.as_bytes(), content.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    let digest = hex::encode(hash.finalize());
    Revision(format!("folder-{}", digest.get(..40).unwrap_or(&digest)))
}

fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    SourceError::FolderUnreadable { path: path.display().to_string(), detail: error.to_string() }
}

fn too_large(root: &Path, path: &RepoPath, detail: String) -> SourceError {
    SourceError::SourceTooLarge { url: root.display().to_string(), path: path.to_string(), detail }
}
