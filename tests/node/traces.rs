//! A node leaves nothing behind on the machine.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use xtask::cluster::{ControlPlane, StateDir, node};

use super::world::{BUSYBOX, SOON};
use crate::support::eventually;

#[test]
fn a_node_that_ran_pods_leaves_nothing_behind() {
    if !node::missing().is_empty() {
        xtask::say(&format!("NOT RUN: on_node::traces: {}", node::missing().join("; ")));
        return;
    }
    // The tests' own node, so that it does not come up meanwhile.
    super::world::ground();
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let state = StateDir::new(folder.path().join("node")).unwrap();
    let before = Traces::now();
    let plane = ControlPlane::start_node(state.clone()).unwrap();
    let mark = state.path().to_str().unwrap().to_owned();
    let memory = state.kubeconfig().canonicalize().unwrap().parent().unwrap().to_path_buf();
    let run = plane
        .kubectl()
        .args(["run", "web", "--image", BUSYBOX, "--expose", "--port=8080", "--"])
        .args(["/bin/busybox", "httpd", "-f", "-p", "8080"])
        .status()
        .unwrap();
    assert!(run.success());
    eventually(SOON, "the pod serves through its Service", || {
        let get = ["get", "service", "web", "--output=jsonpath={.spec.clusterIP}"];
        let address = String::from_utf8(plane.kubectl().args(get).output().unwrap().stdout).unwrap();
        let to = format!("{address}:8080").parse().ok()?;
        let answers =
            plane.node()?.inside(|| TcpStream::connect_timeout(&to, Duration::from_secs(2)).is_ok());
        answers.unwrap().then_some(())
    });
    // While it runs, this machine has one more link, and processes and groups of its own.
    let during = Traces::now();
    assert_eq!(during.links.len(), before.links.len() + 1, "{:?}", during.links);
    assert!(processes_of(&mark).len() > 8, "{:?}", processes_of(&mark));
    assert!(during.groups.len() > before.groups.len(), "{:?}", during.groups);
    assert_eq!((&during.rules, &during.settings), (&before.rules, &before.settings));
    assert_eq!(during.folders, before.folders);
    drop(plane);
    assert_eq!(Traces::now().links, before.links);
    eventually(SOON, "everything is as it was", || {
        let now = Traces::now();
        if now == before { Ok(()) } else { Err(format!("{now:#?}\nbefore: {before:#?}")) }
    });
    assert_eq!(processes_of(&mark), Vec::<String>::new());
    assert!(!memory.exists(), "{}", memory.display());
}

/// Where kubelet, containerd and the network plugins write unless they are kept from it.
const FOLDERS: [&str; 9] = [
    "/etc/cni",
    "/opt/cni",
    "/run/containerd",
    "/run/netns",
    "/usr/libexec/kubernetes",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/containers",
    "/var/log/pods",
];

/// What a node changes on a machine. Another node may run all the while.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    links: Vec<String>,
    routes: Vec<String>,
    rules: Vec<String>,
    mounts: String,
    groups: Vec<String>,
    folders: Vec<String>,
    settings: Vec<String>,
}

impl Traces {
    fn now() -> Self {
        let settings = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"];
        let settings = settings.map(|name| fs::read_to_string(format!("/proc/sys/{name}")).unwrap());
        Self {
            links: lines("ip", &["-brief", "link"]),
            routes: lines("ip", &["route"]),
            // Counters aside, which is what a rule looks like.
            rules: lines("iptables-save", &[]).into_iter().filter(|line| line.starts_with('-')).collect(),
            mounts: fs::read_to_string("/proc/self/mounts").unwrap(),
            groups: groups(),
            folders: files(),
            settings: settings.to_vec(),
        }
    }
}

fn lines(program: &str, args: &[&str]) -> Vec<String> {
    let output = Command::new(program).args(args).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// Everything in the folders that are there.
fn files() -> Vec<String> {
    let there = FOLDERS.into_iter().filter(|folder| Path::new(folder).exists());
    let mut files: Vec<String> = there.flat_map(|folder| lines("find", &[folder])).collect();
    files.sort();
    files
}

/// Control groups of nodes.
fn groups() -> Vec<String> {
    let found = Command::new("find")
        .args(["/sys/fs/cgroup", "-maxdepth", "2", "-type", "d", "-name", "portfolio-*"])
        .output()
        .unwrap();
    let mut groups: Vec<_> = String::from_utf8(found.stdout).unwrap().lines().map(str::to_owned).collect();
    groups.sort();
    groups
}

/// Command lines that name the node's folder.
fn processes_of(mark: &str) -> Vec<String> {
    let command = |entry: fs::DirEntry| fs::read_to_string(entry.path().join("cmdline")).ok();
    fs::read_dir("/proc").unwrap().flatten().filter_map(command).filter(|line| line.contains(mark)).collect()
}
