//! Fields that the API server does not let change: found before it says so, each with what to do.
//!
//! Source: Kubernetes API validation of Deployment (`spec.selector`) and `PersistentVolumeClaim` (`spec`, but for
//! a growing `resources.requests.storage`).

use super::target;
use crate::document::{App, Document};
use crate::record::Record;

/// Why a document cannot follow what is held now, if so.
pub(super) fn refuse(record: &Record, new: &App) -> Option<String> {
    let Document::App(old) = target::held(record)?.document else { return None };
    if old.spec.selector != new.spec.selector {
        return Some(
            "spec.selector cannot change once applied: Kubernetes keeps a Deployment's selector for life. Put the old \
             selector back, or give the app a new name"
                .to_owned(),
        );
    }
    new.spec.storage.iter().find_map(|(name, volume)| {
        let before = old.spec.storage.get(name)?;
        if volume.size < before.size {
            return Some(format!(
                "spec.storage.{name}.size cannot shrink from {} to {}: put {} back, or add a volume of another name \
                 and move the data",
                before.size, volume.size, before.size
            ));
        }
        let changed = if volume.class == before.class { "accessMode" } else { "class" };
        (volume.class != before.class || volume.access_mode != before.access_mode).then(|| {
            format!(
                "spec.storage.{name}.{changed} cannot change once the volume exists: put the old value back, or add a \
                 volume of another name and move the data"
            )
        })
    })
}
