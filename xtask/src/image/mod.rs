//! Container images made on this machine, without a registry and without a daemon.
//!
//! [`Image::write`] makes a docker-archive, which `ctr --namespace k8s.io images import` takes. The same content gives
//! the same bytes, whoever makes it and when. [`pause`], [`busybox`], [`shop`] and [`portfolio`] are the images that
//! the node tests and the demo run; pods name them with `imagePullPolicy: Never` or `IfNotPresent`.

mod archive;
mod executable;
mod known;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;

pub use self::executable::{libraries, stripped};
pub use self::known::{busybox, pause, portfolio, shop};

/// Who runs in an image that says nothing else: in its `/etc/passwd` as `nonroot`.
pub const NONROOT: u32 = 10_001;

/// What is to be in an image, and how it starts.
///
/// There are always `/bin`, `/etc/passwd`, `/etc/group` and `/tmp`; everything belongs to root.
#[derive(Debug, Clone)]
pub struct Image {
    name: String,
    entrypoint: Vec<String>,
    env: BTreeMap<String, String>,
    user: u32,
    /// By path, without the leading slash. Sorted, a folder comes before what is in it.
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    Folder { mode: u32 },
    File { content: Content, mode: u32 },
    Link { target: String },
}

#[derive(Debug, Clone)]
enum Content {
    /// Read when the archive is written, through symbolic links.
    At(PathBuf),
    Bytes(Vec<u8>),
}

impl Image {
    /// One with nothing to run yet. `name` is a whole reference, such as `docker.io/local/shop:1`: what a pod names
    /// `local/shop:1` is looked up as that.
    pub fn new(name: &str) -> Self {
        let image = Self {
            name: name.to_owned(),
            entrypoint: Vec::new(),
            env: BTreeMap::from([("PATH".to_owned(), "/bin".to_owned())]),
            user: NONROOT,
            entries: BTreeMap::new(),
        };
        let users = format!(
            "root:x:0:0:root:/:/bin/sh\n\
             nonroot:x:{NONROOT}:{NONROOT}:nonroot:/:/bin/sh\n"
        );
        let groups = format!("root:x:0:\nnonroot:x:{NONROOT}:\n");
        image.folder("/bin", 0o755).folder("/tmp", 0o1777).text("/etc/passwd", &users, 0o644).text(
            "/etc/group",
            &groups,
            0o644,
        )
    }

    /// The reference that it has once imported.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A copy of the file `source` of this machine, read by [`Image::write`]. `path` is absolute.
    #[must_use]
    pub fn file(self, source: &Path, path: &str, mode: u32) -> Self {
        self.with(path, Entry::File { content: Content::At(source.to_path_buf()), mode })
    }

    /// A file with this content.
    #[must_use]
    pub fn text(self, path: &str, content: &str, mode: u32) -> Self {
        self.with(path, Entry::File { content: Content::Bytes(content.as_bytes().to_vec()), mode })
    }

    /// A symbolic link at `path` to `target`.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        self.with(path, Entry::Link { target: target.to_owned() })
    }

    /// A folder. Those of files are there by themselves, with mode 755.
    #[must_use]
    pub fn folder(self, path: &str, mode: u32) -> Self {
        self.with(path, Entry::Folder { mode })
    }

    /// The executable `source`, without its debug information, and all that it needs to run: its shared libraries at
    /// the paths that they have on this machine, and the rule that `/etc/hosts` is asked before DNS.
    pub fn executable(self, source: &Path, path: &str) -> Result<Self> {
        let libraries = libraries(source)?;
        let mut image = self.file(&stripped(source)?, path, 0o755);
        if !libraries.is_empty() {
            image = image.text("/etc/nsswitch.conf", "hosts: files dns\n", 0o644);
        }
        for library in libraries {
            image = image.file(&library, &library.to_string_lossy(), 0o755);
        }
        Ok(image)
    }

    /// The command that a container runs unless its pod says otherwise.
    #[must_use]
    pub fn entrypoint(mut self, command: &[&str]) -> Self {
        self.entrypoint = command.iter().map(ToString::to_string).collect();
        self
    }

    /// An environment variable. `PATH` is `/bin` unless it is set.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The user and group, by number: kubelet cannot tell whether a name is root. [`NONROOT`] unless it is set.
    #[must_use]
    pub fn user(mut self, id: u32) -> Self {
        self.user = id;
        self
    }

    /// Writes the archive. It appears by rename, so what is there is whole.
    pub fn write(&self, to: &Path) -> Result<()> {
        archive::write(self, to)
    }

    fn with(mut self, path: &str, entry: Entry) -> Self {
        let path = path.trim_matches('/');
        for (slash, _) in path.match_indices('/') {
            self.entries.entry(path[..slash].to_owned()).or_insert(Entry::Folder { mode: 0o755 });
        }
        self.entries.insert(path.to_owned(), entry);
        self
    }
}
