//! The daemon under test: the real binary, as a process.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use xtask::cluster::ControlPlane;
use xtask::signal::{self, Signal};

use super::{Sandbox, eventually};

/// Longer than the daemon's own grace.
const STOPPING: Duration = Duration::from_secs(30);
/// Of the log, when a test fails.
const SHOWN_LINES: usize = 200;

/// `portfolio run`: killed when the value is dropped; its log is shown when the test fails.
pub struct Daemon {
    /// What is started, again and again.
    command: Command,
    child: Option<Child>,
    folder: PathBuf,
    cluster: &'static ControlPlane,
}

impl Daemon {
    /// Starts it with this configuration, beside other daemons of the sandbox.
    pub fn start(sandbox: &Sandbox, config: &str) -> Self {
        Self::start_through(sandbox, &sandbox.kubeconfig(), "portfolio", config)
    }

    /// As [`start`](Self::start), by another way to the cluster or as another user.
    pub fn start_through(sandbox: &Sandbox, kubeconfig: &Path, context: &str, config: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("daemon-").tempdir_in(sandbox.path()).unwrap().keep();
        let config_file = folder.join("portfolio.yaml");
        fs::write(&config_file, config).unwrap();
        let args = ["run", "--config", config_file.to_str().unwrap()];
        let mut command = sandbox.portfolio_through(kubeconfig, context, &args);
        let log = OpenOptions::new().create(true).append(true).open(folder.join("daemon.log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log).process_group(0).env("RUST_BACKTRACE", "1");
        command.env("PORTFOLIO_CACHE_DIR", folder.join("clones"));
        let mut daemon = Self { command, child: None, folder, cluster: sandbox.cluster() };
        daemon.restart();
        daemon
    }

    /// Everything that it wrote, over all restarts.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("daemon.log")).unwrap()
    }

    /// The configuration file, in a folder of its own, to be rewritten by the test.
    pub fn config_file(&self) -> PathBuf {
        self.folder.join("portfolio.yaml")
    }

    /// Where it keeps its clones.
    pub fn cache(&self) -> PathBuf {
        self.folder.join("clones")
    }

    /// The folder of the configuration and the log.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// Starts it again: after [`kill`](Self::kill), or else after a [`stop`](Self::stop).
    pub fn restart(&mut self) {
        if self.child.is_some() {
            self.stop();
        }
        let child = self.command.spawn().unwrap();
        let name = self.folder.file_name().unwrap().to_string_lossy();
        self.cluster.take_along(&name, &child).unwrap();
        self.child = Some(child);
    }

    /// SIGTERM, as Kubernetes stops it; returns how it ended.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("the daemon was started");
        // It may have ended already: then its status says so.
        let _ = signal::send(&child, Signal::TERM);
        eventually(STOPPING, "the daemon has stopped after SIGTERM", || child.try_wait().unwrap())
    }

    /// SIGKILL: a crash, wherever it is just now.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.join("daemon.log")).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            let (_, shown) = lines.split_at(lines.len().saturating_sub(SHOWN_LINES));
            println!("--- the daemon's log, last {} lines\n{}\n---", shown.len(), shown.join("\n"));
        }
    }
}
