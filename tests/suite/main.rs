//! Integration tests: the real binary against a real API server, real git
//! servers and a real PostgreSQL. A module is a behaviour; [`support`] gives each test a world of its own.
//!
//! The control plane is started once per run; `cargo xtask cluster up` and
//! `PORTFOLIO_TEST_STATE=target/cluster` let runs share one. The tests in [`on_node`] have another, with real pods.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test reports by panicking, in its helpers too"
)]

mod autoscaling;
mod backup;
mod cli;
mod cluster;
mod crash;
mod differential;
mod docs;
mod drift;
mod drift_modes;
mod editor;
mod examples;
mod faults;
mod ground;
mod house;
mod import;
mod isolation;
mod judges;
mod live_diff;
mod migrations;
mod objects;
#[path = "../node/mod.rs"]
mod on_node;
mod ownership;
mod pod_security;
mod push;
mod rbac;
mod removal;
mod restart;
mod rollout;
mod runner;
mod scalars;
mod sources;
mod starter;
mod structure;
mod support;
mod window;
