//! [`Stage`]: control plane, repository and daemon of the demo. Everything ends with the value.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use xtask::cluster::{ControlPlane, StateDir};
use xtask::signal::{self, Signal};

use super::narrator::Narrator;

const NAMESPACE: &str = "portfolio-system";
/// The longest that anything in the demo may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long the daemon may take to end.
const STOPPING: Duration = Duration::from_secs(25);

pub(super) struct Stage {
    cluster: ControlPlane,
    folder: PathBuf,
    daemon: Child,
    listen: SocketAddr,
}

impl Stage {
    /// Builds whatever is missing and starts it.
    pub(super) fn build(narrator: &Narrator) -> Result<Self> {
        narrator.scene("setting up");
        Narrator::say("building portfolio (cargo build)");
        let built = Command::new("cargo")
            .args(["build", "--locked", "--bin", "portfolio"])
            .current_dir(xtask::workspace())
            .status()?;
        if !built.success() {
            bail!("portfolio does not build");
        }
        Narrator::say(
            "starting a control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and kwok as the node",
        );
        let folder = xtask::workspace().join("target").join("demo");
        let since = Instant::now();
        let cluster = ControlPlane::start(StateDir::new(folder.join("cluster"))?)?;
        narrator.seen("control plane ready", since);
        let repository = folder.join("repository");
        if repository.exists() {
            fs::remove_dir_all(&repository)?;
        }
        fs::create_dir_all(repository.join("apps"))?;
        run(git(&repository).args(["init", "--quiet", "--initial-branch=main"]))?;
        fs::write(repository.join("README.md"), "The demo's repository.\n")?;
        run(git(&repository).args(["add", "--all"]))?;
        run(git(&repository).args(["commit", "--quiet", "--message=begin"]))?;
        for namespace in [NAMESPACE, "shop"] {
            run(cluster.kubectl().args(["create", "namespace", namespace]))?;
        }
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let daemon = start_daemon(&cluster, &folder, listen)?;
        cluster.take_along("portfolio", &daemon)?;
        let stage = Self { cluster, folder, daemon, listen };
        narrator.command(&format!("portfolio run --url {} --path apps", stage.url()));
        Ok(stage)
    }

    fn repository(&self) -> PathBuf {
        self.folder.join("repository")
    }

    fn url(&self) -> String {
        format!("file://{}", self.repository().display())
    }

