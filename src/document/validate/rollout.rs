//! How new versions come.

use super::Rules;
use crate::document::{Code, Duration, IntOrPercent};

/// What an app has that says nothing.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(600);

impl Rules<'_> {
    pub(super) fn rollout(&mut self) {
        let Some(rollout) = &self.app.spec.rollout else { return };
        let is_zero = |amount: IntOrPercent| match amount {
            IntOrPercent::Int(count) => count == 0,
            IntOrPercent::Percent(share) => share == 0,
        };
        let keeps_all = rollout.max_unavailable.map_or(self.whole, is_zero);
        if rollout.max_surge.is_some_and(is_zero) && keeps_all {
            self.error(
                Code::RolloutStuck,
                &["rollout", "maxSurge"],
                "`maxSurge` and `maxUnavailable` are both 0, so no pod could ever be replaced",
                "write `maxUnavailable: 1`, or leave `maxSurge` out",
            );
        }
        let deadline = rollout.deadline.unwrap_or(DEFAULT_DEADLINE);
        if deadline == Duration::from_secs(0) {
            let path = ["rollout", "deadline"];
            self.error(Code::NotPositive, &path, "`deadline` must be more than zero", "write `10m`");
        } else if let Some(min_ready) = rollout.min_ready.filter(|min_ready| *min_ready >= deadline) {
            self.error(
                Code::DeadlineTooShort,
                &["rollout", "minReady"],
                format!("a pod must be ready for {min_ready}, but the rollout ends after {deadline}"),
                "raise `deadline` or lower `minReady`",
            );
        }
    }
}
