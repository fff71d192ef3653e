//! [`ControlPlane`]: a cluster that answers, and what it can be asked for.

use std::path::PathBuf;
use std::process::{Child, Command};

use anyhow::{Context as _, Result, bail};

use super::binaries::{Binaries, Size};
use super::node::{self, Namespaces};
use super::process::ProcessId;
use super::reaper::Reaper;
use super::state::StateDir;
use super::{components, launch};
use crate::image::Image;

/// A control plane that answers.
pub struct ControlPlane {
    pub(super) state: StateDir,
    pub(super) binaries: Binaries,
    /// Where everything runs, with a real node.
    pub(super) namespaces: Option<Namespaces>,
    pub(super) children: Vec<(&'static str, Child)>,
    /// None for one that somebody else owns.
    reaper: Option<Reaper>,
}

impl ControlPlane {
    /// Starts one in `state`, with a played node, and waits until it is ready for tests.
    pub fn start(state: StateDir) -> Result<Self> {
        Self::start_with(state, &[])
    }

    /// Starts one whose API server gets further flags, such as `--feature-gates=WatchList=false`.
    pub fn start_with(state: StateDir, apiserver_flags: &[&str]) -> Result<Self> {
        Self::start_size(state, Size::ControlPlane, |plane| launch::with_played_node(plane, apiserver_flags))
    }

    /// Starts one with a real node and waits until pods can run. [`node::missing`] tells what it takes.
    pub fn start_node(state: StateDir) -> Result<Self> {
        let missing = node::missing();
        if !missing.is_empty() {
            bail!("no node with real pods can run on this machine: {}", missing.join("; "));
        }
        Self::start_size(state, Size::Node, launch::with_real_node)
    }

    fn start_size(state: StateDir, size: Size, launch: impl FnOnce(&mut Self) -> Result<()>) -> Result<Self> {
        let binaries = Binaries::find(size)?;
        let _lock = state.lock()?;
        Reaper::start(&state)?.reap().context("removing what an earlier control plane left")?;
        state.prepare()?;
        // From here on our death ends whatever we have started.
        let reaper = Some(Reaper::start(&state)?);
        let mut plane = Self { state, binaries, namespaces: None, children: Vec::new(), reaper };
        launch(&mut plane).with_context(|| format!("see {}", plane.state.logs().display()))?;
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
        let namespaces = Namespaces::find(&state);
        let size = if namespaces.is_some() { Size::Node } else { Size::ControlPlane };
        Ok(Self { state, binaries: Binaries::find(size)?, namespaces, children: Vec::new(), reaper: None })
    }

    /// Lets it run on after this process; ended by [`down`](super::down).
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

    /// Where the real node is; none with a played one.
    pub fn node(&self) -> Option<&Namespaces> {
        self.namespaces.as_ref()
    }

    /// Gives the real node an image.
    pub fn import(&self, image: &Image) -> Result<()> {
        let namespaces = self.namespaces.as_ref().context("only a real node takes images")?;
        node::import(&self.state, namespaces, &self.binaries.path("ctr"), image)
    }

    /// Whether somebody else owns it, so that what is left in it outlives this process.
    pub fn is_borrowed(&self) -> bool {
        self.reaper.is_none()
    }

    /// Ends `child` with this control plane at the latest. It must lead a process group.
    pub fn take_along(&self, name: &str, child: &Child) -> Result<()> {
        ProcessId::of(child.id()).map_or(Ok(()), |process| self.state.record(name, &process))
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
