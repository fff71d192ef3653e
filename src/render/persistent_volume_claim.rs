//! `PersistentVolumeClaim`: one per volume, kept when the app goes unless the document says `volumes: delete`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimSpec, VolumeResourceRequirements,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;

use super::names;
use super::subject::Subject;
use crate::document::{AccessMode, Storage, VolumePolicy};
use crate::object::{ANNOTATION_KEEP, Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Vec<Object> {
    subject.spec.storage.iter().map(|(volume, storage)| claim(subject, volume, storage)).collect()
}

fn claim(subject: &Subject<'_>, volume: &str, storage: &Storage) -> Object {
    let mut metadata = subject.meta(names::claim(subject.name(), volume));
    let policy = subject.spec.deletion.as_ref().map(|deletion| deletion.volumes).unwrap_or_default();
    match policy {
        VolumePolicy::Retain => {
            let annotations = metadata.annotations.get_or_insert_default();
            annotations.insert(ANNOTATION_KEEP.to_owned(), "true".to_owned());
        }
        VolumePolicy::Delete => {}
    }
    let size = Quantity(storage.size.to_string());
    let claim = PersistentVolumeClaim {
        metadata,
        spec: Some(PersistentVolumeClaimSpec {
            access_modes: Some(vec![access_mode(storage.access_mode).to_owned()]),
            storage_class_name: storage.class.clone(),
            resources: Some(VolumeResourceRequirements {
                requests: Some(BTreeMap::from([("storage".to_owned(), size)])),
                limits: None,
            }),
            ..PersistentVolumeClaimSpec::default()
        }),
        status: None,
    };
    subject.object(Kind::PersistentVolumeClaim, claim)
}

const fn access_mode(mode: AccessMode) -> &'static str {
    match mode {
        AccessMode::ReadWriteOnce => "ReadWriteOnce",
        AccessMode::ReadWriteOncePod => "ReadWriteOncePod",
        AccessMode::ReadOnlyMany => "ReadOnlyMany",
        AccessMode::ReadWriteMany => "ReadWriteMany",
    }
}
