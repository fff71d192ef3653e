//! What the tests stand on. A test starts with [`Sandbox::new`].
#![allow(dead_code, unused_imports, reason = "what one test has no use for is there for the next")]

mod audit;
mod daemon;
mod dry_run;
mod eventually;
mod git_daemon;
mod git_http;
mod git_ssh;
mod observer;
mod proxy;
mod repo;
mod sandbox;
mod socket;
mod status;
mod watched;

pub use audit::{AuditLog, Marker, Request};
pub use daemon::Daemon;
pub use dry_run::{Verdict, dry_run};
pub use eventually::{Condition, eventually, throughout};
pub use git_daemon::GitDaemon;
pub use git_http::{Access, GitHttp};
pub use git_ssh::GitSsh;
pub use observer::{Objects, Observer};
pub use proxy::{ApiProxy, Asked, Side};
pub use repo::{Repo, git};
pub use sandbox::{Sandbox, control_plane, free_address};
pub use status::SOON;
pub use watched::Watched;
