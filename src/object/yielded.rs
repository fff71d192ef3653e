//! [`yielded`]: what is left of an object to apply once others keep the ignored fields that they have taken.

use serde_json::Value;

use super::fields::{self, Fields, Step};
use super::managers::Managers;
use super::path::FieldPath;

/// `content` without the fields at or below an ignored path that another manager holds in the live object. What nobody
/// else holds is sent as it is: a field is given up once somebody took it, not before.
#[must_use]
pub fn yielded(mut content: Value, live: &Value, managers: &Managers) -> Value {
    let others = fields::entries(live).filter(|entry| !entry.is_our_apply() && entry.subresource != "status");
    for entry in others {
        Yielding { managers, path: Vec::new() }.take(entry.fields, &mut content, false);
    }
    content
}

struct Yielding<'a> {
    managers: &'a Managers,
    path: FieldPath<'a>,
}

impl<'a> Yielding<'a> {
    /// Takes out of `value` what the other manager holds; `ignored` when all of it is.
    fn take(&mut self, fields: &'a Fields, value: &mut Value, ignored: bool) {
        for (key, below) in fields {
            let step = Step::parse(key);
            let Some(below) = below.as_object().filter(|_| step != Step::This) else { continue };
            self.path.push(step.clone());
            let ignored = ignored || self.managers.ignores(&self.path);
            if below.keys().all(|key| key == ".") {
                if ignored {
                    step.remove_from(value);
                }
            } else if let Some(found) = step.follow_mut(value) {
                self.take(below, found, ignored);
                if ignored && is_empty(found, &step, below) {
                    step.remove_from(value);
                }
            }
            self.path.pop();
        }
    }
}

/// Nothing is left but what tells the item of a list from the others, and that it is there is not for us to say.
fn is_empty(value: &Value, step: &Step<'_>, fields: &Fields) -> bool {
    let Some(map) = value.as_object() else { return value.as_array().is_some_and(Vec::is_empty) };
    match step {
        Step::Key(keys) => fields.contains_key(".") && map.keys().all(|key| keys.contains_key(key)),
        Step::This | Step::Field(_) | Step::Item(_) | Step::Index(_) => map.is_empty(),
    }
}

#[cfg(test)]
#[expect(clippy::needless_pass_by_value, reason = "`json!` makes values")]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::FIELD_MANAGER;

    fn live(manager: &str, subresource: &str, fields: Value) -> Value {
        let operation = if manager == FIELD_MANAGER { "Apply" } else { "Update" };
        json!({"metadata": {"managedFields": [{"manager": manager, "operation": operation,
            "subresource": subresource, "fieldsV1": fields}]}})
    }

    fn left(content: Value, live: &Value, path: &str) -> Value {
        yielded(content, live, &Managers::default().ignoring([path]))
    }

    #[test]
    fn a_field_is_given_up_once_another_manager_took_it() {
        let content = json!({"spec": {"replicas": 2, "paused": false}});
        let replicas = json!({"f:spec": {"f:replicas": {}}});
        let taken = json!({"spec": {"paused": false}});
        for (manager, subresource, expected) in [
            ("kubectl", "scale", &taken),
            ("kube-controller-manager", "scale", &taken),
            (FIELD_MANAGER, "", &content),
            ("kube-controller-manager", "status", &content),
        ] {
            let live = live(manager, subresource, replicas.clone());
            assert_eq!(left(content.clone(), &live, "/spec/replicas"), *expected, "{manager}");
        }
    }

    #[test]
    fn what_is_not_ignored_is_kept_whoever_holds_it() {
        let content = json!({"spec": {"replicas": 2}});
        let live = live("kubectl", "", json!({"f:spec": {"f:replicas": {}}}));
        assert_eq!(left(content.clone(), &live, "/spec/paused"), content);
    }

    #[test]
    fn of_a_variable_only_what_the_other_holds_is_given_up() {
        let content = json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]});
        let only_value = json!({"f:env": {r#"k:{"name":"A"}"#: {"f:value": {}}}});
        assert_eq!(
            left(content.clone(), &live("kubectl-set", "", only_value), "/env/name=A"),
            json!({"env": [{"name": "A"}, {"name": "B", "value": "2"}]})
        );
        let all = json!({"f:env": {r#"k:{"name":"A"}"#: {".": {}, "f:name": {}, "f:value": {}}}});
        assert_eq!(
            left(content, &live("kubectl-set", "", all), "/env/name=A"),
            json!({"env": [{"name": "B", "value": "2"}]})
        );
    }

    #[test]
    fn below_an_ignored_path_others_have_what_they_took() {
        let content =
            json!({"resources": {"limits": {"memory": "1Gi"}, "requests": {"cpu": "1", "memory": "1Gi"}}});
        let cpu = json!({"f:resources": {"f:requests": {"f:cpu": {}}}});
        assert_eq!(
            left(content.clone(), &live("vpa", "", cpu), "/resources"),
            json!({"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "1Gi"}}})
        );
        let limits = json!({"f:resources": {"f:limits": {".": {}, "f:memory": {}}}});
        assert_eq!(
            left(content, &live("vpa", "", limits), "/resources/limits"),
            json!({"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}})
        );
    }
}
