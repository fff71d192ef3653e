//! What a machine has to have besides git, Rust, Go and a C compiler, and where Debian and its like have it from.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use rustix::process::geteuid;

/// A Debian package, and how to tell whether what we want of it is there.
#[derive(Clone, Copy)]
pub struct Package {
    name: &'static str,
    is_there: fn() -> bool,
}

/// What building takes: git2 links OpenSSL.
pub const BUILD: [Package; 2] = [
    Package { name: "pkg-config", is_there: || find("pkg-config").is_some() },
    Package { name: "libssl-dev", is_there: has_openssl },
];

/// What a node with real pods takes.
pub const NODE: [Package; 6] = [
    // Images: smaller executables, and a shell that needs no libraries.
    Package { name: "binutils", is_there: || find("strip").is_some() },
    Package { name: "busybox-static", is_there: has_static_busybox },
    Package { name: "iproute2", is_there: || find("ip").is_some() },
    Package { name: "iptables", is_there: || find("iptables").is_some() },
    Package { name: "runc", is_there: || find("runc").is_some() },
    Package { name: "util-linux", is_there: || find("nsenter").is_some() && find("unshare").is_some() },
];

/// What the other tests take.
pub const TESTS: [Package; 9] = [
    Package { name: "curl", is_there: || find("curl").is_some() },
    Package { name: "jq", is_there: || find("jq").is_some() },
    Package { name: "nodejs", is_there: || find("node").is_some() },
    Package { name: "npm", is_there: || find("npm").is_some() },
    Package { name: "openssh-client", is_there: || find("ssh-keygen").is_some() },
    Package { name: "openssh-server", is_there: || find("sshd").is_some() },
    Package { name: "pgbouncer", is_there: || find("pgbouncer").is_some() },
    Package { name: "pre-commit", is_there: || find("pre-commit").is_some() },
    Package { name: "python3-venv", is_there: has_venv },
];

/// The names of those that are not there.
pub fn missing(packages: &[Package]) -> Vec<&'static str> {
    packages.iter().filter(|package| !(package.is_there)()).map(|package| package.name).collect()
}

/// Installs those that are not there, as root on Debian and its like. Returns what it could not install.
pub fn install_missing(packages: &[Package]) -> Result<Vec<&'static str>> {
    let absent = missing(packages);
    if absent.is_empty() || find("apt-get").is_none() || !(geteuid().is_root() || may_sudo()) {
        return Ok(absent);
    }
    crate::say(&format!("installing Debian packages: {}", absent.join(" ")));
    apt_get(&["update", "-qq"])?;
    apt_get(&[&["install", "-y", "-qq", "--no-install-recommends"], absent.as_slice()].concat())?;
    Ok(missing(packages))
}

/// Without being asked for a password.
fn may_sudo() -> bool {
    succeeds(Command::new("sudo").args(["-n", "true"]))
}

fn apt_get(args: &[&str]) -> Result<()> {
    let mut command = if geteuid().is_root() { Command::new("apt-get") } else { Command::new("sudo") };
    if !geteuid().is_root() {
        command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    }
    let status = command
        .args(args)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .context("running apt-get")?;
    ensure!(status.success(), "`apt-get {}` failed ({status})", args.join(" "));
    Ok(())
}

/// Where a program is. The folders of administrators' programs are not in everybody's path.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Debian's Python has the module `venv` without what it takes to use it.
fn has_venv() -> bool {
    succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}

fn has_openssl() -> bool {
    succeeds(Command::new("pkg-config").args(["--exists", "openssl"]))
}

/// `ldd` fails for what is not linked dynamically.
fn has_static_busybox() -> bool {
    let busybox = Path::new("/bin/busybox");
    busybox.is_file() && !succeeds(Command::new("ldd").arg(busybox))
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_named() {
        let absent = Package { name: "unobtainium", is_there: || find("unobtainium").is_some() };
        let present = Package { name: "dash", is_there: || find("sh").is_some() };
        assert_eq!(missing(&[absent, present]), ["unobtainium"]);
    }
}
