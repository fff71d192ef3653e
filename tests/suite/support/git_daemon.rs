//! Git's own server for `git://`.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use xtask::cluster::ControlPlane;
use xtask::signal::{self, Signal};

use super::{Repo, control_plane, eventually, free_address, git};

/// `git daemon` on a repository, until it is dropped.
pub struct GitDaemon {
    child: Child,
    address: SocketAddr,
}

impl GitDaemon {
    pub fn start(repo: &Repo) -> Self {
        Self::launch(repo, git(repo.bare()), free_address(), control_plane())
    }

    /// Where the pods of a node reach it.
    pub fn start_on_node(repo: &Repo, cluster: &ControlPlane) -> Self {
        let node = cluster.node().unwrap();
        Self::launch(repo, node.command("git"), (node.address(), 9418).into(), cluster)
    }

    fn launch(repo: &Repo, mut daemon: Command, address: SocketAddr, cluster: &ControlPlane) -> Self {
        let root = repo.bare().parent().unwrap();
        daemon.args(["daemon", "--export-all", "--reuseaddr"]).arg(format!("--listen={}", address.ip()));
        daemon.arg(format!("--port={}", address.port())).arg(format!("--base-path={}", root.display()));
        let child = daemon.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0).spawn().unwrap();
        cluster.take_along(&format!("git-daemon-{}", child.id()), &child).unwrap();
        eventually(Duration::from_secs(10), "git daemon listens", || TcpStream::connect(address));
        Self { child, address }
    }

    pub fn url(&self) -> String {
        format!("git://{}/origin.git", self.address)
    }
}

impl Drop for GitDaemon {
    fn drop(&mut self) {
        // `git daemon` is a child of `git`: both are of the group.
        let _ = signal::send_to_group(&self.child, Signal::KILL);
        let _ = self.child.wait();
    }
}
