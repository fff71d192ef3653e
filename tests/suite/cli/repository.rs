//! A git repository with documents, and the binary in it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

/// An app with this `spec`, beside its image.
pub fn app(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: portfolio.dev/v1alpha1\nkind: PortfolioApp\n\
         metadata: {{name: {name}, namespace: shop}}\nspec:\n  image: registry.example.com/{name}:1.0.0\n{spec}"
    )
}

pub struct Repository {
    folder: TempDir,
}

/// What came of a command.
pub struct Answer {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Repository {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let repository = Self { folder: TempDir::new().unwrap() };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        for (path, text) in files {
            repository.write(path, text);
        }
        repository.commit("First");
        repository
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn remove(&self, path: &str) {
        fs::remove_file(self.path().join(path)).unwrap();
    }

    pub fn commit(&self, subject: &str) {
        self.git(&["add", "--all"]);
        let who = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
        let what = ["commit", "--quiet", "--allow-empty", "--message", subject];
        self.git(&[&who[..], &what[..]].concat());
    }

    pub fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        git.args(arguments).current_dir(self.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", self.path());
        assert!(git.status().unwrap().success(), "git {arguments:?}");
    }

    /// Runs `portfolio` in the repository's root.
    pub fn run(&self, arguments: &[&str]) -> Answer {
        self.run_in("", arguments)
    }

    /// Runs `portfolio` in a folder of the repository.
    pub fn run_in(&self, folder: &str, arguments: &[&str]) -> Answer {
        let mut command = assert_cmd::cargo::cargo_bin_cmd!("portfolio");
        command.args(arguments).current_dir(self.path().join(folder)).env_clear();
        let Output { status, stdout, stderr } = command.output().unwrap();
        Answer {
            code: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}
