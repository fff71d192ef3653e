//! What the schema says of values with a form of their own: the reader takes them through `FromStr` or `TryFrom`, into
//! which the derive cannot look.
//!
//! A form is what an editor can tell while one types, the reader tells the rest. So no form may be stricter than its
//! reader: what is valid would be underlined. The tests of [`super::schema`] hold both against each other.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::names::ReferenceName;
use super::{Concurrency, LogLevel, NamespacePattern, Percent, ProtectedKind, SourceName};
use crate::document::{AllowedKind, Registry};
use crate::schedule::Schedule;
use crate::source::{CommitId, Location, RepoPath};

/// An address in numbers, and a port; that of IPv6 stands in brackets.
pub(super) const LISTEN: &str = r"^([0-9.]+|\[[0-9A-Fa-f:.]+(%[0-9]+)?\]):[0-9]{1,5}$";

/// The addresses that are read over ssh, the short form of scp(1) among them.
pub(super) const SSH: &str = "^(ssh://|[^/:]+:(?!//))";

/// A kind, with version and group where it is not built in.
const KIND: &str = r"^[A-Z][A-Za-z0-9]*(\.[-a-z0-9.]+)?$";

macro_rules! form {
    ($type:ty, $schema:tt) => {
        impl JsonSchema for $type {
            /// Beside the description of the field that has it.
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

form!(SourceName, {
    "type": "string",
    "pattern": "^(?!.*-records-)[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    "maxLength": SourceName::MAX_LENGTH
});
// Of those that git reads over a URL neither user nor password, query nor fragment.
form!(Location, {
    "type": "string",
    "pattern": r"^((https?|git|file)://[^/@?#]*(/[^?#]*)?|ssh://.+|(?!.*://).+)$"
});
// What looks like a number in YAML, such as the tag 1.4, is taken as it is written.
form!(ReferenceName, {
    "type": ["string", "number"],
    "pattern": r"^(?!refs/(heads|tags)/)(?!.*\.\.)[^\x00-\x20\x7f~^:?*\[\\]+$"
});
form!(CommitId, {"type": "string", "pattern": "^[0-9A-Fa-f]{40}$"});
form!(RepoPath, {"type": "string", "pattern": r"^(?!/)(?!(.*/)?\.\.(/|$))[^\\]*$"});
form!(NamespacePattern, {
    "type": "string",
    "pattern": "^[-a-z0-9*]+$",
    "maxLength": NamespacePattern::MAX_LENGTH
});
form!(Schedule, {"type": "string", "pattern": r"^\s*\S+(\s+\S+){4}\s*$", "examples": ["*/2 * * * *", "0 3 * * *"]});
form!(AllowedKind, {"type": "string", "pattern": KIND});
form!(ProtectedKind, {"type": "string", "pattern": KIND});
form!(Registry, {"type": "string", "pattern": "^[^/]+(/[^/]+)*/*$"});
form!(Percent, {"type": "integer", "minimum": 0, "maximum": Percent::MAX});
form!(Concurrency, {"type": "integer", "minimum": 1, "maximum": Concurrency::MAX});
// A word alone is a level, in letters of either case; anything else is directives.
form!(LogLevel, {
    "type": "string",
    "anyOf": [
        {"enum": ["error", "warn", "info", "debug", "trace", "off"]},
        {"pattern": "^[A-Z][A-Za-z]*$|[^A-Za-z0-9]"}
    ],
    "examples": ["info", "info,portfolio=debug"]
});
