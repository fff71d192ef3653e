//! The control groups of a node: one of its own beneath the root of each hierarchy, in which the kubelet makes those
//! of its pods. They are the one thing of a node that no namespace takes away; `reap.sh` does, by the same name.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::super::state::StateDir;

const ROOT: &str = "/sys/fs/cgroup";
/// The file that tells the name to `reap.sh`.
const NAME: &str = "cgroup";
/// What the kubelet limits.
const CONTROLLERS: [&str; 5] = ["cpu", "cpuset", "io", "memory", "pids"];

/// Makes the groups of the node in `state`; returns their name.
pub(super) fn create(state: &StateDir) -> Result<String> {
    let name = state.unique_name();
    state.write(NAME, &format!("{name}\n"))?;
    let root = Path::new(ROOT);
    let unified = root.join("cgroup.controllers").is_file();
    for hierarchy in if unified { vec![root.to_path_buf()] } else { hierarchies(root)? } {
        if unified {
            // Those that the machine does not have are not missed.
            for controller in CONTROLLERS {
                let _ = fs::write(hierarchy.join("cgroup.subtree_control"), format!("+{controller}"));
            }
        }
        let group = hierarchy.join(&name);
        // Two names of one hierarchy: `cpu` and `cpuacct`.
        if !group.is_dir() {
            fs::create_dir(&group).with_context(|| format!("creating {}", group.display()))?;
        }
    }
    Ok(name)
}

/// Version 1: a folder each.
fn hierarchies(root: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root).with_context(|| format!("reading {}", root.display()))?;
    let folders: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    ensure!(!folders.is_empty(), "{} has no control groups", root.display());
    Ok(folders)
}
