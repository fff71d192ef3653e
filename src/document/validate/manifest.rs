//! What is written out of Kubernetes: containers, objects, patches, ignored fields, as far as their own words go. What
//! patches meet is checked once the app is rendered.

use super::{Rules, schedule};
use crate::document::diagnostic::{quoted, shown};
use crate::document::node::{Entry, Node, Value};
use crate::document::reserved::reserved;
use crate::document::structure::{self, Mode, Pod, Role};
use crate::document::{Code, Patch, PatchOperation, PatchOperator, Reserved, Target, volume_name};

/// The name of the app's own container.
const CONTAINER: &str = "app";

impl Rules<'_> {
    pub(super) fn manifests(&mut self) {
        let spec = &self.app.spec;
        self.containers();
        for (number, item) in items(self.places.root.get("objects")).iter().enumerate() {
            let place = item.entry("kind").map_or(item.span, Entry::place);
            structure::object(item, "objects", place, self.diagnostics);
            self.object(item, &number.to_string());
        }
        for (number, patch) in spec.patches.iter().enumerate() {
            self.patch(&number.to_string(), patch);
        }
        for (number, ignored) in spec.drift.iter().flat_map(|drift| &drift.ignore).enumerate() {
            let number = number.to_string();
            self.target(&["drift", "ignore", &number, "target"], &ignored.target);
            self.pointer(&["drift", "ignore", &number, "path"], &ignored.path);
            if let Some(why) = reserved(&ignored.path) {
                let why = match why {
                    Reserved::Identity | Reserved::Mark => "is how the object is known",
                    Reserved::Cluster => "is set by the cluster, which is never drift",
                };
                self.error(
                    Code::PatchIdentity,
                    &["drift", "ignore", &number, "path"],
                    format!("`{}` {why}", shown(&ignored.path)),
                    "ignore a field of its content",
                );
            }
        }
        if let Some(window) = &spec.window {
            schedule::window(window, &["window"], self.places, self.diagnostics);
        }
    }

    /// Containers that are written out, with the pod that they are for.
    fn containers(&mut self) {
        let spec = &self.app.spec;
        if spec.sidecars.is_empty() && spec.init_containers.is_empty() {
            return;
        }
        let volumes = volume_name::volumes(self.app).chain(added_volumes(&spec.patches));
        let mut pod = Pod::new([CONTAINER.to_owned()], volumes);
        for (field, role) in [("initContainers", Role::Init), ("sidecars", Role::Sidecar)] {
            for item in items(self.places.root.get(field)) {
                structure::container(item, role, field, &mut pod, self.diagnostics);
            }
        }
    }

    fn patch(&mut self, number: &str, patch: &Patch) {
        let path = ["patches", number];
        if self.whole || !patch.target.is_empty() {
            self.target(&["patches", number, "target"], &patch.target);
        }
        if patch.merge.is_some() != patch.json.is_empty() && self.whole {
            let path: &[&str] = if patch.merge.is_some() { &path } else { &["patches", number, "json"] };
            self.key_error(
                Code::PatchKind,
                path,
                "a patch has exactly one of `merge` and `json`",
                "write `merge: {spec: {…}}` for fields, `json: [{op: add, path: …, value: …}]` for items of lists",
            );
        }
        let path = ["patches", number, "merge"];
        let target = Target::parse(&patch.target);
        let is_foreign = target.is_some_and(|target| target.is_foreign());
        if let Some(node) = self.places.node(&path) {
            match (&node.value, target.and_then(|target| target.type_name())) {
                (Value::Scalar { .. } | Value::Seq(_), _) => self.key_error(
                    Code::PatchKind,
                    &path,
                    format!("`merge` must be a map of fields, not {}", node.kind()),
                    "write the fields as they are in the object, such as `merge: {spec: {…}}`",
                ),
                (Value::Map(_), Some(of)) => {
                    let place = self.places.key(&path);
                    structure::check(of, node, "merge", place, Mode::Partial, self.diagnostics);
                }
                (Value::Map(_), None) if is_foreign => {
                    structure::foreign(node, "merge", self.places.key(&path), self.diagnostics);
                }
                (Value::Map(_), None) => {}
            }
        }
        for (at, operation) in patch.json.iter().enumerate() {
            let path = ["patches", number, "json", &at.to_string()];
            self.operation(&path, operation);
            let value = [&path[..], &["value"]].concat();
            if let Some(node) = self.places.node(&value).filter(|_| is_foreign) {
                structure::foreign(node, "value", self.places.of(&value), self.diagnostics);
            }
        }
    }

    fn operation(&mut self, path: &[&str], operation: &PatchOperation) {
        let (from, value) = match operation.op {
            PatchOperator::Add | PatchOperator::Replace | PatchOperator::Test => (false, true),
            PatchOperator::Remove => (false, false),
            PatchOperator::Move | PatchOperator::Copy => (true, false),
        };
        for (field, there, wanted) in
            [("from", operation.from.is_some(), from), ("value", operation.value.is_some(), value)]
        {
            let op = format!("{:?}", operation.op).to_lowercase();
            if wanted && !there && self.whole {
                let help = format!("write `{field}: …`");
                self.error(Code::PatchKind, path, format!("the operation `{op}` needs `{field}`"), &help);
            } else if there && !wanted {
                let at = [path, &[field]].concat();
                self.key_error(
                    Code::PatchKind,
                    &at,
                    format!("the operation `{op}` has no `{field}`"),
                    "remove it",
                );
            }
        }
        self.pointer(&[path, &["path"]].concat(), &operation.path);
        if let Some(pointer) = &operation.from {
            self.pointer(&[path, &["from"]].concat(), pointer);
        }
    }

    /// A kind, or `Kind/name`.
    fn target(&mut self, path: &[&str], target: &str) {
        if Target::parse(target).is_none() {
            self.error(
                Code::InvalidTarget,
                path,
                format!("{} is neither a kind nor `Kind/name`", quoted(target)),
                "write `Deployment`, or `Ingress/shop` for the one of this name",
            );
        }
    }

    /// Source: RFC 6901 section 3.
    fn pointer(&mut self, path: &[&str], pointer: &str) {
        let escaped = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        if (!pointer.starts_with('/') && self.whole) || !escaped {
            self.error(
                Code::InvalidPointer,
                path,
                format!("{} is not a JSON pointer", quoted(pointer)),
                "write the keys with `/` before each, such as `/spec/replicas`; a `/` within a key is `~1`",
            );
        }
    }
}

/// The items of a list.
fn items(node: Option<&Node>) -> &[Node] {
    match node.map(|node| &node.value) {
        Some(Value::Seq(items)) => items,
        Some(Value::Map(_) | Value::Scalar { .. }) | None => &[],
    }
}

/// Volumes that patches add to the pods.
fn added_volumes(patches: &[Patch]) -> impl Iterator<Item = String> {
    const VOLUMES: &str = "/spec/template/spec/volumes";
    let merged = patches.iter().filter_map(|patch| patch.merge.as_ref()?.0.pointer(VOLUMES)?.as_array());
    let added = patches
        .iter()
        .flat_map(|patch| &patch.json)
        .filter(|operation| operation.path.starts_with(VOLUMES))
        .filter_map(|operation| operation.value.as_ref());
    let added =
        added.flat_map(|value| value.0.as_array().map_or(std::slice::from_ref(&value.0), Vec::as_slice));
    let all = merged.flatten().chain(added);
    all.filter_map(|volume| Some(volume.get("name")?.as_str()?.to_owned()))
}
