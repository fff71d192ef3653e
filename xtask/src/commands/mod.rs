//! The commands of `cargo xtask`, a file each.

pub(crate) mod cluster;
pub(crate) mod demo;
mod tally;
pub(crate) mod test;
