//! Cancels what another connection of ours runs.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _};
use tokio::time::{sleep, timeout};

use super::Target;
use super::connect::connect;

/// A request that comes between two statements is lost: it is made again.
const AGAIN: Duration = Duration::from_millis(300);
/// Well within the grace that a pod has (`terminationGracePeriodSeconds`, 30 s unless told otherwise).
const GIVE_UP: Duration = Duration::from_secs(8);

/// Asks the server again and again to cancel what `pid` runs, until the caller drops this because it has ended, or
/// until there is no hope.
pub(super) async fn until_dropped(target: &Target, pid: i32) {
    let ask = async {
        loop {
            if let Ok(mut connection) = connect(target).await {
                loop {
                    let cancel = sqlx::raw_sql(AssertSqlSafe(format!("SELECT pg_cancel_backend({pid})")));
                    if cancel.execute(&mut connection).await.is_err() {
                        break;
                    }
                    sleep(AGAIN).await;
                }
                let _ = connection.close().await;
            }
            sleep(AGAIN).await;
        }
    };
    let _ = timeout(GIVE_UP, ask).await;
}
