//! [`Repository`]: the git repository of the demo. The daemon polls it, so a commit is a push.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::narrator::Narrator;
use super::run;

pub(super) struct Repository(PathBuf);

impl Repository {
    /// A new one, with one commit, in place of what is there.
    pub(super) fn create(folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(folder.join("apps"))?;
        let repository = Self(folder);
        run(repository.git().args(["init", "--quiet", "--initial-branch=main"]))?;
        repository.write("README.md", "The demo's repository.\n")?;
        repository.commit("begin")?;
        Ok(repository)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    pub(super) fn url(&self) -> String {
        format!("file://{}", self.0.display())
    }

    /// Writes a file, with its folders.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<()> {
        let file = self.0.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text).with_context(|| path.to_owned())
    }

    /// Removes a file.
    pub(super) fn remove(&self, path: &str) -> Result<()> {
        fs::remove_file(self.0.join(path)).with_context(|| path.to_owned())
    }

    /// Takes the last commit back by another one.
    pub(super) fn revert(&self, narrator: &Narrator) -> Result<()> {
        narrator.command("git revert HEAD && git push");
        run(self.git().args(["revert", "--no-edit", "HEAD"])).map(drop)
    }

    /// Commits everything.
    pub(super) fn commit(&self, message: &str) -> Result<()> {
        run(self.git().args(["add", "--all"]))?;
        run(self.git().args(["commit", "--quiet", "--message", message])).map(drop)
    }

    /// The id of the last commit.
    pub(super) fn head(&self) -> Result<String> {
        let output = run(self.git().args(["rev-parse", "HEAD"]))?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// As it comes, whatever the person is configured for.
    fn git(&self) -> Command {
        let mut git = Command::new("git");
        git.current_dir(&self.0)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .args(["-c", "user.name=demo", "-c", "user.email=demo@example.com"]);
        git
    }
}
