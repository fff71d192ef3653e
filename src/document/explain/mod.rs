//! What `portfolio explain` says: a page for each code, and what the schema says of a field.
//!
//! A page is a Markdown file of a fixed layout beside this one, whose examples a test loads: the wrong one gives
//! exactly its code, the right one gives no error. A field is described by the JSON Schema that `portfolio schema`
//! prints, so there is no second place that knows.

mod field;
mod page;
mod pages;
mod shape;
mod topic;
mod walk;

pub use field::{Child, Choice, Field, fields};
pub use page::{Page, page};
pub use topic::{NoSuchTopic, Topic, topic};

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
