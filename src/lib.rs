//! `portfolio` keeps a Kubernetes cluster equal to a git branch.
//!
//! A pure core decides, a thin shell asks and acts, and everything that was decided can be printed. The
//! modules below stand in the order data takes:
//!
//! 1. [`source`] fetches a git revision and hands it on as a `Snapshot`: paths and bytes, never a checkout.
//! 2. [`document`] reads the snapshot's YAML into validated documents; what is wrong with input is a
//!    [`document::Diagnostic`].
//! 3. [`render`] turns a valid document into Kubernetes objects. It cannot fail.
//! 4. [`object`] knows what is true of a single Kubernetes object: its identity, who owns its fields, whether
//!    it is healthy.
//! 5. [`record`] is what is remembered of a document between two looks at it.
//! 6. [`plan`] compares desired, observed and remembered and says what to do next, as data.
//! 7. [`engine`] is the loop that carries plans out, and [`cluster`] the only module that speaks to Kubernetes.
//! 8. [`migrate`] is another program in the same binary: it runs SQL migrations inside a Job of the cluster, and is
//!    the only module that opens a database.
//! 9. [`server`] and [`cli`] show it to people.
//!
//! [`import`] goes the other way, once in an app's life: Kubernetes manifests and compose files into documents.
//!
//! [`redact`] knows what looks like a secret: [`cli`] does not show it, [`import`] does not write it.
//!
//! `document`, `render`, `object`, `record`, `plan`, `redact` and `import` are pure: no I/O, no clock, no randomness.

pub mod cli;
pub mod cluster;
pub mod config;
pub mod document;
pub mod engine;
pub mod import;
pub mod metrics;
pub mod migrate;
pub mod object;
pub mod plan;
pub mod record;
pub mod redact;
pub mod render;
pub mod schedule;
pub mod server;
pub mod source;
pub mod telemetry;
