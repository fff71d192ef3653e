//! Volumes that a field can say: files of a `ConfigMap`, files of a Secret, scratch space, a claim that bears the app's
//! name. Volumes have names of portfolio's in a document, so what else mounts them learns the new names.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Draft, Source};
use crate::document::{AccessMode, ConfigFile, Quantity, SecretMount, Storage};
use crate::import::json::{amount, list, map, text, texts};
use crate::import::manifest::Manifest;
use crate::render::names;

/// The most that a folder may hold of which nothing was said.
const SCRATCH: Quantity = Quantity::from_bytes(1 << 30);
/// What portfolio gives files of Secrets.
const OWN_MODE: u32 = 0o440;
/// The pod's name for the app's files.
const CONFIG: &str = "config";

pub(super) fn volumes(source: &Source<'_>, draft: &mut Draft) {
    for volume in list(source.template, "/spec/volumes") {
        let Some(name) = text(volume, "/name") else { continue };
        // What is mounted in part is left to a patch.
        let mounts: Vec<&Value> = list(source.main, "/volumeMounts")
            .iter()
            .filter(|mount| text(mount, "/name") == Some(name))
            .collect();
        let [mount] = mounts.as_slice() else { continue };
        let Some(path) = text(mount, "/mountPath") else { continue };
        let is_part =
            ["subPath", "subPathExpr", "mountPropagation"].iter().any(|field| mount.get(field).is_some());
        let renamed = if is_part {
            None
        } else if let Some(files) = volume.get("configMap") {
            config(source, draft, files, path)
        } else if let Some(files) = volume.get("secret") {
            secret(draft, name, files, path)
        } else if let Some(scratch) = volume.get("emptyDir") {
            Some(scratch_space(draft, scratch, path))
        } else if let Some(claim) = text(volume, "/persistentVolumeClaim/claimName") {
            storage(source, draft, claim, path)
        } else {
            None
        };
        if let Some(renamed) = renamed {
            draft.said.volumes.insert(name.to_owned(), renamed);
        }
    }
    rename(draft);
}

/// The `ConfigMap`'s files, if all of them are mounted in one place and nothing else uses it.
fn config(source: &Source<'_>, draft: &mut Draft, files: &Value, path: &str) -> Option<String> {
    let is_all = files.as_object()?.keys().all(|key| key == "name");
    let config_map =
        source.config_map(text(files, "/name")?).filter(|_| is_all && draft.said.config_files.is_empty())?;
    let text_files = map(&config_map.said, "/data");
    if text_files.is_empty()
        || config_map.said.get("binaryData").is_some()
        || is_shared(source, &config_map.name)
    {
        return None;
    }
    let own_path = format!("/etc/{}", source.name());
    draft.spec.config_path = (path != own_path).then(|| path.to_owned());
    draft.said.config_files =
        text_files.iter().map(|(name, text)| (name.clone(), ConfigFile::Text(text.clone()))).collect();
    draft.spec.config = text_files;
    let name = names::config_map(source.name(), &draft.said.config_files);
    if name != config_map.name {
        let message = format!(
            "its files are in `config`, rendered as ConfigMap/{name}: a change makes a new one and restarts the app"
        );
        draft.folded(&config_map.reference(), "", message);
    }
    draft.said.config_map = Some((config_map.name.clone(), name));
    Some(CONFIG.to_owned())
}

/// Whether another container of the pod, or a variable, uses the `ConfigMap` too.
fn is_shared(source: &Source<'_>, name: &str) -> bool {
    let all = list(source.template, "/spec/volumes").iter();
    let volumes: Vec<&str> = all
        .filter(|volume| text(volume, "/configMap/name") == Some(name))
        .filter_map(|volume| text(volume, "/name"))
        .collect();
    volumes.len() != 1
}

fn secret(draft: &mut Draft, name: &str, files: &Value, path: &str) -> Option<String> {
    let is_all = files.as_object()?.iter().all(|(key, value)| match key.as_str() {
        "secretName" | "optional" => true,
        "defaultMode" => *value == OWN_MODE,
        _ => false,
    });
    let secret = text(files, "/secretName").filter(|_| is_all)?.to_owned();
    let name = name.strip_prefix("secret-").unwrap_or(name).to_owned();
    let optional = files.get("optional") == Some(&Value::Bool(true));
    let renamed = names::secret_volume(&name);
    draft.spec.secret_files.insert(name, SecretMount { secret, path: path.to_owned(), optional });
    Some(renamed)
}

fn scratch_space(draft: &mut Draft, scratch: &Value, path: &str) -> String {
    let size = amount(scratch, "/sizeLimit");
    let is_own = path == "/tmp" && size == Some(Quantity::from_bytes(64 << 20));
    if !is_own {
        draft.spec.scratch.insert(path.to_owned(), size.unwrap_or(SCRATCH));
    }
    names::scratch_volume(path)
}

/// A claim becomes the document's only under its own name: another claim would be another, empty volume.
fn storage(source: &Source<'_>, draft: &mut Draft, claim: &str, path: &str) -> Option<String> {
    let manifest: &Manifest = source.group.claims.iter().find(|manifest| manifest.name == claim)?;
    let volume = claim.strip_prefix(&format!("{}-", source.name()))?.to_owned();
    let access_mode = match texts(&manifest.said, "/spec/accessModes").first()?.as_str() {
        "ReadWriteOnce" => AccessMode::ReadWriteOnce,
        "ReadWriteOncePod" => AccessMode::ReadWriteOncePod,
        "ReadOnlyMany" => AccessMode::ReadOnlyMany,
        "ReadWriteMany" => AccessMode::ReadWriteMany,
        _ => return None,
    };
    let storage = Storage {
        size: amount(&manifest.said, "/spec/resources/requests/storage")?,
        mount_path: path.to_owned(),
        class: text(&manifest.said, "/spec/storageClassName").map(str::to_owned),
        access_mode,
    };
    // Kubernetes lets several pods of one node share it; a document does not.
    let is_single = match access_mode {
        AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod => true,
        AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany => false,
    };
    if is_single
        && (draft.spec.replicas.is_none_or(|replicas| replicas > 1) || source.group.autoscaler.is_some())
    {
        return None;
    }
    let renamed = names::storage_volume(&volume);
    draft.spec.storage.insert(volume, storage);
    Some(renamed)
}

/// Containers that the document has as they are mount the volumes by their new names.
fn rename(draft: &mut Draft) {
    for container in draft.spec.sidecars.iter_mut().chain(&mut draft.spec.init_containers) {
        rename_mounts(&mut container.0, &draft.said.volumes);
    }
}

/// Gives the mounts of a container the volumes' names in the document.
pub(in crate::import) fn rename_mounts(container: &mut Value, names: &BTreeMap<String, String>) {
    let mounts = container.get_mut("volumeMounts").and_then(Value::as_array_mut).into_iter().flatten();
    for mount in mounts {
        let renamed = mount.get("name").and_then(Value::as_str).and_then(|name| names.get(name)).cloned();
        if let (Some(renamed), Some(name)) = (renamed, mount.get_mut("name")) {
            *name = Value::String(renamed);
        }
    }
}
