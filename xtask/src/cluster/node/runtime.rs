//! containerd: what runs the node's containers, and where their images are.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::super::components::{Component, path_flag};
use super::super::state::StateDir;

/// The image of every pod's sandbox.
const SANDBOX: &str = "docker.io/local/pause:1";
const PLUGINS: [&str; 3] = ["host-local", "loopback", "ptp"];

/// Where the kubelet and `ctr` find it.
pub(super) fn socket(state: &StateDir) -> PathBuf {
    state.file("containerd.sock")
}

/// Writes its configuration. `program` tells where an executable is; its plugins have to be in one folder.
pub(super) fn prepare(state: &StateDir, program: impl Fn(&str) -> PathBuf, pods: &str) -> Result<Component> {
    let plugins = state.file("cni/bin");
    fs::create_dir_all(&plugins).context("creating the folder of network plugins")?;
    for plugin in PLUGINS {
        let to = plugins.join(plugin);
        fs::copy(program(plugin), &to).with_context(|| format!("copying to {}", to.display()))?;
    }
    let networks = state.file("cni/networks");
    fs::create_dir_all(&networks).context("creating the folder of networks")?;
    state.write("cni/networks/pods.conflist", &network(pods, &state.file("cni/leases")))?;
    let config = state.write("containerd.toml", &config(state, &plugins, &networks))?;
    Ok(Component { program: "containerd", args: vec![path_flag("config", &config)] })
}

/// A pair of devices a pod, routed: every packet between two pods passes the node, where Services are known.
fn network(pods: &str, leases: &Path) -> String {
    let ipam = serde_json::json!({
        "type": "host-local",
        "ranges": [[{"subnet": pods}]],
        "routes": [{"dst": "0.0.0.0/0"}],
        "dataDir": leases,
    });
    let network = serde_json::json!({
        "cniVersion": "1.0.0",
        "name": "pods",
        "plugins": [{"type": "ptp", "ipMasq": false, "ipam": ipam}],
    });
    format!("{network:#}\n")
}

/// Without `restrict_oom_score_adj` no sandbox starts where `CAP_SYS_RESOURCE` is missing.
fn config(state: &StateDir, plugins: &Path, networks: &Path) -> String {
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    format!(
        "version = 3\n\
         root = {root}\n\
         state = {run}\n\
         [grpc]\n  address = {socket}\n\
         [ttrpc]\n  address = {ttrpc}\n\
         [plugins.'io.containerd.cri.v1.images'.pinned_images]\n  sandbox = {SANDBOX:?}\n\
         [plugins.'io.containerd.cri.v1.runtime']\n  restrict_oom_score_adj = true\n\
         [plugins.'io.containerd.cri.v1.runtime'.cni]\n  bin_dirs = [{plugins}]\n  conf_dir = {networks}\n",
        root = quoted(&state.file("containerd/root")),
        run = quoted(&state.file("containerd/run")),
        socket = quoted(&socket(state)),
        ttrpc = quoted(&state.file("containerd.sock.ttrpc")),
        plugins = quoted(plugins),
        networks = quoted(networks),
    )
}
