//! The runner of SQL migrations: `portfolio migrate exec`, in a Job of the cluster or by hand.
//!
//! The only module that opens a database. What is true of a database is in its history table, never with us: a run
//! takes the lock, reads the history, applies what is pending, a file a transaction with its history row in it. So
//! a run may be killed anywhere and started again, and two at once are one after the other.
//!
//! Pure: `statement`, `refusal` and `decide` (what would be run, and what is refused). Everything else speaks to the
//! server: `connect` and `session` the connection, `lock`, `history`, `apply` a file at a time, `failure` what the
//! server says to that. Called by `cli::migrate`; knows documents and the report of a run, nothing of the cluster.

mod apply;
mod blocker;
mod cancel;
mod connect;
mod decide;
mod error;
mod event;
mod failure;
mod file;
mod history;
mod lock;
mod place;
mod quote;
mod refusal;
mod run;
mod session;
mod statement;
mod target;

pub use error::MigrateError;
pub use event::Event;
pub use file::{MigrationFile, read};
pub use run::{Ended, Settings, run};
pub use target::Target;
