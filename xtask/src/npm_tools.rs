//! Programs that come from npm packages, installed once into a cache that is addressed by the content of their
//! `package-lock.json`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::go_tools::cache_dir;

/// A folder below `tests` with a `package.json` and its lock.
pub struct NpmPackages {
    folder: &'static str,
}

/// The language server that editors check YAML with.
pub const EDITOR: NpmPackages = NpmPackages { folder: "editor" };

impl NpmPackages {
    /// The `node_modules` of these packages, installed now when they never were.
    pub fn installed(&self) -> Result<PathBuf> {
        let source = crate::workspace().join("tests").join(self.folder);
        let lock = fs::read(source.join("package-lock.json"))
            .with_context(|| format!("reading the lock in {}", source.display()))?;
        let cache = cache_dir()?.join("npm");
        let place = cache.join(format!("{}-{}", self.folder, hex::encode(Sha256::digest(&lock))));
        let modules = place.join("node_modules");
        if modules.is_dir() {
            return Ok(modules);
        }
        fs::create_dir_all(&cache).with_context(|| format!("creating {}", cache.display()))?;
        let guard = File::create(cache.join("lock")).context("opening the lock of the npm cache")?;
        guard.lock().context("waiting for another installation")?;
        if !modules.is_dir() {
            // Under the lock nobody else uses this name: what lies there is an installation that was cut off.
            let unfinished = cache.join("unfinished");
            if unfinished.exists() {
                fs::remove_dir_all(&unfinished).context("removing an unfinished installation")?;
            }
            install(&source, &unfinished)?;
            fs::rename(&unfinished, &place).with_context(|| format!("moving to {}", place.display()))?;
        }
        Ok(modules)
    }
}

/// Without scripts: packages are read, they need not run anything here.
fn install(source: &Path, to: &Path) -> Result<()> {
    crate::say("installing npm packages for the tests (once)");
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), to.join(file)).with_context(|| format!("copying {file}"))?;
    }
    let status = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
        .current_dir(to)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("running `npm`: install Node.js 18 or later with npm")?;
    ensure!(status.success(), "`npm ci` failed ({status})");
    Ok(())
}
