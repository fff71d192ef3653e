//! [`write`]: a folder that holds a file an object, as the last run left it.
//!
//! A manifest beside the files says which of them this command wrote, and with what content. Only those are written
//! over, and only what still has that content is removed: never on a guess. Each file appears by rename, so that a
//! reader sees it whole, and the manifest covers a file before it is there, so that a crash leaves nothing unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::cli::CliError;

/// Which files are ours; hidden, so that nothing takes it for a document.
const MANIFEST: &str = ".portfolio-render.json";

/// Files by their path within the folder: `shop/deployment-web.yaml`.
pub(super) type Files = BTreeMap<String, String>;

/// What was done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Files whose content is new.
    pub(super) written: usize,
    /// Files that were right already.
    pub(super) unchanged: usize,
    /// Files of an earlier run that are gone.
    pub(super) removed: usize,
    /// Files of an earlier run that somebody changed since: they stay.
    pub(super) kept: Vec<PathBuf>,
}

/// The files that this command wrote, each with the hash of what it wrote. While it writes, a file may have either of
/// two contents.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Manifest {
    files: BTreeMap<String, BTreeSet<String>>,
}

/// Makes the folder hold these files and none of an earlier run.
pub(super) fn write(folder: &Path, files: &Files) -> Result<Done, CliError> {
    let folder = Folder { path: folder };
    fs::create_dir_all(folder.path).map_err(|error| CliError::file(folder.path, error))?;
    let known = folder.manifest()?;
    if files.is_empty() && !known.files.is_empty() {
        return Err(CliError::refused(format!(
            "there is nothing to render, so nothing is removed from {} either",
            folder.path.display()
        ))
        .with_hint("remove the folder if that is meant"));
    }
    folder.check(files, &known)?;
    let mut done = Done::default();
    let due = files.iter().filter(|(name, text)| folder.read(name).as_deref() != Some(text.as_bytes()));
    let due: Vec<(&String, &String)> = due.collect();
    done.unchanged = files.len() - due.len();
    let mut manifest = known.clone();
    for (name, text) in files {
        manifest.files.entry(name.clone()).or_default().insert(hash(text.as_bytes()));
    }
    folder.keep(&manifest)?;
    for (name, text) in due {
        folder.put(name, text.as_bytes())?;
        done.written += 1;
    }
    manifest.files =
        files.iter().map(|(name, text)| (name.clone(), [hash(text.as_bytes())].into())).collect();
    for (name, hashes) in known.files.into_iter().filter(|(name, _)| !files.contains_key(name)) {
        match folder.read(&name) {
            None => {}
            Some(content) if hashes.contains(&hash(&content)) => {
                folder.remove(&name)?;
                done.removed += 1;
            }
            Some(_) => {
                done.kept.push(folder.path.join(&name));
                manifest.files.insert(name, hashes);
            }
        }
    }
    folder.keep(&manifest)?;
    Ok(done)
}

struct Folder<'a> {
    path: &'a Path,
}

impl Folder<'_> {
    fn manifest(&self) -> Result<Manifest, CliError> {
        let path = self.path.join(MANIFEST);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Manifest::default()),
            text => text.map_err(|error| CliError::file(&path, error))?,
        };
        let mut manifest: Manifest = serde_json::from_str(&text).map_err(|error| {
            CliError::usage(format!("{}: {error}", path.display()))
                .with_hint("it tells which files are to be removed; render into another folder if it is lost")
        })?;
        // What does not have the form of our names was not written by us.
        manifest.files.retain(|name, _| is_name(name));
        Ok(manifest)
    }

    /// That nothing of somebody else's would be written over.
    fn check(&self, files: &Files, known: &Manifest) -> Result<(), CliError> {
        let folders: BTreeSet<&str> = files.keys().filter_map(|name| name.split('/').next()).collect();
        for folder in folders {
            let path = self.path.join(folder);
            if path.symlink_metadata().is_ok_and(|about| !about.is_dir()) {
                return Err(CliError::refused(format!("{} is there and is no folder", path.display())));
            }
        }
        let is_foreign = |name: &str, text: &str| {
            let is_there = self.path.join(name).symlink_metadata().is_ok();
            is_there && !known.files.contains_key(name) && self.read(name).as_deref() != Some(text.as_bytes())
        };
        let foreign: Vec<String> = files
            .iter()
            .filter(|(name, text)| is_foreign(name, text))
            .map(|(name, _)| self.path.join(name).display().to_string())
            .collect();
        if foreign.is_empty() {
            return Ok(());
        }
        Err(CliError::refused(format!("not written by this command: {}", foreign.join(", ")))
            .with_hint("move them away, or name another folder"))
    }

    /// The content of a regular file.
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let path = self.path.join(name);
        path.symlink_metadata().ok().filter(fs::Metadata::is_file)?;
        fs::read(path).ok()
    }

    fn keep(&self, manifest: &Manifest) -> Result<(), CliError> {
        let text = serde_json::to_string_pretty(manifest).unwrap_or_default() + "\n";
        if self.read(MANIFEST).as_deref() == Some(text.as_bytes()) {
            return Ok(());
        }
        self.put(MANIFEST, text.as_bytes())
    }

    /// Writes a file beside its place and renames it.
    fn put(&self, name: &str, content: &[u8]) -> Result<(), CliError> {
        let path = self.path.join(name);
        let failed = |error| CliError::file(&path, error);
        let folder = path.parent().unwrap_or(self.path);
        fs::create_dir_all(folder).map_err(failed)?;
        // As any other file is made, the umask taken off.
        let mut file = tempfile::Builder::new()
            .prefix(".portfolio-")
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(folder)
            .map_err(failed)?;
        file.write_all(content).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<(), CliError> {
        let path = self.path.join(name);
        fs::remove_file(&path).map_err(|error| CliError::file(&path, error))?;
        // Only an empty one goes.
        path.parent().map(fs::remove_dir).and_then(Result::ok);
        Ok(())
    }
}

