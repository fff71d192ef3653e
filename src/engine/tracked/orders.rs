//! What people order of a source: to let a removal go on, and to try again.

use jiff::Timestamp;

use super::Tracked;
use crate::document::{DocumentId, exit};
use crate::engine::persist::Urgency;
use crate::plan::{Verdict, approval_without_backup, is_lost, release_leftovers};
use crate::record::{BackupState, Record};

impl Tracked {
    /// A person approved the removal of exactly the set with this hash. It has begun for all of it from here on,
    /// so that a restart or the end of the first of them does not ask for a second approval of the rest.
    pub fn approve(&mut self, hash: &str, now: Timestamp) -> Vec<DocumentId> {
        let unbacked =
            self.records.values().find(|record| approval_without_backup(record).as_deref() == Some(hash));
        if let Some(mut record) = unbacked.cloned() {
            if let Some(run) = record.removal.as_mut().and_then(|removal| removal.backup.as_mut()) {
                run.state = BackupState::Waived;
            }
            let id = record.document.clone();
            self.remember(record, Urgency::Effect);
            return vec![id];
        }
        let leftovers = |record: &&Record| {
            self.approval_of_leftovers(record).is_some_and(|approval| approval.hash == hash)
        };
        if let Some(mut record) = self.records.values().find(leftovers).cloned() {
            release_leftovers(&mut record, &self.identity.prune, self.objects_in_all);
            let id = record.document.clone();
            self.remember(record, Urgency::Effect);
            return vec![id];
        }
        self.approved = Some(hash.to_owned());
        self.guard();
        let released: Vec<Record> = self
            .prune
            .verdicts
            .iter()
            .filter(|(_, verdict)| **verdict == Verdict::Go)
            .filter_map(|(id, _)| self.records.get(id))
            .filter(|record| record.removal.is_none())
            .cloned()
            .collect();
        for mut record in released {
            record.begin_removal(now);
            self.remember(record, Urgency::Effect);
        }
        // It was for this set, this time.
        self.approved = None;
        self.write_summary(Urgency::Status);
        self.prune.verdicts.keys().cloned().collect()
    }

    /// A person asked to take back what others changed, where that is only reported, and to make a backup again that
    /// failed.
    pub fn try_again(&mut self, id: &DocumentId) {
        let Some(mut record) = self.records.get(id).cloned() else { return };
        record.correct |= !record.drifted.is_empty();
        let backup = record.removal.as_mut().and_then(|removal| removal.backup.as_mut());
        if let Some(run) = backup.filter(|run| run.has_failed()) {
            run.try_again();
        }
        if Some(&record) != self.records.get(id) {
            self.remember(record, Urgency::Effect);
        }
        self.try_migration_again(id);
    }

    /// A person asked to go on with a migration: now, where it pauses, and once more, where it has failed. What stopped
    /// part-way needs a push: that somebody has mended the database is not said by asking for a look.
    fn try_migration_again(&mut self, id: &DocumentId) {
        let Some(record) = self.records.get(id) else { return };
        let Some(mut run) = record.migration.clone() else { return };
        let part_way = run.ended.as_ref().is_some_and(|end| end.exit == Some(exit::PART_WAY));
        run.not_before = None;
        if is_lost(record) || (run.has_failed() && !part_way) {
            run.try_again(None);
        }
        if Some(&run) != record.migration.as_ref() {
            let record = Record { migration: Some(run), ..record.clone() };
            self.remember(record, Urgency::Effect);
        }
    }
}
