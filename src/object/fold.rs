//! [`fold`]: makes the fields of people's tools ours, so that our next apply takes them away.
//!
//! Server-side apply removes only what its own manager owned before. The new list is written with the
//! resourceVersion that it was computed from, as `kubectl` does when it moves to server-side apply.
//! Source: <https://kubernetes.io/docs/reference/using-api/server-side-apply/#upgrading-from-client-side-apply-to-server-side-apply>.

use serde_json::{Map, Value, json};

use super::FIELD_MANAGER;
use super::fields::{self, Fields, Step};
use super::managers::Managers;

/// The `metadata.managedFields` of a live object with the entries of people's tools folded into ours. `None`
/// when there is nothing to fold. `kubectl rollout restart`, ignored paths and statuses stay whose they are.
pub fn fold(live: &Value, managers: &Managers) -> Option<Value> {
    let list = live.pointer("/metadata/managedFields")?.as_array()?;
    let mut rest = Vec::with_capacity(list.len());
    let mut taken = Fields::new();
    let mut ours = None;
    let mut newest = "";
    for element in list {
        match fields::entry(element) {
            Some(entry) if entry.is_our_apply() => ours = Some(element),
            Some(entry) if managers.covers(&entry) => {
                let (keep, take) = split(entry.fields, managers, &mut Vec::new());
                if let Some(take) = take {
                    union(&mut taken, take);
                    newest = newest.max(entry.time);
                    if let Some(keep) = keep {
                        rest.push(with_fields(element, keep));
                    }
                } else {
                    rest.push(element.clone());
                }
            }
            Some(_) | None => rest.push(element.clone()),
        }
    }
    if taken.is_empty() {
        return None;
    }
    let folded = match ours {
        Some(ours) => {
            let mut all = fields::entry(ours).map(|entry| entry.fields.clone()).unwrap_or_default();
            union(&mut all, taken);
            with_fields(ours, all)
        }
        None => entry(live.get("apiVersion")?, newest, &taken),
    };
    rest.insert(0, folded);
    Some(Value::Array(rest))
}

fn entry(api_version: &Value, time: &str, fields: &Fields) -> Value {
    let mut entry = json!({
        "manager": FIELD_MANAGER,
        "operation": "Apply",
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    });
    if !time.is_empty()
        && let Some(entry) = entry.as_object_mut()
    {
        entry.insert("time".to_owned(), time.into());
    }
    entry
}

fn with_fields(element: &Value, fields: Fields) -> Value {
    let mut element = element.as_object().cloned().unwrap_or_default();
    element.insert("fieldsV1".to_owned(), Value::Object(fields));
    Value::Object(element)
}

/// Divides a tree into what stays with its manager and what we take.
pub(super) fn split<'a>(
    fields: &'a Fields,
    managers: &Managers,
    path: &mut Vec<Step<'a>>,
) -> (Option<Fields>, Option<Fields>) {
    if fields.is_empty() {
        return (None, Some(Map::new()));
    }
    let (mut keep, mut take) = (Fields::new(), Fields::new());
    for (key, below) in fields {
        let step = Step::parse(key);
        if step == Step::This {
            continue;
        }
        path.push(step);
        if managers.spares(path) {
            keep.insert(key.clone(), below.clone());
        } else if let Some(below) = below.as_object() {
            let (kept, taken) = split(below, managers, path);
            if let Some(kept) = kept {
                keep.insert(key.clone(), Value::Object(kept));
            }
            if let Some(taken) = taken {
                take.insert(key.clone(), Value::Object(taken));
            }
        }
        path.pop();
    }
    // The thing itself goes with what is in it: ours as soon as any of it is, theirs when all of it is.
    if fields.contains_key(".") {
        let owner = if take.is_empty() && !keep.is_empty() { &mut keep } else { &mut take };
        owner.insert(".".to_owned(), Value::Object(Map::new()));
    }
    ((!keep.is_empty()).then_some(keep), (!take.is_empty()).then_some(take))
}

