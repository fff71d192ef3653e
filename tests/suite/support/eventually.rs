//! Waiting for a condition instead of sleeping.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Short beside what tests wait for, long beside what a look costs.
const INTERVAL: Duration = Duration::from_millis(100);

/// What a look can answer: there already, or not yet with what was seen instead.
pub trait Condition {
    /// What is handed on once the condition holds.
    type Value;

    /// The value, or what to print when time is up.
    fn check(self) -> Result<Self::Value, String>;
}

impl Condition for bool {
    type Value = ();

    fn check(self) -> Result<(), String> {
        self.then_some(()).ok_or_else(|| "false".to_owned())
    }
}

impl<T> Condition for Option<T> {
    type Value = T;

    fn check(self) -> Result<T, String> {
        self.ok_or_else(|| "nothing".to_owned())
    }
}

impl<T, E: Debug> Condition for Result<T, E> {
    type Value = T;

    fn check(self) -> Result<T, String> {
        self.map_err(|last| format!("{last:#?}"))
    }
}

/// Looks until the condition holds and returns its value; panics `within` later
/// with `what` and the last answer. Answer `Err(last value)` to see it in the message.
#[track_caller]
pub fn eventually<C: Condition>(within: Duration, what: &str, mut look: impl FnMut() -> C) -> C::Value {
    let deadline = Instant::now() + within;
    loop {
        let last = match look().check() {
            Ok(value) => return value,
            Err(last) => last,
        };
        assert!(Instant::now() < deadline, "not within {within:?}: {what}\nlast seen: {last}");
        std::thread::sleep(INTERVAL);
    }
}

/// Looks again and again for so long; panics as soon as the condition does not hold.
#[track_caller]
pub fn throughout<C: Condition>(time: Duration, what: &str, mut look: impl FnMut() -> C) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if let Err(last) = look().check() {
            panic!("not all the time: {what}\nseen: {last}");
        }
        std::thread::sleep(INTERVAL);
    }
}
