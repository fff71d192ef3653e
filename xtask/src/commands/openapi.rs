//! `cargo xtask openapi`: what documents are checked by, brought up to the releases that are named there.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;
use xtask::{openapi, workspace};

/// Read the structure of Kubernetes' objects from its releases again (downloads some 200 MB).
///
/// For a new minor version: add its release in `xtask/src/openapi/mod.rs`, run this and read the diff.
#[derive(Args)]
pub(crate) struct OpenApi {}

impl OpenApi {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let Self {} = self;
        let file = workspace().join(openapi::FILE);
        let text = openapi::generate()?;
        fs::write(&file, &text).with_context(|| format!("writing {}", file.display()))?;
        xtask::say(&format!("wrote {} ({} kB)", openapi::FILE, text.len() / 1000));
        Ok(ExitCode::SUCCESS)
    }
}
