//! A small shop with a PostgreSQL database: what the tests and the demo of portfolio run in pods, and a picture of an
//! app that can be rolled without a failed request.
//!
//! - It is **ready** only while it can serve: its database answers, and it was not told to end. It is **alive** in any
//!   case: a restart would not bring the database back.
//! - **SIGTERM** makes it finish what it has accepted, give its connections back, and exit with 0. New requests come
//!   until every node knows that the pod is going; the pause before SIGTERM (`preStop`) is there for them.
//! - An unreachable database is waited for, not crashed over. Requests wait for it within bounds.
//! - Its SQL **names its columns**, so that a migration may add some while it runs, and its connections carry the
//!   pod's name (`PGAPPNAME`), so that a migration can tell whether an old version is still connected.
//!
//! Version 1 asks for `orders (id, item)`; version 2 and later also for `orders.quantity`, and they end with 1 where a
//! database answers that has none.

mod error;
mod http;
mod orders;
mod settings;

use std::time::Duration;

use tokio::net::TcpListener;

pub use self::error::Error;
pub use self::http::{Shop, router};
pub use self::orders::{Order, Orders};
pub use self::settings::{Settings, Version};

/// Of saying goodbye to the database.
const FAREWELL: Duration = Duration::from_secs(2);

/// Serves until `told_to_end`, then until every request that was accepted has its answer.
pub async fn run(
    settings: Settings,
    told_to_end: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let Settings { listen, version, pod, database } = settings;
    let orders = database.map(|database| Orders::new(database, &version));
    let cannot_listen = |source| Error::Listen { address: listen.clone(), source };
    let listener = TcpListener::bind(&listen).await.map_err(cannot_listen)?;
    let address = listener.local_addr().map_err(cannot_listen)?;
    eprintln!("shop {version} on {pod}: listening on {address}");

    let shop = Shop::new(version, pod, orders);
    let ending = shop.clone();
    let serving = axum::serve(listener, router(shop.clone())).with_graceful_shutdown(async move {
        told_to_end.await;
        eprintln!("told to end: finishing what was accepted");
        ending.end();
    });
    tokio::select! {
        served = serving.into_future() => served.map_err(Error::Serve)?,
        Err(error) = shop.open() => return Err(error),
    }
    if let Ok(orders) = shop.orders() {
        // A server that does not answer must not hold the pod; it notices by itself.
        let _ = tokio::time::timeout(FAREWELL, orders.close()).await;
    }
    eprintln!("ended");
    Ok(())
}
