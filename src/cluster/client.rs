//! [`Cluster`]: the connection to one API server. Made once by [`connect`], cloned freely.
//!
//! Everything but watches goes through [`Cluster::send`]: one place for the limit of calls in flight, the
//! timeout that covers waiting, tries and body, and the retries.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::USER_AGENT;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use serde::Deserialize;

use super::ClusterError;
use super::call::Call;
use super::discovery::Discovered;
use super::pressure::Pressure;

/// The oldest Kubernetes that is supported.
const REQUIRED: (u32, u32) = (1, 31);
const REQUIRED_TEXT: &str = "1.31";

/// How to reach the cluster.
#[derive(Clone, Debug)]
pub struct Access {
    /// This file; otherwise `$KUBECONFIG`, `~/.kube/config`, and inside a cluster the pod's `ServiceAccount`.
    pub kubeconfig: Option<PathBuf>,
    /// This context of the kubeconfig; otherwise its current one.
    pub context: Option<String>,
    /// Names of the sources, for the user agent: audit logs then tell daemons apart.
    pub sources: Vec<String>,
    /// The most calls in flight at the same time; fewer while the server cannot keep up.
    pub concurrency: usize,
    /// Limit of each call: queueing, retries and body included.
    pub timeout: Duration,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            sources: Vec::new(),
            concurrency: 16,
            timeout: Duration::from_secs(10),
        }
    }
}

/// A connection to an API server. Cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    pub(super) connection: Arc<Connection>,
    pub(super) timeout: Duration,
    pub(super) impersonate: Option<HeaderValue>,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Cluster").field(&self.connection.server).finish()
    }
}

pub(super) struct Connection {
    pub(super) client: kube::Client,
    pub(super) pressure: Pressure,
    pub(super) discovered: Discovered,
    pub(super) server: String,
    default_namespace: String,
}

/// Reads the access configuration, asks the server for its version and checks it.
pub async fn connect(access: &Access) -> Result<Cluster, ClusterError> {
    let mut config = configuration(access).await?;
    config.default_retry = false; // it would retry for minutes; ours are bounded by the call's timeout
    config.connect_timeout = Some(Duration::from_secs(5));
    // Only against dead connections: calls have their own timeout, watches speak at least once a minute.
    config.read_timeout = Some(Duration::from_secs(75));
    config.reset_reader_on_write = true;
    config.headers.push((USER_AGENT, user_agent(&access.sources)));
    let server = config.cluster_url.to_string().trim_end_matches('/').to_owned();
    let default_namespace = config.default_namespace.clone();
    let client = kube::Client::try_from(config)
        .map_err(|error| ClusterError::Access { message: super::call::chain(&error) })?;
    let cluster = Cluster::new(client, server, default_namespace, access.concurrency, access.timeout);
    cluster.check_version().await?;
    Ok(cluster)
}

impl Cluster {
    pub(super) fn new(
        client: kube::Client,
        server: String,
        default_namespace: String,
        concurrency: usize,
        timeout: Duration,
    ) -> Self {
        let connection = Connection {
            client,
            pressure: Pressure::new(concurrency),
            discovered: Discovered::default(),
            server,
            default_namespace,
        };
        Self { connection: Arc::new(connection), timeout, impersonate: None }
    }

    /// The same connection with calls made in the name of a `ServiceAccount`
    /// (<https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation>).
    pub fn impersonating(&self, namespace: &str, service_account: &str) -> Result<Self, ClusterError> {
        let user = format!("system:serviceaccount:{namespace}:{service_account}");
        let header = HeaderValue::from_str(&user).map_err(|_| ClusterError::Access {
            message: format!("{user:?} is no name of a ServiceAccount"),
        })?;
        Ok(Self { impersonate: Some(header), ..self.clone() })
    }

    /// The same connection with another limit per call.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout, ..self.clone() }
    }

    /// The limit of each call.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Address of the API server.
    pub fn server(&self) -> &str {
        &self.connection.server
    }

    /// Namespace of the kubeconfig's context, or of the pod we run in.
    pub fn default_namespace(&self) -> &str {
        &self.connection.default_namespace
    }

    /// Whether the API server is there and ready to serve (`/readyz`).
    pub async fn ping(&self) -> Result<(), ClusterError> {
        self.send_raw(&Call::get("/readyz".to_owned(), "the API server's readiness".to_owned()).urgent())
            .await
            .map(drop)
    }

    /// The server's version, such as `v1.36.3`.
    pub async fn version(&self) -> Result<String, ClusterError> {
        Ok(self.version_info().await?.git_version)
    }

    async fn version_info(&self) -> Result<VersionInfo, ClusterError> {
        let target = "the API server's version";
        let answer = self.send(&Call::get("/version".to_owned(), target.to_owned()).urgent()).await?;
        serde_json::from_value(answer)
            .map_err(|error| ClusterError::Other { target: target.to_owned(), message: error.to_string() })
    }

    pub(super) async fn check_version(&self) -> Result<(), ClusterError> {
        let version = self.version_info().await?;
        if version.number() >= REQUIRED {
            return Ok(());
        }
        let server = self.server().to_owned();
        Err(ClusterError::Unsupported { server, found: version.git_version, required: REQUIRED_TEXT })
    }
}

/// <https://pkg.go.dev/k8s.io/apimachinery/pkg/version#Info>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionInfo {
    major: String,
    minor: String,
    git_version: String,
}

impl VersionInfo {
    /// Some vendors write `31+`.
    fn number(&self) -> (u32, u32) {
        let number = |text: &str| text.trim_end_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0);
        (number(&self.major), number(&self.minor))
    }
}

async fn configuration(access: &Access) -> Result<Config, ClusterError> {
    let refuse = |error: &dyn std::error::Error| ClusterError::Access { message: super::call::chain(error) };
    let options = KubeConfigOptions { context: access.context.clone(), ..KubeConfigOptions::default() };
    if let Some(path) = &access.kubeconfig {
        let kubeconfig = Kubeconfig::read_from(path).map_err(|error| refuse(&error))?;
        return Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| refuse(&error));
    }
    if access.context.is_some() {
        return Config::from_kubeconfig(&options).await.map_err(|error| refuse(&error));
    }
    Config::infer().await.map_err(|error| refuse(&error))
}

fn user_agent(sources: &[String]) -> HeaderValue {
    let text = if sources.is_empty() {
        format!("portfolio/{}", env!("CARGO_PKG_VERSION"))
    } else {
        format!("portfolio/{} ({})", env!("CARGO_PKG_VERSION"), sources.join(", "))
    };
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("portfolio"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_vendors_are_read_too() {
        for (minor, expected) in [("31", 31), ("31+", 31), ("", 0)] {
            let info =
                VersionInfo { major: "1".to_owned(), minor: minor.to_owned(), git_version: String::new() };
            assert_eq!(info.number(), (1, expected), "{minor}");
        }
    }
}