/// Adds the fields of another tree.
pub(super) fn union(into: &mut Fields, from: Fields) {
    for (key, below) in from {
        match (into.get_mut(&key), below) {
            (Some(Value::Object(into)), Value::Object(below)) => union(into, below),
            (Some(_), _) => {}
            (None, below) => {
                into.insert(key, below);
            }
        }
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use super::*;

    fn live(entries: Value) -> Value {
        json!({"apiVersion": "apps/v1", "metadata": {"managedFields": entries}})
    }

    fn ours(fields: Value) -> Value {
        json!({"manager": FIELD_MANAGER, "operation": "Apply", "apiVersion": "apps/v1",
            "fieldsType": "FieldsV1", "fieldsV1": fields})
    }

    fn person(manager: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": "Update", "apiVersion": "apps/v1",
            "fieldsType": "FieldsV1", "fieldsV1": fields, "time": "2026-01-01T00:00:00Z"})
    }

    const ENV_B: &str = r#"k:{"name":"B"}"#;

    #[test]
    fn the_fields_of_a_person_become_ours() {
        let before = live(json!([
            ours(json!({"f:spec": {"f:env": {"k:{\"name\":\"A\"}": {".": {}, "f:name": {}}}}})),
            person(
                "kubectl-set",
                json!({"f:spec": {"f:env": {ENV_B: {".": {}, "f:name": {}, "f:value": {}}}}})
            ),
            person("istio", json!({"f:spec": {"f:x": {}}})),
        ]));
        let after = fold(&before, &Managers::default()).unwrap();
        assert_eq!(
            after,
            json!([
                ours(json!({"f:spec": {"f:env": {
                    "k:{\"name\":\"A\"}": {".": {}, "f:name": {}},
                    ENV_B: {".": {}, "f:name": {}, "f:value": {}},
                }}})),
                person("istio", json!({"f:spec": {"f:x": {}}})),
            ])
        );
        assert_eq!(fold(&live(after), &Managers::default()), None);
    }

    #[test]
    fn a_rollout_restart_stays_with_its_manager() {
        let restart = json!({".": {}, "f:kubectl.kubernetes.io/restartedAt": {}});
        let template = |annotations: Value| json!({"f:spec": {"f:template": {"f:metadata": {"f:annotations": annotations}}}});
        let ours = ours(json!({"f:spec": {"f:replicas": {}}}));
        let only = live(json!([ours, person("kubectl-rollout", template(restart.clone()))]));
        assert_eq!(fold(&only, &Managers::default()), None);

        let mut fields = template(restart);
        fields["f:spec"]["f:paused"] = json!({});
        let both = live(json!([ours, person("kubectl-rollout", fields)]));
        let after = fold(&both, &Managers::default()).unwrap();
        assert_eq!(after[0]["fieldsV1"], json!({"f:spec": {"f:replicas": {}, "f:paused": {}}}));
        assert_eq!(
            after[1]["fieldsV1"],
            template(json!({".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}))
        );
    }

    #[test]
    fn an_adopted_object_gets_an_entry_of_ours() {
        let before = live(json!([person("before-first-apply", json!({"f:spec": {"f:replicas": {}}}))]));
        let after = fold(&before, &Managers::default()).unwrap();
        assert_eq!(after.as_array().map(Vec::len), Some(1));
        assert_eq!(after[0]["manager"], FIELD_MANAGER);
        assert_eq!(after[0]["operation"], "Apply");
        assert_eq!(after[0]["time"], "2026-01-01T00:00:00Z");
    }

    #[test]
    fn statuses_and_ignored_paths_are_left_alone() {
        let mut status = person("kubectl", json!({"f:status": {"f:replicas": {}}}));
        status["subresource"] = json!("status");
        let scale = person("kubectl", json!({"f:spec": {"f:replicas": {}}}));
        let before = live(json!([ours(json!({"f:spec": {"f:x": {}}})), status, scale]));
        assert_eq!(fold(&before, &Managers::default().ignoring(["/spec/replicas"])), None);
        assert!(fold(&before, &Managers::default()).is_some());
    }
}
