//! [`ClusterError`]: what can be wrong with a call to Kubernetes, in our own words.
//!
//! Every message says what happened, to which object, and where there is something to do, what. What a
//! server's answer means is told apart in `answer`; callers match on the variants.

use std::time::Duration;

use thiserror::Error;

/// A field of ours that another field manager owns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldConflict {
    /// Name of the manager, such as `kubectl-client-side-apply`.
    pub manager: String,
    /// Path of the field, such as `.spec.replicas`.
    pub field: String,
}

/// A call that did not do what it was asked to.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ClusterError {
    /// Server-side apply without force met fields of other managers.
    #[error("{target}: {}", conflicts_in_words(.conflicts))]
    Conflict {
        /// The object.
        target: String,
        /// Who owns what; never empty.
        conflicts: Vec<FieldConflict>,
    },
    /// The object is not the one that was meant: changed since (resourceVersion), re-created or gone (uid).
    #[error("{target} changed, or was re-created, since it was last read: {message}")]
    ResourceVersionConflict {
        /// The object.
        target: String,
        /// The server's words.
        message: String,
    },
    /// It was to be created and is there already.
    #[error("{target} exists already")]
    AlreadyExists {
        /// The object.
        target: String,
    },
    /// There is no such object.
    #[error("{target} does not exist")]
    NotFound {
        /// The object.
        target: String,
    },
    /// The API server does not know such objects.
    #[error("{target}: not served by this API server: {message}")]
    NotServed {
        /// The object.
        target: String,
        /// The server's words.
        message: String,
    },
    /// There is no such kind, in this version or at all.
    #[error("{}", not_installed(.kind, .served.as_deref()))]
    KindNotInstalled {
        /// The kind, as kubectl writes it.
        kind: String,
        /// The version that it is there in.
        served: Option<String>,
    },
    /// There is such a kind, but its objects cannot be ours.
    #[error("{kind} cannot be used: {why}")]
    KindUnusable {
        /// The kind, as kubectl writes it.
        kind: String,
        /// Why not.
        why: String,
    },
    /// The credentials are not accepted.
    #[error("the API server does not accept our credentials ({target}): {message}")]
    Unauthorized {
        /// The object.
        target: String,
        /// The server's words.
        message: String,
    },
    /// RBAC says no.
    #[error(
        "{target}: not allowed by RBAC: {message}; grant that verb in a Role bound to the daemon's ServiceAccount"
    )]
    Forbidden {
        /// The object.
        target: String,
        /// The server's words: user, verb, resource.
        message: String,
    },
    /// The content does not fit the kind.
    #[error("{target} is not valid: {message}")]
    Invalid {
        /// The object.
        target: String,
        /// The server's words.
        message: String,
        /// Paths of the fields at fault, where the server names them.
        fields: Vec<String>,
    },
    /// An admission webhook, policy or plugin refused it.
    #[error("{target} was refused by admission: {message}")]
    Denied {
        /// The object.
        target: String,
        /// The server's words; they name the webhook or policy.
        message: String,
    },
    /// It would exceed a `ResourceQuota`.
    #[error("{target} does not fit the namespace's quota: {message}")]
    Quota {
        /// The object.
        target: String,
        /// The server's words: quota, requested, used, limited.
        message: String,
    },
    /// Its namespace does not exist.
    #[error("{target}: namespace {namespace} does not exist; create it")]
    NamespaceMissing {
        /// The object.
        target: String,
        /// The namespace.
        namespace: String,
    },
    /// Its namespace is being deleted.
    #[error("{target}: namespace {namespace} is being deleted, nothing can be created in it")]
    NamespaceTerminating {
        /// The object.
        target: String,
        /// The namespace.
        namespace: String,
    },
    /// No connection to the API server.
    #[error("the API server {server} cannot be reached: {message}")]
    Unreachable {
        /// Its address.
        server: String,
        /// What the connection died of.
        message: String,
    },
    /// No answer in time. A write may have happened or not.
    #[error("{target}: no answer from the API server within {} s", .after.as_secs_f32())]
    Timeout {
        /// The object.
        target: String,
        /// The whole call's limit.
        after: Duration,
    },
    /// The server has too much to do.
    #[error("{target}: the API server asks to slow down{}", wait_in_words(*.retry_after))]
    Throttled {
        /// The object.
        target: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The server, or something between, failed. A write may have happened or not.
    #[error("{target}: the API server failed with {code}: {message}")]
    Server {
        /// The object.
        target: String,
        /// HTTP status, 5xx.
        code: u16,
        /// The server's words.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// The watch window has passed: list again.
    #[error("{target}: the watch is too far behind: {message}")]
    Expired {
        /// The collection.
        target: String,
        /// The server's words.
        message: String,
    },
    /// Kubeconfig or in-cluster configuration cannot be used.
    #[error("no access to a cluster: {message}")]
    Access {
        /// What is wrong with it.
        message: String,
    },
    /// Older than what we support.
    #[error("the API server {server} is Kubernetes {found}, {required} or later is needed")]
    Unsupported {
        /// Its address.
        server: String,
        /// Its version.
        found: String,
        /// The oldest supported one.
        required: &'static str,
    },
    /// Anything else.
    #[error("{target}: {message}")]
    Other {
        /// The object.
        target: String,
        /// The server's words, or ours.
        message: String,
    },
}

impl ClusterError {
    /// `CamelCase` reason for conditions, events and metrics.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "FieldConflict",
            Self::ResourceVersionConflict { .. } => "ObjectChanged",
            Self::AlreadyExists { .. } => "AlreadyExists",
            Self::NotFound { .. } => "NotFound",
            Self::KindNotInstalled { .. } => "KindNotInstalled",
            Self::KindUnusable { .. } => "KindUnusable",
            Self::Unauthorized { .. } => "Unauthorized",
            Self::Forbidden { .. } => "Forbidden",
            Self::Invalid { .. } => "Invalid",
            Self::Denied { .. } => "AdmissionDenied",
            Self::Quota { .. } => "QuotaExceeded",
            Self::NamespaceMissing { .. } => "NamespaceMissing",
            Self::NamespaceTerminating { .. } => "NamespaceTerminating",
            Self::Unreachable { .. } => "ClusterUnreachable",
            Self::Timeout { .. } => "Timeout",
            Self::Throttled { .. } => "Throttled",
            Self::Server { .. } => "ServerError",
            Self::Expired { .. } => "WatchExpired",
            Self::Access { .. } => "NoAccess",
            Self::Unsupported { .. } => "UnsupportedVersion",
            Self::NotServed { .. } | Self::Other { .. } => "ClusterError",
        }
    }

    /// Whether the same call may succeed later with nobody changing anything.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::Timeout { .. } | Self::Throttled { .. } | Self::Server { .. }
        )
    }

    /// How long the server asks to wait before the next try.
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Server { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}

fn conflicts_in_words(conflicts: &[FieldConflict]) -> String {
    let words: Vec<_> = conflicts
        .iter()
        .map(|conflict| format!("{} is managed by {}", conflict.field, conflict.manager))
        .collect();
    words.join(", ")
}

fn not_installed(kind: &str, served: Option<&str>) -> String {
    match served {
        Some(version) => format!("the cluster has no {kind}, only version {version} of it; write that one"),
        None => format!("the cluster has no {kind}; install its CRD"),
    }
}

fn wait_in_words(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| format!(" for {} s", wait.as_secs_f32()))
}
