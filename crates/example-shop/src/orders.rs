//! The orders in the database. Every statement names its columns: `SELECT *` would change its meaning, and fail once
//! when prepared, while a migration adds one.

use std::time::Duration;

use serde::Serialize;
use sqlx::Row as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgRow};
use tokio::time::timeout;

use crate::{Error, Version};

/// Of connecting, if need be, and an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same for readiness: a probe has a timeout of its own, 1 s by default.
const PROBE_PATIENCE: Duration = Duration::from_millis(900);
/// A pod's share of what the server allows (`max_connections`, 100 by default).
const MAX_CONNECTIONS: u32 = 5;
/// PostgreSQL manual, appendix A.
const UNDEFINED: [&str; 2] = ["42703", "42P01"];

/// An order as clients see it.
#[derive(Debug, Serialize)]
pub struct Order {
    id: i64,
    item: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<i64>,
}

/// The table `orders`, as one version of the shop knows it.
#[derive(Debug, Clone)]
pub struct Orders {
    pool: PgPool,
    version: Version,
}

impl Orders {
    /// Connects when it is first asked something, and again after the server was gone.
    pub fn new(database: PgConnectOptions, version: &Version) -> Self {
        let pool = PgPoolOptions::new().max_connections(MAX_CONNECTIONS).connect_lazy_with(database);
        Self { pool, version: version.clone() }
    }

    /// [`Error::Schema`] when the column is missing that came with version 2. Version 1 is content with an answer.
    pub async fn check_schema(&self) -> Result<(), Error> {
        let sql =
            if self.version.has_quantity() { "SELECT quantity FROM orders LIMIT 0" } else { "SELECT 1" };
        match within(PATIENCE, sqlx::query(sql).execute(&self.pool)).await {
            Ok(_) => Ok(()),
            Err(Error::Database(source)) if is_undefined(&source) => {
                Err(Error::Schema { version: self.version.clone(), source })
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        within(PROBE_PATIENCE, sqlx::query("SELECT 1").execute(&self.pool)).await.map(|_| ())
    }

    /// The newest hundred, newest first.
    pub async fn newest(&self) -> Result<Vec<Order>, Error> {
        let sql = if self.version.has_quantity() {
            "SELECT id::bigint, item, quantity::bigint FROM orders ORDER BY orders.id DESC LIMIT 100"
        } else {
            "SELECT id::bigint, item FROM orders ORDER BY orders.id DESC LIMIT 100"
        };
        let rows = within(PATIENCE, sqlx::query(sql).fetch_all(&self.pool)).await?;
        rows.iter().map(|row| self.order(row)).collect()
    }

    /// A new order. Version 1 knows no quantity.
    pub async fn insert(&self, item: &str, quantity: i32) -> Result<Order, Error> {
        let query = if self.version.has_quantity() {
            let sql = "INSERT INTO orders (item, quantity) VALUES ($1, $2) RETURNING id::bigint, item, quantity::bigint";
            sqlx::query(sql).bind(item).bind(quantity)
        } else {
            sqlx::query("INSERT INTO orders (item) VALUES ($1) RETURNING id::bigint, item").bind(item)
        };
        self.order(&within(PATIENCE, query.fetch_one(&self.pool)).await?)
    }

    /// Ends the connections. Nothing can be asked any more.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    fn order(&self, row: &PgRow) -> Result<Order, Error> {
        let quantity = if self.version.has_quantity() { row.try_get("quantity")? } else { None };
        Ok(Order { id: row.try_get("id")?, item: row.try_get("item")?, quantity })
    }
}

async fn within<T>(patience: Duration, answer: impl Future<Output = sqlx::Result<T>>) -> Result<T, Error> {
    Ok(timeout(patience, answer).await.map_err(|_| Error::Late(patience))??)
}

fn is_undefined(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| UNDEFINED.contains(&code.as_ref()))
}
