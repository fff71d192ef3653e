//! Environment variables. Values stand in the document, also those that came out of a `ConfigMap`; Secrets are named,
//! never read. What Kubernetes alone can say (fields of the pod) is left to a patch.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Draft, Source};
use crate::document::{Scalar, SecretKey};
use crate::import::json::{list, map, text};

/// A variable in the words of a document.
enum Form {
    Plain(String),
    Secret(SecretKey),
    /// Only Kubernetes can say it.
    Kubernetes,
}

pub(super) fn environment(source: &Source<'_>, draft: &mut Draft) {
    let mut variables: Vec<(String, Form, Value)> = Vec::new();
    let whole = from_maps(source, &mut variables, draft);
    for variable in list(source.main, "/env") {
        let Some(name) = text(variable, "/name") else { continue };
        let (said, value) = one(source, draft, name, variable);
        variables.retain(|(known, ..)| known != name);
        variables.push((name.to_owned(), said, value));
    }
    let late = late(&variables);
    for (name, said, _) in &variables {
        match said {
            Form::Plain(value) if !late.contains(name.as_str()) => {
                draft.spec.env.insert(name.clone(), Scalar(value.clone()));
            }
            Form::Secret(key) => {
                draft.spec.secrets.insert(name.clone(), key.clone());
            }
            Form::Plain(_) | Form::Kubernetes => {}
        }
    }
    draft.said.variables = variables.into_iter().map(|(.., value)| value).collect();
    draft.said.env_from = whole;
}

/// Variables out of whole `ConfigMap`s that are in the input. If one of several sources cannot be followed, none is: the
/// later ones win over the earlier.
fn from_maps(source: &Source<'_>, variables: &mut Vec<(String, Form, Value)>, draft: &mut Draft) -> bool {
    let sources = list(source.main, "/envFrom");
    let followed: Option<Vec<_>> = sources
        .iter()
        .map(|from| {
            let config_map = source.config_map(text(from, "/configMapRef/name")?)?;
            let has_binary = config_map.said.get("binaryData").is_some();
            (!has_binary).then_some((text(from, "/prefix").unwrap_or_default(), config_map))
        })
        .collect();
    let Some(followed) = followed else { return false };
    for (prefix, config_map) in followed {
        for (key, value) in map(&config_map.said, "/data") {
            let name = format!("{prefix}{key}");
            let written = json!({"name": name, "value": value});
            variables.retain(|(known, ..)| *known != name);
            variables.push((name, Form::Plain(value), written));
        }
        let object = config_map.reference();
        draft.said.followed.insert(config_map.name.clone());
        draft.folded(&object, "data", "its values are in `env`, and a change of one restarts the app");
    }
    true
}

fn one(source: &Source<'_>, draft: &mut Draft, name: &str, variable: &Value) -> (Form, Value) {
    if let Some(from) = variable.get("valueFrom") {
        if let (Some(secret), Some(key)) = (text(from, "/secretKeyRef/name"), text(from, "/secretKeyRef/key"))
        {
            let optional = from.pointer("/secretKeyRef/optional") == Some(&Value::Bool(true));
            let key = SecretKey { secret: secret.to_owned(), key: key.to_owned(), optional };
            return (Form::Secret(key), variable.clone());
        }
        let value = text(from, "/configMapKeyRef/name").and_then(|of| {
            let config_map = source.config_map(of)?;
            let key = text(from, "/configMapKeyRef/key")?;
            let value = map(&config_map.said, "/data").remove(key)?;
            draft.said.followed.insert(config_map.name.clone());
            let message = format!("its value is in `env.{name}`, and a change of it restarts the app");
            draft.folded(&config_map.reference(), &format!("data.{key}"), message);
            Some(value)
        });
        return match value {
            Some(value) => {
                let written = json!({"name": name, "value": value});
                (Form::Plain(value), written)
            }
            None => (Form::Kubernetes, variable.clone()),
        };
    }
    (Form::Plain(text(variable, "/value").unwrap_or_default().to_owned()), variable.clone())
}

/// Names of variables that must come after others than those a document puts before them: a document has Secrets first,
/// then all others by name, and `$(NAME)` is followed only where NAME stands before.
/// Source: <https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/>.
fn late(variables: &[(String, Form, Value)]) -> BTreeSet<&str> {
    let at: BTreeMap<&str, usize> =
        variables.iter().enumerate().map(|(at, (name, ..))| (name.as_str(), at)).collect();
    let mut late: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = late.len();
        for (index, (name, said, _)) in variables.iter().enumerate() {
            let Form::Plain(value) = said else { continue };
            let moved = references(value).any(|other| {
                let Some(place) = at.get(other) else { return false };
                let is_followed = *place < index;
                let will_be = match variables.get(*place).map(|(_, said, _)| said) {
                    Some(Form::Secret(_)) => true,
                    Some(Form::Plain(_)) => !late.contains(other) && other < name.as_str(),
                    Some(Form::Kubernetes) | None => false,
                };
                is_followed != will_be
            });
            if moved {
                late.insert(name);
            }
        }
        if late.len() == before {
            return late;
        }
    }
}

/// The names in `$(NAME)`; `$$(NAME)` is a text.
fn references(value: &str) -> impl Iterator<Item = &str> {
    let mut rest = value;
    std::iter::from_fn(move || {
        loop {
            let at = rest.find('$')?;
            let after = rest.get(at + 1..)?;
            if let Some(escaped) = after.strip_prefix('$') {
                rest = escaped;
                continue;
            }
            rest = after;
            let Some(inside) = after.strip_prefix('(') else { continue };
            let end = inside.find(')')?;
            rest = inside.get(end..)?;
            return inside.get(..end);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_and_escaped_ones_are_not() {
        let found = |text| references(text).collect::<Vec<_>>();
        assert_eq!(found("postgres://$(USER):$(PASS)@db"), ["USER", "PASS"]);
        assert_eq!(found("$$(A) $(B) $C $("), ["B"]);
        assert_eq!(found("$$$(A)"), ["A"]);
        assert_eq!(found("a"), [""; 0]);
    }

    #[test]
    fn a_variable_made_of_one_that_the_document_puts_behind_it_comes_late() {
        let plain = |name: &str, value: &str| (name.to_owned(), Form::Plain(value.to_owned()), Value::Null);
        let variables = [
            plain("HOST", "db"),
            plain("A_URL", "x://$(HOST)"),
            plain("B", "$(A_URL)/b"),
            plain("Z", "$(HOST)"),
        ];
        assert_eq!(late(&variables).into_iter().collect::<Vec<_>>(), ["A_URL", "B"]);
    }
}
