//! [`Pooler`]: a real PgBouncer before the server.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::geteuid;

use super::{Database, NOBODY, PATIENCE, Postgres, free_port};
use crate::cluster::process::ProcessId;
use crate::packages;

/// A pool for one database; whoever comes is let in as the database's owner. It ends with the value.
pub struct Pooler {
    address: SocketAddr,
    child: Child,
}

impl Pooler {
    /// Starts one with this `pool_mode` and waits until it listens.
    pub fn start(server: &Postgres, database: &Database, pool_mode: &str) -> Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port(&[Ipv4Addr::LOCALHOST.into()])?));
        let (to, Database { name, owner }) = (server.address(), database);
        let settings = format!(
            "[databases]\n{name} = host={} port={} user={} password={}\n\
             [pgbouncer]\nlisten_addr = {}\nlisten_port = {}\nunix_socket_dir =\nauth_type = any\n\
             pool_mode = {pool_mode}\n",
            to.ip(),
            to.port(),
            owner.name,
            owner.password,
            address.ip(),
            address.port()
        );
        let label = format!("pgbouncer-{}", address.port());
        let file = server.state.write(&format!("{label}.ini"), &settings)?;
        let log = server.state.log(&label)?;
        let program = packages::find("pgbouncer").unwrap_or_else(|| "pgbouncer".into());
        let mut command = Command::new(program);
        // Like the server, it refuses root.
        if geteuid().is_root() {
            chown(&file, Some(NOBODY), Some(NOBODY)).context("giving the pool's settings away")?;
            command.uid(NOBODY).gid(NOBODY);
        }
        let file = fs::canonicalize(&file).context("resolving the pool's settings")?;
        let child = command
            .arg(file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("sharing a log file")?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .context("starting pgbouncer: is the package `pgbouncer` installed?")?;
        let process = ProcessId::of(child.id());
        let mut pooler = Self { address, child };
        if let Some(process) = process {
            server.state.record(&label, &process)?;
        }
        pooler.wait_until_it_listens().with_context(|| server.state.log_tail(&label))?;
        Ok(pooler)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    fn wait_until_it_listens(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait().context("looking at pgbouncer")? {
                bail!("pgbouncer ended ({status})");
            }
            if Instant::now() > deadline {
                bail!("pgbouncer does not listen");
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
