//! A real PostgreSQL server as a process of this machine, with a data folder of its own, in memory when there is
//! room.
//!
//! Nothing is written durably: a test has no crash of the machine to survive. Whoever holds a started [`Postgres`]
//! owns it: it ends with the value or, should the process die first, by the reaper of [`crate::cluster`].
//! [`shared`] is the one of a test run, [`Postgres::database`] makes a test's own corner of it.

mod binaries;
mod client;
mod data;
mod held;
mod pooler;
mod shared;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::geteuid;

use self::binaries::Binaries;
use crate::authority::Authority;
use crate::cluster::StateDir;
use crate::cluster::node::Namespaces;
use crate::cluster::process::ProcessId;
use crate::cluster::reaper::Reaper;

pub use self::held::Held;
pub use self::pooler::Pooler;
pub use self::shared::shared;

const PATIENCE: Duration = Duration::from_mins(1);
/// "Immediate shutdown" (PostgreSQL manual, 18.5): nothing is kept, but shared memory is given back.
const IMMEDIATE: &str = "QUIT";
/// Who runs the server for root, whom it refuses: nobody.
const NOBODY: u32 = 65_534;

/// What a server is to be like. The default is one for this machine alone, without TLS.
#[derive(Debug, Clone)]
pub struct Options {
    /// The addresses to listen on; the first is the one that [`Postgres::address`] tells.
    pub listen: Vec<IpAddr>,
    /// Whether it speaks TLS, with a certificate of its own authority for `localhost` and the addresses above.
    pub tls: bool,
    /// Further settings: `("log_statement", "all")`.
    pub settings: Vec<(String, String)>,
    /// Whose network it is in, if not this machine's: the addresses above are looked for there.
    pub network: Option<Namespaces>,
}

impl Default for Options {
    fn default() -> Self {
        Self { listen: vec![Ipv4Addr::LOCALHOST.into()], tls: false, settings: Vec::new(), network: None }
    }
}

impl Options {
    /// One that this machine, a node and its pods reach at the node's address.
    pub fn on_node(node: &Namespaces) -> Self {
        Self { listen: vec![node.address().into()], network: Some(node.clone()), ..Self::default() }
    }
}

/// A role and its password.
#[derive(Clone)]
pub struct Login {
    /// The role.
    pub name: String,
    /// Its password, different in each run.
    pub password: String,
}

/// A database, and the role that owns it.
#[derive(Clone)]
pub struct Database {
    /// Its name, also that of the role.
    pub name: String,
    /// The owner.
    pub owner: Login,
}

/// A server that answers.
pub struct Postgres {
    state: StateDir,
    address: SocketAddr,
    superuser: Login,
    tls: bool,
    child: Option<Child>,
    reaper: Option<Reaper>,
}

impl Postgres {
    /// Starts one whose logs and data are in `state`, and waits until it answers.
    pub fn start(state: StateDir, options: &Options) -> Result<Self> {
        let first = *options.listen.first().context("a server needs an address to listen on")?;
        let binaries = Binaries::find()?;
        let _lock = state.lock()?;
        Reaper::start_with(&state, IMMEDIATE)?.reap().context("removing what an earlier server left")?;
        state.prepare()?;
        // From here on our death ends whatever we have started.
        let reaper = Some(Reaper::start_with(&state, IMMEDIATE)?);
        let superuser = Login { name: "postgres".to_owned(), password: data::password()? };
        let port = match &options.network {
            Some(network) => network.inside(|| free_port(&options.listen))??,
            None => free_port(&options.listen)?,
        };
        let address = SocketAddr::new(first, port);
        let mut server = Self { state, address, superuser, tls: options.tls, child: None, reaper };
        server.launch(&binaries, options).with_context(|| format!("see {}", server.log().display()))?;
        Ok(server)
    }

    /// Where it listens: the first of its addresses.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who may do everything.
    pub fn superuser(&self) -> &Login {
        &self.superuser
    }

    /// The certificate that clients are to trust, PEM; there with [`Options::tls`].
    pub fn ca_file(&self) -> Option<PathBuf> {
        self.tls.then(|| self.state.file("ca.crt"))
    }

    /// What the server has to say.
    pub fn log(&self) -> PathBuf {
        self.state.log_path("postgres")
    }

    /// A new, empty database of a new role.
    pub fn database(&self) -> Result<Database> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("db_{:x}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let owner = Login { name: name.clone(), password: data::password()? };
        self.execute("postgres", &format!("CREATE ROLE {name} LOGIN PASSWORD '{}'", owner.password))?;
        self.execute("postgres", &format!("CREATE DATABASE {name} OWNER {name}"))?;
        // Where everybody could write until PostgreSQL 15.
        self.execute(&name, &format!("ALTER SCHEMA public OWNER TO {name}"))?;
        Ok(Database { name, owner })
    }

    /// Runs statements as superuser.
    pub fn execute(&self, database: &str, sql: &str) -> Result<()> {
        self.query(database, sql).map(drop)
    }

    /// Asks as superuser for one value: the first column of the first row.
    pub fn ask(&self, database: &str, sql: &str) -> Result<String> {
        let first = self.query(database, sql)?.into_iter().flatten().next();
        first.with_context(|| format!("no answer to {sql}"))
    }

