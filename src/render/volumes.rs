//! Volumes of the pod and where they are mounted: configuration, scratch space, persistent storage.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, PersistentVolumeClaimVolumeSource, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource;

use super::names;
use super::subject::Subject;
use crate::document::{AccessMode, AppSpec, Quantity};

const CONFIG: &str = "config";
pub(super) const TMP: &str = "/tmp";
pub(super) const DEFAULT_TMP: Quantity = Quantity::from_bytes(64 << 20);

/// The writable emptyDirs by mount path. `/tmp` is always there, unless something else is mounted at it.
pub(super) fn scratch(spec: &AppSpec) -> impl Iterator<Item = (&str, Quantity)> {
    let is_tmp = |path: &str| path.split('/').filter(|part| !part.is_empty()).eq(["tmp"]);
    let is_taken = spec.scratch.keys().any(|path| is_tmp(path))
        || spec.storage.values().any(|storage| is_tmp(&storage.mount_path))
        || spec.config_path.as_deref().is_some_and(is_tmp);
    let tmp = (!is_taken).then_some((TMP, DEFAULT_TMP));
    tmp.into_iter().chain(spec.scratch.iter().map(|(path, size)| (path.as_str(), *size)))
}

pub(super) fn volumes(subject: &Subject<'_>) -> Vec<Volume> {
    let config = subject.config_map.iter().map(|name| Volume {
        name: CONFIG.to_owned(),
        config_map: Some(ConfigMapVolumeSource { name: name.clone(), ..ConfigMapVolumeSource::default() }),
        ..Volume::default()
    });
    let scratch = scratch(subject.spec).map(|(path, size)| empty_dir(path, size));
    let storage = subject.spec.storage.iter().map(|(volume, storage)| Volume {
        name: names::storage_volume(volume),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: names::claim(subject.name(), volume),
            read_only: is_read_only(storage.access_mode).then_some(true),
        }),
        ..Volume::default()
    });
    config.chain(scratch).chain(storage).collect()
}

pub(super) fn mounts(subject: &Subject<'_>) -> Vec<VolumeMount> {
    let config = subject.config_map.iter().map(|_| {
        let path = subject.spec.config_path.clone().unwrap_or_else(|| format!("/etc/{}", subject.name()));
        VolumeMount { read_only: Some(true), ..mount(CONFIG.to_owned(), &path) }
    });
    let scratch = scratch(subject.spec).map(|(path, _)| mount(names::scratch_volume(path), path));
    let storage = subject.spec.storage.iter().map(|(volume, storage)| VolumeMount {
        read_only: is_read_only(storage.access_mode).then_some(true),
        ..mount(names::storage_volume(volume), &storage.mount_path)
    });
    config.chain(scratch).chain(storage).collect()
}

/// The writable emptyDir for a mount path.
pub(super) fn empty_dir(path: &str, size: Quantity) -> Volume {
    Volume {
        name: names::scratch_volume(path),
        empty_dir: Some(EmptyDirVolumeSource {
            size_limit: Some(resource::Quantity(size.to_string())),
            medium: None,
        }),
        ..Volume::default()
    }
}

pub(super) fn mount(name: String, path: &str) -> VolumeMount {
    VolumeMount { name, mount_path: path.to_owned(), ..VolumeMount::default() }
}

const fn is_read_only(mode: AccessMode) -> bool {
    match mode {
        AccessMode::ReadOnlyMany => true,
        AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod | AccessMode::ReadWriteMany => false,
    }
}
