//! `ConfigMap`: the app's files, immutable, named by their content.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::ConfigMap;

use super::subject::{Subject, some_entries};
use crate::document::ConfigFile;
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Option<Object> {
    let name = subject.config_map.as_ref()?;
    let mut data = BTreeMap::new();
    let mut binary_data = BTreeMap::new();
    for (file, content) in &subject.app.config_files {
        match content {
            ConfigFile::Text(text) => {
                data.insert(file.clone(), text.clone());
            }
            ConfigFile::Base64(text) => {
                let bytes = STANDARD.decode(text).unwrap_or_default();
                binary_data.insert(file.clone(), ByteString(bytes));
            }
        }
    }
    let map = ConfigMap {
        metadata: subject.meta(name),
        immutable: Some(true),
        data: some_entries(data),
        binary_data: some_entries(binary_data),
    };
    Some(subject.object(Kind::ConfigMap, map))
}