    /// As [`Self::execute`]; returns the rows, each value as text, and an empty one for NULL.
    pub fn query(&self, database: &str, sql: &str) -> Result<Vec<Vec<String>>> {
        client::query(self.address, &self.superuser, database, sql)
            .with_context(|| format!("see {}", self.log().display()))
    }

    /// Runs statements as superuser in a session that stays open, and so does what they began.
    pub fn hold(&self, database: &str, sql: &str) -> Result<Held> {
        Held::new(self.address, &self.superuser, database, sql)
            .with_context(|| format!("see {}", self.log().display()))
    }

    fn launch(&mut self, binaries: &Binaries, options: &Options) -> Result<()> {
        let as_root = geteuid().is_root();
        let run = self.state.run().canonicalize().context("resolving the run folder")?;
        let (data, programs) = (run.join("data"), binaries.reachable(as_root, &run)?);
        let account = data::write_password_file(&self.state, &self.superuser)?;
        let mut files = vec![run.clone(), account.clone()];
        if options.tls {
            let authority = Authority::new("portfolio test database")?;
            let hosts: Vec<String> = options.listen.iter().map(ToString::to_string).collect();
            let hosts: Vec<&str> =
                ["localhost"].into_iter().chain(hosts.iter().map(String::as_str)).collect();
            files.extend(data::write_identity(&self.state, &authority, &hosts)?);
        }
        if as_root {
            for file in files {
                chown(&file, Some(NOBODY), Some(NOBODY))
                    .with_context(|| format!("giving {} away", file.display()))?;
            }
        }
        let command = |program: &str| {
            let program = programs.join(program);
            let mut command = match &options.network {
                Some(network) => network.network_command(program, NOBODY),
                None => Command::new(program),
            };
            command.current_dir(&run).stdin(Stdio::null()).env_clear();
            if as_root && options.network.is_none() {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let mut initdb = command("initdb");
        initdb.args(["--no-sync", "--no-locale", "--encoding=UTF8", "--auth=scram-sha-256"]);
        initdb.arg("--username").arg(&self.superuser.name).arg("--pwfile").arg(&account);
        let made = initdb.arg("--pgdata").arg(&data).output().context("running initdb")?;
        if !made.status.success() {
            bail!("initdb failed ({}):\n{}", made.status, String::from_utf8_lossy(&made.stderr));
        }
        data::write_access_rules(&data)?;
        let log = self.state.log("postgres")?;
        let child = command("postgres")
            .arg("-D")
            .arg(&data)
            .args(data::settings(options, self.address.port(), &run))
            .stdout(log.try_clone().context("sharing a log file")?)
            .stderr(log)
            .process_group(0) // what Ctrl-C means is for us to decide
            .spawn()
            .context("starting postgres")?;
        let process = ProcessId::of(child.id());
        self.child = Some(child);
        if let Some(process) = process {
            self.state.record("postgres", &process)?;
        }
        self.wait_until_it_answers()
    }

    fn wait_until_it_answers(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended =
                self.child.as_mut().map(Child::try_wait).transpose().context("looking at postgres")?;
            if let Some(status) = ended.flatten() {
                bail!("postgres ended ({status}); the end of its log:\n{}", self.state.log_tail("postgres"));
            }
            match client::query(self.address, &self.superuser, "postgres", "SELECT 1") {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > deadline => {
                    return Err(error.context(format!("no answer within {} s", PATIENCE.as_secs())));
                }
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let Some(reaper) = self.reaper.take() else { return };
        // The server is our child: while the reaper waits for its end, it must not stay behind as a zombie, which
        // the reaper does not take for alive.
        if let Err(error) = reaper.reap() {
            crate::say(&format!("{error:#}"));
        }
        if let Some(mut child) = self.child.take() {
            let _ = child.wait();
        }
    }
}

/// A port that was free on all of these addresses a moment ago.
fn free_port(addresses: &[IpAddr]) -> Result<u16> {
    let listen = |address: &IpAddr, port| TcpListener::bind((*address, port));
    for _ in 0..100 {
        let Some((first, others)) = addresses.split_first() else { break };
        let listener = listen(first, 0).with_context(|| format!("listening on {first}"))?;
        let port = listener.local_addr().context("looking at a port")?.port();
        if others.iter().all(|address| listen(address, port).is_ok()) {
            return Ok(port);
        }
    }
    bail!("no port is free on all of {addresses:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(options: &Options) -> (tempfile::TempDir, Postgres) {
        let folder = tempfile::tempdir().unwrap();
        let state = StateDir::new(folder.path().join("postgres")).unwrap();
        let server = Postgres::start(state, options).unwrap();
        (folder, server)
    }

    #[test]
    fn a_server_answers_and_ends_with_its_value() {
        let (_folder, server) = start(&Options { tls: true, ..Options::default() });
        let database = server.database().unwrap();
        let create = "CREATE TABLE orders (id bigint)";
        client::query(server.address(), &database.owner, &database.name, create).unwrap();
        let stranger = Login { password: "wrong".to_owned(), ..database.owner.clone() };
        let refused = client::query(server.address(), &stranger, &database.name, "SELECT 1").unwrap_err();
        assert!(format!("{refused:#}").contains("password authentication failed"), "{refused:#}");
        assert!(server.ca_file().unwrap().is_file());
        let (address, superuser) = (server.address(), server.superuser().clone());
        drop(server);
        assert!(client::query(address, &superuser, "postgres", "SELECT 1").is_err());
    }
}
