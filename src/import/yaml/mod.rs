//! YAML and JSON as others write them: aliases and merge keys are followed, scalars mean what Kubernetes and
//! compose take them for, and every value knows its line.
//!
//! Our own documents have a stricter reader in [`crate::document`]; what it refuses is common in what is imported.

mod node;
mod read;
mod scalar;

pub(super) use node::{Entry, Node, Value};
pub(super) use read::read;
