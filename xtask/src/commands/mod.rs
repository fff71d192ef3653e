//! The commands of `cargo xtask`, a file each.

pub(crate) mod cluster;
pub(crate) mod demo;
pub(crate) mod fuzz;
pub(crate) mod openapi;
mod tally;
pub(crate) mod test;
