//! What Kubernetes publishes of a release, out of its Go module.
//!
//! The module proxy serves it, and Go checks its sum against the public checksum database.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::go_tools::cache_dir;

const MODULE: &str = "k8s.io/kubernetes";

/// A folder for the modules, removed with everything in it when it is dropped: each unpacks to 100 MB.
pub(super) struct Downloads {
    folder: PathBuf,
}

impl Downloads {
    pub(super) fn begin() -> Result<Self> {
        let folder = cache_dir()?.join(format!("openapi-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
        fs::write(folder.join("go.mod"), "module portfolio.test/openapi\n\ngo 1.26\n")
            .context("writing go.mod")?;
        Ok(Self { folder })
    }

    pub(super) fn release(&self, release: &str) -> Result<Source> {
        let asked = format!("{MODULE}@{release}");
        let output = Command::new("go")
            .args(["mod", "download", "-json", "-modcacherw", &asked])
            .current_dir(&self.folder)
            .env("GOMODCACHE", self.folder.join("modules"))
            .env("GOWORK", "off")
            .output()
            .context("running `go`: install Go 1.26 or later (https://go.dev/dl)")?;
        ensure!(
            output.status.success(),
            "`go mod download {asked}` failed: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let answer: Value = serde_json::from_slice(&output.stdout).context("reading Go's answer")?;
        let text = |key: &str| {
            let value = answer.get(key).and_then(Value::as_str).map(str::to_owned);
            value.with_context(|| format!("Go says no {key} of {asked}"))
        };
        Ok(Source { release: release.to_owned(), folder: text("Dir")?.into(), sum: text("Sum")? })
    }
}

impl Drop for Downloads {
    fn drop(&mut self) {
        // What cannot be removed lies in a cache folder, where people look when a disk is full.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An unpacked release.
pub(super) struct Source {
    release: String,
    folder: PathBuf,
    sum: String,
}

impl Source {
    /// `34` of `v1.34.4`.
    pub(super) fn minor(&self) -> Result<u16> {
        let minor = self.release.strip_prefix("v1.").and_then(|rest| rest.split('.').next());
        minor.and_then(|minor| minor.parse().ok()).with_context(|| format!("{} has no minor", self.release))
    }

    /// The module with its version and sum, as a go.sum has them.
    pub(super) fn module(&self) -> (String, String) {
        (format!("{MODULE}@{}", self.release), self.sum.clone())
    }

    /// The `OpenAPI` documents, one a group and version, by the order of their names.
    pub(super) fn documents(&self) -> Result<Vec<Value>> {
        let folder = self.folder.join("api/openapi-spec/v3");
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            files.push(entry.context("reading a folder")?.path());
        }
        files.sort();
        let json = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "json");
        files.iter().filter(|path| json(path)).map(|path| read_json(path)).collect()
    }

    /// The Go code that the API server makes its own documents of: the published ones leave out what values a
    /// text may have.
    pub(super) fn generated_openapi(&self) -> Result<String> {
        let file = self.folder.join("pkg/generated/openapi/zz_generated.openapi.go");
        fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
    }
}

fn read_json(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    serde_json::from_slice(&bytes).with_context(|| format!("reading {}", path.display()))
}
