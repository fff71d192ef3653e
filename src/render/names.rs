//! Derived names. The validator checks with the same functions that each fits its limit.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::document::ConfigFile;
pub use crate::document::volume_name::{MAX_LABEL, scratch_volume, secret_volume, storage_volume};

/// Name of the app's container in its pods.
pub const CONTAINER: &str = "app";

/// `<app>-config-<10 hex of the content>`. A change of any file is another `ConfigMap`, so that pods of two
/// revisions never share one and a rollback finds the old one.
pub fn config_map(app: &str, files: &BTreeMap<String, ConfigFile>) -> String {
    let mut hash = Sha256::new();
    for (name, file) in files {
        let (form, content) = match file {
            ConfigFile::Text(text) => (b't', text),
            ConfigFile::Base64(text) => (b'b', text),
        };
        // Lengths keep neighbours apart.
        for part in [name, content] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        hash.update([form]);
    }
    format!("{app}-config-{}", short_hex(&hash.finalize(), 10))
}

/// `<migration>-sql-<10 hex of the files>`: the `ConfigMap` with the statements.
pub fn sql(migration: &str, files: &BTreeMap<String, String>) -> String {
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|(name, sql)| [name, sql]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    format!("{migration}-sql-{}", short_hex(&hash.finalize(), 10))
}

/// `<migration>-<content>-<attempt>`: a run.
pub fn migration_job(migration: &str, content: &str, attempt: u32) -> String {
    format!("{migration}-{content}-{attempt}")
}

/// `<app>-backup-<10 hex of what is run and when>`: the backup before a deletion.
pub fn backup_job(app: &str, content: &str, occasion: &str) -> String {
    const HEX: usize = 10;
    const SUFFIX: usize = "-backup-".len() + HEX;
    let mut hash = Sha256::new();
    for part in [app, content, occasion] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let stem: String = app.chars().take(MAX_LABEL - SUFFIX).collect();
    format!("{}-backup-{}", stem.trim_end_matches('-'), short_hex(&hash.finalize(), HEX))
}

/// `<app>-<volume>`: the claim of a persistent volume.
pub fn claim(app: &str, volume: &str) -> String {
    format!("{app}-{volume}")
}

fn short_hex(digest: &[u8], length: usize) -> String {
    let mut text = hex::encode(digest);
    text.truncate(length);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_backup_before_a_deletion_has_a_name_of_its_own_that_fits() {
        let long = "x".repeat(63);
        let names = [("web", "a", "b"), ("web", "ab", ""), ("web", "a", "c"), (long.as_str(), "a", "b")]
            .map(|(app, content, occasion)| backup_job(app, content, occasion));
        assert!(names[0].starts_with("web-backup-"), "{}", names[0]);
        for (index, name) in names.iter().enumerate() {
            assert!(name.len() <= MAX_LABEL && !names[index + 1..].contains(name), "{name}");
        }
    }

    #[test]
    fn any_change_of_a_file_is_another_config_map() {
        let name = |files: &[(&str, ConfigFile)]| {
            config_map("web", &files.iter().cloned().map(|(name, file)| (name.to_owned(), file)).collect())
        };
        let text = |text: &str| ConfigFile::Text(text.to_owned());
        let names = [
            name(&[("a", text("b"))]),
            name(&[("a", text("c"))]),
            name(&[("ab", text(""))]),
            name(&[("a", ConfigFile::Base64("b".into()))]),
            name(&[("a", text("b")), ("c", text(""))]),
        ];
        for (index, one) in names.iter().enumerate() {
            assert!(one.starts_with("web-config-") && one.len() == "web-config-".len() + 10, "{one}");
            assert!(names.iter().skip(index + 1).all(|other| one != other));
        }
    }
}
