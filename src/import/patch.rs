//! Differences into patches. Fields are merged; items of lists are added and removed by operations, each removal behind
//! a test, so that a document whose lists have changed since is told so and nothing else is removed.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::compare::{Change, Difference, Step};
use super::json::escaped;
use crate::document::{Json, Patch, PatchOperation, PatchOperator};

/// Patches under construction, by target.
#[derive(Default)]
pub(super) struct Patching {
    targets: BTreeMap<String, Target>,
}

#[derive(Default)]
struct Target {
    merge: Map<String, Value>,
    operations: Vec<PatchOperation>,
    /// Operations that take away items, which must come last and from the end.
    removals: Vec<(String, Vec<PatchOperation>)>,
    moves: Vec<PatchOperation>,
}

impl Patching {
    /// Takes in a difference: the object gets what it lacks, and loses what it has in excess.
    pub(super) fn add(&mut self, target: &str, difference: &Difference) {
        let target = self.targets.entry(target.to_owned()).or_default();
        let fields: Option<Vec<&str>> = difference
            .path
            .iter()
            .map(|step| match step {
                Step::Field(name) => Some(name.as_str()),
                Step::Item { .. } => None,
            })
            .collect();
        let wanted = match &difference.change {
            Change::Missing(value) | Change::Other { wanted: value, .. } => Some(value.clone()),
            Change::Extra(_) => None,
        };
        match fields {
            Some(fields) => merge(&mut target.merge, &fields, wanted.unwrap_or(Value::Null)),
            None => target.operation(difference),
        }
    }

    /// Takes in a replacement at a pointer.
    pub(super) fn replace(&mut self, target: &str, pointer: &str, value: Value) {
        let target = self.targets.entry(target.to_owned()).or_default();
        target.operations.push(operation(PatchOperator::Replace, pointer.to_owned(), Some(value)));
    }

    /// Takes in a move of an item to another place in its list, once nothing is added or removed any more.
    pub(super) fn move_item(&mut self, target: &str, list: &str, from: usize, to: usize) {
        let target = self.targets.entry(target.to_owned()).or_default();
        let path = format!("{list}/{to}");
        let from = Some(format!("{list}/{from}"));
        target.moves.push(PatchOperation { op: PatchOperator::Move, path, from, value: None });
    }

    /// The patches, by target, merges first.
    pub(super) fn finish(self) -> Vec<Patch> {
        let mut patches = Vec::new();
        for (name, target) in self.targets {
            if !target.merge.is_empty() {
                let merge = Some(Json(Value::Object(target.merge)));
                patches.push(Patch { target: name.clone(), merge, json: Vec::new() });
            }
            let mut removals = target.removals;
            removals.sort_by(|one, other| other.0.cmp(&one.0));
            let removals = removals.into_iter().flat_map(|(_, removal)| removal);
            let json: Vec<_> = target.operations.into_iter().chain(removals).chain(target.moves).collect();
            if !json.is_empty() {
                patches.push(Patch { target: name, merge: None, json });
            }
        }
        patches
    }
}

impl Target {
    fn operation(&mut self, difference: &Difference) {
        let path = pointer(&difference.path);
        let inside = match (&difference.change, difference.path.split_last()) {
            // The item itself is added or removed.
            (Change::Missing(_) | Change::Extra(_), Some((Step::Item { .. }, list))) => list,
            _ => &difference.path,
        };
        self.test(inside);
        match (&difference.change, difference.path.last()) {
            (Change::Missing(value), Some(Step::Item { .. })) => {
                let list = pointer(difference.path.split_last().map_or(&[], |(_, list)| list));
                self.operations.push(operation(PatchOperator::Add, format!("{list}/-"), Some(value.clone())));
            }
            (Change::Missing(value), _) => {
                self.operations.push(operation(PatchOperator::Add, path, Some(value.clone())));
            }
            (Change::Other { wanted, .. }, _) => {
                self.operations.push(operation(PatchOperator::Replace, path, Some(wanted.clone())));
            }
            (Change::Extra(_), Some(step @ Step::Item { index, .. })) => {
                let test = test(&path, step);
                let remove = operation(PatchOperator::Remove, path.clone(), None);
                let list = pointer(difference.path.split_last().map_or(&[], |(_, list)| list));
                // By the list, then by the place in it.
                self.removals
                    .push((format!("{list} {index:08}"), test.into_iter().chain([remove]).collect()));
            }
            (Change::Extra(_), _) => self.operations.push(operation(PatchOperator::Remove, path, None)),
        }
    }
}

