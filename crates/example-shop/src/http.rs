//! What is served.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use tokio::sync::watch;

use crate::{Error, Order, Orders, Version};

/// Between two questions to a database that does not answer.
const RETRY: Duration = Duration::from_millis(500);
const MAX_SLOWNESS_MS: u64 = 60_000;

/// What it has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The schema of the database is not known.
    Opening,
    Open,
    /// Told to end.
    Ending,
}

/// A running shop. Its clones are the same one.
#[derive(Debug, Clone)]
pub struct Shop {
    version: Version,
    pod: Arc<str>,
    orders: Option<Orders>,
    phase: Arc<watch::Sender<Phase>>,
}

impl Shop {
    /// One that is to be opened.
    pub fn new(version: Version, pod: String, orders: Option<Orders>) -> Self {
        Self { version, pod: pod.into(), orders, phase: Arc::new(watch::Sender::new(Phase::Opening)) }
    }

    /// Makes it ready as soon as its database, if it has one, answers with the schema of this version.
    ///
    /// # Errors
    ///
    /// [`Error::Schema`]: it has another one.
    pub async fn open(&self) -> Result<(), Error> {
        if let Some(orders) = &self.orders {
            loop {
                match orders.check_schema().await {
                    Ok(()) => break,
                    Err(error @ Error::Schema { .. }) => return Err(error),
                    Err(error) => eprintln!("not ready: {error}"),
                }
                tokio::time::sleep(RETRY).await;
            }
            eprintln!("ready: the database has what version {} needs", self.version);
        }
        self.phase.send_if_modified(|phase| {
            let opening = *phase == Phase::Opening;
            if opening {
                *phase = Phase::Open;
            }
            opening
        });
        Ok(())
    }

    /// From now on it is not ready.
    pub fn end(&self) {
        self.phase.send_replace(Phase::Ending);
    }

    /// Its database.
    pub fn orders(&self) -> Result<&Orders, Error> {
        self.orders.as_ref().ok_or(Error::NoDatabase)
    }
}

/// All that is served.
pub fn router(shop: Shop) -> Router {
    Router::new()
        .route("/", get(greet))
        .route("/health", get(async || "ok\n"))
        .route("/ready", get(ready))
        .route("/orders", get(list).post(order))
        .route("/slow", get(slow))
        .with_state(shop)
}

async fn greet(State(shop): State<Shop>) -> String {
    format!("shop {} on {}\n", shop.version, shop.pod)
}

async fn ready(State(shop): State<Shop>) -> Response {
    let phase = *shop.phase.borrow();
    let refusal = match (phase, &shop.orders) {
        (Phase::Opening, _) => "the database has not answered yet".to_owned(),
        (Phase::Ending, _) => "ending".to_owned(),
        (Phase::Open, None) => return "ok, without a database\n".into_response(),
        (Phase::Open, Some(orders)) => match orders.ping().await {
            Ok(()) => return "ok\n".into_response(),
            Err(error) => error.to_string(),
        },
    };
    (StatusCode::SERVICE_UNAVAILABLE, refusal + "\n").into_response()
}

async fn list(State(shop): State<Shop>) -> Result<Json<Vec<Order>>, Error> {
    Ok(Json(shop.orders()?.newest().await?))
}

#[derive(Deserialize)]
struct NewOrder {
    item: String,
    #[serde(default = "one")]
    quantity: i32,
}

fn one() -> i32 {
    1
}

async fn order(
    State(shop): State<Shop>,
    Query(new): Query<NewOrder>,
) -> Result<(StatusCode, Json<Order>), Error> {
    let order = shop.orders()?.insert(&new.item, new.quantity).await?;
    Ok((StatusCode::CREATED, Json(order)))
}

#[derive(Deserialize)]
struct Slowness {
    ms: u64,
}

/// A request that is under way when the pod is told to end.
async fn slow(Query(Slowness { ms }): Query<Slowness>) -> String {
    let ms = ms.min(MAX_SLOWNESS_MS);
    tokio::time::sleep(Duration::from_millis(ms)).await;
    format!("after {ms} ms\n")
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use sqlx::postgres::PgConnectOptions;
    use tower::ServiceExt as _;

    use super::*;

    fn shop(orders: Option<Orders>) -> Shop {
        Shop::new(Version::new("2.1"), "shop-abc".to_owned(), orders)
    }

    /// Where nobody listens: port 1 is reserved.
    fn unreachable() -> Orders {
        let nowhere = PgConnectOptions::new_without_pgpass().host("127.0.0.1").port(1);
        Orders::new(nowhere, &Version::new("2.1"))
    }

    async fn ask(shop: &Shop, path: &str) -> (u16, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let response = router(shop.clone()).oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn it_says_what_and_where_it_is() {
        assert_eq!(ask(&shop(None), "/").await, (200, "shop 2.1 on shop-abc\n".to_owned()));
    }

    #[tokio::test]
    async fn without_a_database_it_is_ready_and_says_why_there_are_no_orders() {
        let shop = shop(None);
        shop.open().await.unwrap();
        assert_eq!(ask(&shop, "/ready").await.0, 200);
        let (status, reason) = ask(&shop, "/orders").await;
        assert_eq!(status, 503);
        assert!(reason.contains("PGHOST"), "{reason}");
    }

    #[tokio::test]
    async fn told_to_end_it_is_alive_but_not_ready() {
        let shop = shop(None);
        shop.end();
        shop.open().await.unwrap();
        assert_eq!(ask(&shop, "/ready").await, (503, "ending\n".to_owned()));
        assert_eq!(ask(&shop, "/health").await.0, 200);
    }

    #[tokio::test]
    async fn with_an_unreachable_database_it_is_alive_but_not_ready() {
        let shop = shop(Some(unreachable()));
        assert_eq!(ask(&shop, "/ready").await, (503, "the database has not answered yet\n".to_owned()));
        shop.phase.send_replace(Phase::Open);
        let (status, reason) = ask(&shop, "/ready").await;
        assert_eq!(status, 503);
        assert!(reason.contains("the database does not answer"), "{reason}");
        assert_eq!(ask(&shop, "/health").await.0, 200);
    }

    #[tokio::test]
    async fn a_slow_request_has_a_length() {
        assert_eq!(ask(&shop(None), "/slow?ms=1").await, (200, "after 1 ms\n".to_owned()));
        assert_eq!(ask(&shop(None), "/slow").await.0, 400);
    }
}
