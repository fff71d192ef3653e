//! From a commit to a [`Tree`]: blobs straight out of the object database, never a checkout.
//!
//! A blob's size is read before the blob; symbolic links and submodules are named but not followed; a blob that
//! the previous revision had is not read again. Nothing here trusts the names in a tree object.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use git2::{ObjectType, Odb, Oid, Repository};

use crate::document::{Entry, MAX_FILE_BYTES, Refusal, Tree};
use crate::source::limits::Budget;
use crate::source::settings::RepoPath;

/// Blobs of an earlier revision by id.
pub(in crate::source) type Known = HashMap<String, Arc<[u8]>>;

/// Folders deeper than this are not read.
const MAX_DEPTH: usize = 64;
const SYMLINK: i32 = 0o120_000;

/// Why a commit's tree cannot be given.
pub(in crate::source) enum TreeFailure {
    /// libgit2 could not read an object.
    Git(git2::Error),
    /// There is nothing at the path: git keeps no empty folders.
    Missing,
    /// The path is not a folder; says what it is.
    NotAFolder(String),
    /// More than is read into memory; says which limit.
    TooLarge(String),
}

impl From<git2::Error> for TreeFailure {
    fn from(error: git2::Error) -> Self {
        Self::Git(error)
    }
}

/// The files of `commit` below `path`.
pub(in crate::source) fn read(
    repository: &Repository,
    commit: Oid,
    path: &RepoPath,
    known: &Known,
) -> Result<Tree, TreeFailure> {
    let odb = repository.odb()?;
    let mut walk = Walk { repository, odb, known, entries: BTreeMap::new(), budget: Budget::default() };
    let root = repository.find_commit(commit)?.tree_id();
    let start = walk.folder(root, path)?;
    let mut open = vec![(start, path.as_str().to_owned(), 0)];
    while let Some((id, prefix, depth)) = open.pop() {
        walk.list(id, &prefix, depth, &mut open)?;
    }
    Ok(Tree { entries: walk.entries })
}

/// Ids and bytes of all files that were read.
pub(in crate::source) fn known(tree: &Tree) -> Known {
    tree.entries
        .values()
        .filter_map(|entry| match entry {
            Entry::File { id, bytes } => Some((id.clone(), Arc::clone(bytes))),
            Entry::Refused(_) => None,
        })
        .collect()
}

struct Walk<'a> {
    repository: &'a Repository,
    odb: Odb<'a>,
    known: &'a Known,
    entries: BTreeMap<String, Entry>,
    budget: Budget,
}

impl Walk<'_> {
    /// The tree object of the folder `path`.
    fn folder(&self, root: Oid, path: &RepoPath) -> Result<Oid, TreeFailure> {
        let mut at = root;
        for part in path.as_str().split('/').filter(|part| !part.is_empty()) {
            let tree = self.repository.find_tree(at)?;
            let Some(entry) = tree.get_name(part) else {
                return Err(TreeFailure::Missing);
            };
            at = match entry.kind() {
                Some(ObjectType::Tree) => entry.id(),
                Some(ObjectType::Commit) => {
                    return Err(TreeFailure::NotAFolder("leads into a submodule".into()));
                }
                _ if entry.filemode() == SYMLINK => {
                    return Err(TreeFailure::NotAFolder("leads over a symbolic link".into()));
                }
                _ => return Err(TreeFailure::NotAFolder("is a file, not a folder".into())),
            };
        }
        Ok(at)
    }

    fn list(
        &mut self,
        id: Oid,
        prefix: &str,
        depth: usize,
        open: &mut Vec<(Oid, String, usize)>,
    ) -> Result<(), TreeFailure> {
        let tree = self.repository.find_tree(id)?;
        for item in &tree {
            self.budget.count_entry().map_err(TreeFailure::TooLarge)?;
            let name = String::from_utf8_lossy(item.name_bytes());
            let path = if prefix.is_empty() { name.to_string() } else { format!("{prefix}/{name}") };
            let entry = match item.kind() {
                _ if !is_plain(item.name_bytes()) => refused("its name is not one that can be checked out"),
                Some(ObjectType::Tree) if depth >= MAX_DEPTH => {
                    refused(&format!("lies more than {MAX_DEPTH} folders deep"))
                }
                Some(ObjectType::Tree) => {
                    open.push((item.id(), path, depth + 1));
                    continue;
                }
                Some(ObjectType::Commit) => Entry::Refused(Refusal::Submodule),
                _ if item.filemode() == SYMLINK => Entry::Refused(Refusal::Symlink),
                _ => self.file(item.id())?,
            };
            self.entries.insert(path, entry);
        }
        Ok(())
    }

    fn file(&mut self, id: Oid) -> Result<Entry, TreeFailure> {
        let name = id.to_string();
        if let Some(bytes) = self.known.get(&name) {
            self.budget.count_bytes(bytes.len() as u64).map_err(TreeFailure::TooLarge)?;
            return Ok(Entry::File { id: name, bytes: Arc::clone(bytes) });
        }
        let (size, kind) = self.odb.read_header(id)?;
        if kind != ObjectType::Blob {
            return Ok(refused("the tree calls it a file, but it is not"));
        }
        if size as u64 > MAX_FILE_BYTES {
            return Ok(Entry::Refused(Refusal::TooLarge { bytes: size as u64 }));
        }
        self.budget.count_bytes(size as u64).map_err(TreeFailure::TooLarge)?;
        let object = self.odb.read(id)?;
        Ok(Entry::File { id: name, bytes: Arc::from(object.data()) })
    }
}

fn refused(message: &str) -> Entry {
    Entry::Refused(Refusal::Unreadable { message: message.into() })
}

/// A tree object can hold any bytes as a name; git itself would refuse these in a checkout.
fn is_plain(name: &[u8]) -> bool {
    !name.is_empty()
        && name != b"."
        && name != b".."
        && !name.contains(&b'/')
        && !name.eq_ignore_ascii_case(b".git")
        && std::str::from_utf8(name).is_ok()
}
