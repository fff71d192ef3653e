//! A Kubernetes cluster as plain processes of this machine (Linux only: processes are told apart by `/proc`).
//!
//! It comes in two sizes. The *control plane* is etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and
//! kwok as its one node, which plays the life of pods; it needs no root and no container runtime. The [`node`] size
//! has a real kubelet with containerd instead of kwok and runs in namespaces of its own. Whoever holds a started
//! [`ControlPlane`] owns it: it ends with the value or, should the process die first, by its reaper. [`shared`] is
//! the one of a test run.

mod binaries;
mod components;
mod control_plane;
mod launch;
pub mod node;
pub(crate) mod process;
pub(crate) mod reaper;
mod shared;
pub(crate) mod state;
mod users;

use anyhow::Result;

use self::process::ProcessId;
use self::reaper::Reaper;

pub use self::control_plane::ControlPlane;
pub use self::shared::{shared, shared_node};
pub use self::state::StateDir;

/// One component on record, for `status`.
pub struct ComponentStatus {
    /// The executable's name.
    pub program: String,
    /// Its last known pid, 0 if it was never started.
    pub pid: u32,
    /// Whether that process still runs.
    pub alive: bool,
}

/// The programs that every size consists of.
const ALWAYS: [&str; 4] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
/// What plays a node.
const PLAYED: [&str; 1] = ["kwok"];
/// What is one.
const REAL: [&str; 4] = [node::namespaces::INIT, "containerd", "kubelet", "kube-proxy"];

/// What runs, or should run, in `state`.
pub fn components(state: &StateDir) -> Vec<ComponentStatus> {
    let recorded = state.recorded();
    let has_node = recorded.iter().any(|(name, _)| name == node::namespaces::INIT);
    let status = |program: &&str| {
        let process = recorded.iter().find(|(name, _)| name == program).map(|(_, process)| process);
        ComponentStatus {
            program: (*program).to_owned(),
            pid: process.map_or(0, ProcessId::pid),
            alive: process.is_some_and(ProcessId::is_alive),
        }
    };
    ALWAYS.iter().chain(if has_node { REAL.iter() } else { PLAYED.iter() }).map(status).collect()
}

/// Ends whatever runs in `state`, whoever started it, and removes the state.
pub fn down(state: StateDir) -> Result<()> {
    let lock = state.lock()?;
    Reaper::start(&state)?.reap()?;
    drop(lock);
    state.remove()
}
