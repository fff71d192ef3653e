//! How long ago something was, as kubectl says it: the two largest units at most.

use jiff::{SignedDuration, Timestamp};

/// `45s`, `12m`, `3h5m`, `4d`. What lies ahead, by a clock that goes wrong, is now.
pub fn text(then: Timestamp, now: Timestamp) -> String {
    duration(now.duration_since(then))
}

/// The same for a length of time.
pub fn duration(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |large: i64, unit: char, small: i64, part: char| {
        if small == 0 { format!("{large}{unit}") } else { format!("{large}{unit}{small}{part}") }
    };
    match () {
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => two(minutes, 'm', seconds % 60, 's'),
        () if hours < 3 => format!("{minutes}m"),
        () if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        () if days < 2 => format!("{hours}h"),
        () if days < 8 => two(days, 'd', hours % 24, 'h'),
        () => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_as_kubectl_writes_them() {
        for (seconds, expected) in [
            (-5, "0s"),
            (45, "45s"),
            (150, "2m30s"),
            (600, "10m"),
            (4 * 3600 + 5 * 60, "4h5m"),
            (30 * 3600, "30h"),
            (3 * 86_400 + 3600, "3d1h"),
            (20 * 86_400, "20d"),
        ] {
            assert_eq!(duration(SignedDuration::from_secs(seconds)), expected);
        }
    }
}
