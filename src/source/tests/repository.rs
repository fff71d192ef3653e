//! Real repositories made by the git program, in temporary folders.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::source::{Location, Poll, Reference, Snapshot, Source, SourceError, SourceSettings};

/// A repository with a work tree: the remote of a test.
pub(super) struct Origin {
    dir: TempDir,
}

impl Origin {
    /// On branch `main`, without a commit.
    pub(super) fn empty() -> Self {
        let origin = Self { dir: TempDir::new().unwrap() };
        origin.git(&["init", "--quiet", "--initial-branch=main", "."]);
        origin
    }

    /// With one commit that holds `apps/shop.yaml`.
    pub(super) fn with_shop() -> Self {
        let origin = Self::empty();
        origin.write("apps/shop.yaml", "kind: PortfolioApp\n");
        origin.commit("Add the shop");
        origin
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(super) fn url(&self) -> String {
        format!("file://{}", self.path().display())
    }

    pub(super) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits everything and gives the id.
    pub(super) fn commit(&self, subject: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", subject]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Runs git here and gives what it prints.
    pub(super) fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs([("GIT_AUTHOR_NAME", "Ada"), ("GIT_AUTHOR_EMAIL", "ada@example.com")])
            .envs([("GIT_COMMITTER_NAME", "Ada"), ("GIT_COMMITTER_EMAIL", "ada@example.com")])
            .output()
            .unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// `git daemon` over a folder; killed on drop.
pub(super) struct Daemon {
    child: Child,
    pub(super) port: u16,
}

impl Daemon {
    pub(super) fn serving(root: &Path) -> Self {
        let exec = Command::new("git").arg("--exec-path").output().unwrap();
        let exec = PathBuf::from(String::from_utf8(exec.stdout).unwrap().trim());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let child = Command::new(exec.join("git-daemon"))
            .args(["--export-all", "--reuseaddr", "--listen=127.0.0.1", &format!("--port={port}")])
            .arg(format!("--base-path={}", root.display()))
            .arg(root)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Self { child, port };
        let end = Instant::now() + Duration::from_secs(20);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "git daemon does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        daemon
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

pub(super) fn settings(url: &str) -> SourceSettings {
    SourceSettings {
        name: "main".into(),
        location: url.parse::<Location>().unwrap(),
        reference: Reference::Branch("main".into()),
        path: "apps".parse().unwrap(),
        auth_dir: None,
        deadline: Duration::from_mins(1),
    }
}

/// A source with a cache of its own.
pub(super) struct Followed {
    pub(super) source: Source,
    pub(super) cache: TempDir,
}

impl Followed {
    pub(super) fn new(settings: SourceSettings) -> Self {
        let cache = TempDir::new().unwrap();
        Self { source: Source::new(settings, cache.path(), None), cache }
    }

    pub(super) async fn changed(&self) -> Snapshot {
        match self.source.poll().await.unwrap() {
            Poll::Changed(snapshot) => snapshot,
            Poll::Unchanged { revision } => panic!("still at {revision}"),
        }
    }

    pub(super) async fn unchanged(&self) -> bool {
        matches!(self.source.poll().await.unwrap(), Poll::Unchanged { .. })
    }

    pub(super) async fn error(&self) -> SourceError {
        self.source.poll().await.map(|poll| panic!("{poll:?}")).unwrap_err()
    }

    pub(super) fn clone_dir(&self) -> PathBuf {
        self.cache.path().join("main.git")
    }

    pub(super) fn packs(&self) -> Vec<PathBuf> {
        let packs = std::fs::read_dir(self.clone_dir().join("objects/pack")).unwrap();
        packs.map(|entry| entry.unwrap().path()).filter(|path| path.extension().unwrap() == "pack").collect()
    }
}

pub(super) fn text(snapshot: &Snapshot, path: &str) -> String {
    match &snapshot.tree.entries[path] {
        crate::document::Entry::File { bytes, .. } => String::from_utf8(bytes.to_vec()).unwrap(),
        other @ crate::document::Entry::Refused(_) => panic!("{path}: {other:?}"),
    }
}
