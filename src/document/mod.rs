//! What people write: documents, how they are read, and everything that can be wrong with them.
//!
//! Pure. [`load`] takes the files of a revision and gives valid documents and diagnostics; the types make the
//! order `parsed -> merged -> validated` impossible to skip, and only a [`Validated`] document can be rendered.

#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

mod across;
mod app;
mod awaited;
mod builtin_kinds;
mod check;
mod circles;
mod codes;
mod config;
mod decode;
mod diagnostic;
pub mod exit;
pub mod explain;
mod file;
mod folder;
mod hash;
mod id;
mod identity;
mod ignore;
mod judge;
mod load;
mod merge;
mod migration;
mod migration_file;
mod node;
mod policy;
mod reserved;
mod scan;
mod schema;
mod sql;
mod structure;
mod survey;
mod target;
mod tree;
mod validate;
mod validated;
mod value;
pub mod volume_name;
mod window;

pub use app::*;
pub use awaited::{Awaited, awaited};
pub use codes::Code;
pub use diagnostic::{Diagnostic, Label, Related, Severity, Span, visible, visible_lines};
pub use id::{API_GROUP, API_VERSION, DocumentId, DocumentKind, ParseIdError};
pub use judge::{Finding, Judge};
pub use load::{Blocked, BlockedBy, Cache, Loaded, LoadedDocument, Options, load};
pub use migration::*;
pub use migration_file::{FilePurpose, MigrationFileName};
pub use policy::{AllowedKind, Policy, PolicyError, Registry, RegistryRefusal};
pub use reserved::{Reserved, reserved_change, set_by_cluster};
pub(crate) use scan::syntax as yaml_syntax;
pub use schema::schema;
pub(crate) use schema::without_null;
pub use structure::{Kind as BuiltInKind, check_value, kind as built_in_kind};
pub use survey::{Survey, survey};
pub use target::Target;
pub use tree::{Entry, MAX_FILE_BYTES, Refusal, Revision, Tree};
pub(crate) use validate::is_path_segment;
pub use validated::{Document, Validated};
pub use value::{Duration, IntOrPercent, Milliseconds, Quantity, Scalar, ValueError};
pub use window::{Opening, Window};

#[cfg(test)]
pub(crate) mod bad_input;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
