//! The one server that all tests of a process share.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};

use super::{Options, Postgres};
use crate::cluster::StateDir;

const PREFIX: &str = "postgres-";

/// The server of this test process, with TLS, started by the first who asks.
///
/// Its log goes to a folder of its own in `scratch` and stays until the next run. Nothing drops a static: the
/// reaper ends it.
pub fn shared(scratch: &Path) -> Result<&'static Postgres> {
    static SHARED: OnceLock<Result<Postgres>> = OnceLock::new();
    let start = || {
        remove_old(scratch);
        let state = StateDir::new(scratch.join(format!("{PREFIX}{}", std::process::id())))?;
        Postgres::start(state, &Options { tls: true, ..Options::default() })
    };
    let started = SHARED.get_or_init(start);
    started.as_ref().map_err(|error| anyhow!("the shared PostgreSQL did not start: {error:#}"))
}

/// Removes the logs of test runs that have ended. Nothing depends on it, so what cannot be removed stays.
fn remove_old(scratch: &Path) {
    for entry in fs::read_dir(scratch).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(|name| name.strip_prefix(PREFIX)) else { continue };
        let runs = entry.path().join("run").exists();
        if !Path::new("/proc").join(owner).exists() && !runs {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
