//! [`Content`]: what a migration does to which database. The same content never runs twice.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::document::{Migration, MigrationPhase, MigrationStep};

/// Hash of what is run and of the database that it is run in: 10 hex digits. Who runs it, and within which bounds, is no
/// part of it, so that an upgrade of the daemon or a longer deadline runs nothing again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Content(String);

impl Content {
    /// The content of a migration's expand phase, or of its command.
    pub fn of(migration: &Migration) -> Self {
        let spec = &migration.spec;
        let mut hash = Sha256::new();
        let mut part = |text: &str| {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        };
        if let Some(command) = &spec.command {
            part(&serde_json::to_string(command).unwrap_or_default());
        } else if let Some(database) = &spec.database {
            // Which database, but not how to log in there: another password does nothing to it.
            part(&database.host);
            part(&database.port().to_string());
            part(&database.name);
            part(spec.schema());
        }
        for step in expand_steps(migration) {
            part(&step.file);
            part(&step.sql);
        }
        let mut text = hex::encode(hash.finalize());
        text.truncate(10);
        Self(text)
    }

    /// The content in the name of a Job of this migration.
    pub fn of_job(migration: &Migration, job: &str) -> Option<Self> {
        let rest = job.strip_prefix(migration.id.name.as_str())?.strip_prefix('-')?;
        let (content, attempt) = rest.split_once('-')?;
        let is_hash = content.len() == 10 && content.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hash && attempt.parse::<u32>().is_ok()).then(|| Self(content.to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The steps that run before new code does.
pub fn expand_steps(migration: &Migration) -> impl Iterator<Item = &MigrationStep> {
    migration.steps.iter().filter(|step| match step.phase {
        MigrationPhase::Expand => true,
        MigrationPhase::Backfill | MigrationPhase::Contract => false,
    })
}