/// `<namespace>/<kind>-<name>.<extension>`, which leads nowhere else.
fn is_name(name: &str) -> bool {
    let is_part =
        |part: &str| !part.starts_with('.') && !part.contains(|char: char| char == '/' || char.is_control());
    name.split_once('/').is_some_and(|(folder, file)| {
        !folder.is_empty() && file.contains('-') && is_part(folder) && is_part(file)
    })
}

fn hash(content: &[u8]) -> String {
    hex::encode(Sha256::digest(content))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    fn files(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    fn all(folder: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            if entry.path().is_dir() {
                found.extend(all(&entry.path()).into_iter().map(|below| format!("{name}/{below}")));
            } else {
                found.push(name);
            }
        }
        found.sort();
        found
    }

    #[test]
    fn what_an_earlier_run_wrote_and_this_one_does_not_is_removed() {
        let folder = TempDir::new().unwrap();
        write(folder.path(), &files(&[("shop/service-web.yaml", "a"), ("blog/service-web.yaml", "b")]))
            .unwrap();
        fs::write(folder.path().join("notes.md"), "mine").unwrap();
        let inode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().ino();
        let before = inode("shop/service-web.yaml");

        let written =
            write(folder.path(), &files(&[("shop/service-web.yaml", "a"), ("shop/job-x.yaml", "c")]))
                .unwrap();

        assert_eq!(written, Done { written: 1, unchanged: 1, removed: 1, kept: Vec::new() });
        assert_eq!(all(folder.path()), [MANIFEST, "notes.md", "shop/job-x.yaml", "shop/service-web.yaml"]);
        assert_eq!(inode("shop/service-web.yaml"), before, "what is right is not written again");
    }

    #[test]
    fn what_somebody_else_wrote_is_neither_written_over_nor_removed() {
        let folder = TempDir::new().unwrap();
        fs::create_dir(folder.path().join("shop")).unwrap();
        fs::write(folder.path().join("shop/service-web.yaml"), "theirs").unwrap();
        let error = write(folder.path(), &files(&[("shop/service-web.yaml", "a")])).unwrap_err();
        assert!(error.to_string().contains("shop/service-web.yaml"), "{error}");
        assert_eq!(all(folder.path()), ["shop/service-web.yaml"]);
        assert_eq!(fs::read_to_string(folder.path().join("shop/service-web.yaml")).unwrap(), "theirs");
    }

    #[test]
    fn a_file_that_was_changed_since_stays_when_it_is_stale() {
        let folder = TempDir::new().unwrap();
        let both = files(&[("shop/service-web.yaml", "a"), ("shop/service-old.yaml", "b")]);
        write(folder.path(), &both).unwrap();
        let old = folder.path().join("shop/service-old.yaml");
        fs::write(&old, "changed").unwrap();
        for _ in 0..2 {
            let written = write(folder.path(), &files(&[("shop/service-web.yaml", "a")])).unwrap();
            assert_eq!(written.kept, std::slice::from_ref(&old));
        }
        fs::write(&old, "b").unwrap();
        assert_eq!(write(folder.path(), &files(&[("shop/service-web.yaml", "a")])).unwrap().removed, 1);
    }

    #[test]
    fn a_run_that_was_cut_off_leaves_nothing_that_the_next_one_does_not_know() {
        let folder = TempDir::new().unwrap();
        let first = files(&[("shop/service-web.yaml", "a")]);
        write(folder.path(), &first).unwrap();
        // As far as the manifest of both, and no further.
        let this = Folder { path: folder.path() };
        let mut manifest = this.manifest().unwrap();
        manifest.files.entry("shop/service-web.yaml".into()).or_default().insert(hash(b"b"));
        manifest.files.entry("shop/job-new.yaml".into()).or_default().insert(hash(b"n"));
        this.keep(&manifest).unwrap();
        let written = write(folder.path(), &files(&[("shop/ingress-x.yaml", "x")])).unwrap();
        assert_eq!((written.removed, written.kept.len()), (1, 0));
        assert_eq!(all(folder.path()), [MANIFEST, "shop/ingress-x.yaml"]);
    }

    #[test]
    fn nothing_to_render_removes_nothing() {
        let folder = TempDir::new().unwrap();
        write(folder.path(), &files(&[("shop/service-web.yaml", "a")])).unwrap();
        assert!(write(folder.path(), &Files::new()).is_err());
        assert_eq!(all(folder.path()), [MANIFEST, "shop/service-web.yaml"]);
    }

    #[test]
    fn a_manifest_leads_nowhere_outside() {
        let outside = TempDir::new().unwrap();
        let victim = outside.path().join("a-b.yaml");
        fs::write(&victim, "x").unwrap();
        let folder = outside.path().join("out");
        fs::create_dir(&folder).unwrap();
        symlink(outside.path(), folder.join("link")).unwrap();
        let names = ["../a-b.yaml", victim.to_str().unwrap(), "./../a-b.yaml", "shop/../../a-b.yaml"];
        let entries: BTreeMap<&str, Vec<String>> =
            names.iter().map(|name| (*name, vec![hash(b"x")])).collect();
        let manifest = serde_json::json!({"files": entries}).to_string();
        fs::write(folder.join(MANIFEST), manifest).unwrap();
        write(&folder, &files(&[("shop/service-web.yaml", "a")])).unwrap();
        assert!(victim.exists());
        assert!(
            write(&folder, &files(&[("link/service-web.yaml", "a")])).is_err(),
            "a link is no folder of ours"
        );
        assert!(!outside.path().join("service-web.yaml").exists());
    }
}
