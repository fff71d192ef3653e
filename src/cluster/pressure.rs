//! How many calls may be in flight: the most that was configured, fewer while the server cannot keep up.
//!
//! Additive increase, multiplicative decrease: a refusal or a silence halves the limit, a full round of answers
//! raises it by one (<https://en.wikipedia.org/wiki/Additive_increase/multiplicative_decrease>).

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// Calls that were in flight together fail together: that is one sign and not many.
const ONE_SIGN: Duration = Duration::from_secs(1);

/// The limit, and those who wait.
pub(super) struct Pressure {
    permits: Semaphore,
    most: usize,
    state: Mutex<State>,
}

struct State {
    limit: usize,
    /// Permits that are still out and will not be given back.
    owed: usize,
    /// Answers since the limit last changed.
    answers: usize,
    lowered: Option<Instant>,
}

/// One call's turn. Dropped without an answer, it counts as the server's silence.
pub(super) struct Turn<'a> {
    pressure: &'a Pressure,
    permit: Option<SemaphorePermit<'a>>,
    answered: bool,
}

impl Pressure {
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let state = State { limit: most, owed: 0, answers: 0, lowered: None };
        Self { permits: Semaphore::new(most), most, state: Mutex::new(state) }
    }

    /// Waits for a turn.
    pub(super) async fn turn(&self) -> Turn<'_> {
        // It is never closed; were it, calls would go unlimited rather than not at all.
        let permit = self.permits.acquire().await.ok();
        Turn { pressure: self, permit, answered: false }
    }

    fn lower(&self) {
        let mut state = self.state();
        let now = Instant::now();
        if state.lowered.is_some_and(|last| now.saturating_duration_since(last) < ONE_SIGN) {
            return;
        }
        let limit = (state.limit / 2).max(1);
        let fewer = state.limit - limit;
        *state = State {
            limit,
            owed: state.owed + fewer - self.permits.forget_permits(fewer),
            answers: 0,
            lowered: Some(now),
        };
        tracing::debug!(limit, "the API server is slow: fewer calls at a time");
    }

    fn raise(&self) {
        let mut state = self.state();
        state.answers += 1;
        if state.answers < state.limit || state.limit == self.most {
            return;
        }
        state.answers = 0;
        state.limit += 1;
        match state.owed.checked_sub(1) {
            Some(owed) => state.owed = owed,
            None => self.permits.add_permits(1),
        }
    }

    /// A plain number is never half written: a panic elsewhere leaves it usable.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// The server did what was asked, or said why not.
    pub(super) fn answered(&mut self) {
        self.answered = true;
        self.pressure.raise();
    }

    /// The server cannot keep up.
    pub(super) fn refused(&mut self) {
        self.answered = true;
        self.pressure.lower();
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.pressure.lower();
        }
        let mut state = self.pressure.state();
        if let (Some(owed), Some(permit)) = (state.owed.checked_sub(1), self.permit.take()) {
            permit.forget();
            state.owed = owed;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many turns are to be had at the moment.
    async fn room(pressure: &Pressure) -> usize {
        let mut turns = Vec::new();
        while let Ok(turn) = tokio::time::timeout(Duration::from_millis(1), pressure.turn()).await {
            turns.push(turn);
        }
        for turn in &mut turns {
            turn.answered = true;
        }
        turns.len()
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_halves_the_limit_once_for_calls_in_flight_together() {
        let pressure = Pressure::new(8);
        let mut turns = Vec::new();
        for _ in 0..8 {
            turns.push(pressure.turn().await);
        }
        turns.iter_mut().for_each(Turn::refused);
        drop(turns);
        assert_eq!(room(&pressure).await, 4);
    }

    #[tokio::test(start_paused = true)]
    async fn silence_lowers_the_limit_to_one_and_no_further() {
        let pressure = Pressure::new(8);
        for _ in 0..6 {
            drop(pressure.turn().await);
            tokio::time::advance(ONE_SIGN).await;
        }
        assert_eq!(room(&pressure).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_raise_the_limit_up_to_the_most() {
        let pressure = Pressure::new(8);
        pressure.turn().await.refused();
        for _ in 0..(4 + 5 + 6) {
            pressure.turn().await.answered();
        }
        assert_eq!(room(&pressure).await, 7);
        for _ in 0..100 {
            pressure.turn().await.answered();
        }
        assert_eq!(room(&pressure).await, 8);
    }
}