    /// Writes a file of the repository.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<()> {
        fs::write(self.repository().join(path), text).with_context(|| path.to_owned())
    }

    /// Removes a file of the repository.
    pub(super) fn remove(&self, path: &str) -> Result<()> {
        fs::remove_file(self.repository().join(path)).with_context(|| path.to_owned())
    }

    /// Commits everything; the daemon polls the repository, so a commit is a push.
    pub(super) fn push(&self, message: &str, narrator: &Narrator) -> Result<Instant> {
        narrator.command(&format!("git commit -am {message:?} && git push"));
        run(git(&self.repository()).args(["add", "--all"]))?;
        run(git(&self.repository()).args(["commit", "--quiet", "--message", message]))?;
        Ok(Instant::now())
    }

    /// Waits until an app is in a phase, at the revision of the last push.
    pub(super) fn wait_phase(&self, app: &str, phase: &str) -> Result<()> {
        let head = String::from_utf8(run(git(&self.repository()).args(["rev-parse", "HEAD"]))?.stdout)?;
        self.wait(&format!("{app} is {phase}"), || {
            Ok(self.observed()? == head.trim() && self.record(app)?["phase"] == phase)
        })
    }

    /// Waits until there is no record of an app.
    pub(super) fn wait_forgotten(&self, app: &str) -> Result<()> {
        self.wait(&format!("{app} is forgotten"), || Ok(self.record(app)?.get("phase").is_none()))
    }

    /// Waits until kubectl prints this.
    pub(super) fn wait_kubectl(&self, args: &[&str], wanted: &str) -> Result<()> {
        self.wait(&format!("kubectl {} prints {wanted:?}", args.join(" ")), || {
            let output = self.cluster.kubectl().args(args).output()?;
            Ok(output.status.success() && String::from_utf8_lossy(&output.stdout).trim() == wanted)
        })
    }

    fn wait(&self, what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !holds()? {
            if Instant::now() > deadline {
                bail!(
                    "{what}: not within {} s; the daemon's log is {}",
                    PATIENCE.as_secs(),
                    self.log().display()
                );
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// What the record says to people.
    pub(super) fn message(&self, app: &str) -> Result<String> {
        Ok(self.record(app)?["message"].as_str().unwrap_or_default().to_owned())
    }

    /// The last drift, in words. Records are written a few seconds after.
    pub(super) fn last_drift(&self, app: &str) -> Result<String> {
        self.wait("the drift is recorded", || Ok(self.record(app)?["lastDrift"].is_object()))?;
        let drift = &self.record(app)?["lastDrift"];
        let text = |key: &str| drift[key].as_str().unwrap_or_default().to_owned();
        let took = drift["repairedInMs"].as_u64().unwrap_or_default();
        Ok(format!(
            "recorded: {} of {} was changed by {}, repaired in {took} ms",
            text("field"),
            text("object"),
            text("manager")
        ))
    }

    fn observed(&self) -> Result<String> {
        let summary = self.config_map("portfolio-main")?;
        let text = summary["data"]["summary"].as_str().unwrap_or("{}");
        let summary: Value = serde_json::from_str(text)?;
        Ok(summary["observedRevision"].as_str().unwrap_or_default().to_owned())
    }

    fn record(&self, app: &str) -> Result<Value> {
        let records = self.config_map("portfolio-main-records-0")?;
        let text = records["data"][format!("portfolioapp.shop.{app}")].as_str().unwrap_or("{}");
        Ok(serde_json::from_str(text)?)
    }

    fn config_map(&self, name: &str) -> Result<Value> {
        let output = self
            .cluster
            .kubectl()
            .args(["get", "configmap", name, "-n", NAMESPACE, "-o", "json"])
            .output()?;
        Ok(if output.status.success() { serde_json::from_slice(&output.stdout)? } else { Value::Null })
    }

    /// Shows a kubectl command and what it prints.
    pub(super) fn show_kubectl(&self, narrator: &Narrator, args: &[&str]) -> Result<()> {
        narrator.command(&format!("kubectl {}", args.join(" ")));
        let output = run(self.cluster.kubectl().args(args))?;
        Narrator::output(&String::from_utf8_lossy(&output.stdout));
        Ok(())
    }

    /// Shows a portfolio command and what it prints.
    pub(super) fn show_portfolio(&self, narrator: &Narrator, args: &[&str]) -> Result<()> {
        narrator.command(&format!("portfolio {}", args.join(" ")));
        let output = run(portfolio().args(args).arg("--kubeconfig").arg(self.cluster.kubeconfig()))?;
        Narrator::output(&String::from_utf8_lossy(&output.stdout));
        Ok(())
    }

    /// What `portfolio validate` says of the working tree.
    pub(super) fn validate(&self) -> Result<String> {
        let output = portfolio().args(["validate", "apps"]).current_dir(self.repository()).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// For a person who wants to go on.
    pub(super) fn addresses(&self) -> Vec<String> {
        let kubeconfig = self.cluster.kubeconfig();
        vec![
            format!("page        http://{}/", self.listen),
            format!("repository  {}   (edit apps/, git commit: that is a push)", self.repository().display()),
            format!("cluster     export KUBECONFIG={}", kubeconfig.display()),
            format!("kubectl     {}", self.cluster.kubectl().get_program().display()),
            format!("portfolio   {} status", portfolio().get_program().display()),
            format!("log         {}", self.log().display()),
        ]
    }

    fn log(&self) -> PathBuf {
        self.folder.join("daemon.log")
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // First the daemon, while its cluster is still there to write its last records to.
        if signal::send(&self.daemon, Signal::TERM).is_ok() {
            let deadline = Instant::now() + STOPPING;
            while matches!(self.daemon.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(50));
            }
        }
        // It has ended, or is ended now.
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

fn start_daemon(cluster: &ControlPlane, folder: &Path, listen: SocketAddr) -> Result<Child> {
    let log = File::create(folder.join("daemon.log"))?;
    let mut daemon = portfolio();
    daemon
        .args(["run", "--url", &format!("file://{}", folder.join("repository").display()), "--path", "apps"])
        .args(["--set", &format!("http.listen={listen}"), "--set", "logging.format=json"])
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .args(["--context", "portfolio", "--poll", "1s"])
        .arg("--cache-dir")
        .arg(folder.join("clones"))
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0);
    daemon.spawn().context("starting portfolio")
}

fn portfolio() -> Command {
    Command::new(xtask::workspace().join("target").join("debug").join("portfolio"))
}

fn git(repository: &Path) -> Command {
    let mut git = Command::new("git");
    git.current_dir(repository).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").args([
        "-c",
        "user.name=demo",
        "-c",
        "user.email=demo@example.com",
    ]);
    git
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).output().with_context(|| format!("running {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output)
}
