//! The runner of SQL migrations: the real binary against a real PostgreSQL. A module is a behaviour; [`world`] gives
//! each test a database of its own. No Kubernetes is needed: `cargo test --test suite runner::`.

mod commit;
mod connection;
mod failing;
mod history;
mod kill;
mod locks;
mod order;
mod pool;
mod session;
mod stop;
mod world;
