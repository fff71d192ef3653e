//! [`Manifest`]: one Kubernetes object of the input, as it was written and as far as it says something.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::compare::{Step, display};
use super::defaults;
use super::report::{Fate, Finding};
use super::withhold::{Withheld, withhold};
use super::yaml::Node;
use super::{Options, Place};
use crate::document::{Code, Diagnostic};

/// An object of the input.
pub(super) struct Manifest {
    pub(super) file: String,
    node: Node,
    /// What it says: without status, without what the API server sets or would set anyway.
    pub(super) said: Value,
    /// What is not copied, since it looks like a secret.
    pub(super) withheld: Vec<Withheld>,
    pub(super) kind: String,
    group: String,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Manifest {
    /// `Deployment/web`
    pub(super) fn reference(&self) -> String {
        format!("{}/{}", self.kind, self.name)
    }

    /// The API group of the kind; old groups of kinds that moved count as their new ones.
    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        let group_is = self.group == group
            || self.group == "extensions" && matches!(group, "apps" | "networking.k8s.io");
        self.kind == kind && group_is
    }

    /// The object as a document can have it among its `objects`.
    pub(super) fn content(&self) -> Value {
        let is_known = defaults::is_known(&self.kind);
        let mut content = if is_known { self.said.clone() } else { self.node.json() };
        if let Value::Object(fields) = &mut content {
            fields.remove("status");
        }
        if let Some(metadata) = content.get_mut("metadata") {
            defaults::strip_metadata(metadata);
            metadata.as_object_mut().and_then(|metadata| metadata.remove("namespace"));
        }
        // What it says is without secrets already; this is how it was written.
        if !is_known {
            withhold(&self.kind, &self.name, &self.namespace, &mut content);
        }
        content
    }

    /// Where the object begins.
    pub(super) fn place(&self) -> Place {
        Place { file: self.file.clone(), line: self.node.span.line }
    }

    /// Where a field is, or as much of its path as there is.
    pub(super) fn place_of(&self, path: &[Step]) -> Place {
        let mut node = &self.node;
        let mut line = node.span.line;
        for step in path {
            let next = match step {
                Step::Field(name) => {
                    let entry = node.entries().iter().find(|entry| entry.key == *name);
                    entry.inspect(|entry| line = entry.span.line).map(|entry| &entry.value)
                }
                Step::Item { keys, index } => {
                    let named = |item: &&Node| {
                        !keys.is_empty()
                            && keys.iter().all(|(key, value)| {
                                item.get(key)
                                    .map_or_else(|| value == "TCP", |found| found.text() == Some(value))
                            })
                    };
                    let items = node.items();
                    let item = items.iter().find(named).or_else(|| items.get(*index));
                    item.inspect(|item| line = item.span.line)
                }
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        Place { file: self.file.clone(), line }
    }

    /// What of it is not copied.
    pub(super) fn held_back(&self) -> impl Iterator<Item = Finding> {
        self.withheld.iter().map(|withheld| {
            Finding::new(Fate::Unfit, self.reference(), withheld.message.clone())
                .path(display(&withheld.path))
                .at(self.place_of(&withheld.path))
        })
    }

    /// Whether another object made this one and would make it again.
    pub(super) fn controller(&self) -> Option<String> {
        let owners = self.said.pointer("/metadata/ownerReferences")?.as_array()?;
        let owner = owners.iter().find(|owner| owner.get("controller") == Some(&Value::Bool(true)))?;
        let text = |key: &str| owner.get(key).and_then(Value::as_str).unwrap_or_default();
        Some(format!("{}/{}", text("kind"), text("name")))
    }
}

/// The objects of a YAML document, those of Lists one by one.
pub(super) fn manifests(
    file: &str,
    node: Node,
    options: &Options,
    found: &mut Vec<Manifest>,
    problems: &mut Vec<Diagnostic>,
) {
    let text = |key: &str| node.get(key).and_then(Node::text).map(str::to_owned);
    let missing = |field: &str, help: &str| {
        let message = format!("this is no Kubernetes object and no compose file: it has no `{field}`");
        Diagnostic::error(Code::MissingField, node.span, message).help(help).in_file(file)
    };
    let Some(kind) = text("kind") else {
        return problems.push(missing("kind", "write `kind: Deployment`, or leave the document out"));
    };
    let Some(api_version) = text("apiVersion") else {
        return problems.push(missing("apiVersion", "write it, such as `apiVersion: apps/v1`"));
    };
    if let Some(items) = node.get("items").filter(|_| kind.ends_with("List")) {
        for item in items.items() {
            manifests(file, item.clone(), options, found, problems);
        }
        return;
    }
    let metadata = node.get("metadata");
    let name = metadata.and_then(|metadata| metadata.get("name")).and_then(Node::text);
    let Some(name) = name.map(str::to_owned) else {
        let span = metadata.map_or(node.span, |metadata| metadata.span);
        let message = format!("the {kind} has no name");
        let problem = Diagnostic::error(Code::MissingField, span, message);
        return problems.push(problem.help("write `metadata: {name: …}`").in_file(file));
    };
    let namespace = metadata.and_then(|metadata| metadata.get("namespace")).and_then(Node::text);
    let namespace = namespace.or(options.namespace.as_deref()).unwrap_or("default").to_owned();
    let group = api_version.split_once('/').map_or("", |(group, _)| group).to_owned();
    let mut said = node.json();
    let is_live = ["uid", "resourceVersion"]
        .iter()
        .any(|field| said.get("metadata").and_then(|metadata| metadata.get(field)).is_some());
    if api_version == "autoscaling/v1" {
        to_v2(&mut said);
    }
    defaults::strip(&kind, &mut said, is_live);
    let withheld = withhold(&kind, &name, &namespace, &mut said);
    found.push(Manifest { file: file.to_owned(), node, said, withheld, kind, group, namespace, name });
}

/// Objects that are there twice: one of them would be lost.
pub(super) fn twice(manifests: &[Manifest]) -> Vec<Diagnostic> {
    let mut seen = BTreeMap::new();
    let mut found = Vec::new();
    for manifest in manifests {
        let identity = (&manifest.group, &manifest.kind, &manifest.namespace, &manifest.name);
        let Some(first) = seen.insert(identity, manifest) else { continue };
        let message = format!("{} of namespace {} is there twice", manifest.reference(), manifest.namespace);
        found.push(
            Diagnostic::error(Code::DuplicateDocument, manifest.node.span, message)
                .help(format!(
                    "it is in {} from line {} on: leave one of them out",
                    first.file, first.node.span.line
                ))
                .in_file(&manifest.file),
        );
    }
    found
}

/// An autoscaler of autoscaling/v1, which says the same as v2 in fewer words.
fn to_v2(scaler: &mut Value) {
    let Some(fields) = scaler.as_object_mut() else { return };
    fields.insert("apiVersion".to_owned(), json!("autoscaling/v2"));
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return };
    if let Some(percent) = spec.remove("targetCPUUtilizationPercentage") {
        let target = json!({"type": "Utilization", "averageUtilization": percent});
        spec.insert(
            "metrics".to_owned(),
            json!([{"type": "Resource", "resource": {"name": "cpu", "target": target}}]),
        );
    }
}
