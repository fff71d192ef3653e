//! The volumes of an app's pods, by the names that its containers know them by.
//!
//! Here rather than beside the renderer, because sidecars that are written out refer to them.

use sha2::{Digest as _, Sha256};

use super::{App, AppSpec, Quantity};

/// The longest name of a volume (RFC 1123 label).
pub const MAX_LABEL: usize = 63;
/// The volume of the configuration files.
pub const CONFIG_VOLUME: &str = "config";
/// Where every container may write.
pub const TMP: &str = "/tmp";
/// How much of it there is unless the document says otherwise.
pub const DEFAULT_TMP: Quantity = Quantity::from_bytes(64 << 20);

/// The volumes of an app's pods.
pub(in crate::document) fn volumes(app: &App) -> impl Iterator<Item = String> {
    let spec = &app.spec;
    let config = (!app.config_files.is_empty()).then(|| CONFIG_VOLUME.to_owned());
    config
        .into_iter()
        .chain(spec.secret_files.keys().map(|name| secret_volume(name)))
        .chain(scratch(spec).map(|(path, _)| scratch_volume(path)))
        .chain(spec.storage.keys().map(|name| storage_volume(name)))
}

/// The writable emptyDirs by mount path. `/tmp` is always there, unless something else is mounted at it.
pub fn scratch(spec: &AppSpec) -> impl Iterator<Item = (&str, Quantity)> {
    let is_tmp = |path: &str| path.split('/').filter(|part| !part.is_empty()).eq(["tmp"]);
    let is_taken = spec.scratch.keys().any(|path| is_tmp(path))
        || spec.storage.values().any(|storage| is_tmp(&storage.mount_path))
        || spec.secret_files.values().any(|files| is_tmp(&files.path))
        || spec.config_path.as_deref().is_some_and(is_tmp);
    let tmp = (!is_taken).then_some((TMP, DEFAULT_TMP));
    tmp.into_iter().chain(spec.scratch.iter().map(|(path, size)| (path.as_str(), *size)))
}

/// The pod's name for a persistent volume.
pub fn storage_volume(volume: &str) -> String {
    fitting(format!("storage-{volume}"), volume)
}

/// The pod's name for the files of a Secret.
pub fn secret_volume(name: &str) -> String {
    fitting(format!("secret-{name}"), name)
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
    let mut hash = hex::encode(Sha256::digest(of));
    hash.truncate(HEX);
    format!("{}-{hash}", stem.trim_end_matches('-'))
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
}
