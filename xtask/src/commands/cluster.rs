//! `cargo xtask cluster`: a control plane to work against.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Args, Subcommand};
use xtask::cluster::{self, ControlPlane, StateDir};

/// A real Kubernetes control plane on this machine, with one played node or, with `--node`, a real one.
///
/// Tests use it, instead of starting their own, when `PORTFOLIO_TEST_STATE` names its folder.
#[derive(Subcommand)]
pub(crate) enum Cluster {
    /// Start it, unless it runs, and print the path of its kubeconfig.
    Up(Up),
    /// Stop it and remove its state.
    Down(Place),
    /// Tell what runs; exit code 1 unless everything does.
    Status(Place),
}

#[derive(Args)]
pub(crate) struct Up {
    #[command(flatten)]
    place: Place,
    /// With kubelet, kube-proxy, containerd and runc instead of kwok: pods really run. Needs root.
    #[arg(long)]
    node: bool,
}

#[derive(Args)]
pub(crate) struct Place {
    /// The folder with its logs, credentials and data [default: target/cluster of this checkout].
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Cluster {
    pub(crate) fn run(self) -> Result<ExitCode> {
        match self {
            Self::Up(up) => start(up.place.state()?, up.node),
            Self::Down(place) => cluster::down(place.state()?).map(|()| ExitCode::SUCCESS),
            Self::Status(place) => Ok(status(&place.state()?)),
        }
    }
}

impl Place {
    fn state(self) -> Result<StateDir> {
        StateDir::new(self.state.unwrap_or_else(|| xtask::workspace().join("target/cluster")))
    }
}

fn start(state: StateDir, node: bool) -> Result<ExitCode> {
    let kubeconfig = state.kubeconfig();
    let running = ControlPlane::attach(state.clone());
    if running.is_ok_and(|running| running.node().is_some() != node) {
        bail!("a cluster of the other size runs there: `cargo xtask cluster down` ends it");
    }
    if ControlPlane::attach(state.clone()).is_err() {
        let logs = state.logs();
        let start = if node { ControlPlane::start_node } else { ControlPlane::start };
        start(state)?.detach()?;
        xtask::say(&format!("the control plane is ready; its logs: {}", logs.display()));
    }
    println!("{}", kubeconfig.display());
    Ok(ExitCode::SUCCESS)
}

fn status(state: &StateDir) -> ExitCode {
    let components = cluster::components(state);
    for component in &components {
        let word = if component.alive { "running" } else { "not running" };
        println!("{:<24} {:>8} {word}", component.program, component.pid);
    }
    if components.iter().all(|component| component.alive) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
