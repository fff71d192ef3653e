//! The only module that speaks to Kubernetes. It decides nothing: it asks, writes, watches, and says in plain
//! words what came of it. Objects pass through as JSON and are never interpreted.
//!
//! [`connect`] gives a [`Cluster`]; its methods are the calls (`apply`, `get`, `delete`…). [`Watches`] turns
//! what happens into events, [`Records`] keeps the status `ConfigMaps`, [`Election`] the lease, [`EventLog`] writes
//! Kubernetes Events. Called by `engine` and, for reading, by `cli` and `server`.

mod address;
mod answer;
mod apply;
mod call;
mod client;
mod delete;
mod discovery;
#[cfg(test)]
mod discovery_tests;
mod error;
mod event_log;
#[cfg(test)]
mod fault_tests;
mod fold;
mod inspect;
mod jitter;
mod lease;
mod list_watch;
mod pressure;
mod read;
mod records;
mod status_watch;
mod term;
mod watch;

pub use address::Scope;
pub use apply::Mode;
pub use client::{Access, Cluster, connect};
pub use delete::{DeleteOutcome, Preconditions, Propagation};
pub use error::{ClusterError, FieldConflict};
pub use event_log::{EventLog, Notice, Severity, Subject};
pub use lease::{Candidate, Election, Leadership};
pub use read::{Detail, Meta};
pub use records::{
    ANNOTATION_EPOCH, LABEL_STATUS, Loaded, Records, Shard, ShardState, ShardWrite, WriteError, Written,
};
pub use status_watch::{StatusEvent, StatusMeta, StatusWatch};
pub use watch::{WatchEvent, WatchPlan, Watches};
