//! [`AnyApp`]: valid `PortfolioApp` documents of every shape, as the text that people would write.
//!
//! It knows the documents by what is published of them, and nothing of the code that reads them: every test that
//! generates documents takes them from here. A module is a subject of the `spec`; each field is there or not by
//! chance, and `fit` takes back what does not go together, so that shrinking a document keeps it valid.

mod around;
mod fields;
mod fit;
mod jobs;
mod life;
mod manifests;
mod pods;
mod storage;

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use fields::{Field, annotations, form, labels, map, record, sometimes};

/// Stands for the app's name in the values of a `spec`: names of objects must be the app's own.
const NAME: &str = "{app}";

/// The kinds of what is in `objects`, which the configuration must allow.
pub const KINDS: [&str; 4] = ["ConfigMap", "Lease", "Role", "RoleBinding"];

/// What a document says, but for the app's name and namespace.
#[derive(Clone, Debug)]
pub struct AnyApp {
    /// `labels` and `annotations` of the metadata.
    pub metadata: Map<String, Value>,
    /// The `spec`.
    pub spec: Map<String, Value>,
    /// The files that the `spec` refers to, by their path from the document's.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Whether it is written in YAML's flow style, which is JSON.
    pub flow: bool,
}

impl AnyApp {
    /// The document of an app of this name. Names of at most 30 characters leave room for all derived ones.
    pub fn document(&self, namespace: &str, name: &str) -> Value {
        let mut metadata = Map::from_iter([
            ("name".to_owned(), Value::from(name)),
            ("namespace".to_owned(), Value::from(namespace)),
        ]);
        metadata.extend(self.metadata.clone());
        let mut document = json!({
            "apiVersion": "portfolio.dev/v1alpha1",
            "kind": "PortfolioApp",
            "metadata": metadata,
            "spec": self.spec,
        });
        put_name(&mut document, name);
        document
    }

    /// The document as text.
    pub fn text(&self, namespace: &str, name: &str) -> String {
        let document = self.document(namespace, name);
        if self.flow {
            printable(&format!("{document:#}\n"))
        } else {
            serde_yaml::to_string(&document).unwrap_or_else(|_| document.to_string())
        }
    }
}

/// JSON takes characters as they are that YAML wants escaped (YAML 1.2.2, section 5.1).
fn printable(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
                text.push_str(&format!("\\u{:04x}", u32::from(char)));
            }
            char => text.push(char),
        }
    }
    text
}

fn put_name(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if text.contains(NAME) => *text = text.replace(NAME, name),
        Value::Array(items) => items.iter_mut().for_each(|item| put_name(item, name)),
        Value::Object(fields) => fields.values_mut().for_each(|field| put_name(field, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Any valid app.
pub fn any_app() -> BoxedStrategy<AnyApp> {
    let metadata = record(vec![sometimes("labels", labels(0..4)), sometimes("annotations", annotations())]);
    let folder =
        btree_map(form("f[a-zA-Z0-9._-]{0,12}"), proptest::collection::vec(any::<u8>(), 0..40), 1..3);
    (metadata, spec(), folder, any::<bool>())
        .prop_map(|(metadata, spec, folder, flow)| {
            let spec = fit::fit(spec);
            let has_folder = spec.contains_key("configFrom");
            let folder = folder.into_iter().map(|(file, bytes)| (format!("config/{file}"), bytes));
            AnyApp { metadata, spec, files: folder.filter(|_| has_folder).collect(), flow }
        })
        .boxed()
}

/// Every field of the `spec`, before it is seen whether they go together.
fn spec() -> BoxedStrategy<Map<String, Value>> {
    let subjects: Vec<Vec<Field>> = vec![
        pods::fields(),
        around::fields(),
        storage::fields(),
        jobs::fields(),
        life::fields(),
        manifests::fields(),
        vec![sometimes("environments", environments())],
    ];
    record(subjects.into_iter().flatten().collect())
}

/// Overlays that are valid over every other field.
fn environments() -> BoxedStrategy<Value> {
    let overlay = prop_oneof![
        Just(json!({"enabled": false})),
        map("OVERLAY_[A-Z]{1,4}", fields::scalar(), 0..3).prop_map(|env| json!({"env": env})),
        fields::duration(61..900).prop_map(|deadline| json!({"rollout": {"deadline": deadline}})),
    ];
    map("(dev|staging|prod)", overlay.boxed(), 1..3)
}
