//! Takes what looks like a secret out of the objects of the input, before anything is made of them or compared with
//! them: a document goes into git. Better one too many: a value that was taken for a secret is written back in a
//! minute, one that got into git is there for good.

use serde_json::{Value, json};

use super::compare::Step;
use super::group::template_pointer;
use super::json::{scalar, texts};
use crate::redact::{self, HELD_BACK, Redactor};

/// How variables are called that stand for a part of an argument.
pub(super) const ARGUMENT: &str = "SECRET_ARGUMENT";
/// What names objects, and has no room for a secret. Changed in one place only, nothing would find its pods.
const NAMES: [&str; 5] = ["labels", "matchLabels", "selector", "nodeSelector", "namespaceSelector"];

/// Something that is not copied.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Withheld {
    pub(super) path: Vec<Step>,
    /// What stands in its place, and what to do.
    pub(super) message: String,
}

impl Withheld {
    /// Whether pods are not what they were without it.
    pub(super) fn is_of_pods(&self) -> bool {
        self.path.get(..2) == Some(&[Step::field("spec"), Step::field("template")])
    }
}

/// Takes what looks like a secret out of an object.
pub(super) fn withhold(kind: &str, name: &str, namespace: &str, object: &mut Value) -> Vec<Withheld> {
    // Never part of a document.
    if kind == "Secret" {
        return Vec::new();
    }
    let mut withheld = Vec::new();
    let pointer = template_pointer(kind);
    // One for all containers: another value has another variable, and the same one has the same.
    let mut redactor = Redactor::referring(ARGUMENT);
    for list in ["initContainers", "containers"] {
        let path: Vec<Step> = pointer.split('/').skip(1).chain(["spec", list]).map(Step::field).collect();
        let containers = object.pointer_mut(&format!("{pointer}/spec/{list}")).and_then(Value::as_array_mut);
        for (index, container) in containers.into_iter().flatten().enumerate() {
            let secret = Secret { name, namespace };
            let path = named(&path, container, index);
            secret.of_variables(container, &path, &mut withheld);
            secret.of_arguments(container, &path, &mut redactor, &mut withheld);
        }
    }
    let redacted = Redactor::holding_back().object(object);
    let mut paths = Vec::new();
    replace(object, redacted, &mut Vec::new(), &mut paths);
    let message = format!(
        "looks like a secret, so it is not copied, and `{HELD_BACK}` stands in its place: put it into a Secret, and have it \
         read from there"
    );
    withheld.extend(paths.into_iter().map(|path| Withheld { path, message: message.clone() }));
    withheld
}

/// The Secret that is to hold what is taken out of pods.
struct Secret<'a> {
    name: &'a str,
    namespace: &'a str,
}

impl Secret<'_> {
    fn of_variables(&self, container: &mut Value, path: &[Step], withheld: &mut Vec<Withheld>) {
        let variables = container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten();
        for (index, variable) in variables.enumerate() {
            let Some(name) = variable.get("name").and_then(Value::as_str).map(str::to_owned) else {
                continue;
            };
            let value = variable.get("value").and_then(scalar).unwrap_or_default();
            if value.is_empty() || !redact::is_secret(&name, &value) {
                continue;
            }
            let path: Vec<Step> = path.iter().cloned().chain([Step::field("env")]).collect();
            let message = format!(
                "looks like a secret, so its value is not copied; the document has it from a Secret: {}",
                self.how_to_make(&name)
            );
            withheld.push(Withheld { path: named(&path, variable, index), message });
            *variable = self.variable(&name);
        }
    }

    /// References to variables stand in the place of what is taken out, and Kubernetes follows them.
    fn of_arguments(
        &self,
        container: &mut Value,
        path: &[Step],
        redactor: &mut Redactor,
        withheld: &mut Vec<Withheld>,
    ) {
        let mut own: Vec<String> = Vec::new();
        for list in ["command", "args"] {
            let words = texts(container, &format!("/{list}"));
            let held = redactor.arguments(&words);
            if held == words {
                continue;
            }
            let is_here = |key: &String| held.iter().any(|word| word.contains(&format!("$({key})")));
            let here: Vec<String> = redactor.references().into_iter().filter(is_here).collect();
            let message = format!(
                "holds what looks like a secret, so it is not copied; the document has it from a Secret: {}",
                here.iter().map(|key| self.how_to_make(key)).collect::<Vec<_>>().join("; ")
            );
            let path = path.iter().cloned().chain([Step::field(list)]).collect();
            withheld.push(Withheld { path, message });
            own.extend(here.into_iter().filter(|key| !own.contains(key)).collect::<Vec<_>>());
            if let Some(value) = container.get_mut(list) {
                *value = json!(held);
            }
        }
        if let (false, Some(fields)) = (own.is_empty(), container.as_object_mut()) {
            let variables = fields.entry("env").or_insert_with(|| json!([]));
            if let Some(variables) = variables.as_array_mut() {
                variables.splice(0..0, own.iter().map(|key| self.variable(key)));
            }
        }
    }

    fn variable(&self, name: &str) -> Value {
        json!({"name": name, "valueFrom": {"secretKeyRef": {"name": self.name, "key": name}}})
    }

    fn how_to_make(&self, key: &str) -> String {
        let Self { name, namespace } = self;
        format!("before the push, put it as `{key}` into Secret/{name} of the namespace `{namespace}`")
    }
}

fn named(list: &[Step], item: &Value, index: usize) -> Vec<Step> {
    let name = item.get("name").and_then(Value::as_str);
    let keys = name.map(|name| ("name".to_owned(), name.to_owned())).into_iter().collect();
    list.iter().cloned().chain([Step::Item { keys, index }]).collect()
}

/// Takes over what was redacted, and tells where.
fn replace(object: &mut Value, redacted: Value, path: &mut Vec<Step>, found: &mut Vec<Vec<Step>>) {
    match (object, redacted) {
        (Value::Object(fields), Value::Object(redacted)) => {
            for (key, redacted) in redacted {
                if let Some(value) = fields.get_mut(&key).filter(|_| !NAMES.contains(&key.as_str())) {
                    path.push(Step::Field(key));
                    replace(value, redacted, path, found);
                    path.pop();
                }
            }
        }
        (Value::Array(items), Value::Array(redacted)) => {
            for (index, (value, redacted)) in items.iter_mut().zip(redacted).enumerate() {
                path.push(Step::Item { keys: Vec::new(), index });
                replace(value, redacted, path, found);
                path.pop();
            }
        }
        (value, redacted) if *value != redacted => {
            *value = redacted;
            found.push(path.clone());
        }
        _ => {}
    }
}
