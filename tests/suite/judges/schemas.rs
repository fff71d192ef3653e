//! JSON Schemas of the kinds that are rendered, as the running API server publishes them (`/openapi/v3`), strict: a field
//! that is not in a schema is an error.
//!
//! What the server cannot say in a schema (a quantity, an `IntOrString`) is a union there already.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use portfolio::object::Kind;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::Sandbox;

/// Schemas in a folder of its own, one file a kind.
pub struct Schemas {
    folder: TempDir,
}

impl Schemas {
    /// Asks the server for those of these kinds.
    pub fn of(kinds: &BTreeSet<Kind>, sandbox: &Sandbox) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let versions: BTreeSet<String> = kinds.iter().map(|kind| kind.api_version()).collect();
        for version in versions {
            let root = if version.contains('/') { "apis" } else { "api" };
            let text = sandbox.kubectl(&["get", "--raw", &format!("/openapi/v3/{root}/{version}")]);
            let published: Value = serde_json::from_str(&text).unwrap();
            let all = published["components"]["schemas"].as_object().unwrap();
            for kind in kinds.iter().filter(|kind| kind.api_version() == version) {
                let schema = schema(*kind, all);
                fs::write(file(folder.path(), *kind), schema.to_string()).unwrap();
            }
        }
        Self { folder }
    }

    /// Where kubeconform finds the schema of a kind.
    pub fn location(&self) -> String {
        format!("{}/{{{{ .ResourceKind }}}}.json", self.folder.path().display())
    }
}

fn file(folder: &Path, kind: Kind) -> PathBuf {
    folder.join(format!("{}.json", kind.name().to_lowercase()))
}

/// The schema of a kind with all that it refers to.
fn schema(kind: Kind, all: &Map<String, Value>) -> Value {
    let own = json!({"group": kind.group(), "kind": kind.name(), "version": kind.version()});
    let is_own = |schema: &&Value| {
        schema["x-kubernetes-group-version-kind"].as_array().is_some_and(|kinds| kinds.contains(&own))
    };
    let mut root = all.values().find(is_own).unwrap_or_else(|| panic!("no schema of {kind}")).clone();
    let mut definitions = all.clone();
    definitions.values_mut().chain([&mut root]).for_each(strict);
    root["definitions"] = Value::Object(definitions);
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root
}

/// Lets in no other fields than are named, and finds what is referred to in the same file.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".to_owned(), false.into());
            }
            if let Some(Value::String(target)) = fields.get_mut("$ref") {
                *target = target.replace("#/components/schemas/", "#/definitions/");
            }
            fields.values_mut().for_each(strict);
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
