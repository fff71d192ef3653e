//! On a real node: what processes do, and what becomes of them. Kubelet, containerd and kube-proxy run the example
//! app against a real PostgreSQL. `cargo xtask cluster up --node` and `PORTFOLIO_TEST_NODE=target/cluster` let runs
//! share one node.
//!
//! It takes root. Where there is none each test says that it was NOT RUN, and `cargo xtask test` says so in its last
//! lines. A test starts with [`World::new`].

mod backup;
mod causes;
mod crash;
mod migrations;
mod neighbours;
mod serving;
mod shipped;
mod traces;
mod world;

use world::World;