impl Target {
    /// Makes sure that the items which a path leads through are those that were meant. The app's container is always
    /// the first one.
    fn test(&mut self, path: &[Step]) {
        for (at, step) in path.iter().enumerate() {
            let before = path.get(..at).unwrap_or_default();
            let is_container = matches!(before.last(), Some(Step::Field(field)) if field == "containers");
            let here = path.get(..=at).unwrap_or_default();
            if let Some(test) = test(&pointer(here), step).filter(|_| !is_container)
                && !self.operations.contains(&test)
            {
                self.operations.push(test);
            }
        }
    }
}

/// A test for what names an item.
fn test(path: &str, step: &Step) -> Option<PatchOperation> {
    let Step::Item { keys, .. } = step else { return None };
    let (key, value) = keys.first()?;
    let is_number = matches!(key.as_str(), "containerPort" | "port");
    let value =
        value.parse::<u16>().ok().filter(|_| is_number).map_or_else(|| json!(value), |port| json!(port));
    Some(operation(PatchOperator::Test, format!("{path}/{}", escaped(key)), Some(value)))
}

fn operation(op: PatchOperator, path: String, value: Option<Value>) -> PatchOperation {
    PatchOperation { op, path, from: None, value: value.map(Json) }
}

/// The JSON pointer (RFC 6901) of a path.
pub(super) fn pointer(path: &[Step]) -> String {
    path.iter()
        .map(|step| match step {
            Step::Field(name) => format!("/{}", escaped(name)),
            Step::Item { index, .. } => format!("/{index}"),
        })
        .collect()
}

fn merge(map: &mut Map<String, Value>, fields: &[&str], value: Value) {
    match fields {
        [] => {}
        [last] => {
            map.insert((*last).to_owned(), value);
        }
        [first, rest @ ..] => {
            let inner = map.entry((*first).to_owned()).or_insert_with(|| json!({}));
            if let Value::Object(inner) = inner {
                merge(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::compare::compare;

    fn patches(wanted: &Value, actual: &Value) -> Vec<Patch> {
        let mut patching = Patching::default();
        for difference in compare(wanted, actual) {
            patching.add("Deployment", &difference);
        }
        patching.finish()
    }

    /// What rendering does with them.
    fn applied(actual: &Value, patches: &[Patch]) -> Value {
        let mut value = actual.clone();
        for patch in patches {
            if let Some(merge) = &patch.merge {
                json_patch::merge(&mut value, &merge.0);
            }
            let operations: json_patch::Patch = serde_json::from_value(json!(patch.json)).unwrap();
            json_patch::patch(&mut value, &operations).unwrap();
        }
        value
    }

    #[test]
    fn patches_make_the_actual_object_the_wanted_one() {
        let wanted = json!({"spec": {"a/b": 1, "deep": {"er": [1, 2]}, "same": true,
            "volumes": [{"name": "b", "x": {}}, {"name": "d"}],
            "containers": [{"name": "app", "env": [{"name": "A", "value": "2"}]}]}});
        let actual = json!({"spec": {"a/b": 2, "same": true, "extra": {"x": 1},
            "volumes": [{"name": "a"}, {"name": "b", "y": 1}, {"name": "c"}],
            "containers": [{"name": "app", "lifecycle": {}, "env": [{"name": "B"}, {"name": "A", "value": "1"}]}]}});
        let patches = patches(&wanted, &actual);
        assert_eq!(applied(&actual, &patches), wanted, "{patches:#?}");
    }

    #[test]
    fn an_item_is_removed_only_if_it_is_the_one_that_was_meant() {
        let wanted = json!({"volumes": [{"name": "b"}]});
        let actual = json!({"volumes": [{"name": "a"}, {"name": "b"}]});
        let patches = patches(&wanted, &actual);
        let operations: Vec<_> = patches[0].json.iter().map(|one| (one.op, one.path.as_str())).collect();
        assert_eq!(
            operations,
            [(PatchOperator::Test, "/volumes/0/name"), (PatchOperator::Remove, "/volumes/0")]
        );
    }
}
