//! `cargo xtask cluster`: a control plane to work against.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Subcommand};
use xtask::cluster::{self, ControlPlane, StateDir};

/// A real Kubernetes control plane with one pretended node, on this machine.
///
/// Tests use it, instead of starting their own, when `PORTFOLIO_TEST_STATE` names its folder.
#[derive(Subcommand)]
pub(crate) enum Cluster {
    /// Start it, unless it runs, and print the path of its kubeconfig.
    Up(Place),
    /// Stop it and remove its state.
    Down(Place),
    /// Tell what runs; exit code 1 unless everything does.
    Status(Place),
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
            Self::Up(place) => up(place.state()?),
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

fn up(state: StateDir) -> Result<ExitCode> {
    let kubeconfig = state.kubeconfig();
    if ControlPlane::attach(state.clone()).is_err() {
        let logs = state.logs();
        ControlPlane::start(state)?.detach()?;
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
