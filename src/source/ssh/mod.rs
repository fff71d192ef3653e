//! What ssh needs besides git: addresses, host keys, our own key.
//!
//! A server is believed only by the `known_hosts` file of the source's `auth.dir`: never at first sight, and never
//! by the file of whoever runs this. libgit2 opens the connection and asks back; the answers are given here.

mod address;
mod identity;
mod known_hosts;
mod pattern;
pub(super) mod preference;

pub use self::address::SshAddress;
pub(super) use self::identity::Identity;
pub(super) use self::known_hosts::{Distrust, KnownHosts};
