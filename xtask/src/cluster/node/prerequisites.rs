//! What a machine must have for a node with real pods.

use rustix::process::geteuid;

use crate::packages;

/// Why no node can run on this machine, a sentence each; empty when one can.
pub fn missing() -> Vec<String> {
    if !cfg!(target_os = "linux") {
        return vec!["containers need Linux".to_owned()];
    }
    let mut missing = Vec::new();
    if !geteuid().is_root() {
        missing.push("it takes root to make namespaces and network devices".to_owned());
    }
    let lacking = packages::missing(&packages::NODE).into_iter();
    missing.extend(lacking.map(|package| format!("package {package} is not installed")));
    missing
}
