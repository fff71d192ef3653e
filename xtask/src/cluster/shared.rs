//! The one control plane that all tests of a process share.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use super::{ControlPlane, StateDir, components};

/// Names the state folder of one that runs already (`cargo xtask cluster up`):
/// a test is then ready to ask in milliseconds.
const RUNNING: &str = "PORTFOLIO_TEST_STATE";
const RUNNING_NODE: &str = "PORTFOLIO_TEST_NODE";

/// The control plane of this test process, started by the first who asks.
///
/// Its state goes to a folder of its own in `scratch`, of which the logs stay
/// until the next run. Nothing drops a static: the reaper ends it.
pub fn shared(scratch: &Path) -> Result<&'static ControlPlane> {
    static SHARED: OnceLock<Result<ControlPlane>> = OnceLock::new();
    let started = SHARED.get_or_init(|| start(scratch, RUNNING, PREFIX, ControlPlane::start));
    started.as_ref().map_err(|error| anyhow!("the shared control plane did not start: {error:#}"))
}

/// As [`shared`], with a real node: that of `cargo xtask cluster up --node` when `PORTFOLIO_TEST_NODE` names its
/// state.
pub fn shared_node(scratch: &Path) -> Result<&'static ControlPlane> {
    static SHARED: OnceLock<Result<ControlPlane>> = OnceLock::new();
    let started = SHARED.get_or_init(|| start(scratch, RUNNING_NODE, NODE_PREFIX, ControlPlane::start_node));
    started.as_ref().map_err(|error| anyhow!("the shared node did not start: {error:#}"))
}

fn start(
    scratch: &Path,
    running: &str,
    prefix: &str,
    start: impl FnOnce(StateDir) -> Result<ControlPlane>,
) -> Result<ControlPlane> {
    if let Some(running) = std::env::var_os(running).filter(|state| !state.is_empty()) {
        return ControlPlane::attach(StateDir::new(running)?);
    }
    remove_old(scratch, prefix);
    start(StateDir::new(scratch.join(format!("{prefix}{}", std::process::id())))?)
}

const PREFIX: &str = "cluster-";
const NODE_PREFIX: &str = "node-";

/// Removes the logs of test runs that have ended. Nothing depends on it, so
/// what cannot be removed stays.
fn remove_old(scratch: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(scratch) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(|name| name.strip_prefix(prefix)) else { continue };
        let owner_lives = Path::new("/proc").join(owner).exists();
        let Ok(state) = StateDir::new(entry.path()) else { continue };
        if !owner_lives && !components(&state).iter().any(|component| component.alive) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
