//! Checks that are cargo subcommands of others, installed once into the cache.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::go_tools::cache_dir;

/// A published program, at a fixed version: a new release must not break an old commit.
pub struct CargoTool {
    name: &'static str,
    version: &'static str,
}

/// Finds dependencies that nothing uses.
pub const MACHETE: CargoTool = CargoTool { name: "cargo-machete", version: "0.9.2" };

/// Builds and runs fuzz targets.
pub const FUZZ: CargoTool = CargoTool { name: "cargo-fuzz", version: "0.13.2" };

impl CargoTool {
    /// The path of the executable, installed now when it never was.
    pub fn installed(&self) -> Result<PathBuf> {
        let Self { name, version } = *self;
        let root = cache_dir()?.join("cargo").join(format!("{name}-{version}"));
        let program = root.join("bin").join(name);
        if !program.is_file() {
            crate::say(&format!("installing {name} {version} (once)"));
            let started = Instant::now();
            // Unoptimised: it runs for a second, an optimised build takes minutes.
            let status = Command::new("cargo")
                .args(["install", "--quiet", "--locked", "--debug", "--version", version, name, "--root"])
                .arg(&root)
                .stdout(Stdio::null())
                .status()
                .context("running cargo install")?;
            ensure!(status.success(), "`cargo install {name}` failed ({status})");
            crate::say(&format!("installed {name} in {} s", started.elapsed().as_secs()));
        }
        Ok(program)
    }
}
