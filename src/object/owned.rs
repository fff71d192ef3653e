//! [`owned`]: what an apply of ours would change in a live object, as two values that can be shown.
//!
//! It covers what a projection covers: the fields that our manager owns before or after the apply, and those that
//! people's tools own, which a repair takes away. Status, defaults and what controllers add are left out of both
//! sides. Called by `diff --live` with the answer to a dry run.

use serde_json::{Map, Value};

use super::fields::{self, Fields, Step, below};
use super::fold::{split, union};
use super::managers::Managers;

/// The owned part of an object before and after an apply of ours. No live object: it is created; no applied one:
/// it is deleted.
pub fn owned(
    live: Option<&Value>,
    applied: Option<&Value>,
    managers: &Managers,
) -> (Option<Value>, Option<Value>) {
    let mut theirs = Fields::new();
    let of_people = live.into_iter().flat_map(fields::entries).filter(|entry| managers.covers(entry));
    for entry in of_people {
        union(&mut theirs, taken(entry.fields, managers));
    }
    let ours =
        |object: &Value| fields::ours(object).map(|fields| taken(fields, managers)).unwrap_or_default();
    let after = applied.map(ours).unwrap_or_default();
    let mut before = live.map(ours).unwrap_or_default();
    union(&mut before, theirs.clone());
    let mut left = without(&before, &theirs, &after);
    union(&mut left, after.clone());
    union(&mut before, after);
    (live.map(|live| part(live, &before)), applied.map(|applied| part(applied, &left)))
}

/// The fields without those that are nobody's business.
fn taken(fields: &Fields, managers: &Managers) -> Fields {
    split(fields, managers, &mut Vec::new()).1.unwrap_or_default()
}

/// The fields without what people added and we do not ask for.
fn without(fields: &Fields, theirs: &Fields, asked: &Fields) -> Fields {
    let keep = |(key, value): (&String, &Value)| {
        let Some(added) = below(theirs, key) else { return Some((key.clone(), value.clone())) };
        let asked = below(asked, key)?;
        let value = value.as_object().map(|fields| without(fields, added, asked)).unwrap_or_default();
        Some((key.clone(), Value::Object(value)))
    };
    fields.iter().filter_map(keep).collect()
}

/// The part of an object that these fields name, and its identity.
fn part(object: &Value, fields: &Fields) -> Value {
    // No fields at all are none, where below an empty tree is all of a value.
    let mut part = if fields.is_empty() { Value::Object(Map::new()) } else { extract(object, fields) };
    for pointer in [&["apiVersion"][..], &["kind"], &["metadata", "namespace"], &["metadata", "name"]] {
        copy(object, &mut part, pointer);
    }
    part
}

fn copy(from: &Value, to: &mut Value, path: &[&str]) {
    let (Some((name, rest)), Some(map)) = (path.split_first(), to.as_object_mut()) else { return };
    let Some(value) = from.get(*name) else { return };
    if rest.is_empty() {
        map.insert((*name).to_owned(), value.clone());
    } else {
        copy(value, map.entry(*name).or_insert_with(|| Value::Object(Map::new())), rest);
    }
}

