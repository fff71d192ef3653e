//! A node with real pods: kubelet, kube-proxy, containerd and runc, in namespaces of their own.
//!
//! Needs root and Linux; [`missing`] tells what else a machine lacks. Started by
//! [`ControlPlane::start_node`](super::ControlPlane::start_node), which runs the whole control plane in there too.

mod agents;
mod cgroups;
pub(super) mod namespaces;
mod prerequisites;
mod runtime;
pub(super) mod subnets;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::ControlPlane;
use super::state::StateDir;
use crate::image::{self, Image};

pub use self::namespaces::Namespaces;
pub use self::prerequisites::missing;

/// The node's name in Kubernetes.
pub(super) const NAME: &str = "node";
/// containerd's namespace in which the kubelet looks for images.
const IMAGES: &str = "k8s.io";

/// Starts everything that makes the control plane's namespaces a node.
pub(super) fn launch(plane: &mut ControlPlane, namespaces: &Namespaces) -> Result<()> {
    let program = |name: &str| plane.binaries.path(name);
    let runtime = runtime::prepare(&plane.state, program, &namespaces.subnets().pods())?;
    plane.spawn(&runtime)?;
    let socket = runtime::socket(&plane.state);
    plane.wait_for("containerd listens", || Ok(socket.exists()))?;
    for image in [image::pause()?, image::busybox()?] {
        plane.import(&image)?;
    }
    let cgroup = cgroups::create(&plane.state)?;
    let kubelet = agents::kubelet(&plane.state, namespaces, &cgroup)?;
    plane.spawn(&kubelet)?;
    let proxy = agents::proxy(&plane.state, namespaces)?;
    plane.spawn(&proxy)
}

/// Where containerd finds its shim, and the shim `runc`.
pub(super) fn search_path(folders: &[PathBuf]) -> Result<OsString> {
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let all = folders.iter().cloned().chain(std::env::split_paths(&inherited)).chain(system);
    std::env::join_paths(all).context("joining the search path")
}

/// Has containerd take in an image, so that pods with `imagePullPolicy: IfNotPresent` find it.
pub(super) fn import(state: &StateDir, namespaces: &Namespaces, ctr: &Path, image: &Image) -> Result<()> {
    let archive = state.file("image.tar");
    image.write(&archive)?;
    let output = namespaces
        .command(ctr)
        .arg("--address")
        .arg(runtime::socket(state))
        .args(["--namespace", IMAGES, "images", "import"])
        .arg(&archive)
        .output()
        .context("running ctr")?;
    std::fs::remove_file(&archive).context("removing an archive")?;
    ensure!(
        output.status.success(),
        "importing {} failed: {}",
        image.name(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
