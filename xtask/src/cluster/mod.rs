//! A Kubernetes control plane as plain processes of this machine: etcd,
//! kube-apiserver, kube-controller-manager, kube-scheduler, and kwok as its one node.
//!
//! It needs no root and no container runtime (Linux only: processes are told
//! apart by `/proc`). Whoever holds a started [`ControlPlane`] owns it: it ends
//! with the value or, should the process die first, by its reaper.
//! [`shared`] is the one of a test run.

mod binaries;
mod components;
mod process;
mod reaper;
mod shared;
mod state;
mod users;

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use self::binaries::Binaries;
use self::components::{Component, Ports};
use self::process::ProcessId;
use self::reaper::Reaper;
use self::users::Users;
use crate::authority::{self, Authority};

pub use self::shared::shared;
pub use self::state::StateDir;

const PATIENCE: Duration = Duration::from_mins(2);

/// A control plane that answers.
pub struct ControlPlane {
    state: StateDir,
    binaries: Binaries,
    children: Vec<(&'static str, Child)>,
    /// None for one that somebody else owns.
    reaper: Option<Reaper>,
}

impl ControlPlane {
    /// Starts one in `state` and waits until it is ready for tests.
    pub fn start(state: StateDir) -> Result<Self> {
        Self::start_with(state, &[])
    }

    /// Starts one whose API server gets further flags, such as `--feature-gates=WatchList=false`.
    pub fn start_with(state: StateDir, apiserver_flags: &[&str]) -> Result<Self> {
        let binaries = Binaries::find()?;
        let _lock = state.lock()?;
        Reaper::start(&state)?.reap().context("removing what an earlier control plane left")?;
        state.prepare()?;
        // From here on our death ends whatever we have started.
        let reaper = Some(Reaper::start(&state)?);
        let mut plane = Self { state, binaries, children: Vec::new(), reaper };
        plane.launch(apiserver_flags).with_context(|| format!("see {}", plane.state.logs().display()))?;
        Ok(plane)
    }

    /// Uses the one that runs in `state`; dropping the value leaves it alone.
    pub fn attach(state: StateDir) -> Result<Self> {
        if !components(&state).iter().all(|component| component.alive) || !state.kubeconfig().is_file() {
            bail!(
                "no control plane runs in {}: start one by `cargo xtask cluster up`",
                state.path().display()
            );
        }
        Ok(Self { state, binaries: Binaries::find()?, children: Vec::new(), reaper: None })
    }

    /// Lets it run on after this process; ended by [`down`].
    pub fn detach(mut self) -> Result<()> {
        self.reaper.take().map_or(Ok(()), Reaper::keep)
    }

    /// The kubeconfig, with the contexts `admin` (the current one), `portfolio`,
    /// `viewer` and `deployer`; the last two may do nothing.
    pub fn kubeconfig(&self) -> PathBuf {
        self.state.kubeconfig()
    }

    /// The audit log: an `audit.k8s.io/v1` Event in JSON a line, without those of the control plane itself.
    pub fn audit_log(&self) -> PathBuf {
        self.state.audit_log()
    }

    /// The folder with a log per component.
    pub fn logs(&self) -> PathBuf {
        self.state.logs()
    }

    /// `kubectl` for this cluster, as `admin`; it leaves no cache in anybody's home.
    pub fn kubectl(&self) -> Command {
        let mut kubectl = Command::new(self.binaries.path("kubectl"));
        kubectl.env("KUBECONFIG", self.kubeconfig()).env("KUBECACHEDIR", self.state.file("kubectl-cache"));
        kubectl
    }

    /// Whether somebody else owns it, so that what is left in it outlives this process.
    pub fn is_borrowed(&self) -> bool {
        self.reaper.is_none()
    }

    /// Ends `child` with this control plane at the latest. It must lead a process group.
    pub fn take_along(&self, name: &str, child: &Child) -> Result<()> {
        ProcessId::of(child.id()).map_or(Ok(()), |process| self.state.record(name, &process))
    }

