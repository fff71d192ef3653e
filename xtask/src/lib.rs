//! Development tasks, the part that is shared: `cargo xtask` and the test suite
//! both start their control plane here.
//!
//! [`cluster`] runs a real Kubernetes control plane as plain processes, [`postgres`] a real database server,
//! [`go_tools`] builds its executables once into a cache, [`cargo_tools`]
//! does so with cargo's subcommands, [`npm_tools`] with packages of Node.js, [`python_tools`] with those of Python, [`authority`] issues the certificates that
//! the servers of the tests present, [`image`] makes container images without a registry, [`load`] are people who use
//! an app, [`openapi`] is what Kubernetes publishes of its objects, [`packages`] are what the machine has to have,
//! [`sshd`] serves git over ssh, [`signal`] reaches child processes.

use std::io::Write as _;
use std::path::{Path, PathBuf};

pub mod authority;
pub mod cargo_tools;
pub mod cluster;
pub mod go_tools;
pub mod image;
pub mod load;
pub mod npm_tools;
pub mod openapi;
pub mod packages;
pub mod postgres;
pub mod python_tools;
pub mod signal;
pub mod sshd;

/// The root of the checkout that this was compiled in.
pub fn workspace() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// Talks to the person who waits. Not `eprintln!`: the test harness would keep
/// that for itself until a test fails, and a first build takes minutes.
pub fn say(message: &str) {
    // Nobody reads it when stderr is closed: no reason to stop working.
    let _ = writeln!(std::io::stderr(), "{message}");
}
