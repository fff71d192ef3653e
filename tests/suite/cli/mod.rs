//! The commands that need no cluster, run as people run them, each in a repository of its own.

mod diff;
mod explain;
mod import;
mod init;
mod other;
mod policy;
mod render;
mod repository;
mod validate;
mod watch;
