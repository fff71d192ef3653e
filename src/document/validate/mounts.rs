//! What is mounted where: volumes, writable folders, configuration files.

use std::collections::HashMap;

use super::resources::bytes;
use super::{Rules, names};
use crate::document::diagnostic::{quoted, shown};
use crate::document::{AccessMode, Code, Diagnostic, Span};

/// Something at a path in the container.
struct Mount {
    /// Without a slash at its end or a doubled one.
    path: String,
    place: Span,
}

fn overlaps(mounts: &[Mount], diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for Mount { path, place } in mounts {
        if let Some(other) = seen.insert(path, *place) {
            diagnostics.push(
                Diagnostic::error(Code::MountConflict, *place, format!("`{}` is mounted twice", shown(path)))
                    .label(other, "also here")
                    .help("mount one of them elsewhere"),
            );
        }
    }
}

impl Rules<'_> {
    pub(super) fn mounts(&mut self) {
        let spec = &self.app.spec;
        let mut mounts = Vec::new();
        for (name, volume) in &spec.storage {
            if !names::is_dns_label(name) {
                self.key_error(
                    Code::InvalidReference,
                    &["storage", name],
                    format!("{} cannot be the name of a volume", quoted(name)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
            let size = ["storage", name, "size"];
            if volume.size.is_positive() {
                let place = self.at(&size);
                self.diagnostics.extend(bytes("size", volume.size, place));
            } else {
                self.error(Code::NotPositive, &size, "`size` must be more than zero", "write `10Gi`");
            }
            if let Some(class) = &volume.class {
                self.reference("a StorageClass", &["storage", name, "class"], class);
            }
            let place = self.at(&["storage", name, "mountPath"]);
            mounts.extend(self.mount(&volume.mount_path, place));
        }
        for (path, size) in &spec.scratch {
            if size.is_positive() {
                let place = self.at(&["scratch", path]);
                self.diagnostics.extend(bytes(path, *size, place));
            } else {
                let path = ["scratch", path];
                self.error(Code::NotPositive, &path, "the size must be more than zero", "write `64Mi`");
            }
            let place = self.places.key(&["scratch", path]);
            mounts.extend(self.mount(path, place));
        }
        for (name, files) in &spec.secret_files {
            if !names::is_dns_label(name) {
                self.key_error(
                    Code::InvalidReference,
                    &["secretFiles", name],
                    format!("{} cannot be the name of a volume", quoted(name)),
                    "at most 63 lower-case letters, digits and `-`",
                );
            }
            self.reference("a Secret", &["secretFiles", name, "secret"], &files.secret);
            let place = self.at(&["secretFiles", name, "path"]);
            mounts.extend(self.mount(&files.path, place));
        }
        overlaps(&mounts, self.diagnostics);
        self.configuration(&mounts);
        self.single_writer();
    }

    fn mount(&mut self, path: &str, place: Span) -> Option<Mount> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let odd = |char: char| char.is_control() || char == ':';
        if path.is_empty() && !self.whole {
            return None; // it was left out, which is reported as such
        }
        let problem = if !path.starts_with('/') {
            Some((format!("{} is not an absolute path", quoted(path)), "it begins with `/`"))
        } else if path.contains(odd) || parts.iter().any(|part| matches!(*part, "." | "..")) {
            Some((
                format!("nothing can be mounted at `{}`", shown(path)),
                "write it without `.`, `..` and `:`",
            ))
        } else if parts.is_empty() {
            Some(("nothing can be mounted at `/`".to_owned(), "write a folder such as `/data`"))
        } else {
            None
        };
        match problem {
            Some((message, help)) => {
                self.push(Diagnostic::error(Code::InvalidMountPath, place, message).help(help));
                None
            }
            None => Some(Mount { path: format!("/{}", parts.join("/")), place }),
        }
    }

    /// Nothing else may be where the configuration files are, or below: they are read-only.
    fn configuration(&mut self, mounts: &[Mount]) {
        let spec = &self.app.spec;
        let config = match &spec.config_path {
            Some(path) => self.mount(path, self.at(&["configPath"])),
            None if self.app.config_files.is_empty() => None,
            None => {
                let field = if spec.config.is_empty() { "configFrom" } else { "config" };
                Some(Mount { path: format!("/etc/{}", self.app.id.name), place: self.places.key(&[field]) })
            }
        };
        let Some(config) = config else { return };
        for Mount { path, place } in mounts {
            let rest = path.strip_prefix(&config.path);
            if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
                let message = format!("`{}` is in the folder of the configuration files", shown(path));
                self.push(
                    Diagnostic::error(Code::MountConflict, *place, message)
                        .label(config.place, format!("mounted read-only at `{}`", shown(&config.path)))
                        .help("mount it elsewhere, or set `configPath`"),
                );
            }
        }
    }

    fn single_writer(&mut self) {
        let spec = &self.app.spec;
        let single = spec.storage.iter().find(|(_, volume)| match volume.access_mode {
            AccessMode::ReadWriteOnce | AccessMode::ReadWriteOncePod => true,
            AccessMode::ReadOnlyMany | AccessMode::ReadWriteMany => false,
        });
        let Some((name, _)) = single else { return };
        let (field, replicas) = match &spec.autoscaling {
            Some(scaling) => ("autoscaling", scaling.max),
            None => ("replicas", spec.replicas.unwrap_or(2)),
        };
        if replicas > 1 {
            let span = self.at(&[field]);
            let written = spec.replicas.is_some() || spec.autoscaling.is_some();
            let message = if written {
                format!("{replicas} replicas cannot share the volume `{}`, which has one writer", shown(name))
            } else {
                format!("the volume `{}` has one writer, but there are 2 replicas by default", shown(name))
            };
            let volume = self.places.key(&["storage", name]);
            let place = if written { span } else { volume };
            let mut diagnostic = Diagnostic::error(Code::SingleWriter, place, message)
                .help("write `replicas: 1`, or `accessMode: ReadWriteMany` if the storage class can do that");
            if written {
                diagnostic = diagnostic.label(volume, "the volume");
            }
            if self.whole || written {
                self.push(diagnostic);
            }
            return;
        }
        let span = self.places.key(&["storage", name]);
        self.push(
            Diagnostic::note(
                Code::RecreateRollout,
                span,
                format!("the volume `{}` has one writer: a rollout stops the old pod before it starts the new one", shown(name)),
            )
            .help("for a rollout without a gap, use `accessMode: ReadWriteMany` or keep state in a database"),
        );
    }
}
