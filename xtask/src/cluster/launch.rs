//! How a control plane is brought up, to the point where tests can begin.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::components::{self, Component, Ports, Site};
use super::node::{self, Namespaces};
use super::process::ProcessId;
use super::users::{self, Users};
use super::{ControlPlane, node::NAME};
use crate::authority::{self, Authority};

const PATIENCE: Duration = Duration::from_mins(2);

/// With kwok, on the loopback interface.
pub(super) fn with_played_node(plane: &mut ControlPlane, apiserver_flags: &[&str]) -> Result<()> {
    plane.launch(&Site::Loopback, apiserver_flags)?;
    plane.spawn(&components::kwok(&plane.state))?;
    let node = components::definition("kwok/node.yaml");
    let node = node.to_string_lossy();
    plane.wait_until("the node exists", &["apply", "--filename", &node, "--output=name"], "node/kwok")?;
    plane.wait_until_node_is_ready("kwok")
}

/// With kubelet and containerd, all in namespaces of their own.
pub(super) fn with_real_node(plane: &mut ControlPlane) -> Result<()> {
    let (namespaces, process) = Namespaces::create(&plane.state)?;
    plane.children.push(("namespaces", process));
    plane.namespaces = Some(namespaces.clone());
    plane.launch(&Site::Node(namespaces.subnets().clone()), &[])?;
    node::launch(plane, &namespaces)?;
    plane.wait_until_node_is_ready(NAME)
}

impl ControlPlane {
    fn launch(&mut self, site: &Site, apiserver_flags: &[&str]) -> Result<()> {
        let ports = Ports::free()?;
        self.write_credentials(&ports, site)?;
        self.spawn(&components::etcd(&self.state, &ports))?;
        self.spawn(&components::apiserver(&self.state, &ports, site, apiserver_flags))?;
        self.wait_until("the API server is ready", &["get", "--raw", "/readyz"], "ok")?;
        self.spawn(&components::controller_manager(&self.state))?;
        self.spawn(&components::scheduler(&self.state))
    }

    fn write_credentials(&self, ports: &Ports, site: &Site) -> Result<()> {
        let state = &self.state;
        let server = ports.server(site);
        let authority = Authority::new("portfolio test cluster")?;
        let names = site.server_names();
        let identity = authority.issue(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        let ca = state.write("ca.crt", &authority.certificate())?;
        state.write("apiserver.crt", &identity.certificate)?;
        state.write("apiserver.key", &identity.key)?;
        let (private, public) = authority::signing_key()?;
        state.write("service-account.key", &private)?;
        state.write("service-account.pub", &public)?;
        let users = Users::new()?;
        state.write("tokens.csv", &users.token_file())?;
        for user in &users.components {
            let config = users::kubeconfig(&server, &ca, std::slice::from_ref(user));
            state.write(&format!("{}.kubeconfig", user.context), &config)?;
        }
        state.write("kubeconfig", &users::kubeconfig(&server, &ca, &users.people)).map(drop)
    }

    pub(super) fn spawn(&mut self, component: &Component) -> Result<()> {
        let Component { program, args } = component;
        let log = self.state.log(program)?;
        let path = self.binaries.path(program);
        let mut command = match &self.namespaces {
            Some(namespaces) => {
                let mut command = namespaces.command(path);
                command.env("PATH", node::search_path(self.binaries.folders())?);
                command
            }
            None => Command::new(path),
        };
        let child = command
            .args(args)
            .current_dir(self.state.run())
            .stdin(Stdio::null())
            .stdout(log.try_clone().context("sharing a log file")?)
            .stderr(log)
            .process_group(0) // what Ctrl-C means is for us to decide
            .spawn()
            .with_context(|| format!("starting {program}"))?;
        let process = ProcessId::of(child.id());
        self.children.push((program, child));
        match process {
            Some(process) => self.state.record(program, &process),
            None => self.complain_about_the_dead(),
        }
    }

    fn wait_until_node_is_ready(&mut self, node: &str) -> Result<()> {
        let ready = r#"jsonpath={.status.conditions[?(@.type=="Ready")].status}"#;
        self.wait_until("the node is Ready", &["get", "node", node, "--output", ready], "True")?;
        // Without it no pod is admitted to the namespace.
        let account = ["get", "serviceaccount", "default", "--namespace=default", "--output=name"];
        self.wait_until("the default ServiceAccount exists", &account, "serviceaccount/default")
    }

    /// Asks by kubectl until the answer begins with `expected`.
    fn wait_until(&mut self, what: &str, question: &[&str], expected: &str) -> Result<()> {
        let mut kubectl = self.kubectl();
        kubectl.args(question);
        let mut last = String::new();
        self.wait_for(what, || {
            let answer = kubectl.output().context("running kubectl")?;
            last = String::from_utf8_lossy(&answer.stderr).into_owned();
            Ok(answer.stdout.starts_with(expected.as_bytes()))
        })
        .with_context(|| format!("last answer: {}", last.trim()))
    }

    /// Looks until it is so, as long as everything that was started runs.
    pub(super) fn wait_for(&mut self, what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !is_so()? {
            self.complain_about_the_dead()?;
            if Instant::now() > deadline {
                bail!("not within {} s: {what}", PATIENCE.as_secs());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn complain_about_the_dead(&mut self) -> Result<()> {
        for (program, child) in &mut self.children {
            if let Some(status) = child.try_wait().with_context(|| format!("looking at {program}"))? {
                bail!("{program} ended ({status}); the end of its log:\n{}", self.state.log_tail(program));
            }
        }
        Ok(())
    }
}
