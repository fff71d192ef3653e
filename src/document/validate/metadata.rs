//! Names, labels and annotations.

use std::collections::BTreeMap;

use super::{Rules, names};
use crate::document::across::volume_claim;
use crate::document::check::Metadata;
use crate::document::diagnostic::{quoted, shown};
use crate::document::node::{Entry, Places};
use crate::document::{Code, Diagnostic, DocumentKind, Migration};

/// Prefixes of keys that are ours to set.
const RESERVED: [&str; 2] = ["portfolio.dev/", "app.kubernetes.io/"];
/// All annotations of an object together.
const MAX_ANNOTATION_BYTES: usize = 256 * 1024;
/// Those by which an object is known as ours, whatever the names in them.
const OWN_ANNOTATION_BYTES: usize = 1024;

/// The `metadata` of a document of either kind.
pub(in crate::document) fn metadata(
    kind: DocumentKind,
    metadata: &Metadata,
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let Metadata { name, namespace, labels, annotations } = metadata;
    let good = match kind {
        DocumentKind::PortfolioApp => names::is_rfc1035_label(name),
        DocumentKind::DatabaseMigration => names::is_dns_label(name),
    };
    // A name that could not be read was reported already.
    if !good && places.root.get("name").and_then(|name| name.text()).is_some() {
        let mut help = "at most 63 lower-case letters, digits and `-`".to_owned();
        if kind == DocumentKind::PortfolioApp {
            help.push_str(", a letter first");
        }
        if let Some(name) = names::suggest_label(name).filter(|name| names::is_rfc1035_label(name)) {
            help = format!("{help}: `{name}`");
        }
        let message = format!("{} cannot be the name of a {kind}", quoted(name));
        diagnostics.push(Diagnostic::error(Code::InvalidName, places.of(&["name"]), message).help(help));
    }
    let over = name.len().saturating_sub(Migration::MAX_NAME);
    if good && kind == DocumentKind::DatabaseMigration && over > 0 {
        let message = format!("the names of its Jobs, `{}-0123456789-1`, would be too long", shown(name));
        let help = format!(
            "the name of a migration has at most {} characters; shorten it by {over}",
            Migration::MAX_NAME
        );
        let place = places.of(&["name"]);
        diagnostics.push(Diagnostic::error(Code::DerivedNameTooLong, place, message).help(help));
    }
    if let Some(namespace) = namespace.as_ref().filter(|namespace| !names::is_dns_label(namespace)) {
        let message = format!("{} cannot be the name of a namespace", quoted(namespace));
        diagnostics.push(
            Diagnostic::error(Code::InvalidNamespace, places.of(&["namespace"]), message)
                .help("at most 63 lower-case letters, digits and `-`"),
        );
    }
    check_labels(labels, &["labels"], places, diagnostics);
    check_annotations(annotations, OWN_ANNOTATION_BYTES, &["annotations"], places, diagnostics);
}

impl Rules<'_> {
    /// Labels and annotations of the pods, the selector, and names that are made of the app's.
    pub(super) fn labels(&mut self) {
        let spec = &self.app.spec;
        check_labels(&spec.pod_labels, &["podLabels"], self.places, self.diagnostics);
        self.pod_annotations();
        // A selector is taken over as it is, reserved prefixes included.
        for (key, value) in &spec.selector {
            label_syntax(key, value, &["selector"], self.places, self.diagnostics);
            if value.is_empty() {
                self.error(
                    Code::InvalidLabel,
                    &["selector", key],
                    format!("the selector's `{}` has no value", shown(key)),
                    "write the value that the Deployment's selector has",
                );
            }
        }
        let name = self.app.id.name.as_str();
        if !self.app.config_files.is_empty() {
            let path: &[&str] = if spec.config.is_empty() { &["configFrom"] } else { &["config"] };
            self.derived(&format!("{name}-config-0123456789"), "ConfigMap", path);
        }
        for volume in spec.storage.keys() {
            let claim = volume_claim(name, volume);
            let derived = claim.rsplit('/').next().unwrap_or(&claim);
            self.derived(derived, "PersistentVolumeClaim", &["storage", volume]);
        }
    }

    /// The pods carry none of the document's annotations, but `restart` among theirs.
    fn pod_annotations(&mut self) {
        let spec = &self.app.spec;
        let text = spec.restart.as_ref().map_or(0, |restart| restart.0.len());
        let restart = "portfolio.dev/restart".len() + text;
        if restart > MAX_ANNOTATION_BYTES {
            self.error(
                Code::InvalidAnnotation,
                &["restart"],
                format!("the text is {text} bytes, more than fit into an annotation"),
                "any short text that changes is enough, such as the date",
            );
        } else {
            let path = &["podAnnotations"];
            check_annotations(&spec.pod_annotations, restart, path, self.places, self.diagnostics);
        }
    }

    /// Labels and annotations of an object that is written out. It may have keys with our prefixes, as manifests of others
    /// do; those that mark an object as ours are ours whatever it says.
    pub(super) fn written_metadata(&mut self, path: &[&str], labels: &[Entry], annotations: &[Entry]) {
        let of = [path, &["labels"]].concat();
        for (key, value) in texts(labels) {
            label_syntax(key, value, &of, self.places, self.diagnostics);
        }
        let of = [path, &["annotations"]].concat();
        let annotations: BTreeMap<String, String> =
            texts(annotations).map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        for key in annotations.keys() {
            annotation_syntax(key, &of, self.places, self.diagnostics);
        }
        let carried = OWN_ANNOTATION_BYTES + size(&self.app.annotations);
        annotation_size(&annotations, carried, &of, self.places, self.diagnostics);
    }

    /// Annotations of one object, to which those of the document come.
    pub(super) fn object_annotations(&mut self, annotations: &BTreeMap<String, String>, path: &[&str]) {
        let carried = OWN_ANNOTATION_BYTES + size(&self.app.annotations);
        check_annotations(annotations, carried, path, self.places, self.diagnostics);
    }

    /// Names of objects end up in labels too, so none may be longer than a label's value.
    fn derived(&mut self, name: &str, kind: &str, path: &[&str]) {
        let over = name.len().saturating_sub(63);
        if over > 0 && names::is_dns_label(&self.app.id.name) {
            self.key_error(
                Code::DerivedNameTooLong,
                path,
                format!("the name of the {kind}, `{}`, would have {} characters", shown(name), name.len()),
                &format!("at most 63 are possible; shorten the app's name by {over}"),
            );
        }
    }
}

