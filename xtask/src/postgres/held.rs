//! [`Held`]: a session that stays, with its locks, for as long as somebody holds it.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result, anyhow};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _};

use super::Login;
use super::client::{PATIENCE, options};

/// A session in which something was run. Dropping it ends it, which takes back what is not committed.
pub struct Held {
    end: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Held {
    /// Returns once the statements have run.
    pub(super) fn new(address: SocketAddr, login: &Login, database: &str, sql: &str) -> Result<Self> {
        let (options, sql) = (options(address, login, database), sql.to_owned());
        let (end, ended) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(tell.send(Err(error.into()))),
            };
            let begin = async {
                let mut connection = PgConnection::connect_with(&options).await?;
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                Ok::<_, anyhow::Error>(connection)
            };
            let connection = match runtime.block_on(begin) {
                Ok(connection) => connection,
                Err(error) => return drop(tell.send(Err(error))),
            };
            let _ = tell.send(Ok(()));
            // Nobody sends anything: it returns when the other end is dropped.
            let _ = ended.recv();
            let _ = runtime.block_on(connection.close());
        });
        let held = Self { end: Some(end), thread: Some(thread) };
        told.recv_timeout(PATIENCE)
            .map_err(|_| anyhow!("no answer"))
            .flatten()
            .context("holding a session")?;
        Ok(held)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
