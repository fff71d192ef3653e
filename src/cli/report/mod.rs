//! How things look: pure functions from values to text. Called by the commands, which write it.

pub mod age;
pub mod diagnostic;
pub mod sql;
pub mod table;
