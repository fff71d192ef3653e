//! The reaper: a small process that outlives ours by a moment and ends the
//! control plane, or the database. It is the only code that stops one, be it for
//! `down`, for a finished test run, for Ctrl-C or for a killed test process.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::state::StateDir;

const REAP: &str = include_str!("reap.sh");

/// A reaper that waits for the end of this process, or for one of the calls below.
pub(crate) struct Reaper {
    process: Child,
}

impl Reaper {
    /// Starts watching over `state`, whose processes have nothing to put in order.
    pub(crate) fn start(state: &StateDir) -> Result<Self> {
        Self::start_with(state, "KILL")
    }

    /// As [`start`](Self::start), for processes that end by another signal.
    pub(crate) fn start_with(state: &StateDir, signal: &str) -> Result<Self> {
        let process = Command::new("sh")
            .args(["-c", REAP, "reap"])
            .arg(state.path())
            .arg(signal)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            // Not our stderr: whoever reads that to its end would wait for the reaper too.
            .stderr(state.log("reaper")?)
            .process_group(0) // Ctrl-C is meant for us
            .spawn()
            .context("running `sh`")?;
        Ok(Self { process })
    }

    /// Ends the control plane and waits until it is gone.
    pub(crate) fn reap(mut self) -> Result<()> {
        drop(self.process.stdin.take());
        let status = self.process.wait().context("waiting for the reaper")?;
        ensure!(status.success(), "stopping what runs failed ({status})");
        Ok(())
    }

    /// Lets the control plane outlive this process.
    pub(crate) fn keep(mut self) -> Result<()> {
        if let Some(mut order) = self.process.stdin.take() {
            order.write_all(b"keep\n").context("talking to the reaper")?;
        }
        self.process.wait().context("waiting for the reaper")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::process::ProcessId;

    fn sleeper() -> (Child, ProcessId) {
        let child = Command::new("sleep").arg("60").process_group(0).stdout(Stdio::null()).spawn().unwrap();
        let id = ProcessId::of(child.id()).unwrap();
        (child, id)
    }

    fn state_with(record: &ProcessId) -> (tempfile::TempDir, StateDir) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path().join("state")).unwrap();
        state.prepare().unwrap();
        state.record("sleeper", record).unwrap();
        (folder, state)
    }

    #[test]
    fn what_was_recorded_ends_and_its_state_goes_with_it() {
        let (mut child, id) = sleeper();
        let (_folder, state) = state_with(&id);
        Reaper::start(&state).unwrap().reap().unwrap();
        assert!(!id.is_alive());
        assert!(!state.run().exists() && state.path().exists());
        child.wait().unwrap();
    }

    #[test]
    fn a_stranger_who_got_the_pid_is_left_alone() {
        let (mut child, id) = sleeper();
        let (_folder, state) = state_with(&id.started_earlier());
        Reaper::start(&state).unwrap().reap().unwrap();
        assert!(id.is_alive());
        child.kill().unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn keep_leaves_everything_running() {
        let (mut child, id) = sleeper();
        let (_folder, state) = state_with(&id);
        Reaper::start(&state).unwrap().keep().unwrap();
        assert!(id.is_alive() && state.run().exists());
        Reaper::start(&state).unwrap().reap().unwrap();
        child.wait().unwrap();
    }
}
