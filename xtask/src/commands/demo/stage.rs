//! [`Stage`]: cluster, repository and daemon of the demo. Everything ends with the value.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use xtask::cluster::node::Namespaces;
use xtask::cluster::{ControlPlane, StateDir};
use xtask::packages;
use xtask::signal::{self, Signal};

use super::ground::{self, Ground};
use super::narrator::Narrator;
use super::repository::Repository;
use super::run;

/// In the checkout.
pub(super) const FOLDER: &str = "target/demo";
const NAMESPACE: &str = "portfolio-system";
/// The longest that anything in the demo may take.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long the daemon may take to end.
const STOPPING: Duration = Duration::from_secs(25);

pub(super) struct Stage {
    // Dropped in this order: the daemon writes its last records to the cluster.
    _daemon: Daemon,
    ground: Option<Ground>,
    cluster: ControlPlane,
    repository: Repository,
    folder: PathBuf,
    listen: SocketAddr,
}

impl Stage {
    /// Builds whatever is missing and starts it, on a real node if there is to be one.
    pub(super) fn build(narrator: &Narrator, node: bool) -> Result<Self> {
        narrator.scene("setting up");
        let needed = if node { &packages::NODE[..] } else { &[] };
        let missing = packages::install_missing(&[&packages::BUILD[..], needed].concat())?;
        if !missing.is_empty() {
            bail!("install {} first", missing.join(", "));
        }
        Narrator::say("building portfolio (cargo build)");
        let built = Command::new("cargo")
            .args(["build", "--locked", "--bin", "portfolio"])
            .current_dir(xtask::workspace())
            .status()?;
        if !built.success() {
            bail!("portfolio does not build");
        }
        let folder = xtask::workspace().join(FOLDER);
        let state = StateDir::new(folder.join("cluster"))?;
        let (what, start): (_, fn(StateDir) -> Result<ControlPlane>) = if node {
            ("kubelet, kube-proxy and containerd as a real node", ControlPlane::start_node)
        } else {
            ("kwok as the node", ControlPlane::start)
        };
        Narrator::say(&format!(
            "starting a control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, and {what}"
        ));
        let since = Instant::now();
        let cluster = start(state)?;
        narrator.seen("control plane ready", since);
        for namespace in [NAMESPACE, "shop"] {
            run(cluster.kubectl().args(["create", "namespace", namespace]))?;
        }
        let ground = cluster.node().map(|node| Ground::prepare(&cluster, node)).transpose()?;
        let repository = Repository::create(folder.join("repository"))?;
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        narrator.command(&format!("portfolio run --url {} --path apps", repository.url()));
        let mut command = daemon(&cluster, &repository, listen);
        let log = File::create(folder.join("daemon.log"))?;
        command.arg("--cache-dir").arg(folder.join("clones")).stdout(log.try_clone()?).stderr(log);
        let daemon = Daemon(command.spawn().context("starting portfolio")?);
        cluster.take_along("portfolio", &daemon.0)?;
        Ok(Self { _daemon: daemon, ground, cluster, repository, folder, listen })
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Images and database of a real node.
    pub(super) fn ground(&self) -> Result<&Ground> {
        self.ground.as_ref().context("this scene needs a real node")
    }

    /// The network of a real node.
    pub(super) fn node(&self) -> Result<&Namespaces> {
        self.cluster.node().context("this scene needs a real node")
    }

    /// Commits everything; the daemon polls the repository, so a commit is a push.
    pub(super) fn push(&self, message: &str, narrator: &Narrator) -> Result<Instant> {
        narrator.command(&format!("git commit -am {message:?} && git push"));
        self.repository.commit(message)?;
        Ok(Instant::now())
    }

    /// Waits until a document is in a phase, at the revision of the last push.
    pub(super) fn wait_phase(&self, name: &str, phase: &str) -> Result<()> {
        let head = self.repository.head()?;
        self.wait(&format!("{name} is {phase}"), || {
            Ok(self.observed()? == head && self.record(name)?["phase"] == phase)
        })
    }

    /// Waits until there is no record of a document.
    pub(super) fn wait_forgotten(&self, name: &str) -> Result<()> {
        self.wait(&format!("{name} is forgotten"), || Ok(self.record(name)?.get("phase").is_none()))
    }

    /// Waits until `portfolio status` knows why an app does not come up.
    pub(super) fn wait_for_cause(&self, app: &str, cause: &str) -> Result<()> {
        self.wait(&format!("{app} says {cause}"), || {
            let mut status = Command::new(portfolio());
            let output =
                status.args(["status", app, "--kubeconfig"]).arg(self.cluster.kubeconfig()).output()?;
            Ok(String::from_utf8_lossy(&output.stdout).contains(cause))
        })
    }

    /// Where the Service of an app is.
    pub(super) fn address_of(&self, app: &str) -> Result<SocketAddr> {
        let address = "jsonpath={.spec.clusterIP}:{.spec.ports[0].port}";
        let mut kubectl = self.cluster.kubectl();
        let output = run(kubectl.args(["get", "service", app, "--namespace=shop", "--output", address]))?;
        String::from_utf8_lossy(&output.stdout).parse().context("the Service has no address")
    }

    /// Shows a question to the database and its answer.
    pub(super) fn show_rows(&self, narrator: &Narrator, sql: &str) -> Result<()> {
        narrator.command(&format!("psql -c {sql:?}"));
        Narrator::output(&self.ground()?.ask(sql)?);
        Ok(())
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

    fn record(&self, name: &str) -> Result<Value> {
        let records = self.config_map("portfolio-main-records-0")?;
        let of = |kind: &str| records["data"][format!("{kind}.shop.{name}")].as_str();
        let text = of("portfolioapp").or_else(|| of("databasemigration"));
        Ok(serde_json::from_str(text.unwrap_or("{}"))?)
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
        let output =
            run(Command::new(portfolio()).args(args).arg("--kubeconfig").arg(self.cluster.kubeconfig()))?;
        Narrator::output(&String::from_utf8_lossy(&output.stdout));
        Ok(())
    }

    /// What `portfolio validate` says of the working tree.
    pub(super) fn validate(&self) -> Result<String> {
        let output = Command::new(portfolio())
            .args(["validate", "apps"])
            .current_dir(self.repository.folder())
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// For a person who wants to go on.
    pub(super) fn addresses(&self) -> Vec<String> {
        let kubeconfig = self.cluster.kubeconfig();
        let mut addresses = vec![
            format!("page        http://{}/", self.listen),
            format!(
                "repository  {}   (edit apps/, git commit: that is a push)",
                self.repository.folder().display()
            ),
            format!("cluster     export KUBECONFIG={}", kubeconfig.display()),
            format!("kubectl     {}", self.cluster.kubectl().get_program().display()),
            format!("portfolio   {} status", portfolio().display()),
            format!("log         {}", self.log().display()),
        ];
        if let (Some(ground), Ok(shop)) = (&self.ground, self.address_of("shop")) {
            addresses.push(format!("shop        curl http://{shop}/orders"));
            addresses.push(format!("database    psql {}", ground.url()));
        }
        addresses
    }

    fn log(&self) -> PathBuf {
        self.folder.join("daemon.log")
    }
}

/// The daemon's process.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        if signal::send(&self.0, Signal::TERM).is_ok() {
            let deadline = Instant::now() + STOPPING;
            while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(50));
            }
        }
        // It has ended, or is ended now.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn daemon(cluster: &ControlPlane, repository: &Repository, listen: SocketAddr) -> Command {
    let mut daemon = Command::new(portfolio());
    daemon
        .args(["run", "--url", &repository.url(), "--path", "apps"])
        .args(["--set", &format!("http.listen={listen}"), "--set", "logging.format=json"])
        .args(["--set", &format!("runnerImage={}", ground::RUNNER)])
        .arg("--kubeconfig")
        .arg(cluster.kubeconfig())
        .args(["--context", "portfolio", "--poll", "1s"])
        .stdin(Stdio::null())
        .process_group(0);
    daemon
}

pub(super) fn portfolio() -> PathBuf {
    xtask::workspace().join("target").join("debug").join("portfolio")
}
