//! Derived names. The validator checks with the same functions that each fits its limit.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use crate::document::ConfigFile;

/// Name of the app's container in its pods.
pub const CONTAINER: &str = "app";
/// The longest name of a volume, and of all names here (RFC 1123 label).
pub const MAX_LABEL: usize = 63;

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

/// `<app>-<volume>`: the claim of a persistent volume.
pub fn claim(app: &str, volume: &str) -> String {
    format!("{app}-{volume}")
}

/// The pod's name for a persistent volume.
pub fn storage_volume(volume: &str) -> String {
    fitting(format!("storage-{volume}"), volume)
}

/// The pod's name for the emptyDir at this path: `scratch-var-cache` for `/var/cache`. Paths whose characters
/// do not survive get a hash, so that two never meet.
pub fn scratch_volume(path: &str) -> String {
    let path = path.trim_matches('/');
    let is_kept = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    let slug: String = path.chars().map(|char| if is_kept(char) { char } else { '-' }).collect();
    if path.chars().all(|char| is_kept(char) || char == '/') && !slug.contains("--") {
        fitting(format!("scratch-{slug}"), path)
    } else {
        with_hash(&format!("scratch-{slug}"), path)
    }
}

fn fitting(name: String, of: &str) -> String {
    if name.len() <= MAX_LABEL { name } else { with_hash(&name, of) }
}

/// The name cut to leave room for a hash of what it stands for.
fn with_hash(name: &str, of: &str) -> String {
    const HEX: usize = 8;
    let stem: String = name.chars().take(MAX_LABEL - HEX - 1).collect();
    format!("{}-{}", stem.trim_end_matches('-'), short_hex(&Sha256::digest(of), HEX))
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
    fn scratch_volumes_are_named_by_their_path() {
        assert_eq!(scratch_volume("/tmp"), "scratch-tmp");
        assert_eq!(scratch_volume("/var/cache"), "scratch-var-cache");
        assert_ne!(scratch_volume("/var/cache"), scratch_volume("/var-cache"));
        assert_ne!(scratch_volume("/Data"), scratch_volume("/data"));
        assert_ne!(scratch_volume("/a/.b"), scratch_volume("/a//b"));
    }

    #[test]
    fn every_volume_name_is_a_label() {
        let long = "x".repeat(200);
        let paths = [format!("/{long}"), format!("/{long}/y"), "/.A_b/é".to_owned(), "/-".to_owned()];
        let names = paths.iter().map(|path| scratch_volume(path)).chain([storage_volume(&long)]);
        for name in names {
            assert!(name.len() <= MAX_LABEL, "{name}");
            assert!(name.ends_with(|char: char| char.is_ascii_alphanumeric()), "{name}");
            assert!(
                name.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-')
            );
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
