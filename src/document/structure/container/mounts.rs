//! What a container mounts.

use std::collections::BTreeSet;

use super::{Rules, items, text};
use crate::document::Code;
use crate::document::diagnostic::{all_of, did_you_mean, quoted, shown};

/// As many volumes as still help when they are listed.
const FEW: usize = 10;

impl Rules<'_> {
    pub(super) fn mounts(&mut self, volumes: &BTreeSet<String>) {
        for mount in items(self.node, "volumeMounts") {
            if let Some((entry, name)) = text(mount, "name").filter(|(_, name)| !volumes.contains(*name)) {
                let known = || volumes.iter().map(String::as_str);
                let help = did_you_mean(name, known()).unwrap_or_else(|| match volumes.len() {
                    0 => "the pod has no volumes; declare one with `storage` or `scratch`".to_owned(),
                    1..=FEW => format!("the volumes are {}", all_of(known())),
                    _ => "declare one with `storage` or `scratch`".to_owned(),
                });
                let message = format!("the pod has no volume `{}`", shown(name));
                self.error(Code::KubernetesReference, entry.place(), message, help);
            }
            if let Some((entry, path)) = text(mount, "mountPath")
                && (!path.starts_with('/') || path.contains(':'))
            {
                let message = format!("nothing can be mounted at `{}`", shown(path));
                self.error(
                    Code::InvalidMountPath,
                    entry.place(),
                    message,
                    "a path begins with `/` and has no `:`",
                );
            }
            let inside = ["subPath", "subPathExpr"].map(|field| text(mount, field));
            for (entry, path) in inside.into_iter().flatten() {
                if path.starts_with('/') || path.split('/').any(|part| part == "..") {
                    let message = format!("{} is not a path within the volume", quoted(path));
                    self.error(
                        Code::InvalidMountPath,
                        entry.place(),
                        message,
                        "write it without `..` and a `/` first",
                    );
                }
            }
            if let [Some(_), Some((entry, _))] = inside {
                self.error(
                    Code::KubernetesValue,
                    entry.place(),
                    "a mount has not both `subPath` and `subPathExpr`",
                    "remove one of them",
                );
            }
        }
    }
}
