//! What the cluster module makes of a real API server.

mod apply;
mod bench;
mod connect;
mod delete;
mod fold;
mod lease;
mod read;
mod records;
mod refusals;
mod watch;
