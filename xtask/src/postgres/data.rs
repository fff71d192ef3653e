//! What a server is told: its settings, who may come in, its certificate.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{Login, Options};
use crate::authority::Authority;
use crate::cluster::StateDir;

/// Who comes by the network gives a password, with TLS or without.
const ACCESS: &str = "host all all 0.0.0.0/0 scram-sha-256\nhost all all ::/0 scram-sha-256\n";

/// A password that nobody has seen.
pub(super) fn password() -> Result<String> {
    let mut bytes = [0; 16];
    let random = File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes));
    random.context("reading random bytes")?;
    Ok(hex::encode(bytes))
}

/// The file from which `initdb` takes the superuser's password.
pub(super) fn write_password_file(state: &StateDir, superuser: &Login) -> Result<PathBuf> {
    private(state.write("password", &superuser.password)?)
}

/// The server's certificate and key, and that of the authority beside them.
pub(super) fn write_identity(
    state: &StateDir,
    authority: &Authority,
    hosts: &[&str],
) -> Result<[PathBuf; 2]> {
    let identity = authority.issue(hosts)?;
    state.write("ca.crt", &authority.certificate())?;
    let certificate = state.write("server.crt", &identity.certificate)?;
    Ok([certificate, private(state.write("server.key", &identity.key)?)?])
}

/// The server refuses a key that others may read.
fn private(file: PathBuf) -> Result<PathBuf> {
    let mode = fs::Permissions::from_mode(0o600);
    fs::set_permissions(&file, mode).with_context(|| format!("closing {}", file.display()))?;
    Ok(file)
}

/// `pg_hba.conf` (PostgreSQL manual, 20.1).
pub(super) fn write_access_rules(data: &Path) -> Result<()> {
    fs::write(data.join("pg_hba.conf"), ACCESS).context("writing pg_hba.conf")
}

/// Arguments of `postgres`.
pub(super) fn settings(options: &Options, port: u16, run: &Path) -> Vec<String> {
    let listen: Vec<String> = options.listen.iter().map(ToString::to_string).collect();
    let mut settings = vec![
        ("listen_addresses", listen.join(",")),
        ("port", port.to_string()),
        ("unix_socket_directories", String::new()),
        ("max_connections", "200".to_owned()),
        ("fsync", "off".to_owned()),
        ("full_page_writes", "off".to_owned()),
        ("synchronous_commit", "off".to_owned()),
        // Files in the data folder: nothing stays in /dev/shm, whatever happens to the server.
        ("dynamic_shared_memory_type", "mmap".to_owned()),
        ("log_line_prefix", "%m [%p] %a %u@%d ".to_owned()),
    ];
    if options.tls {
        let file = |name: &str| run.join(name).to_string_lossy().into_owned();
        settings.push(("ssl", "on".to_owned()));
        settings.push(("ssl_cert_file", file("server.crt")));
        settings.push(("ssl_key_file", file("server.key")));
    }
    settings.extend(options.settings.iter().map(|(name, value)| (name.as_str(), value.clone())));
    settings.into_iter().flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]).collect()
}