/// A tree without branches stands for a value as a whole.
fn extract(value: &Value, fields: &Fields) -> Value {
    match value {
        _ if fields.is_empty() => value.clone(),
        Value::Object(map) => {
            let named = fields.iter().filter_map(|(key, below)| match Step::parse(key) {
                Step::Field(name) => Some((name, below.as_object()?)),
                Step::This | Step::Key(_) | Step::Item(_) | Step::Index(_) => None,
            });
            let found =
                named.filter_map(|(name, below)| Some((name.to_owned(), extract(map.get(name)?, below))));
            Value::Object(found.collect())
        }
        Value::Array(items) => {
            let steps: Vec<(Step<'_>, &Fields)> = fields
                .iter()
                .filter_map(|(key, below)| Some((Step::parse(key), below.as_object()?)))
                .collect();
            let found = items.iter().enumerate().filter_map(|(at, item)| {
                let (_, below) = steps.iter().find(|(step, _)| leads_to(step, at, item))?;
                Some(extract(item, below))
            });
            Value::Array(found.collect())
        }
        scalar => scalar.clone(),
    }
}

fn leads_to(step: &Step<'_>, at: usize, item: &Value) -> bool {
    match step {
        Step::Key(keys) => fields::has_keys(item, keys),
        Step::Item(wanted) => item == wanted,
        Step::Index(index) => *index == at,
        Step::This | Step::Field(_) => false,
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::FIELD_MANAGER;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "fieldsV1": fields})
    }

    fn deployment(replicas: u32, env: Value, entries: Value) -> Value {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": "shop", "name": "web", "uid": "1", "managedFields": entries},
            "spec": {"replicas": replicas, "revisionHistoryLimit": 10, "template": {"spec": {"containers": [
                {"name": "app", "image": "a:1", "imagePullPolicy": "Always", "env": env}]}}},
            "status": {"replicas": replicas},
        })
    }

    fn ours(env: &[&str], replicas: bool) -> Value {
        let variables: Map<String, Value> = env
            .iter()
            .map(|name| (format!("k:{{\"name\":\"{name}\"}}"), json!({".": {}, "f:name": {}, "f:value": {}})))
            .collect();
        let mut fields = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {
            "k:{\"name\":\"app\"}": {".": {}, "f:name": {}, "f:image": {}, "f:env": variables}}}}}});
        if replicas {
            fields["f:spec"]["f:replicas"] = json!({});
        }
        entry(FIELD_MANAGER, "Apply", fields)
    }

    fn variable(name: &str) -> Value {
        json!({"name": name, "value": "1"})
    }

    fn env_of(value: Option<&Value>) -> Value {
        value.unwrap().pointer("/spec/template/spec/containers/0/env").cloned().unwrap()
    }

    #[test]
    fn what_others_write_is_on_neither_side() {
        let live = deployment(2, json!([variable("A")]), json!([ours(&["A"], true)]));
        let (before, after) = owned(Some(&live), Some(&live), &Managers::default());
        assert_eq!(before, after);
        assert_eq!(
            before.unwrap(),
            json!({
                "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": "shop", "name": "web"},
                "spec": {"replicas": 2, "template": {"spec": {"containers": [
                    {"name": "app", "image": "a:1", "env": [variable("A")]}]}}},
            })
        );
    }

    #[test]
    fn what_a_person_added_goes_although_the_dry_run_leaves_it() {
        let theirs = json!({"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {
            "f:env": {"k:{\"name\":\"B\"}": {".": {}, "f:name": {}, "f:value": {}}}}}}}}});
        let entries = json!([ours(&["A"], true), entry("kubectl-set", "Update", theirs)]);
        let live = deployment(2, json!([variable("A"), variable("B")]), entries);
        let (before, after) = owned(Some(&live), Some(&live), &Managers::default());
        assert_eq!(env_of(before.as_ref()), json!([variable("A"), variable("B")]));
        assert_eq!(env_of(after.as_ref()), json!([variable("A")]));
    }

    #[test]
    fn a_field_that_a_person_took_over_is_taken_back() {
        let theirs = entry("kubectl", "Update", json!({"f:spec": {"f:replicas": {}}}));
        let live = deployment(7, json!([]), json!([ours(&[], false), theirs.clone()]));
        let applied = deployment(2, json!([]), json!([ours(&[], true)]));
        let (before, after) = owned(Some(&live), Some(&applied), &Managers::default());
        assert_eq!(before.unwrap()["spec"]["replicas"], 7);
        assert_eq!(after.unwrap()["spec"]["replicas"], 2);
    }

    #[test]
    fn a_field_that_becomes_ours_with_the_value_it_has_is_no_difference() {
        let live = deployment(2, json!([]), json!([ours(&[], false)]));
        let applied = deployment(2, json!([]), json!([ours(&[], true)]));
        let (before, after) = owned(Some(&live), Some(&applied), &Managers::default());
        assert_eq!(before, after);
    }

    #[test]
    fn a_field_that_we_give_up_and_a_controller_keeps_stays() {
        let live = deployment(2, json!([]), json!([ours(&[], true)]));
        let applied = deployment(2, json!([]), json!([ours(&[], false)]));
        let (before, after) = owned(Some(&live), Some(&applied), &Managers::default());
        assert_eq!(before, after);
    }

    #[test]
    fn an_object_that_comes_or_goes_has_one_side() {
        let object = deployment(2, json!([]), json!([ours(&[], true)]));
        let (before, after) = owned(None, Some(&object), &Managers::default());
        assert_eq!((before, after.unwrap()["spec"]["revisionHistoryLimit"].clone()), (None, Value::Null));
        let (before, after) = owned(Some(&object), None, &Managers::default());
        assert_eq!((before.unwrap()["spec"]["replicas"].clone(), after), (json!(2), None));
    }

    #[test]
    fn a_rollout_restart_is_on_neither_side() {
        let restart = json!({"f:spec": {"f:template": {"f:metadata": {"f:annotations":
            {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}}}}});
        let entries = json!([ours(&[], true), entry("kubectl-rollout", "Update", restart)]);
        let mut live = deployment(2, json!([]), entries);
        live["spec"]["template"]["metadata"] =
            json!({"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}});
        let (before, after) = owned(Some(&live), Some(&live), &Managers::default());
        assert_eq!(before, after);
        assert_eq!(before.unwrap().pointer("/spec/template/metadata"), None);
    }
}
