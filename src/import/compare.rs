//! What two forms of one object differ in, field by field. Items of lists are paired by what names them, as the API
//! server does it (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy>).

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// A step to a value within an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// A field of a map.
    Field(String),
    /// An item of a list, by what names it, and at which place it is.
    Item { keys: Vec<(String, String)>, index: usize },
}

impl Step {
    pub(super) fn field(name: &str) -> Self {
        Step::Field(name.to_owned())
    }
}

/// What differs at a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    /// The wanted object has it, the actual one has not.
    Missing(Value),
    /// They have different values.
    Other { wanted: Value, actual: Value },
    /// Only the actual object has it.
    Extra(Value),
}

/// A difference. Its path leads to a place in the actual object; the index of what is missing there is its length.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) path: Vec<Step>,
    pub(super) change: Change,
}

/// What the actual object differs in from the wanted one.
pub(super) fn compare(wanted: &Value, actual: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    walk(wanted, actual, &mut Vec::new(), &mut found);
    found
}

fn walk(wanted: &Value, actual: &Value, path: &mut Vec<Step>, found: &mut Vec<Difference>) {
    match (wanted, actual) {
        (Value::Object(wanted), Value::Object(actual)) => maps(wanted, actual, path, found),
        (Value::Array(ones), Value::Array(others)) => {
            let field = path.iter().rev().find_map(|step| match step {
                Step::Field(name) => Some(name.clone()),
                Step::Item { .. } => None,
            });
            let field = field.unwrap_or_default();
            match names(&field, ones).zip(names(&field, others)) {
                Some((one, other)) => lists((ones, &one), (others, &other), path, found),
                None if is_set(&field) && set(ones) == set(others) => {}
                None if ones == others => {}
                None => push(path, Change::Other { wanted: wanted.clone(), actual: actual.clone() }, found),
            }
        }
        (one, other) if one == other => {}
        (one, other) => push(path, Change::Other { wanted: one.clone(), actual: other.clone() }, found),
    }
}

fn maps(
    wanted: &Map<String, Value>,
    actual: &Map<String, Value>,
    path: &mut Vec<Step>,
    found: &mut Vec<Difference>,
) {
    for (key, value) in wanted {
        path.push(Step::Field(key.clone()));
        match actual.get(key) {
            Some(other) => walk(value, other, path, found),
            None => push(path, Change::Missing(value.clone()), found),
        }
        path.pop();
    }
    for (key, value) in actual.iter().filter(|(key, _)| !wanted.contains_key(*key)) {
        path.push(Step::Field(key.clone()));
        match value {
            // Item by item: what else may join the list is not in excess.
            Value::Array(items) if names(key, items).is_some() => {
                walk(&Value::Array(Vec::new()), value, path, found);
            }
            _ => push(path, Change::Extra(value.clone()), found),
        }
        path.pop();
    }
}

type Names = Vec<Vec<(String, String)>>;

fn lists(
    (wanted, wanted_names): (&[Value], &Names),
    (actual, actual_names): (&[Value], &Names),
    path: &mut Vec<Step>,
    found: &mut Vec<Difference>,
) {
    for (value, keys) in wanted.iter().zip(wanted_names) {
        let index = actual_names.iter().position(|other| other == keys);
        path.push(Step::Item { keys: keys.clone(), index: index.unwrap_or(actual.len()) });
        match index.and_then(|index| actual.get(index)) {
            Some(other) => walk(value, other, path, found),
            None => push(path, Change::Missing(value.clone()), found),
        }
        path.pop();
    }
    for (index, (value, keys)) in actual.iter().zip(actual_names).enumerate() {
        if !wanted_names.contains(keys) {
            path.push(Step::Item { keys: keys.clone(), index });
            push(path, Change::Extra(value.clone()), found);
            path.pop();
        }
    }
}

fn push(path: &[Step], change: Change, found: &mut Vec<Difference>) {
    found.push(Difference { path: path.to_vec(), change });
}

