//! What is true of a single Kubernetes object: identity, canonical bytes, field ownership, health.
//!
//! Pure. Called by [`crate::render`] (to build), [`crate::plan`] (to compare) and the cluster shell (to
//! observe). Nothing in here knows of documents beyond their id.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod canonical;
mod desired;
mod drift;
mod fields;
mod fold;
mod health;
mod identity;
mod managers;
mod manifest;
mod observed;
mod other_kind;
mod owned;
mod ownership;
mod path;
mod pod_security;
mod projection;
mod replicas;
mod workload;
mod yielded;

pub use canonical::{Digest, ParseDigestError};
pub use desired::Object;
pub use drift::{Change, Drift, MAX_DRIFTS, explain};
pub use fold::fold;
pub use health::{Health, Pods, health};
pub use identity::{Kind, ObjectRef, ParseRefError};
pub use managers::{Managers, PEOPLE};
pub use manifest::Manifest;
pub use observed::{Observed, reference};
pub use other_kind::OtherKind;
pub use owned::owned;
pub use ownership::{NotOurs, Owner, Ownership, ownership};
pub use pod_security::{Level, Violation, pod_security, pod_security_in};
pub use projection::{Projection, projection};
pub use replicas::{REPLICAS_MANAGER, ReplicasHeld, replicas_of, with_replicas};
pub use yielded::yielded;

/// Field manager of every write, and the value of `app.kubernetes.io/managed-by`.
pub const FIELD_MANAGER: &str = "portfolio-reconciler";
/// Label on every rendered object (never on pod templates); its value is the source's name.
pub const LABEL_SOURCE: &str = "portfolio.dev/source";
/// Annotation on every rendered object: `<Kind>/<namespace>/<name>` of the document it comes from.
pub const ANNOTATION_DOCUMENT: &str = "portfolio.dev/document";
/// Annotation on every rendered object: `<daemon's namespace>/<source>`.
pub const ANNOTATION_OWNER: &str = "portfolio.dev/owner";
/// Annotation that keeps an object when its document is deleted.
pub const ANNOTATION_KEEP: &str = "portfolio.dev/keep";

#[cfg(test)]
mod tests;
