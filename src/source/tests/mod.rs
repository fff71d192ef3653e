//! Against real repositories and servers: git's own program makes and serves them.

mod environment;
mod folder;
mod history;
mod https;
mod reading;
mod repository;
mod server;
mod ssh;
mod ssh_silence;
mod working_clone;
