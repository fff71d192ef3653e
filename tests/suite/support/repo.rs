//! A git repository to push to: a bare one that servers offer, and a work tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What people do in a clone and push. Panics when git refuses.
pub struct Repo {
    bare: PathBuf,
    work: PathBuf,
}

impl Repo {
    /// A new, empty repository in `folder`, with the branch `main` checked out.
    pub fn new(folder: &Path) -> Self {
        let repo = Self { bare: folder.join("origin.git"), work: folder.join("work") };
        fs::create_dir_all(&repo.work).unwrap();
        run(git(folder).args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(&repo.bare));
        run(git(folder).args(["init", "--quiet", "--initial-branch=main"]).arg(&repo.work));
        repo.git(&["remote", "add", "origin", &repo.url()]);
        repo
    }

    /// The `file://` URL of the repository that is pushed to.
    pub fn url(&self) -> String {
        format!("file://{}", self.bare.display())
    }

    /// The folder of the repository that is pushed to.
    pub fn bare(&self) -> &Path {
        &self.bare
    }

    /// A path in the work tree.
    pub fn path(&self, path: &str) -> PathBuf {
        self.work.join(path)
    }

    /// Writes a file, with its folders.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Removes a file or a folder.
    pub fn remove(&self, path: &str) {
        let path = self.path(path);
        if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) }.unwrap();
    }

    /// Moves a file or a folder.
    pub fn mv(&self, from: &str, to: &str) {
        let to = self.path(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::rename(self.path(from), to).unwrap();
    }

    /// Commits the work tree as it is, even without a change; returns the commit's id.
    pub fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.head()
    }

    /// Pushes the current branch.
    pub fn push(&self) {
        self.git(&["push", "--quiet", "origin", "HEAD"]);
    }

    /// [`commit`](Self::commit) and [`push`](Self::push).
    pub fn publish(&self, message: &str) -> String {
        let id = self.commit(message);
        self.push();
        id
    }

    /// Pushes the current branch over whatever is there.
    pub fn force_push(&self) {
        self.git(&["push", "--quiet", "--force", "origin", "HEAD"]);
    }

    /// Makes a branch here and goes on on it.
    pub fn branch(&self, name: &str) {
        self.git(&["switch", "--quiet", "--create", name]);
    }

    /// Goes on on an existing branch.
    pub fn switch(&self, branch: &str) {
        self.git(&["switch", "--quiet", branch]);
    }

    /// Makes a lightweight tag here and pushes it.
    pub fn tag(&self, name: &str) {
        self.git(&["tag", name]);
        self.git(&["push", "--quiet", "origin", &format!("refs/tags/{name}")]);
    }

    /// Makes an annotated tag here and pushes it.
    pub fn annotated_tag(&self, name: &str) {
        self.git(&["tag", "--annotate", "--message", name, name]);
        self.git(&["push", "--quiet", "origin", &format!("refs/tags/{name}")]);
    }

    /// Takes the branch and the work tree back to a commit.
    pub fn reset(&self, commit: &str) {
        self.git(&["reset", "--quiet", "--hard", commit]);
    }

    /// Commits the reverse of a commit.
    pub fn revert(&self, commit: &str) -> String {
        self.git(&["revert", "--no-edit", commit]);
        self.head()
    }

    /// The id of the current commit.
    pub fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// Any git command in the work tree; its output, trimmed.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        run(git(&self.work).args(args))
    }
}

/// `git` in `folder` as it comes, whatever the machine and the person are configured for.
pub fn git(folder: &Path) -> Command {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os() {
        // GIT_DIR of a hook, GIT_SSL_CAINFO of a proxied network, ...
        if name.as_encoded_bytes().starts_with(b"GIT_") {
            git.env_remove(name);
        }
    }
    git.current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0")
        .envs([("GIT_AUTHOR_NAME", "Ann Author"), ("GIT_AUTHOR_EMAIL", "ann@example.com")])
        .envs([("GIT_COMMITTER_NAME", "Ann Author"), ("GIT_COMMITTER_EMAIL", "ann@example.com")])
        .stdin(Stdio::null());
    git
}

#[track_caller]
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
