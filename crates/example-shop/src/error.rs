//! What can go wrong, and what a client is told of it.

use std::io;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::Version;

/// Why the shop cannot start or cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A variable of the environment.
    #[error("{name}={value} is not valid: {expected}")]
    Setting {
        /// The variable.
        name: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        expected: &'static str,
    },
    /// SIGTERM cannot be handled.
    #[error("cannot handle signals: {0}")]
    Signal(#[source] io::Error),
    /// The address is taken or is none.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// `LISTEN`.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// The listener broke.
    #[error("cannot serve: {0}")]
    Serve(#[source] io::Error),
    /// A migration that this version needs has not run.
    #[error("version {version} needs another schema: has its migration run? {source}")]
    Schema {
        /// Of the shop.
        version: Version,
        /// What the database says.
        source: sqlx::Error,
    },
    /// There is none to ask.
    #[error("no database is configured: set PGHOST")]
    NoDatabase,
    /// It did not answer in time.
    #[error("the database does not answer within {0:?}")]
    Late(std::time::Duration),
    /// It could not be asked, or refused.
    #[error("asking the database: {0}")]
    Database(#[from] sqlx::Error),
}

impl IntoResponse for Error {
    /// 500 when the database refuses what was asked, which is a fault of this program or its schema; 503 for what may
    /// pass.
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Database(sqlx::Error::Database(_)) | Self::Schema { .. } => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        eprintln!("{status}: {self}");
        (status, format!("{self}\n")).into_response()
    }
}
