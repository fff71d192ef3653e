//! A test's own corner of the shared cluster.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;
use xtask::cluster::{self, ControlPlane};

use super::{AuditLog, Daemon, Repo};

/// The control plane of this run.
pub fn control_plane() -> &'static ControlPlane {
    cluster::shared(Path::new(env!("CARGO_TARGET_TMPDIR"))).unwrap_or_else(|error| panic!("{error:#}"))
}

/// A loopback address that was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr()).unwrap()
}

/// Namespaces, a source name, a git repository and a folder that no other test has.
pub struct Sandbox {
    /// The source, also part of every other name: at most 30 characters.
    pub source: String,
    /// Where the documents' objects go.
    pub namespace: String,
    /// Where the daemon keeps its records.
    pub daemon_namespace: String,
    /// The repository of the source; empty, on branch `main`.
    pub repo: Repo,
    folder: TempDir,
    cluster: &'static ControlPlane,
}

impl Sandbox {
    /// A new one, named after the running test.
    pub fn new() -> Self {
        Self::on(control_plane())
    }

    /// A new one on another cluster than the usual one.
    pub fn on(cluster: &'static ControlPlane) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let source = unique_name();
        let sandbox = Self {
            namespace: format!("{source}-apps"),
            daemon_namespace: format!("{source}-daemon"),
            repo: Repo::new(&folder.path().join("repo")),
            source,
            folder,
            cluster,
        };
        sandbox.create_namespaces(&[&sandbox.namespace, &sandbox.daemon_namespace]);
        sandbox
    }

    /// A further namespace of this test.
    pub fn namespace(&self, suffix: &str) -> String {
        let name = format!("{}-{suffix}", self.source);
        self.create_namespaces(&[&name]);
        name
    }

    fn create_namespaces(&self, names: &[&str]) {
        let mut yaml = String::new();
        for name in names {
            // The label finds them again when the test is over.
            writeln!(
                yaml,
                "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{sandbox: {}}}}}",
                self.source
            )
            .unwrap();
        }
        self.apply(&yaml);
    }

    /// Where the test may put files.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.cluster.kubeconfig()
    }

    /// Runs kubectl as admin in the sandbox's namespace (`--namespace` in `args`
    /// overrides it), expects success and returns its standard output.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.try_kubectl(args).unwrap_or_else(|error| panic!("kubectl {}: {error}", args.join(" ")))
    }

    /// As [`kubectl`](Self::kubectl), or what it wrote to standard error.
    pub fn try_kubectl(&self, args: &[&str]) -> Result<String, String> {
        finish(&self.kubectl_command(args).output().unwrap())
    }

    fn kubectl_command(&self, args: &[&str]) -> Command {
        let mut kubectl = self.cluster.kubectl();
        kubectl.arg("--namespace").arg(&self.namespace).args(args).stdin(Stdio::null());
        kubectl
    }

    /// `kubectl apply` of these manifests.
    #[track_caller]
    pub fn apply(&self, yaml: &str) {
        let mut kubectl = self.kubectl_command(&["apply", "--filename", "-"]);
        let mut child =
            kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(yaml.as_bytes()).unwrap();
        let applied = finish(&child.wait_with_output().unwrap());
        applied.unwrap_or_else(|error| panic!("kubectl apply: {error}\n{yaml}"));
    }

    /// Which of these objects (`pod/shop`) the server would take as they are, each asked about by itself; nothing is
    /// stored.
    pub fn would_apply(&self, namespace: &str, yaml: &str) -> BTreeSet<String> {
        let args = ["apply", "--server-side", "--dry-run=server", "--validate=strict", "--output=name"];
        let mut kubectl = self.kubectl_command(&args);
        kubectl.args(["--namespace", namespace, "--filename", "-"]);
        let mut child =
            kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(yaml.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
    }

    /// An object (`deployment/shop`) of the sandbox's namespace, if it exists.
    #[track_caller]
    pub fn get(&self, object: &str) -> Option<Value> {
        let json = self.kubectl(&["get", object, "--ignore-not-found", "--output=json"]);
        (!json.is_empty()).then(|| serde_json::from_str(&json).unwrap())
    }

    pub fn audit_log(&self) -> AuditLog {
        AuditLog::of(self.cluster)
    }

    /// `portfolio ARGS` against this cluster, as the user and in the namespace of the daemon.
    pub fn portfolio(&self, args: &[&str]) -> Command {
        self.portfolio_through(&self.kubeconfig(), "portfolio", args)
    }

    /// As [`portfolio`](Self::portfolio), by another way to the cluster or as another user.
    pub fn portfolio_through(&self, kubeconfig: &Path, context: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portfolio"));
        command.args(args).arg("--kubeconfig").arg(kubeconfig);
        command.args(["--context", context, "--namespace", &self.daemon_namespace]);
        command.current_dir(self.path()).stdin(Stdio::null());
        command
    }

    /// Starts the daemon on the sandbox's repository.
    pub fn daemon(&self) -> Daemon {
        self.daemon_of(&self.repo.url())
    }

    /// Starts the daemon on another URL of the repository.
    pub fn daemon_of(&self, url: &str) -> Daemon {
        Daemon::start(self, &self.config(url, ""))
    }

    /// A configuration with this sandbox's one source; `more` is YAML that is
    /// added to the source, a line a field.
    pub fn config(&self, url: &str, more: &str) -> String {
        let Self { source, namespace, .. } = self;
        let mut config = format!(
            "http: {{listen: \"{}\"}}\n\
             sources:\n  - name: {source}\n    url: {url}\n    branch: main\n    poll: 1s\n    namespaces: [{namespace}]\n",
            free_address()
        );
        for line in more.lines() {
            writeln!(config, "    {line}").unwrap();
        }
        config
    }

    pub fn cluster(&self) -> &'static ControlPlane {
        self.cluster
    }
}

impl Drop for Sandbox {
    /// Clears up where the next run would find it; what a failed test left is kept for a look.
    fn drop(&mut self) {
        if self.cluster.is_borrowed() && !std::thread::panicking() {
            let label = format!("sandbox={}", self.source);
            let _ = self.try_kubectl(&["delete", "namespace", "--selector", &label, "--wait=false"]);
        }
    }
}

fn finish(output: &Output) -> Result<String, String> {
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// The test's name, cut, and what tells it from other tests and other runs: a DNS label.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let thread = std::thread::current(); // libtest names it after the test
    let test = thread.name().and_then(|name| name.rsplit("::").next()).unwrap_or("test");
    let test: String = test.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("t{test}-{:x}-{count}", std::process::id()).to_lowercase()
}
