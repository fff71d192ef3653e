//! Executables that come from Go modules, built once into a cache.
//!
//! The cache lies outside the checkout and is addressed by the content of the
//! module's go.mod and go.sum: `cargo clean` or a second worktree costs nothing,
//! and another version is another folder. A folder appears by rename, so what is
//! there is whole.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use sha2::{Digest as _, Sha256};

/// A Go module under `tests/cluster` whose `tool` lines are built.
pub struct GoModule {
    folder: &'static str,
    /// What the person who waits is told of it.
    cost: &'static str,
    programs: &'static [&'static str],
}

/// etcd, the control plane and what Kubernetes runs on a node.
pub const KUBERNETES: GoModule = GoModule {
    folder: "kubernetes",
    cost: "about 6 minutes on 2 cores",
    programs: &[
        "etcd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-proxy",
        "kube-scheduler",
        "kubectl",
        "kubelet",
    ],
};

/// What runs the containers of a real node, and connects them.
pub const NODE: GoModule = GoModule {
    folder: "node",
    cost: "about 1 minute on 2 cores",
    programs: &["containerd", "containerd-shim-runc-v2", "ctr", "host-local", "loopback", "ptp"],
};

/// The node that is none.
pub const KWOK: GoModule =
    GoModule { folder: "kwok", cost: "about 1 minute on 2 cores", programs: &["kwok"] };

/// Judges of rendered manifests and of workflows.
pub const LINT: GoModule = GoModule {
    folder: "lint",
    cost: "about 20 seconds on 2 cores",
    programs: &["actionlint", "kube-score", "kubeconform"],
};

impl GoModule {
    /// The folder with this module's executables, built now when they never were.
    pub fn built(&self) -> Result<PathBuf> {
        let source = crate::workspace().join("tests/cluster").join(self.folder);
        let go_mod =
            fs::read(source.join("go.mod")).with_context(|| format!("reading {}", source.display()))?;
        let go_sum =
            fs::read(source.join("go.sum")).with_context(|| format!("reading {}", source.display()))?;
        let cache = cache_dir()?.join(self.folder);
        let built = cache.join(key(&go_mod, &go_sum));
        if built.is_dir() {
            return Ok(built);
        }
        fs::create_dir_all(&cache).with_context(|| format!("creating {}", cache.display()))?;
        let lock = File::create(cache.join("lock")).context("opening the build lock")?;
        lock.lock().context("waiting for another build")?;
        if !built.is_dir() {
            // Under the lock nobody else uses this name: what lies there is a build that was cut off.
            let unfinished = cache.join("unfinished");
            remove_if_there(&unfinished)?;
            self.build(&source, &String::from_utf8_lossy(&go_mod), &unfinished)?;
            fs::rename(&unfinished, &built).with_context(|| format!("moving to {}", built.display()))?;
        }
        Ok(built)
    }

    fn build(&self, source: &Path, go_mod: &str, output: &Path) -> Result<()> {
        let programs = self.programs.join(", ");
        crate::say(&format!("building {programs} ({}, then never again)", self.cost));
        let started = Instant::now();
        fs::create_dir_all(output).with_context(|| format!("creating {}", output.display()))?;
        let status = Command::new("go")
            .args(["build", "-mod=readonly", "-trimpath", "-ldflags", &linker_flags(go_mod), "-o"])
            .arg(output.join("")) // with a trailing slash: a folder, however many programs there are
            .arg("tool")
            .current_dir(source)
            .env("CGO_ENABLED", "0")
            .env("GOWORK", "off")
            .status()
            .context("running `go`: install Go 1.26 or later (https://go.dev/dl)")?;
        ensure!(status.success(), "`go build` of {programs} failed ({status}); its messages are above");
        // etcd's main package is called `server`.
        if output.join("server").exists() {
            fs::rename(output.join("server"), output.join("etcd")).context("naming etcd")?;
        }
        for program in self.programs {
            ensure!(output.join(program).is_file(), "`go build` in {} made no {program}", source.display());
        }
        crate::say(&format!("built {programs} in {} s", started.elapsed().as_secs()));
        Ok(())
    }
}

/// Kubernetes reports the version that the linker was told; clients look at it.
fn linker_flags(go_mod: &str) -> String {
    match required_version(go_mod, "k8s.io/kubernetes") {
        Some(version) => format!("-s -w -X k8s.io/component-base/version.gitVersion={version}"),
        None => "-s -w".to_owned(),
    }
}

fn required_version<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod
        .lines()
        .filter_map(|line| {
            let line = line.trim();
            line.strip_prefix("require ").unwrap_or(line).strip_prefix(module)?.strip_prefix(' ')
        })
        .find_map(|rest| rest.split_whitespace().next().filter(|version| version.starts_with('v')))
}

/// Length first, so that no two pairs of files hash the same bytes.
fn key(go_mod: &[u8], go_sum: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update((go_mod.len() as u64).to_be_bytes());
    hash.update(go_mod);
    hash.update(go_sum);
    hex::encode(hash.finalize())
}

/// `$PORTFOLIO_CACHE`, else the user's cache folder (XDG Base Directory Specification).
pub fn cache_dir() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(chosen) = set("PORTFOLIO_CACHE") {
        return Ok(chosen);
    }
    let Some(user) = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache"))) else {
        bail!("no place for a cache: set PORTFOLIO_CACHE or HOME");
    };
    Ok(user.join("portfolio"))
}

fn remove_if_there(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_file_changes_the_key() {
        let key_of = |a: &str, b: &str| key(a.as_bytes(), b.as_bytes());
        assert_eq!(key_of("mod", "sum"), key_of("mod", "sum"));
        assert_ne!(key_of("mod", "sum"), key_of("mod2", "sum"));
        assert_ne!(key_of("mod", "sum"), key_of("mod", "sum2"));
    }

    #[test]
    fn a_byte_that_moves_from_one_file_to_the_other_changes_the_key() {
        assert_ne!(key(b"ab", b"c"), key(b"a", b"bc"));
    }

    #[test]
    fn the_version_is_that_of_the_requirement_and_of_no_replacement() {
        let go_mod =
            "replace k8s.io/kubernetes => ../fork\nrequire (\n\tk8s.io/kubernetes v1.36.3 // indirect\n)\n";
        assert_eq!(required_version(go_mod, "k8s.io/kubernetes"), Some("v1.36.3"));
        assert_eq!(required_version("require a.b/c v1.0.0", "a.b/c"), Some("v1.0.0"));
        assert_eq!(required_version("a.b/cd v1.0.0", "a.b/c"), None);
    }
}
