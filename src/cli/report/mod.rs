//! How things look: pure functions from values to text. Called by the commands, which write it.

pub mod age;
pub mod diagnostic;
pub mod findings;
pub mod github;
pub mod gitlab;
pub mod import;
pub mod json;
pub mod junit;
pub mod page;
pub mod sarif;
pub mod sql;
pub mod table;
