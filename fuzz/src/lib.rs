//! The pure modules alone: the targets need neither the cluster's client nor git, whose build would take minutes.
#![allow(unused_imports, reason = "what the shells alone use of these modules")]

#[path = "../../src/document/mod.rs"]
pub mod document;
#[path = "../../src/import/mod.rs"]
pub mod import;
#[path = "../../src/object/mod.rs"]
pub mod object;
#[path = "../../src/redact/mod.rs"]
pub mod redact;
#[path = "../../src/render/mod.rs"]
pub mod render;
#[path = "../../src/schedule.rs"]
pub mod schedule;

mod answer;

pub use answer::{answer, tree};
