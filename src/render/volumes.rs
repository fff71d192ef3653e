//! Volumes of the pod and where they are mounted: configuration, scratch space, persistent storage.

use k8s_openapi::api::core::v1::{
    ConfigMapVolumeSource, EmptyDirVolumeSource, PersistentVolumeClaimVolumeSource, SecretVolumeSource,
    Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource;

use super::names;
use super::subject::Subject;
use crate::document::volume_name::CONFIG_VOLUME;
pub(super) use crate::document::volume_name::{DEFAULT_TMP, TMP, scratch};
use crate::document::{AccessMode, AppSpec, Quantity, Storage};

/// Files of Secrets belong to root and the pod's group: mode 0440.
const GROUP_READS: i32 = 0o440;
/// The sizes of all scratch volumes together.
pub(super) fn scratch_size(spec: &AppSpec) -> Quantity {
    scratch(spec).fold(Quantity::from_bytes(0), |sum, (_, size)| sum.plus(size))
}

pub(super) fn volumes(subject: &Subject<'_>) -> Vec<Volume> {
    files(subject).into_iter().chain(scratch_volumes(subject)).chain(storage(subject, |_| true)).collect()
}

pub(super) fn mounts(subject: &Subject<'_>) -> Vec<VolumeMount> {
    file_mounts(subject)
        .into_iter()
        .chain(scratch_mounts(subject))
        .chain(storage_mounts(subject, |_| true))
        .collect()
}

/// What is only read: configuration, and files of Secrets.
pub(super) fn files(subject: &Subject<'_>) -> Vec<Volume> {
    let config = subject.config_map.iter().map(|name| Volume {
        name: CONFIG_VOLUME.to_owned(),
        config_map: Some(ConfigMapVolumeSource { name: name.clone(), ..ConfigMapVolumeSource::default() }),
        ..Volume::default()
    });
    let secrets = subject.spec.secret_files.iter().map(|(name, files)| Volume {
        name: names::secret_volume(name),
        secret: Some(SecretVolumeSource {
            secret_name: Some(files.secret.clone()),
            default_mode: Some(GROUP_READS),
            optional: files.optional.then_some(true),
            items: None,
        }),
        ..Volume::default()
    });
    config.chain(secrets).collect()
}

pub(super) fn file_mounts(subject: &Subject<'_>) -> Vec<VolumeMount> {
    let read_only = |name, path: &str| VolumeMount { read_only: Some(true), ..mount(name, path) };
    let config = subject.config_map.iter().map(|_| {
        let path = subject.spec.config_path.clone().unwrap_or_else(|| format!("/etc/{}", subject.name()));
        read_only(CONFIG_VOLUME.to_owned(), &path)
    });
    let secrets = subject.spec.secret_files.iter();
    let secrets = secrets.map(|(name, files)| read_only(names::secret_volume(name), &files.path));
    config.chain(secrets).collect()
}

pub(super) fn scratch_volumes(subject: &Subject<'_>) -> impl Iterator<Item = Volume> {
    scratch(subject.spec).map(|(path, size)| empty_dir(path, size))
}

pub(super) fn scratch_mounts(subject: &Subject<'_>) -> impl Iterator<Item = VolumeMount> {
    scratch(subject.spec).map(|(path, _)| mount(names::scratch_volume(path), path))
}

/// The persistent volumes whose names are wanted.
pub(super) fn storage(subject: &Subject<'_>, wanted: impl Fn(&str) -> bool) -> Vec<Volume> {
    let chosen = subject.spec.storage.iter().filter(|(name, _)| wanted(name));
    let volume = |(name, storage): (&String, &Storage)| Volume {
        name: names::storage_volume(name),
        persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
            claim_name: names::claim(subject.name(), name),
            read_only: is_read_only(storage.access_mode).then_some(true),
        }),
        ..Volume::default()
    };
    chosen.map(volume).collect()
}

pub(super) fn storage_mounts(subject: &Subject<'_>, wanted: impl Fn(&str) -> bool) -> Vec<VolumeMount> {
    let chosen = subject.spec.storage.iter().filter(|(name, _)| wanted(name));
    let volume_mount = |(name, storage): (&String, &Storage)| VolumeMount {
        read_only: is_read_only(storage.access_mode).then_some(true),
        ..mount(names::storage_volume(name), &storage.mount_path)
    };
    chosen.map(volume_mount).collect()
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
