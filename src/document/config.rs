//! The configuration files of an app: those of `config` and those of the folder `configFrom`.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::check::Surroundings;
use super::diagnostic::{quoted, shown};
use super::folder::{self, MAX_FOLDER_BYTES};
use super::node::Places;
use super::{AppSpec, Code, ConfigFile, Diagnostic};

/// Collects the files; what is wrong with them is reported at `config` or `configFrom`.
pub(in crate::document) fn config_files(
    spec: &AppSpec,
    places: Places<'_>,
    around: Surroundings<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> BTreeMap<String, ConfigFile> {
    let mut files: BTreeMap<String, ConfigFile> =
        spec.config.iter().map(|(name, text)| (name.clone(), ConfigFile::Text(text.clone()))).collect();
    for name in spec.config.keys().filter(|name| !is_config_key(name)) {
        diagnostics.push(
            Diagnostic::error(
                Code::ConfigFileName,
                places.key(&["config", name]),
                format!("{} is not the name of a configuration file", quoted(name)),
            )
            .help("at most 253 letters, digits, `-`, `_` and `.`; there are no folders in a ConfigMap"),
        );
    }
    if let Some(written) = &spec.config_from {
        folder_files(written, places, around, &mut files, diagnostics);
    }
    let bytes: usize = files.iter().map(|(name, file)| name.len() + size(file)).sum();
    if bytes > MAX_FOLDER_BYTES {
        let path = if spec.config_from.is_some() { "configFrom" } else { "config" };
        diagnostics.push(
            Diagnostic::error(
                Code::FilesTooLarge,
                places.of(&[path]),
                format!("the configuration files are {bytes} bytes together"),
            )
            .help(format!(
                "at most {MAX_FOLDER_BYTES} bytes fit into a ConfigMap; put large files into the image"
            )),
        );
    }
    files
}

fn folder_files(
    written: &str,
    places: Places<'_>,
    around: Surroundings<'_>,
    files: &mut BTreeMap<String, ConfigFile>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let span = places.of(&["configFrom"]);
    let folder = match folder::resolve(around.file, written, span) {
        Ok(folder) => folder,
        Err(diagnostic) => return diagnostics.push(*diagnostic),
    };
    let ours = folder::entries(around.tree, &folder).find(|(path, _)| around.document_files.contains(path));
    if let Some((path, _)) = ours {
        diagnostics.push(
            Diagnostic::error(
                Code::DocumentInFolder,
                span,
                format!("the folder `{}` contains documents: `{}`", shown(written), shown(path)),
            )
            .help("keep configuration files in a folder of their own"),
        );
        return;
    }
    let visible = |name: &str| !super::ignore::is_hidden(name);
    for file in folder::files(around.tree, &folder, span, visible, diagnostics) {
        if !is_config_key(file.name) {
            diagnostics.push(
                Diagnostic::error(
                    Code::ConfigFileName,
                    span,
                    format!("{} is not the name of a configuration file", quoted(file.name)),
                )
                .help("at most 253 letters, digits, `-`, `_` and `.`; there are no folders in a ConfigMap"),
            );
            continue;
        }
        let content = match std::str::from_utf8(file.bytes) {
            Ok(text) => ConfigFile::Text(text.to_owned()),
            Err(_) => ConfigFile::Base64(STANDARD.encode(file.bytes)),
        };
        if files.insert(file.name.to_owned(), content).is_some() {
            diagnostics.push(
                Diagnostic::error(
                    Code::ConfigCollision,
                    places.key(&["config", file.name]),
                    format!("`{}` is in `config` and in the folder of `configFrom`", shown(file.name)),
                )
                .label(span, "the folder")
                .help("keep one of them"),
            );
        }
    }
}

fn size(file: &ConfigFile) -> usize {
    match file {
        ConfigFile::Text(text) => text.len(),
        ConfigFile::Base64(base64) => base64.len() / 4 * 3,
    }
}

/// Source: k8s.io/apimachinery `IsConfigMapKey`.
fn is_config_key(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && !name.starts_with("..")
        && name.len() <= 253
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}