/// What names the items of the list in a field; none where the list is one value, or where names are not unique.
fn names(field: &str, items: &[Value]) -> Option<Names> {
    let keys: &[&str] = match field {
        "containers" | "initContainers" | "volumes" | "env" | "imagePullSecrets" => &["name"],
        "volumeMounts" => &["mountPath"],
        "volumeDevices" => &["devicePath"],
        "hostAliases" => &["ip"],
        "topologySpreadConstraints" => &["topologyKey", "whenUnsatisfiable"],
        // Of a container by `containerPort`, of a Service by `port`.
        "ports" => {
            let key = if items.iter().any(|item| item.get("containerPort").is_some()) {
                "containerPort"
            } else {
                "port"
            };
            return name_by(items, &[key, "protocol"]);
        }
        _ => return None,
    };
    name_by(items, keys)
}

fn name_by(items: &[Value], keys: &[&str]) -> Option<Names> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let named = items.iter().map(|item| {
        keys.iter()
            .map(|key| match item.get(*key) {
                Some(value) => Some(((*key).to_owned(), text(value))),
                None if *key == "protocol" => Some(((*key).to_owned(), "TCP".to_owned())),
                None => None,
            })
            .collect::<Option<Vec<_>>>()
    });
    let names = named.collect::<Option<Names>>()?;
    let unique: BTreeSet<_> = names.iter().collect();
    (unique.len() == names.len()).then_some(names)
}

/// Lists whose order means nothing.
fn is_set(field: &str) -> bool {
    matches!(field, "add" | "drop" | "accessModes" | "finalizers" | "policyTypes" | "supplementalGroups")
}

fn set(items: &[Value]) -> BTreeSet<String> {
    items.iter().map(Value::to_string).collect()
}

/// How a path is shown: `spec.template.spec.containers[name=app].env[name=B]`.
pub(super) fn display(path: &[Step]) -> String {
    Path(path).to_string()
}

struct Path<'a>(&'a [Step]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Field(name) if name.contains(['.', '/', ' ']) => write!(f, "[{name}]")?,
                Step::Field(name) if at == 0 => f.write_str(name)?,
                Step::Field(name) => write!(f, ".{name}")?,
                Step::Item { keys, index } => {
                    let goes_without_saying = |key: &str, value: &str| {
                        key == "whenUnsatisfiable" || key == "protocol" && value == "TCP"
                    };
                    let pairs = keys.iter().filter(|(key, value)| !goes_without_saying(key, value));
                    let pairs: Vec<_> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
                    if pairs.is_empty() {
                        write!(f, "[{index}]")?;
                    } else {
                        write!(f, "[{}]", pairs.join(","))?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(wanted: &Value, actual: &Value) -> Vec<(String, Change)> {
        compare(wanted, actual).into_iter().map(|one| (display(&one.path), one.change)).collect()
    }

    #[test]
    fn items_are_paired_by_their_names_wherever_they_stand() {
        let wanted =
            json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}, {"name": "C"}]});
        let actual =
            json!({"env": [{"name": "B", "value": "3"}, {"name": "A", "value": "1"}, {"name": "D"}]});
        assert_eq!(
            found(&wanted, &actual),
            [
                ("env[name=B].value".to_owned(), Change::Other { wanted: json!("2"), actual: json!("3") }),
                ("env[name=C]".to_owned(), Change::Missing(json!({"name": "C"}))),
                ("env[name=D]".to_owned(), Change::Extra(json!({"name": "D"}))),
            ]
        );
    }

    #[test]
    fn a_port_without_a_protocol_is_a_tcp_port() {
        let wanted = json!({"ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]});
        let actual = json!({"ports": [{"containerPort": 53, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]});
        assert_eq!(
            found(&wanted, &actual),
            [("ports[containerPort=53].protocol".to_owned(), Change::Extra(json!("TCP")))]
        );
    }

    #[test]
    fn a_list_whose_names_are_not_unique_is_one_value() {
        let twice = json!({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]});
        let once = json!({"env": [{"name": "A", "value": "2"}]});
        assert_eq!(found(&twice, &once).len(), 1);
        assert_eq!(found(&twice, &twice.clone()), []);
    }

    #[test]
    fn sets_have_no_order_and_commands_have() {
        let one = json!({"drop": ["A", "B"], "args": ["A", "B"]});
        let other = json!({"drop": ["B", "A"], "args": ["B", "A"]});
        assert_eq!(found(&one, &other).into_iter().map(|(path, _)| path).collect::<Vec<_>>(), ["args"]);
    }
}