/// Labels under `path`, none of which is ours to set.
fn check_labels(
    labels: &BTreeMap<String, String>,
    path: &[&str],
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for (key, value) in labels {
        if !reserved(key, path, places, diagnostics) {
            label_syntax(key, value, path, places, diagnostics);
        }
    }
}

/// The key and value of a label under `path`.
pub(super) fn label_syntax(
    key: &str,
    value: &str,
    path: &[&str],
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let full: Vec<&str> = path.iter().copied().chain([key]).collect();
    if !names::is_qualified_name(key) {
        let message = format!("{} cannot be the key of a label", quoted(key));
        diagnostics.push(
            Diagnostic::error(Code::InvalidLabel, places.key(&full), message)
                .help("at most 63 letters, digits, `-`, `_` and `.`, perhaps after `a.domain/`"),
        );
    }
    if !names::is_label_value(value) {
        let message = format!("{} cannot be the value of a label", quoted(value));
        diagnostics.push(Diagnostic::error(Code::InvalidLabel, places.of(&full), message).help(
            if matches!(path, ["selector"] | ["placement", ..]) {
                "at most 63 letters, digits, `-`, `_` and `.`, as everywhere in Kubernetes"
            } else {
                "at most 63 letters, digits, `-`, `_` and `.`; anything else can be an annotation"
            },
        ));
    }
}

/// Annotations under `path`, of an object that carries so many bytes of others.
fn check_annotations(
    annotations: &BTreeMap<String, String>,
    others: usize,
    path: &[&str],
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for key in annotations.keys() {
        if !reserved(key, path, places, diagnostics) {
            annotation_syntax(key, path, places, diagnostics);
        }
    }
    annotation_size(annotations, others, path, places, diagnostics);
}

/// The key of an annotation under `path`.
pub(super) fn annotation_syntax(
    key: &str,
    path: &[&str],
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if !names::is_qualified_name(&key.to_ascii_lowercase()) {
        let full: Vec<&str> = path.iter().copied().chain([key]).collect();
        let message = format!("{} cannot be the key of an annotation", quoted(key));
        diagnostics.push(
            Diagnostic::error(Code::InvalidAnnotation, places.key(&full), message)
                .help("at most 63 letters, digits, `-`, `_` and `.`, perhaps after `a.domain/`"),
        );
    }
}

/// How large annotations are together, on an object that carries so many bytes of others.
fn annotation_size(
    annotations: &BTreeMap<String, String>,
    others: usize,
    path: &[&str],
    places: Places<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let (bytes, room) = (size(annotations), MAX_ANNOTATION_BYTES.saturating_sub(others));
    if bytes > room && !annotations.is_empty() {
        let message = format!("the annotations are {bytes} bytes together");
        diagnostics.push(
            Diagnostic::error(Code::InvalidAnnotation, places.key(path), message)
                .help(format!("at most {room} bytes fit on one object, beside those that it has anyway")),
        );
    }
}

/// Entries whose value is a text; another one is reported as such.
fn texts(entries: &[Entry]) -> impl Iterator<Item = (&str, &str)> {
    entries.iter().filter_map(|entry| Some((entry.key.text.as_str(), entry.value.text()?)))
}

/// Keys and values, in bytes.
fn size(annotations: &BTreeMap<String, String>) -> usize {
    annotations.iter().map(|(key, value)| key.len() + value.len()).sum()
}

fn reserved(key: &str, path: &[&str], places: Places<'_>, diagnostics: &mut Vec<Diagnostic>) -> bool {
    let Some(prefix) = RESERVED.into_iter().find(|prefix| key.starts_with(prefix)) else { return false };
    let full: Vec<&str> = path.iter().copied().chain([key]).collect();
    let message = format!("`{}` is set by portfolio itself", shown(key));
    diagnostics.push(
        Diagnostic::error(Code::ReservedKey, places.key(&full), message)
            .help(format!("choose a key without the prefix `{prefix}`")),
    );
    true
}
