//! [`MigrationFileName`]: the file name is the model.
//!
//! Read by the loader of documents and by the runner, which finds the same files in a folder of its pod.

use super::MigrationPhase;

/// `0007_add_total.contract.sql`, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MigrationFileName<'n> {
    /// Its place in the order.
    pub version: u64,
    /// What it is for: `add_total`.
    pub name: &'n str,
    /// Which way it goes.
    pub purpose: FilePurpose,
}

/// Which way a file goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePurpose {
    /// Forward, in this phase.
    Up(MigrationPhase),
    /// Back: `.down.sql`.
    Down,
}

impl<'n> MigrationFileName<'n> {
    /// Takes a name apart; none if it is not that of a migration.
    pub fn parse(file: &'n str) -> Option<Self> {
        let stem = file.strip_suffix(".sql")?;
        let (stem, purpose) = match stem.rsplit_once('.') {
            None => (stem, FilePurpose::Up(MigrationPhase::Expand)),
            Some((stem, "expand")) => (stem, FilePurpose::Up(MigrationPhase::Expand)),
            Some((stem, "backfill")) => (stem, FilePurpose::Up(MigrationPhase::Backfill)),
            Some((stem, "contract")) => (stem, FilePurpose::Up(MigrationPhase::Contract)),
            Some((stem, "down")) => (stem, FilePurpose::Down),
            Some(_) => return None,
        };
        let (number, name) = stem.split_once('_')?;
        let version = version(number)?;
        is_name(name).then_some(Self { version, name, purpose })
    }
}

impl MigrationPhase {
    /// What stands before `.sql` in the name of such a file.
    pub const fn file_ending(self) -> &'static str {
        match self {
            MigrationPhase::Expand => "",
            MigrationPhase::Backfill => ".backfill",
            MigrationPhase::Contract => ".contract",
        }
    }

    /// As people and the history table call it.
    pub const fn name(self) -> &'static str {
        match self {
            MigrationPhase::Expand => "expand",
            MigrationPhase::Backfill => "backfill",
            MigrationPhase::Contract => "contract",
        }
    }
}

/// History keeps versions in a `bigint`.
pub(in crate::document) fn version(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|version| digits && i64::try_from(*version).is_ok())
}

pub(in crate::document) fn is_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_version_phase_and_direction() {
        let purpose = |file| MigrationFileName::parse(file).map(|name| (name.version, name.purpose));
        assert_eq!(purpose("0007_add_total.sql"), Some((7, FilePurpose::Up(MigrationPhase::Expand))));
        assert_eq!(purpose("8_fill.backfill.sql"), Some((8, FilePurpose::Up(MigrationPhase::Backfill))));
        assert_eq!(purpose("0009_drop.contract.sql"), Some((9, FilePurpose::Up(MigrationPhase::Contract))));
        assert_eq!(purpose("0007_add_total.down.sql"), Some((7, FilePurpose::Down)));
        for wrong in ["add_total.sql", "0007.sql", "0007_a.txt", "-7_a.sql", "0007_a.other.sql", "7_ä.sql"] {
            assert_eq!(MigrationFileName::parse(wrong), None, "{wrong}");
        }
    }
}
