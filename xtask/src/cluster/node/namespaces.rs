//! [`Namespaces`]: network, mounts and processes of a node, apart from those of this machine.
//!
//! What a node leaves about (links, rules, mounts, containers) is in namespaces that one process holds open: when
//! that process ends, however it ends, the kernel takes everything away (`namespaces(7)`). A pair of virtual
//! Ethernet devices leads in; no route leads from the inside to any other network.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::super::process::ProcessId;
use super::super::state::StateDir;
use super::subnets::Subnets;

/// The name on record of the process that holds the namespaces open: the first process in them.
pub(crate) const INIT: &str = "init";
/// The process that dies with us and takes the first one along.
const PARENT: &str = "namespaces";
/// Which subnets are in use: one number.
const NUMBER: &str = "subnets";
/// The link and its signature, for `reap.sh`: a network lives on for minutes where a connection was cut off in it.
const LINK: &str = "link";
/// Holds the namespaces open and waits for orphans, as the first process of every system does.
const HOLD: &str = "echo ready; exec >/dev/null; sleep infinity & wait";
/// Kernel settings that the kubelet changes for the whole machine. Inside, files stand in their places that hold
/// what it wants already (kubernetes/pkg/kubelet/cm, `setupKernelTunables`).
const SETTINGS: [(&str, &str); 6] = [
    ("vm/overcommit_memory", "1"),
    ("vm/panic_on_oom", "0"),
    ("kernel/panic", "10"),
    ("kernel/panic_on_oops", "1"),
    ("kernel/keys/root_maxkeys", "1000000"),
    ("kernel/keys/root_maxbytes", "25000000"),
];

/// Where kubelet, containerd and their plugins write whatever they are told: inside, these folders are empty.
const EMPTY: [&str; 2] = ["/run", "/var/log"];
/// The same, for folders of which something is needed: inside, what is written there goes elsewhere.
const COVERED: [&str; 2] = ["/usr/libexec", "/var/lib"];

/// Namespaces that exist, and the way into them. They outlive the value.
#[derive(Debug, Clone)]
pub struct Namespaces {
    init: ProcessId,
    subnets: Subnets,
}

