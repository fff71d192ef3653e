//! What comes into the engine: [`Message`]s from outside and [`Done`] from what it began itself.

use crate::cluster::{Meta, Shard, StatusEvent, WatchEvent, WriteError, Written};
use crate::document::DocumentId;
use crate::object::Kind;
use crate::plan::Plan;

use super::execute::Executed;
use super::tracked::Reading;

/// A document of a source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Place of the source in the configuration.
    pub source: usize,
    /// The document.
    pub id: DocumentId,
}

/// Something that happened outside.
#[derive(Debug)]
pub enum Message {
    /// A source has a new revision.
    Read {
        /// Which source.
        source: usize,
        /// What was read.
        reading: Box<Reading>,
    },
    /// A source was asked, and nothing is new.
    Unchanged {
        /// Which source.
        source: usize,
    },
    /// A source could not be read.
    Unreadable {
        /// Which source.
        source: usize,
        /// Why, for people.
        message: String,
    },
    /// An object changed.
    Watch(WatchEvent),
    /// A status ConfigMap changed: perhaps an order.
    Status(StatusEvent),
    /// What is there of a kind, looked up for the sweep.
    Listed {
        /// Which kind.
        kind: Kind,
        /// All of it.
        metas: Vec<Meta>,
    },
}

/// Something that the engine began has come to its end.
#[derive(Debug)]
pub enum Done {
    /// A plan was carried out.
    Executed {
        /// Of which document.
        key: Key,
        /// The plan.
        plan: Box<Plan>,
        /// What came of it.
        executed: Executed,
    },
    /// A record was written, or not.
    Written {
        /// Of which source.
        source: usize,
        /// Where.
        shard: Shard,
        /// What came of it.
        result: Result<Written, WriteError>,
    },
}
