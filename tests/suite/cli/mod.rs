//! The commands that need no cluster, run as people run them, each in a repository of its own.

mod diff;
mod other;
mod render;
mod repository;
mod validate;
