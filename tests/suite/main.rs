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

mod cli;
mod cluster;
mod crash;
mod docs;
mod drift;
mod examples;
mod faults;
mod ground;
mod house;
mod isolation;
mod migrations;
#[path = "../node/mod.rs"]
mod on_node;
mod ownership;
mod push;
mod rbac;
mod removal;
mod restart;
mod rollout;
mod runner;
mod sources;
mod support;
