//! OpenSSH's own server on a port of this machine, for git over ssh: keys and configuration of its own in a folder
//! of the test, and nothing of the machine's.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use crate::packages;
use crate::signal::{self, Signal};

const PATIENCE: Duration = Duration::from_secs(20);

/// A server until it is dropped.
pub struct Sshd {
    child: Child,
    port: u16,
    user: String,
    folder: PathBuf,
    host_keys: Vec<PathBuf>,
}

impl Sshd {
    /// Starts it with a host key of each of `types` (as `ssh-keygen -t` knows them); nobody may log in yet.
    pub fn start(folder: &Path, types: &[&str]) -> Result<Self> {
        let sshd = packages::find("sshd")
            .context("there is no sshd on this machine: install the package `openssh-server`")?;
        let user = output(Command::new("id").arg("-un"))?;
        let mut host_keys = Vec::new();
        for kind in types {
            let file = folder.join(format!("host_{kind}"));
            if !file.exists() {
                keygen(&file, &["-t", kind, "-N", ""])?;
            }
            host_keys.push(file);
        }
        separation()?;
        fs::write(folder.join("authorized_keys"), "")?;
        // The port is free when it is chosen; somebody may take it before the server does.
        for _ in 0..5 {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            let config = folder.join("sshd_config");
            let text = configuration(folder, port, &host_keys);
            // From 9.8 on a client that is refused is shut out for a while, this machine as well.
            fs::write(&config, format!("{text}PerSourcePenalties no\n"))?;
            if !Command::new(&sshd).args(["-t", "-f"]).arg(&config).output()?.status.success() {
                fs::write(&config, text)?;
            }
            let log = File::create(folder.join("sshd.log"))?;
            let mut command = Command::new(&sshd);
            command.args(["-D", "-e", "-f"]).arg(&config).process_group(0);
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
            let child = command.spawn().with_context(|| format!("starting {}", sshd.display()))?;
            let (user, folder, host_keys) = (user.clone(), folder.to_owned(), host_keys.clone());
            let mut server = Self { child, port, user, folder, host_keys };
            if server.listens()? {
                return Ok(server);
            }
        }
        bail!("sshd does not start: {}", fs::read_to_string(folder.join("sshd.log")).unwrap_or_default())
    }

    fn listens(&mut self) -> Result<bool> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if self.child.try_wait()?.is_some() {
                return Ok(false);
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return Ok(true);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(false)
    }

    /// From now on only who holds these keys may log in, and only to fetch and push.
    pub fn authorize(&self, public_keys: &[&str]) -> Result<()> {
        let shell = Path::new(&output(Command::new("git").arg("--exec-path"))?).join("git-shell");
        let line = |key: &&str| {
            format!(
                "restrict,command=\"{} -c \\\"$SSH_ORIGINAL_COMMAND\\\"\" {}\n",
                shell.display(),
                key.trim()
            )
        };
        fs::write(
            self.folder.join("authorized_keys"),
            public_keys.iter().map(line).collect::<Vec<_>>().concat(),
        )?;
        Ok(())
    }

    /// The process.
    pub fn child(&self) -> &Child {
        &self.child
    }

    /// Where it listens, on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Who can log in: whoever runs this.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The URL of a repository at an absolute path.
    pub fn url(&self, path: &Path) -> String {
        format!("ssh://{}@127.0.0.1:{}{}", self.user, self.port, path.display())
    }

    /// The line of a `known_hosts` file for its key number `index`.
    pub fn known_host(&self, index: usize) -> Result<String> {
        let file = self.host_keys.get(index).context("there is no such host key")?;
        let key = fs::read_to_string(public(file))?;
        Ok(format!("[127.0.0.1]:{} {}\n", self.port, key.trim()))
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("sshd.log")).unwrap_or_default()
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        // The sessions end with the connections of the clients.
        let _ = signal::send_to_group(&self.child, Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Makes a key pair in `file` and `file.pub` and gives the public key.
pub fn keygen(file: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("ssh-keygen");
    output(command.arg("-q").args(arguments).args(["-C", "test", "-f"]).arg(file))
        .context("ssh-keygen: is the package `openssh-client` installed?")?;
    Ok(fs::read_to_string(public(file))?.trim().to_owned())
}

fn public(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

/// sshd of root wants an empty folder that the system makes when it starts the service.
fn separation() -> Result<()> {
    let folder = Path::new("/run/sshd");
    if rustix::process::geteuid().is_root() && !folder.is_dir() {
        fs::create_dir_all(folder).context("creating /run/sshd")?;
    }
    Ok(())
}

fn configuration(folder: &Path, port: u16, host_keys: &[PathBuf]) -> String {
    let keys: Vec<String> = host_keys.iter().map(|key| format!("HostKey {}\n", key.display())).collect();
    let keys = keys.concat();
    format!(
        "ListenAddress 127.0.0.1:{port}\n\
         {keys}\
         AuthorizedKeysFile {}\n\
         PidFile none\n\
         StrictModes no\n\
         UsePAM no\n\
         PasswordAuthentication no\n\
         KbdInteractiveAuthentication no\n\
         PermitRootLogin prohibit-password\n\
         MaxStartups 100\n\
         LogLevel VERBOSE\n",
        folder.join("authorized_keys").display()
    )
}

fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("running {command:?}"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?}: {} {stderr}", output.status);
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
