//! `window`: when a new revision may begin. What has begun goes on after the end; repair, automatic rollback and removal
//! ask nobody.

use chrono::{DateTime, Utc};
use jiff::{SignedDuration, Timestamp};

use super::{Input, Wait};
use crate::document::{App, Window};
use crate::record::Reason;

/// The longest until the clock is looked at again, which may have been put forward.
const LOOK: SignedDuration = SignedDuration::from_mins(10);

/// The window of an app, while it is closed: why, and what is waited for.
pub(super) fn closed(input: &Input<'_>, app: &App) -> Option<(Reason, Wait)> {
    let window = app.spec.window.as_ref()?;
    Closed::at(window, input.now).map(|closed| closed.gate("its window", input.now))
}

/// A migration has no window of its own: it waits as long as every app that waits for it does.
pub(super) fn closed_for_all(input: &Input<'_>) -> Option<(Reason, Wait)> {
    let all: Option<Vec<Closed<'_>>> = input
        .dependents
        .iter()
        .map(|app| app.spec.window.as_ref().and_then(|window| Closed::at(window, input.now)))
        .collect();
    let first = all?.into_iter().min_by_key(|closed| closed.opens.unwrap_or(Timestamp::MAX))?;
    Some(first.gate("the window of an app that needs it", input.now))
}

/// A window that is closed.
struct Closed<'a> {
    window: &'a Window,
    opens: Option<Timestamp>,
}

impl<'a> Closed<'a> {
    fn at(window: &'a Window, now: Timestamp) -> Option<Self> {
        let now = in_zone(window, now)?;
        if window.openings().any(|opening| opening.is_open(&now)) {
            return None;
        }
        let opens = window.openings().filter_map(|opening| opening.next(&now)).min();
        let opens = opens.and_then(|opens| Timestamp::from_second(opens.timestamp()).ok());
        Some(Self { window, opens })
    }

    fn gate(&self, whose: &str, now: Timestamp) -> (Reason, Wait) {
        let zone = self.window.time_zone.as_deref().unwrap_or("UTC");
        let what = match self.opens.and_then(|opens| in_zone(self.window, opens)) {
            Some(opens) => format!("{whose}, which opens on {} ({zone})", opens.format("%a %F at %R")),
            None => format!("{whose}, which never opens"),
        };
        let look = now + LOOK;
        (Reason::WINDOW_CLOSED, Wait { until: Some(self.opens.unwrap_or(look).min(look)), what })
    }
}

/// The time as clocks in the window's zone show it; a zone that is not known any more is taken for UTC.
fn in_zone(window: &Window, time: Timestamp) -> Option<DateTime<chrono_tz::Tz>> {
    let nanoseconds = u32::try_from(time.subsec_nanosecond()).unwrap_or(0);
    let utc = DateTime::<Utc>::from_timestamp(time.as_second(), nanoseconds)?;
    Some(utc.with_timezone(&window.zone().unwrap_or(chrono_tz::UTC)))
}
