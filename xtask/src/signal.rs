//! Signals to our own children. A child that was not waited for keeps its pid,
//! so none of this can reach a stranger.

use std::io;
use std::process::Child;

use rustix::process::{Pid, kill_process, kill_process_group};

pub use rustix::process::Signal;

/// Sends a signal to a child.
pub fn send(child: &Child, signal: Signal) -> io::Result<()> {
    Ok(kill_process(Pid::from_child(child), signal)?)
}

/// Sends a signal to a child that leads a process group, and to its descendants there.
pub fn send_to_group(child: &Child, signal: Signal) -> io::Result<()> {
    Ok(kill_process_group(Pid::from_child(child), signal)?)
}
