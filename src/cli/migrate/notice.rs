//! What the server says beside its answers (`RAISE NOTICE`, warnings), as steps of the run.
//!
//! The client library hands it to the log only, so that is where it is taken from.

use std::fmt::{Debug, Write as _};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::tell::Teller;
use crate::migrate;

const TARGET: &str = "sqlx::postgres::notice";

/// Tells what the server says from now on.
pub(super) fn listen(teller: Teller) {
    // It fails when there is a log already: then it is told there.
    let _ = tracing_subscriber::registry().with(Notices(teller)).try_init();
}

struct Notices(Teller);

impl<S: Subscriber> Layer<S> for Notices {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target() == TARGET
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let severity = match *event.metadata().level() {
            Level::ERROR => "error",
            Level::WARN => "warning",
            Level::INFO => "notice",
            // `INFO`, which the client cannot turn off, is a level below for the library.
            Level::DEBUG | Level::TRACE => "info",
        };
        let mut message = Message::default();
        event.record(&mut message);
        self.0.event(&migrate::Event::Notice { severity, message: message.0 });
    }
}

#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            // Writing into a String cannot fail.
            let _ = write!(self.0, "{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }
}
