//! Who may lead, and from when: the rules of the election without the calls.
//!
//! Other machines' clocks are never compared with ours: a lease has expired when, by our monotonic clock, it has
//! not been renewed for its duration since we first saw its last renewal. `now` is an argument.

use std::time::Duration;

use tokio::time::Instant;

/// How long a lease holds without renewal.
pub(super) const DURATION: Duration = Duration::from_secs(15);
/// A leader that could not renew for this long stops, well before anybody else may start.
pub(super) const RENEW_DEADLINE: Duration = Duration::from_secs(10);

/// What a Lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct View {
    /// None when it was given up.
    pub(super) holder: Option<String>,
    /// Only compared with itself.
    pub(super) renewed: String,
    pub(super) duration: Duration,
    pub(super) epoch: u64,
}

/// What a candidate should do about what it saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// Create the Lease and lead.
    Create { epoch: u64 },
    /// Write ourselves in as the holder of a new term.
    Take { epoch: u64 },
    /// Lead on.
    Renew,
    /// Somebody else leads.
    Wait,
}

/// What a candidate knows.
#[derive(Debug)]
pub(super) struct Terms {
    identity: String,
    /// Epochs begin above this, also after somebody deleted the Lease.
    floor: u64,
    /// The last state seen and when it was seen first.
    seen: Option<(View, Instant)>,
    /// The epoch we lead in.
    leading: Option<u64>,
}

impl Terms {
    pub(super) const fn new(identity: String, floor: u64) -> Self {
        Self { identity, floor, seen: None, leading: None }
    }

    pub(super) fn identity(&self) -> &str {
        &self.identity
    }

    /// Who leads, as far as was seen.
    pub(super) fn holder(&self) -> Option<String> {
        self.seen.as_ref().and_then(|(view, _)| view.holder.clone())
    }

    /// Notes what was read and says what to do.
    pub(super) fn consider(&mut self, lease: Option<View>, now: Instant) -> Move {
        let Some(view) = lease else { return self.consider_absence(now) };
        self.floor = self.floor.max(view.epoch);
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != view) {
            self.seen = Some((view.clone(), now));
        }
        let ours = view.holder.as_ref() == Some(&self.identity);
        if ours && self.leading == Some(view.epoch) {
            return Move::Renew;
        }
        self.leading = None;
        if ours || self.is_free(now) { Move::Take { epoch: self.floor + 1 } } else { Move::Wait }
    }

    /// Deleting a Lease ends nobody's term: its holder may not have noticed yet.
    fn consider_absence(&mut self, now: Instant) -> Move {
        match self.leading {
            Some(epoch) => Move::Create { epoch },
            None if self.is_free(now) => Move::Create { epoch: self.floor + 1 },
            None => Move::Wait,
        }
    }

    fn is_free(&self, now: Instant) -> bool {
        self.seen.as_ref().is_none_or(|(view, since)| {
            view.holder.is_none() || now.saturating_duration_since(*since) >= view.duration
        })
    }

    /// Our write succeeded.
    pub(super) fn written(&mut self, view: View, now: Instant) {
        self.floor = self.floor.max(view.epoch);
        self.leading = (view.holder.as_ref() == Some(&self.identity)).then_some(view.epoch);
        self.seen = Some((view, now));
    }

    /// The renew deadline passed.
    pub(super) const fn lapsed(&mut self) {
        self.leading = None;
    }

    /// The epoch we lead in.
    pub(super) const fn leading(&self) -> Option<u64> {
        self.leading
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(holder: &str, renewed: &str, epoch: u64) -> View {
        let holder = (!holder.is_empty()).then(|| holder.to_owned());
        View { holder, renewed: renewed.to_owned(), duration: DURATION, epoch }
    }

    fn terms() -> Terms {
        Terms::new("me".to_owned(), 0)
    }

    #[test]
    fn an_absent_or_released_lease_is_taken_at_once() {
        let now = Instant::now();
        assert_eq!(terms().consider(None, now), Move::Create { epoch: 1 });
        assert_eq!(terms().consider(Some(view("", "t", 4)), now), Move::Take { epoch: 5 });
    }

    #[test]
    fn a_lease_expires_by_our_clock_since_its_last_renewal_was_seen() {
        let (mut terms, start) = (terms(), Instant::now());
        assert_eq!(terms.consider(Some(view("other", "1", 1)), start), Move::Wait);
        let almost = start + DURATION - Duration::from_millis(1);
        assert_eq!(terms.consider(Some(view("other", "1", 1)), almost), Move::Wait);
        // Renewed: counted anew, whatever time it claims.
        assert_eq!(terms.consider(Some(view("other", "0", 1)), start + DURATION), Move::Wait);
        let later = start + DURATION * 2;
        assert_eq!(terms.consider(Some(view("other", "0", 1)), later), Move::Take { epoch: 2 });
    }

    #[test]
    fn a_leader_renews_its_own_term_only() {
        let (mut terms, now) = (terms(), Instant::now());
        terms.written(view("me", "1", 1), now);
        assert_eq!(terms.consider(Some(view("me", "1", 1)), now), Move::Renew);
        assert_eq!(terms.consider(Some(view("other", "2", 2)), now), Move::Wait);
        assert_eq!(terms.leading(), None);
    }

    #[test]
    fn a_term_that_lapsed_is_not_continued_but_begun_anew() {
        let (mut terms, now) = (terms(), Instant::now());
        terms.written(view("me", "1", 1), now);
        terms.lapsed();
        assert_eq!(terms.consider(Some(view("me", "1", 1)), now), Move::Take { epoch: 2 });
    }

    #[test]
    fn a_deleted_lease_ends_no_term() {
        let (mut leader, now) = (terms(), Instant::now());
        leader.written(view("me", "1", 7), now);
        assert_eq!(leader.consider(None, now), Move::Create { epoch: 7 });
        let mut standby = terms();
        standby.consider(Some(view("other", "1", 7)), now);
        assert_eq!(standby.consider(None, now), Move::Wait);
        assert_eq!(standby.consider(None, now + DURATION), Move::Create { epoch: 8 });
    }

    #[test]
    fn epochs_begin_above_what_the_records_know() {
        let mut terms = Terms::new("me".to_owned(), 41);
        assert_eq!(terms.consider(None, Instant::now()), Move::Create { epoch: 42 });
        assert_eq!(terms.consider(Some(view("", "t", 3)), Instant::now()), Move::Take { epoch: 42 });
    }
}
