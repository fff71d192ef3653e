//! Which process a pid is: pids are used again, a pid with its start time is not.

use std::fmt;
use std::fs;
use std::str::FromStr;

use anyhow::{Context as _, Error};

/// A process that once ran, by pid and start time (clock ticks since boot).
/// Written as `<pid> <start time>`, which is what `reap.sh` reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProcessId {
    pid: u32,
    started: u64,
}

impl ProcessId {
    /// The process that has this pid now; none if it has ended, waited for or not.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let started = start_time(&stat)?;
        Some(Self { pid, started })
    }

    pub(crate) fn is_alive(&self) -> bool {
        Self::of(self.pid).as_ref() == Some(self)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    #[cfg(test)]
    pub(crate) fn started_earlier(self) -> Self {
        Self { started: self.started - 1, ..self }
    }
}

/// `proc_pid_stat(5)`: `pid (comm) state ... starttime ...`, where comm may hold
/// spaces and parentheses. A zombie has no start time for us.
fn start_time(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    match fields.next()? {
        "Z" | "X" => None,
        _ => fields.nth(18)?.parse().ok(),
    }
}

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.started)
    }
}

impl FromStr for ProcessId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (pid, started) = text.trim().split_once(' ').context("expected `<pid> <start time>`")?;
        Ok(Self { pid: pid.parse()?, started: started.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "42 (a (b) c) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2";

    #[test]
    fn the_start_time_is_found_behind_any_command_name() {
        assert_eq!(start_time(STAT), Some(987_654));
    }

    #[test]
    fn a_zombie_does_not_count() {
        assert_eq!(start_time(&STAT.replace(" S ", " Z ")), None);
    }

    #[test]
    fn this_process_is_alive_and_survives_being_written_down() {
        let me = ProcessId::of(std::process::id()).unwrap();
        assert_eq!(me.to_string().parse::<ProcessId>().unwrap(), me);
        assert!(me.is_alive());
        assert!(!me.started_earlier().is_alive());
    }
}