    fn launch(&mut self, apiserver_flags: &[&str]) -> Result<()> {
        let ports = Ports::free()?;
        self.write_credentials(&ports.server())?;
        self.spawn(&components::etcd(&self.state, &ports))?;
        self.spawn(&components::apiserver(&self.state, &ports, apiserver_flags))?;
        self.wait_until("the API server is ready", &["get", "--raw", "/readyz"], "ok")?;
        self.spawn(&components::controller_manager(&self.state))?;
        self.spawn(&components::scheduler(&self.state))?;
        self.spawn(&components::kwok(&self.state))?;
        let node = components::definition("kwok/node.yaml");
        let node = node.to_string_lossy();
        self.wait_until("the node exists", &["apply", "--filename", &node, "--output=name"], "node/kwok")?;
        let ready = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
        self.wait_until("the node is Ready", &["get", "node", "kwok", "--output", ready], "True")?;
        // Without it no pod is admitted to the namespace.
        let account = ["get", "serviceaccount", "default", "--namespace=default", "--output=name"];
        self.wait_until("the default ServiceAccount exists", &account, "serviceaccount/default")
    }

    fn write_credentials(&self, server: &str) -> Result<()> {
        let state = &self.state;
        let authority = Authority::new("portfolio test cluster")?;
        let identity = authority.issue(&["127.0.0.1", "localhost"])?;
        let ca = state.write("ca.crt", &authority.certificate())?;
        state.write("apiserver.crt", &identity.certificate)?;
        state.write("apiserver.key", &identity.key)?;
        let (private, public) = authority::signing_key()?;
        state.write("service-account.key", &private)?;
        state.write("service-account.pub", &public)?;
        let users = Users::new()?;
        state.write("tokens.csv", &users.token_file())?;
        for user in &users.components {
            let config = users::kubeconfig(server, &ca, std::slice::from_ref(user));
            state.write(&format!("{}.kubeconfig", user.context), &config)?;
        }
        state.write("kubeconfig", &users::kubeconfig(server, &ca, &users.people)).map(drop)
    }

    fn spawn(&mut self, component: &Component) -> Result<()> {
        let Component { program, args } = component;
        let log = self.state.log(program)?;
        let child = Command::new(self.binaries.path(program))
            .args(args)
            .current_dir(self.state.run())
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("sharing a log file")?)
            .stderr(log)
            .process_group(0) // what Ctrl-C means is for us to decide
            .spawn()
            .with_context(|| format!("starting {program}"))?;
        let process = ProcessId::of(child.id());
        self.children.push((program, child));
        match process {
            Some(process) => self.state.record(program, &process),
            None => self.complain_about_the_dead(),
        }
    }

    /// Asks by kubectl until the answer begins with `expected`.
    fn wait_until(&mut self, what: &str, question: &[&str], expected: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = self.kubectl().args(question).output().context("running kubectl")?;
            if answer.stdout.starts_with(expected.as_bytes()) {
                return Ok(());
            }
            self.complain_about_the_dead()?;
            if Instant::now() > deadline {
                let last = String::from_utf8_lossy(&answer.stderr);
                bail!("not within {} s: {what}; last answer: {last}", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn complain_about_the_dead(&mut self) -> Result<()> {
        for (program, child) in &mut self.children {
            if let Some(status) = child.try_wait().with_context(|| format!("looking at {program}"))? {
                bail!("{program} ended ({status}); the end of its log:\n{}", self.state.log_tail(program));
            }
        }
        Ok(())
    }
}

impl Drop for ControlPlane {
    fn drop(&mut self) {
        let Some(reaper) = self.reaper.take() else { return };
        if let Err(error) = reaper.reap() {
            crate::say(&format!("{error:#}"));
        }
        for (_, child) in &mut self.children {
            // The reaper has seen it end; this takes the zombie away.
            let _ = child.wait();
        }
    }
}

/// One component on record, for `status`.
pub struct ComponentStatus {
    /// The executable's name.
    pub program: String,
    /// Its last known pid, 0 if it was never started.
    pub pid: u32,
    /// Whether that process still runs.
    pub alive: bool,
}

/// The programs that a control plane consists of.
const PROGRAMS: [&str; 5] = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"];

/// What runs, or should run, in `state`.
pub fn components(state: &StateDir) -> Vec<ComponentStatus> {
    let recorded = state.recorded();
    let status = |program: &&str| {
        let process = recorded.iter().find(|(name, _)| name == program).map(|(_, process)| process);
        ComponentStatus {
            program: (*program).to_owned(),
            pid: process.map_or(0, ProcessId::pid),
            alive: process.is_some_and(ProcessId::is_alive),
        }
    };
    PROGRAMS.iter().map(status).collect()
}

/// Ends whatever runs in `state`, whoever started it, and removes the state.
pub fn down(state: StateDir) -> Result<()> {
    let lock = state.lock()?;
    Reaper::start(&state)?.reap()?;
    drop(lock);
    state.remove()
}
