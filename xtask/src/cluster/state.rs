//! What a control plane keeps on disk.
//!
//! ```text
//! STATE/logs/       one log a component and audit.log; stays when it stops
//! STATE/run/        everything else; gone when it stops; in memory when there is room
//!   kubeconfig      a context per user
//!   processes/      a file per process: `<pid> <start time>`
//! STATE/lock        held while one is started or stopped
//! ```

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, symlink};
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use super::process::ProcessId;

/// Below this much free memory, etcd writes to the disk instead.
const ROOM_IN_MEMORY: u64 = 2 << 30;
const MEMORY: &str = "/dev/shm";

/// The folder of one control plane, as an absolute path.
#[derive(Debug, Clone)]
pub struct StateDir(PathBuf);

impl StateDir {
    /// Names a state folder, which need not exist.
    pub fn new(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Ok(Self(absolute(path).with_context(|| format!("resolving {}", path.display()))?))
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The people's kubeconfig; there as long as the control plane runs.
    pub fn kubeconfig(&self) -> PathBuf {
        self.run().join("kubeconfig")
    }

    /// The folder of the logs.
    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// The API server's audit log: a JSON event a line.
    pub fn audit_log(&self) -> PathBuf {
        self.logs().join("audit.log")
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.0.join("run")
    }

    /// A file in the run folder.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.run().join(name)
    }

    pub(crate) fn log_path(&self, component: &str) -> PathBuf {
        self.logs().join(format!("{component}.log"))
    }

    pub(crate) fn log(&self, component: &str) -> Result<File> {
        let path = self.log_path(component);
        fs::create_dir_all(self.logs()).context("creating the log folder")?;
        File::create(&path).with_context(|| format!("creating {}", path.display()))
    }

    /// Keeps other `up` and `down` of this folder waiting until it is dropped.
    pub(crate) fn lock(&self) -> Result<File> {
        fs::create_dir_all(&self.0).with_context(|| format!("creating {}", self.0.display()))?;
        let lock = File::create(self.0.join("lock")).context("opening the state's lock")?;
        lock.lock().context("waiting for the state's lock")?;
        Ok(lock)
    }

    /// Makes the folders of a new run. The old one must have been reaped.
    pub(crate) fn prepare(&self) -> Result<()> {
        if self.logs().exists() {
            fs::remove_dir_all(self.logs()).context("removing old logs")?;
        }
        fs::create_dir_all(self.logs()).context("creating the log folder")?;
        // Tokens and keys lie there: nobody else's business.
        let mut private = DirBuilder::new();
        private.mode(0o700);
        match self.folder_in_memory() {
            Some(folder) => {
                if folder.exists() {
                    fs::remove_dir_all(&folder).with_context(|| format!("removing {}", folder.display()))?;
                }
                private.create(&folder).with_context(|| format!("creating {}", folder.display()))?;
                symlink(&folder, self.run()).context("linking the run folder")?;
            }
            None => private.create(self.run()).context("creating the run folder")?,
        }
        fs::create_dir(self.file("processes")).context("creating the process folder")
    }

    /// One name for one state folder, so that what a crash left is found again.
    fn folder_in_memory(&self) -> Option<PathBuf> {
        let space = rustix::fs::statvfs(MEMORY).ok()?;
        let room = space.f_bavail * space.f_frsize >= ROOM_IN_MEMORY;
        room.then(|| Path::new(MEMORY).join(self.unique_name()))
    }

    /// What things of it are called that lie elsewhere.
    pub(crate) fn unique_name(&self) -> String {
        let digest = hex::encode(Sha256::digest(self.0.as_os_str().as_encoded_bytes()));
        format!("portfolio-{}", &digest[..16])
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> Result<PathBuf> {
        let path = self.file(name);
        fs::write(&path, content).with_context(|| format!("writing {}", path.display()))?;
        Ok(path)
    }

    pub(crate) fn record(&self, component: &str, process: &ProcessId) -> Result<()> {
        self.write(&format!("processes/{component}"), &process.to_string()).map(drop)
    }

    /// The processes on record by component, dead or alive; none before the first start.
    pub(crate) fn recorded(&self) -> Vec<(String, ProcessId)> {
        let Ok(entries) = fs::read_dir(self.file("processes")) else { return Vec::new() };
        let mut processes: Vec<_> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let process = fs::read_to_string(entry.path()).ok()?.parse().ok()?;
                Some((entry.file_name().to_string_lossy().into_owned(), process))
            })
            .collect();
        processes.sort_by(|(a, _), (b, _)| a.cmp(b));
        processes
    }

    /// The end of a component's log, for an error message.
    pub(crate) fn log_tail(&self, component: &str) -> String {
        let log = fs::read(self.log_path(component)).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        lines.split_at(lines.len().saturating_sub(15)).1.join("\n")
    }

    /// Removes what a stopped control plane leaves; only what is ours by name,
    /// for the folder was chosen by a person.
    pub(crate) fn remove(self) -> Result<()> {
        fs::remove_dir_all(self.logs()).ok();
        fs::remove_file(self.0.join("lock")).context("removing the lock")?;
        fs::remove_dir(&self.0).or_else(|error| match error.kind() {
            std::io::ErrorKind::DirectoryNotEmpty => Ok(()),
            _ => Err(error).with_context(|| format!("removing {}", self.0.display())),
        })
    }
}
