//! Where the executables of the server come from: this machine's PostgreSQL, else downloaded once into the cache.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::go_tools::cache_dir;

const PROGRAMS: [&str; 2] = ["initdb", "postgres"];
/// Where Debian and its like put them, out of the PATH: `/usr/lib/postgresql/17/bin`.
const SYSTEM: &str = "/usr/lib/postgresql";
/// What is downloaded where there is none.
const VERSION: &str = "17.5.0";

/// The folder of the executables.
pub(super) struct Binaries {
    folder: PathBuf,
    downloaded: bool,
}

impl Binaries {
    /// Those of this machine, newest first; downloads them when there are none.
    pub(super) fn find() -> Result<Self> {
        if let Some(folder) = of_this_machine() {
            return Ok(Self { folder, downloaded: false });
        }
        Ok(Self { folder: downloaded()?.join("bin"), downloaded: true })
    }

    /// The folder from which the account that runs the server can run them: root's cache is closed to it.
    pub(super) fn reachable(&self, as_root: bool, run: &Path) -> Result<PathBuf> {
        if !(as_root && self.downloaded) {
            return Ok(self.folder.clone());
        }
        let (from, to) = (self.folder.parent().unwrap_or(&self.folder), run.join("postgresql"));
        let copied = Command::new("cp").arg("-R").arg(from).arg(&to).status().context("running cp")?;
        ensure!(copied.success(), "copying {} failed ({copied})", from.display());
        Ok(to.join("bin"))
    }
}

fn of_this_machine() -> Option<PathBuf> {
    let is_whole = |folder: &PathBuf| PROGRAMS.iter().all(|program| folder.join(program).is_file());
    let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(SYSTEM)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::split_paths(&path).collect::<Vec<_>>();
    versions.into_iter().map(|(_, folder)| folder).chain(path).find(is_whole)
}

/// The folder with the server of [`VERSION`]. It appears by rename, so what is there is whole.
fn downloaded() -> Result<PathBuf> {
    let cache = cache_dir()?.join("postgresql");
    let folder = cache.join(VERSION);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&cache).with_context(|| format!("creating {}", cache.display()))?;
    let lock = File::create(cache.join("lock")).context("opening the download lock")?;
    lock.lock().context("waiting for another download")?;
    if !folder.is_dir() {
        crate::say(&format!("no PostgreSQL on this machine: downloading {VERSION} (once)"));
        let started = Instant::now();
        // Under the lock nobody else uses this name: what lies there is a download that was cut off.
        let unfinished = cache.join("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).context("removing an unfinished download")?;
        }
        fs::create_dir_all(&unfinished).with_context(|| format!("creating {}", unfinished.display()))?;
        let status = Command::new("cargo")
            .args(["run", "--quiet", "--package", "postgres-download", "--", VERSION])
            .arg(&unfinished)
            .current_dir(crate::workspace())
            // Of its own: whoever asks may hold the lock of the usual one.
            .env("CARGO_TARGET_DIR", cache.join("target"))
            .stdout(Stdio::null())
            .status()
            .context("running cargo")?;
        ensure!(
            status.success(),
            "the download failed ({status}); installing the package `postgresql` helps, too"
        );
        fs::rename(&unfinished, &folder).with_context(|| format!("moving to {}", folder.display()))?;
        crate::say(&format!("downloaded PostgreSQL {VERSION} in {} s", started.elapsed().as_secs()));
    }
    Ok(folder)
}
