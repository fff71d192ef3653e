//! [`Scope`]: what the services of a compose file share, and what was found on the way.

use super::variables;
use crate::import::Options;
use crate::import::report::{Fate, Finding, Place};
use crate::import::yaml::{Entry, Node};

/// A compose file on its way.
pub(super) struct Scope<'a> {
    pub(super) file: &'a str,
    pub(super) namespace: String,
    pub(super) options: &'a Options,
    pub(super) configs: &'a [Entry],
    pub(super) secrets: &'a [Entry],
    pub(super) services: &'a [Entry],
    pub(super) findings: Vec<Finding>,
}

impl<'a> Scope<'a> {
    pub(super) fn place(&self, entry: &Entry) -> Place {
        Place { file: self.file.to_owned(), line: entry.span.line }
    }

    pub(super) fn found(
        &self,
        fate: Fate,
        service: &str,
        path: &str,
        entry: &Entry,
        message: &str,
    ) -> Finding {
        Finding::new(fate, service, message).path(path).at(self.place(entry))
    }

    pub(super) fn unfit(&mut self, service: &str, path: &str, entry: &Entry, message: &str) {
        let finding = self.found(Fate::Unfit, service, path, entry, message);
        self.findings.push(finding);
    }

    pub(super) fn note(&mut self, service: &str, path: &str, entry: &Entry, message: &str) {
        let finding = self.found(Fate::Note, service, path, entry, message);
        self.findings.push(finding);
    }

    /// A scalar with its variables followed. Those that have no value are told.
    pub(super) fn text(&mut self, service: &str, path: &str, entry: &Entry, node: &Node) -> Option<String> {
        let followed = variables::follow(node.text()?);
        for name in followed.unset {
            let message = format!("`${{{name}}}` has no value here: write the value into the document");
            self.unfit(service, path, entry, &message);
        }
        Some(followed.text)
    }

    /// A file beside the compose file, as text.
    pub(super) fn beside(&self, path: &str) -> Option<&'a str> {
        let bytes = self.options.beside.get(&(self.file.to_owned(), path.to_owned()))?;
        std::str::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
    }

    /// What the file says of its networks.
    pub(super) fn networks(&mut self, networks: &[Entry]) {
        for network in networks {
            for entry in network.value.entries().iter().filter(|entry| !entry.key.starts_with("x-")) {
                let path = format!("networks.{}.{}", network.key, entry.key);
                self.unfit(
                    "compose",
                    &path,
                    entry,
                    "there is one network: `network` of a document says who reaches whom",
                );
            }
        }
    }

    /// What the file says of its volumes, beyond that they are there.
    pub(super) fn volumes(&mut self, volumes: &[Entry]) {
        for volume in volumes {
            for entry in volume.value.entries().iter().filter(|entry| !entry.key.starts_with("x-")) {
                let message = match entry.key.as_str() {
                    "external" | "name" => {
                        "a volume of Docker cannot be taken over: copy its data into the new one"
                    }
                    "driver" | "driver_opts" => {
                        "write the StorageClass that does the same as `class` of the `storage`"
                    }
                    _ => "it has no counterpart",
                };
                self.unfit("compose", &format!("volumes.{}.{}", volume.key, entry.key), entry, message);
            }
        }
    }
}
