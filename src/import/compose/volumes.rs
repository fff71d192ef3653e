//! Volumes of a service: named ones become storage, those in memory and without a name become scratch space. A folder
//! of the host does not exist in a cluster.

use super::Scope;
use super::fields::Fields;
use super::units::bytes;
use super::words::label;
use crate::document::{AccessMode, Quantity, Storage};
use crate::import::app::Draft;
use crate::import::yaml::{Entry, Node};

/// What a named volume gets, which has no size in compose.
const STORAGE: i64 = 10 << 30;
const SCRATCH: i64 = 1 << 30;
const MEMORY: i64 = 64 << 20;

/// A mount, whichever way it was written.
struct Mount {
    source: Option<String>,
    target: String,
    read_only: bool,
}

pub(super) fn volumes(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    if let Some(entry) = fields.take("tmpfs") {
        let one = std::slice::from_ref(&entry.value);
        let items = if entry.value.text().is_some() { one } else { entry.value.items() };
        for text in items.iter().filter_map(Node::text) {
            let (path, options) = text.split_once(':').unwrap_or((text, ""));
            let size = options.split(',').find_map(|option| bytes(option.strip_prefix("size=")?));
            if options.split(',').any(|option| !option.is_empty() && !option.starts_with("size=")) {
                scope.unfit(service, "tmpfs", entry, "of its options only `size` can be said");
            }
            draft.spec.scratch.insert(path.to_owned(), size.unwrap_or(Quantity::from_bytes(MEMORY)));
        }
    }
    let Some(entry) = fields.take("volumes") else { return };
    for item in entry.value.items() {
        let place = Entry { key: String::new(), span: item.span, value: item.clone() };
        let mount = if item.entries().is_empty() {
            short(scope, service, &place)
        } else {
            long(scope, service, &place, draft)
        };
        if let Some(mount) = mount {
            take(scope, service, &place, mount, draft);
        }
    }
}

/// `[source:]target[:options]`
fn short(scope: &mut Scope<'_>, service: &str, entry: &Entry) -> Option<Mount> {
    let text = scope.text(service, "volumes", entry, &entry.value)?;
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, options) = match parts.as_slice() {
        [target] => (None, *target, ""),
        [source, target] => (Some(*source), *target, ""),
        [source, target, options] => (Some(*source), *target, *options),
        _ => {
            scope.unfit(service, "volumes", entry, "cannot be read: write it into `storage` or `scratch`");
            return None;
        }
    };
    let read_only = options.split(',').any(|option| option == "ro");
    Some(Mount { source: source.map(str::to_owned), target: target.to_owned(), read_only })
}

fn long(scope: &mut Scope<'_>, service: &str, entry: &Entry, draft: &mut Draft) -> Option<Mount> {
    let mut fields = Fields::new(&entry.value);
    let mut text = |key: &str| {
        let entry = fields.take(key)?;
        scope.text(service, &format!("volumes.{key}"), entry, &entry.value)
    };
    let kind = text("type").unwrap_or_else(|| "volume".to_owned());
    let source = text("source");
    let Some(target) = text("target") else {
        scope.unfit(service, "volumes", entry, "has no `target`");
        return None;
    };
    let read_only = text("read_only").as_deref() == Some("true");
    let tmpfs = fields.take("tmpfs");
    for entry in fields.rest() {
        scope.unfit(service, &format!("volumes.{}", entry.key), entry, "it has no counterpart");
    }
    if kind == "tmpfs" {
        let mut options = tmpfs.map(|tmpfs| Fields::new(&tmpfs.value));
        let size = options.as_mut().and_then(|options| bytes(options.take("size")?.value.text()?));
        for entry in options.into_iter().flat_map(Fields::rest) {
            scope.unfit(service, &format!("volumes.tmpfs.{}", entry.key), entry, "it has no counterpart");
        }
        draft.spec.scratch.insert(target, size.unwrap_or(Quantity::from_bytes(MEMORY)));
        return None;
    }
    // A bind mount is known by its source.
    let source =
        source.map(|source| if kind == "bind" && !is_path(&source) { format!("./{source}") } else { source });
    Some(Mount { source, target, read_only })
}

fn is_path(source: &str) -> bool {
    source.starts_with(['.', '/', '~', '\\']) || source.contains('/')
}

fn take(scope: &mut Scope<'_>, service: &str, entry: &Entry, mount: Mount, draft: &mut Draft) {
    let Mount { source, target, read_only } = mount;
    match source {
        None => {
            draft.spec.scratch.insert(target, Quantity::from_bytes(SCRATCH));
        }
        Some(source) if is_path(&source) => bind(scope, service, entry, &source, &target, draft),
        Some(source) => {
            let name = label(&source);
            let replicas = draft.spec.replicas.unwrap_or(2);
            let storage = Storage {
                size: Quantity::from_bytes(STORAGE),
                mount_path: target.clone(),
                class: None,
                access_mode: if replicas > 1 { AccessMode::ReadWriteMany } else { AccessMode::ReadWriteOnce },
            };
            if name.is_empty() || draft.spec.storage.contains_key(&name) {
                let message =
                    format!("`{source}` is mounted in more than one place: mount it at {target} by a patch");
                return scope.unfit(service, "volumes", entry, &message);
            }
            draft.spec.storage.insert(name.clone(), storage);
            scope.note(service, "volumes", entry, &format!("the size of `storage.{name}`, 10Gi, is a guess"));
            if replicas > 1 {
                let message = format!(
                    "{replicas} pods share `storage.{name}`, which takes a StorageClass that can do that"
                );
                scope.note(service, "volumes", entry, &message);
            }
            if read_only {
                let message = format!("`storage.{name}` can be written to");
                scope.unfit(service, "volumes", entry, &message);
            }
            if is_shared(scope, service, &source) {
                let message =
                    format!("other services use `{source}` too; here each app has a volume of its own");
                scope.unfit(service, "volumes", entry, &message);
            }
        }
    }
}

/// Whether another service mounts the volume.
fn is_shared(scope: &Scope<'_>, service: &str, volume: &str) -> bool {
    let names = |node: &Node| {
        let short =
            node.text().and_then(|text| text.split_once(':')).is_some_and(|(source, _)| source == volume);
        short || node.get("source").and_then(Node::text) == Some(volume)
    };
    let mut others = scope.services.iter().filter(|other| other.key != service);
    others.any(|other| other.value.get("volumes").is_some_and(|volumes| volumes.items().iter().any(names)))
}

fn bind(scope: &mut Scope<'_>, service: &str, entry: &Entry, source: &str, target: &str, draft: &mut Draft) {
    if source.ends_with("docker.sock") {
        let message = "there is no Docker in the cluster to talk to";
        return scope.unfit(service, "volumes", entry, message);
    }
    if let Some(text) = scope.beside(source) {
        return super::files::mount(scope, service, entry, (source, target), text, draft);
    }
    let message = format!(
        "`{source}` is a folder or file of this machine: what belongs to the program goes into its image, files of \
         configuration into `config` or `configFrom`, data into `storage`"
    );
    scope.unfit(service, "volumes", entry, &message);
}
