//! Kubernetes objects that are written out in documents: sidecars, further objects, patches. Their structure is
//! checked offline against what the supported versions of Kubernetes publish of themselves.
//!
//! [`check`] compares a written value with a type and gives every problem its place; [`object`] finds out the type
//! by itself; [`container`] adds what the API server refuses in containers beyond their structure; [`check_value`]
//! is for what is finished and has no place any more; [`foreign`] is for kinds of somebody else. `README.md` tells of the data, which is read when something
//! first asks: a document without such parts costs nothing here.

mod container;
mod foreign;
mod kind;
mod scalar;
mod types;
mod value;
mod walk;

pub(in crate::document) use container::{Pod, Role, container};
pub(in crate::document) use foreign::{Plain, foreign, is_foreign, is_foreign_kind, plain};
pub use kind::kind;
pub(in crate::document) use kind::{kinds, object, type_of_kind};
pub use types::Kind;
pub use value::check_value;
pub(in crate::document) use walk::{Mode, check};

#[cfg(test)]
mod tests;
