//! `cargo xtask demo`: the product at work on a control plane of its own, shown live, then left to play with.

mod ground;
mod narrator;
mod repository;
mod scenes;
mod stage;

use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::mpsc;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use self::narrator::Narrator;
use self::stage::Stage;

/// A local control plane, an example repository, the daemon: a push, a drift and its repair, a bad revision
/// and its rollback, a broken document, a removal. Then it stays up until Ctrl-C.
#[derive(Args)]
pub(crate) struct Demo {
    /// End after the last scene instead of staying up
    #[arg(long)]
    once: bool,
    /// On a real node, with real pods: an app, its PostgreSQL database and its migrations, while people use it. Needs
    /// root, for namespaces and network devices of its own
    #[arg(long)]
    node: bool,
}

impl Demo {
    pub(crate) fn run(self) -> Result<ExitCode> {
        let (interrupted, interruption) = mpsc::channel();
        ctrlc::set_handler(move || {
            // Nobody listens any more: the process is ending already.
            let _ = interrupted.send(());
        })
        .context("catching Ctrl-C")?;
        let narrator = Narrator::new();
        let mut stage = Stage::build(&narrator, self.node)?;
        for scene in if self.node { scenes::REAL } else { scenes::PLAYED } {
            if interruption.try_recv().is_ok() {
                return Ok(ExitCode::from(130));
            }
            scene(&mut stage, &narrator)?;
        }
        if !self.once {
            narrator.stays_up(&stage);
            // An error would mean that the handler is gone, which is as good a reason to end.
            let _ = interruption.recv();
            Narrator::say("ending: daemon and control plane stop; repository and logs stay in target/demo");
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs a command to its end, which has to be good.
fn run(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("running {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}