impl Namespaces {
    /// Makes new ones, of which `state` keeps record from the start.
    pub(crate) fn create(state: &StateDir) -> Result<(Self, Child)> {
        let mut parent = Command::new("unshare")
            .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["--", "sh", "-c", HOLD])
            .current_dir(state.run())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(state.log(PARENT)?)
            .process_group(0)
            .spawn()
            .context("running `unshare` (package util-linux)")?;
        if let Some(process) = ProcessId::of(parent.id()) {
            state.record(PARENT, &process)?;
        }
        let mut line = String::new();
        let output = parent.stdout.take().context("`unshare` has no output")?;
        BufReader::new(output).read_line(&mut line).context("reading what `unshare` says")?;
        ensure!(line.trim() == "ready", "no namespaces:\n{}", state.log_tail(PARENT));
        let init = only_child(parent.id())?;
        state.record(INIT, &init)?;
        let subnets = Subnets::claim(init.pid(), &state.unique_name())?;
        state.write(NUMBER, &subnets.number().to_string())?;
        state.write(LINK, &format!("{} {}\n", subnets.link(), state.unique_name()))?;
        let namespaces = Self { init, subnets };
        namespaces.furnish(state)?;
        Ok((namespaces, parent))
    }

    /// Those of which `state` keeps record, if they still exist.
    pub(crate) fn find(state: &StateDir) -> Option<Self> {
        let init = state.recorded().into_iter().find(|(name, _)| name == INIT)?.1;
        let number = fs::read_to_string(state.file(NUMBER)).ok()?.trim().parse().ok()?;
        init.is_alive().then(|| Self { init, subnets: Subnets::numbered(number) })
    }

    /// The address of the node, for this machine and for pods.
    pub fn address(&self) -> Ipv4Addr {
        self.subnets.node()
    }

    pub(crate) fn subnets(&self) -> &Subnets {
        &self.subnets
    }

    /// A command that runs inside, as root.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.enter(&["--mount", "--pid", "--wd"]);
        command.arg("--").arg(program);
        command
    }

    /// A command that only has its network inside, under another account.
    pub(crate) fn network_command(&self, program: impl AsRef<std::ffi::OsStr>, account: u32) -> Command {
        let mut command = self.enter(&[]);
        command.arg(format!("--setgid={account}")).arg(format!("--setuid={account}")).arg("--").arg(program);
        command
    }

    fn enter(&self, kinds: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--target={}", self.init.pid())).arg("--net").args(kinds);
        command
    }

    /// Does `work` on a thread whose network is the inside: it reaches pods and Services. Threads and tasks that it
    /// starts on its own runtime are inside, too.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> Result<T> {
        let path = format!("/proc/{}/ns/net", self.init.pid());
        let network = File::open(&path).with_context(|| format!("opening {path}"))?;
        thread::scope(|scope| {
            let thread = scope.spawn(move || {
                move_into_link_name_space(network.as_fd(), Some(LinkNameSpaceType::Network))?;
                Ok::<_, rustix::io::Errno>(work())
            });
            match thread.join() {
                Ok(done) => done.context("entering the node's network"),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        })
    }

    /// Network devices, folders that nobody else sees, and the kernel's settings in the kubelet's eyes.
    fn furnish(&self, state: &StateDir) -> Result<()> {
        for line in self.subnets.inner_commands() {
            self.run(&line)?;
        }
        self.hide(state)?;
        let settings = state.file("settings");
        for (name, value) in SETTINGS {
            let file: PathBuf = settings.join(name);
            fs::create_dir_all(file.parent().unwrap_or(&settings))
                .context("creating a folder of settings")?;
            fs::write(&file, format!("{value}\n")).with_context(|| format!("writing {}", file.display()))?;
            self.run(&["mount", "--bind", &file.to_string_lossy(), &format!("/proc/sys/{name}")])?;
        }
        Ok(())
    }

    /// What is written to the machine's folders stays inside; only not where the state itself lies in them.
    fn hide(&self, state: &StateDir) -> Result<()> {
        let run = state.run().canonicalize().context("resolving the run folder")?;
        let may_hide = |folder: &&&str| {
            Path::new(folder).is_dir() && !run.starts_with(folder) && !state.path().starts_with(folder)
        };
        for folder in EMPTY.iter().filter(may_hide) {
            self.run(&["mount", "-t", "tmpfs", "tmpfs", folder])?;
        }
        for folder in COVERED.iter().filter(may_hide) {
            let cover = run.join("covers").join(folder.trim_start_matches('/').replace('/', "-"));
            let (upper, work) = (cover.join("upper"), cover.join("work"));
            for made in [&upper, &work] {
                fs::create_dir_all(made).with_context(|| format!("creating {}", made.display()))?;
            }
            let options =
                format!("lowerdir={folder},upperdir={},workdir={}", upper.display(), work.display());
            self.run(&["mount", "-t", "overlay", "overlay", "-o", &options, folder])?;
        }
        Ok(())
    }

    /// Runs a command inside, to its end.
    pub(crate) fn run(&self, line: &[impl AsRef<str>]) -> Result<()> {
        let Some((program, args)) = line.split_first() else { bail!("no command") };
        let mut command = self.command(program.as_ref());
        command.args(args.iter().map(AsRef::as_ref)).stdin(Stdio::null());
        let output = command.output().with_context(|| format!("running {}", program.as_ref()))?;
        let line: Vec<&str> = line.iter().map(AsRef::as_ref).collect();
        ensure!(
            output.status.success(),
            "`{}` failed ({}): {}",
            line.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(())
    }
}

/// `proc_pid_children(5)`.
fn only_child(parent: u32) -> Result<ProcessId> {
    let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))
        .context("asking the kernel for a process' children")?;
    let child = children.split_whitespace().next().and_then(|pid| pid.parse().ok());
    child.and_then(ProcessId::of).ok_or_else(|| anyhow!("`unshare` has no child: {children:?}"))
}
