//! [`projection`]: one digest of everything in a live object that is ours to keep.
//!
//! It covers the values of the fields that our manager owns by `managedFields` and the fields that people's
//! tools own beside them. Status, defaults and whatever controllers add do not move it, so an equal digest
//! means that nothing has to be done; our own response and every later watch event are digested alike.

use serde_json::Value;

use super::canonical::{self, Digest};
use super::fields::{self, Fields, Step};
use super::managers::Managers;

/// Digest of the owned part of a live object.
pub type Projection = Digest;

/// The digest of what our manager and people's tools own in a live object. `None` when our manager owns
/// nothing: never applied, or the record of it wiped, which is drift.
pub fn projection(live: &Value, managers: &Managers) -> Option<Projection> {
    let ours = fields::ours(live)?;
    let mut feed =
        Feed { managers, people: false, path: Vec::with_capacity(16), out: Vec::with_capacity(8192) };
    feed.fields(ours, Some(live));

    feed.people = true;
    let mut people: Vec<_> = fields::entries(live).filter(|entry| managers.covers(entry)).collect();
    // Times say when, not what; the server keeps no promise about the order of entries.
    people.sort_by_key(|entry| (entry.manager, entry.operation, entry.subresource));
    for entry in people {
        let start = feed.out.len();
        canonical::write_text(entry.manager, &mut feed.out);
        if !feed.fields(entry.fields, Some(live)) {
            feed.out.truncate(start);
        }
    }
    Some(Digest::of(&feed.out))
}

struct Feed<'a> {
    managers: &'a Managers,
    /// Whether the fields at hand are a person's, some of which are spared.
    people: bool,
    path: Vec<Step<'a>>,
    out: Vec<u8>,
}

impl<'a> Feed<'a> {
    /// Appends the owned part of a value; false when everything in it is left alone.
    fn fields(&mut self, fields: &'a Fields, value: Option<&Value>) -> bool {
        if fields.is_empty() {
            self.whole(value);
            return true;
        }
        let start = self.out.len();
        let mut spared = false;
        let mut any = false;
        self.out.push(b'{');
        for (key, below) in fields {
            let step = Step::parse(key);
            if step == Step::This {
                continue;
            }
            let found = value.and_then(|value| step.follow(value));
            self.path.push(step);
            if self.leaves_alone() {
                spared = true;
            } else if let Some(below) = below.as_object() {
                let mark = self.out.len();
                canonical::write_text(key, &mut self.out);
                if self.fields(below, found) {
                    any = true;
                } else {
                    self.out.truncate(mark);
                    spared = true;
                }
            }
            self.path.pop();
        }
        // A map that holds nothing but what is left alone came into being with it.
        if spared && !any {
            self.out.truncate(start);
            return false;
        }
        if fields.contains_key(".") {
            self.out.push(kind_of(value));
        }
        self.out.push(b'}');
        true
    }

    fn whole(&mut self, value: Option<&Value>) {
        match value {
            // The keys of a JSON value are texts.
            Some(value) => drop(canonical::write(value, &mut self.out)),
            None => self.out.push(b'-'),
        }
    }

    fn leaves_alone(&self) -> bool {
        if self.people { self.managers.spares(&self.path) } else { self.managers.ignores(&self.path) }
    }
}

/// That the thing itself is there, and what it is; its content belongs to whoever owns its fields.
const fn kind_of(value: Option<&Value>) -> u8 {
    match value {
        None => b'-',
        Some(Value::Object(_)) => b'o',
        Some(Value::Array(_)) => b'a',
        Some(_) => b's',
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::FIELD_MANAGER;

    fn live(extra: &Value) -> Value {
        let mut live = json!({
            "metadata": {"name": "web", "annotations": {}, "managedFields": [
                {"manager": FIELD_MANAGER, "operation": "Apply", "time": "2026-01-01T00:00:00Z", "fieldsV1": {
                    "f:spec": {"f:replicas": {}, "f:template": {"f:spec": {"f:containers": {
                        "k:{\"name\":\"app\"}": {".": {}, "f:name": {}, "f:image": {}}}}}}}},
                {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
                 "fieldsV1": {"f:status": {"f:replicas": {}}}},
            ]},
            "spec": {"replicas": 2, "template": {"metadata": {"annotations": {}},
                "spec": {"containers": [{"name": "app", "image": "a:1", "imagePullPolicy": "Always"}]}}},
            "status": {"replicas": 1},
        });
        if let Some(entry) = extra.as_object().filter(|entry| !entry.is_empty()) {
            let list = live.pointer_mut("/metadata/managedFields").unwrap().as_array_mut().unwrap();
            list.push(Value::Object(entry.clone()));
        }
        live
    }

    fn digest(live: &Value) -> Option<Projection> {
        projection(live, &Managers::default())
    }

    #[test]
    fn status_defaults_and_controllers_do_not_move_it() {
        let before = live(&json!({}));
        let mut after = before.clone();
        after["status"]["replicas"] = json!(2);
        after["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = json!("Never");
        after["metadata"]["managedFields"][0]["time"] = json!("2027-01-01T00:00:00Z");
        assert!(digest(&before).is_some());
        assert_eq!(digest(&before), digest(&after));
    }

    #[test]
    fn an_edit_of_our_field_moves_it() {
        let before = live(&json!({}));
        for (pointer, value) in [
            ("/spec/replicas", json!(5)),
            ("/spec/template/spec/containers/0/image", json!("b:2")),
            ("/spec/template/spec/containers/0/name", json!("renamed")),
        ] {
            let mut after = before.clone();
            *after.pointer_mut(pointer).unwrap() = value;
            assert_ne!(digest(&before), digest(&after), "{pointer}");
        }
    }

    #[test]
    fn an_object_without_our_entry_has_none() {
        let mut wiped = live(&json!({}));
        wiped["metadata"]["managedFields"] = json!([]);
        assert_eq!(digest(&wiped), None);
        assert_eq!(digest(&json!({})), None);
    }

    #[test]
    fn an_addition_by_a_person_moves_it_and_one_by_an_injector_does_not() {
        let entry = |manager: &str| {
            json!({"manager": manager, "operation": "Update",
                "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:hostNetwork": {}}}}}})
        };
        assert_ne!(digest(&live(&json!({}))), digest(&live(&entry("kubectl-edit"))));
        assert_eq!(digest(&live(&json!({}))), digest(&live(&entry("istio-sidecar-injector"))));
    }

    #[test]
    fn rollout_restart_is_left_alone() {
        let restart = json!({"manager": "kubectl-rollout", "operation": "Update", "fieldsV1": {"f:spec":
            {"f:template": {"f:metadata": {"f:annotations":
                {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}}}}}});
        assert_eq!(digest(&live(&json!({}))), digest(&live(&restart)));
    }

    #[test]
    fn an_ignored_path_is_left_alone_whoever_owns_it() {
        let managers = Managers::default().ignoring(["/spec/replicas"]);
        let before = live(&json!({}));
        let mut after = live(&json!({"manager": "kubectl", "operation": "Update", "subresource": "scale",
            "fieldsV1": {"f:spec": {"f:replicas": {}}}}));
        after["spec"]["replicas"] = json!(9);
        after["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]
            .as_object_mut()
            .unwrap()
            .remove("f:replicas");
        assert_eq!(projection(&before, &managers), projection(&after, &managers));
        assert_ne!(digest(&before), digest(&after));
    }
}
