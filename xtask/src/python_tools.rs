//! Programs that come from Python packages, installed once into a virtual environment in the cache that is addressed by
//! the content of their `requirements.txt`.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use sha2::{Digest as _, Sha256};

use crate::go_tools::cache_dir;

/// A folder below `tests` with a `requirements.txt` that fixes every version.
pub struct PythonPackages {
    folder: &'static str,
    /// What the person who waits is told of it.
    cost: &'static str,
}

/// Judges of rendered manifests.
pub const JUDGES: PythonPackages = PythonPackages { folder: "judges", cost: "about 1 minute and 400 MB" };

impl PythonPackages {
    /// The folder with the programs of these packages, their `python` among them, installed now when they never were.
    pub fn installed(&self) -> Result<PathBuf> {
        let source = crate::workspace().join("tests").join(self.folder).join("requirements.txt");
        let requirements = fs::read(&source).with_context(|| format!("reading {}", source.display()))?;
        let cache = cache_dir()?.join("python");
        let place = cache.join(format!("{}-{}", self.folder, hex::encode(Sha256::digest(&requirements))));
        let programs = place.join("bin");
        // An environment knows where it is, so it cannot be made elsewhere and moved: a file says that it is whole.
        let whole = place.join("whole");
        let is_there = || whole.is_file() && programs.join("python").exists();
        if is_there() {
            return Ok(programs);
        }
        fs::create_dir_all(&cache).with_context(|| format!("creating {}", cache.display()))?;
        let guard = File::create(cache.join("lock")).context("opening the lock of the Python cache")?;
        guard.lock().context("waiting for another installation")?;
        if !is_there() {
            if place.exists() {
                fs::remove_dir_all(&place).context("removing an unfinished installation")?;
            }
            self.install(&source, &place)?;
            File::create(&whole).context("noting that the installation is whole")?;
        }
        Ok(programs)
    }

    fn install(&self, requirements: &Path, to: &Path) -> Result<()> {
        crate::say(&format!(
            "installing the Python packages of tests/{} ({}, then never again)",
            self.folder, self.cost
        ));
        let started = Instant::now();
        run(Command::new("python3").args(["-m", "venv"]).arg(to))
            .context("making a virtual environment: install Python 3.11 or later with its module `venv`")?;
        let mut pip = Command::new(to.join("bin/python"));
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--requirement",
        ]);
        run(pip.arg(requirements))?;
        crate::say(&format!("installed in {} s", started.elapsed().as_secs()));
        Ok(())
    }
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("running {}", command.get_program().display()))?;
    ensure!(
        status.success(),
        "`{}` failed ({status}); its messages are above",
        command.get_program().display()
    );
    Ok(())
}
