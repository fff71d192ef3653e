//! The command lines of the control plane. Flags at their defaults are not here;
//! each that is has its reason.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::node::subnets::Subnets;
use super::state::StateDir;

/// A program to run, with its arguments.
pub(super) struct Component {
    pub(super) program: &'static str,
    pub(super) args: Vec<String>,
}

/// Ports on the loopback interface that were free a moment ago.
pub(super) struct Ports {
    etcd: u16,
    etcd_peers: u16,
    apiserver: u16,
}

impl Ports {
    /// Asks the kernel, for all at once, so that no two are the same.
    pub(super) fn free() -> Result<Self> {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("asking for a free port");
        let listeners = [listen()?, listen()?, listen()?];
        let [etcd, etcd_peers, apiserver] = listeners.map(|listener| listener.local_addr());
        Ok(Self { etcd: etcd?.port(), etcd_peers: etcd_peers?.port(), apiserver: apiserver?.port() })
    }

    /// The URL at which everybody finds the API server.
    pub(super) fn server(&self, site: &Site) -> String {
        format!("https://{}:{}", site.address(), self.apiserver)
    }
}

/// Where the API server is to be found.
pub(super) enum Site {
    /// By this machine alone.
    Loopback,
    /// By this machine, by a node and by its pods.
    Node(Subnets),
}

impl Site {
    fn address(&self) -> Ipv4Addr {
        match self {
            Self::Loopback => Ipv4Addr::LOCALHOST,
            Self::Node(subnets) => subnets.node(),
        }
    }

    /// What its certificate is to say.
    pub(super) fn server_names(&self) -> Vec<String> {
        let mut names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        if let Self::Node(subnets) = self {
            names.extend([subnets.node().to_string(), subnets.api_service().to_string()]);
            names.push("kubernetes.default.svc".to_owned());
        }
        names
    }

    fn flags(&self) -> Vec<String> {
        match self {
            Self::Loopback => vec![
                "--bind-address=127.0.0.1".into(),
                // 127.0.0.1 may not be advertised as the address of a Service's endpoint, and no pod is to use it.
                "--endpoint-reconciler-type=none".into(),
                // A /24 would hold 254 Services for all tests together.
                "--service-cluster-ip-range=10.96.0.0/16".into(),
            ],
            Self::Node(subnets) => vec![
                flag("bind-address", &subnets.node().to_string()),
                flag("advertise-address", &subnets.node().to_string()),
                flag("service-cluster-ip-range", &subnets.services()),
                "--kubelet-preferred-address-types=InternalIP".into(), // nobody resolves the node's name
            ],
        }
    }
}

pub(super) fn etcd(state: &StateDir, ports: &Ports) -> Component {
    let clients = format!("http://127.0.0.1:{}", ports.etcd);
    let peers = format!("http://127.0.0.1:{}", ports.etcd_peers);
    Component {
        program: "etcd",
        args: vec![
            path_flag("data-dir", &state.file("etcd")),
            "--unsafe-no-fsync".into(), // nothing here is to outlive the machine
            "--log-level=warn".into(),
            flag("listen-client-urls", &clients),
            flag("advertise-client-urls", &clients),
            flag("listen-peer-urls", &peers),
            flag("initial-advertise-peer-urls", &peers),
            flag("initial-cluster", &format!("default={peers}")),
        ],
    }
}

pub(super) fn apiserver(state: &StateDir, ports: &Ports, site: &Site, extra: &[&str]) -> Component {
    let mut args = vec![
        flag("etcd-servers", &format!("http://127.0.0.1:{}", ports.etcd)),
        flag("secure-port", &ports.apiserver.to_string()),
        path_flag("tls-cert-file", &state.file("apiserver.crt")),
        path_flag("tls-private-key-file", &state.file("apiserver.key")),
        path_flag("cert-dir", &state.file("generated-certificates")),
        path_flag("service-account-key-file", &state.file("service-account.pub")),
        path_flag("service-account-signing-key-file", &state.file("service-account.key")),
        "--service-account-issuer=https://kubernetes.default.svc".into(),
        path_flag("token-auth-file", &state.file("tokens.csv")),
        "--authorization-mode=RBAC".into(),
        "--allow-privileged=true".into(),
        // Whole test suites and benchmarks ask at once.
        "--max-requests-inflight=1600".into(),
        "--max-mutating-requests-inflight=800".into(),
        path_flag("audit-policy-file", &definition("audit-policy.yaml")),
        path_flag("audit-log-path", &state.audit_log()),
        "--audit-log-maxsize=100000".into(), // MB: who reads along must not lose the file to rotation
        "--profiling=false".into(),
    ];
    args.extend(site.flags());
    args.extend(extra.iter().map(ToString::to_string));
    Component { program: "kube-apiserver", args }
}

/// Tests run side by side, each with a few objects: many workers, no client-side throttle.
pub(super) fn controller_manager(state: &StateDir) -> Component {
    let mut args = vec![
        path_flag("kubeconfig", &state.file("kube-controller-manager.kubeconfig")),
        path_flag("service-account-private-key-file", &state.file("service-account.key")),
        path_flag("root-ca-file", &state.file("ca.crt")),
        "--leader-elect=false".into(),
        "--secure-port=0".into(), // nobody asks for its metrics
        "--kube-api-qps=2000".into(),
        "--kube-api-burst=4000".into(),
        // A busy machine must not lose its only node.
        "--node-monitor-grace-period=1h".into(),
    ];
    for workers in [
        "cron-job-syncs",
        "deployment-syncs",
        "endpoint-syncs",
        "gc-syncs",
        "horizontal-pod-autoscaler-syncs",
        "job-syncs",
        "namespace-syncs",
        "replicaset-syncs",
        "resource-quota-syncs",
        "service-endpoint-syncs",
        "statefulset-syncs",
    ] {
        args.push(format!("--concurrent-{workers}=20"));
    }
    Component { program: "kube-controller-manager", args }
}

pub(super) fn scheduler(state: &StateDir) -> Component {
    Component {
        program: "kube-scheduler",
        args: vec![
            path_flag("kubeconfig", &state.file("kube-scheduler.kubeconfig")),
            "--leader-elect=false".into(),
            "--secure-port=0".into(),
            "--kube-api-qps=2000".into(),
            "--kube-api-burst=4000".into(),
        ],
    }
}

pub(super) fn kwok(state: &StateDir) -> Component {
    Component {
        program: "kwok",
        args: vec![
            path_flag("kubeconfig", &state.file("kwok.kubeconfig")),
            path_flag("config", &definition("kwok/stages.yaml")),
            "--manage-all-nodes=true".into(),
            "--node-lease-duration-seconds=0".into(), // its stages beat
            "--cidr=10.97.0.0/16".into(),
        ],
    }
}

/// A file of the cluster's definition in the checkout.
pub(super) fn definition(name: &str) -> PathBuf {
    crate::workspace().join("tests/cluster").join(name)
}

pub(super) fn flag(name: &str, value: &str) -> String {
    format!("--{name}={value}")
}

pub(super) fn path_flag(name: &str, path: &Path) -> String {
    flag(name, &path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_are_three_different_ones() {
        let ports = Ports::free().unwrap();
        assert!(ports.etcd != ports.etcd_peers && ports.etcd != ports.apiserver);
        assert_ne!(ports.etcd_peers, ports.apiserver);
    }
}
