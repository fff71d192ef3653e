//! Git over ssh: OpenSSH's own server in front of a repository.

use std::fs;
use std::path::PathBuf;

use xtask::sshd::{Sshd, keygen};

use super::{Repo, control_plane};

/// An ssh server that lets one key in, until it is dropped.
pub struct GitSsh {
    server: Sshd,
    repository: PathBuf,
    identity: String,
}

impl GitSsh {
    pub fn start(repo: &Repo) -> Self {
        let folder = repo.bare().parent().unwrap().join("sshd");
        fs::create_dir_all(&folder).unwrap();
        let server = Sshd::start(&folder, &["ed25519"]).unwrap();
        control_plane().take_along(&format!("sshd-{}", server.child().id()), server.child()).unwrap();
        let key = folder.join("client");
        let public = keygen(&key, &["-t", "ed25519", "-N", ""]).unwrap();
        server.authorize(&[&public]).unwrap();
        Self { server, repository: repo.bare().to_owned(), identity: fs::read_to_string(key).unwrap() }
    }

    pub fn url(&self) -> String {
        self.server.url(&self.repository)
    }

    /// The private key that is let in.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// The `known_hosts` file of who knows this server.
    pub fn known_hosts(&self) -> String {
        self.server.known_host(0).unwrap()
    }

    /// The `known_hosts` file of who expects another key of it.
    pub fn known_hosts_of_another(&self) -> String {
        let other =
            keygen(&self.repository.with_extension("other-key"), &["-t", "ed25519", "-N", ""]).unwrap();
        let known = self.known_hosts();
        format!("{} {other}\n", known.split_once(' ').unwrap().0)
    }
}
