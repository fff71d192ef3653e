//! A clone of a starter repository, as a pipeline has it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::Repo;

/// A starter repository with two branches: `main`, and `change` with a commit more.
pub struct WorkTree {
    pub repo: Repo,
    folder: TempDir,
}

/// What came of a script.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    /// Both streams, as a log of CI shows them.
    pub log: String,
}

/// A starter repository in which a branch asks for a third pod.
pub fn good() -> WorkTree {
    WorkTree::new(|document| document.replace("replicas: 2", "replicas: 3"))
}

/// One in which a branch has a typo.
pub fn bad() -> WorkTree {
    WorkTree::new(|document| document.replace("replicas: 2", "replica: 2"))
}

impl WorkTree {
    fn new(change: impl Fn(&str) -> String) -> Self {
        let folder = TempDir::new().unwrap();
        let repo = Repo::new(folder.path());
        let tree = Self { repo, folder };
        let init = ["init", "--ci", "both"];
        let mut portfolio = Command::new(env!("CARGO_BIN_EXE_portfolio"));
        let output = portfolio.args(init).current_dir(tree.repo.path("")).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        tree.repo.publish("Start");
        tree.repo.branch("change");
        let document = tree.text("apps/web.yaml");
        let changed = change(&document);
        assert_ne!(changed, document);
        tree.repo.write("apps/web.yaml", &changed);
        tree.repo.publish("Change the app");
        tree.repo.git(&["fetch", "--quiet", "origin"]);
        tree
    }

    pub fn text(&self, path: &str) -> String {
        std::fs::read_to_string(self.repo.path(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Where files may be put that are no part of the clone.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a script by bash in the clone, with our binary in the path and nothing else of this environment.
    pub fn run(&self, options: &[&str], script: &str, env: &BTreeMap<String, String>) -> Ran {
        let file = self.beside("script.sh");
        std::fs::write(&file, script).unwrap();
        let mut bash = Command::new("bash");
        bash.args(options).arg(&file).current_dir(self.repo.path("")).stdin(Stdio::null());
        bash.env_clear().env("PATH", path()).env("HOME", self.folder.path()).envs(env);
        let output = bash.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let log = text(&output.stdout) + &text(&output.stderr);
        Ran { code: output.status.code().unwrap(), log }
    }
}

/// The path of this process, with our binary in front.
pub fn path() -> OsString {
    let binary = Path::new(env!("CARGO_BIN_EXE_portfolio")).parent().unwrap().to_owned();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(binary).chain(std::env::split_paths(&rest))).unwrap()
}

/// Environment variables.
pub fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
