//! Objects of Kubernetes without what looks like a secret.

use serde_json::{Map, Value};

use super::{Redactor, names};

/// Who chose the names of a map's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keys {
    /// Kubernetes: `key` and `secretName` name something and hold nothing.
    Fields,
    /// People: files, variables, annotations.
    Chosen,
    /// The same, and the values are no text.
    Binary,
}

impl Redactor {
    /// The object without what looks like a secret.
    pub fn object(&mut self, content: &Value) -> Value {
        let mut redacted = self.value(content, Keys::Fields);
        if content.get("kind").and_then(Value::as_str) == Some("Secret") {
            for field in ["data", "stringData"] {
                if let (Some(into), Some(Value::Object(map))) = (redacted.get_mut(field), content.get(field))
                {
                    *into = Value::Object(self.map(map, Keys::Binary));
                }
            }
        }
        redacted
    }

    /// Arguments of a command: what follows `--password` is one.
    pub fn arguments(&mut self, arguments: &[String]) -> Vec<String> {
        let mut flag: Option<&String> = None;
        let mut redacted = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let is_value = flag.is_some_and(|flag| names::is_secret(flag, argument));
            redacted.push(if is_value { self.mark(argument) } else { self.text(argument) });
            flag = Some(argument).filter(|text| text.starts_with('-') && !text.contains(['=', ' ']));
        }
        redacted
    }

    fn value(&mut self, value: &Value, keys: Keys) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.map(map, keys)),
            Value::Array(items) => Value::Array(self.items(items)),
            Value::String(text) => Value::String(self.text(text)),
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    fn map(&mut self, map: &Map<String, Value>, keys: Keys) -> Map<String, Value> {
        // An environment variable, or whatever else is written as a pair.
        let named = map.get("name").and_then(Value::as_str).unwrap_or_default();
        // Numbers must not depend on the order in which a map keeps its keys.
        let mut entries: Vec<(&String, &Value)> = map.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        entries
            .into_iter()
            .map(|(key, value)| {
                let name = if keys == Keys::Fields && key == "value" { named } else { key };
                let is_secret = |text: &str| match keys {
                    Keys::Binary => true,
                    Keys::Fields if key != "value" => names::is_secret_field(key),
                    Keys::Fields | Keys::Chosen => names::is_secret(name, text),
                };
                (key.clone(), self.named(value, &is_secret, below(key)))
            })
            .collect()
    }

    /// A value that has a name. Numbers and lists of texts can be secrets too.
    fn named(&mut self, value: &Value, is_secret: &dyn Fn(&str) -> bool, keys: Keys) -> Value {
        match value {
            Value::String(text) if is_secret(text) => Value::String(self.mark(text)),
            Value::Number(number) if is_secret(&number.to_string()) => {
                Value::String(self.mark(&number.to_string()))
            }
            Value::Array(items) if items.iter().any(|item| item.as_str().is_some_and(is_secret)) => {
                Value::Array(items.iter().map(|item| self.named(item, is_secret, keys)).collect())
            }
            value => self.value(value, keys),
        }
    }

    fn items(&mut self, items: &[Value]) -> Vec<Value> {
        let texts: Option<Vec<String>> = items.iter().map(|item| item.as_str().map(str::to_owned)).collect();
        match texts {
            Some(texts) => self.arguments(&texts).into_iter().map(Value::String).collect(),
            None => items.iter().map(|item| self.value(item, Keys::Fields)).collect(),
        }
    }
}

fn below(key: &str) -> Keys {
    match key {
        "data" | "stringData" | "annotations" | "labels" => Keys::Chosen,
        "binaryData" => Keys::Binary,
        _ => Keys::Fields,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_judged_by_their_names() {
        let container = json!({"env": [
            {"name": "DB_PASSWORD", "value": "hunter2"},
            {"name": "LOG_LEVEL", "value": "info"},
            {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "shop-token", "key": "token"}}},
            {"name": "KEYCLOAK_URL", "value": "https://id.example.com"},
            {"name": "DEBUG_TOKENS", "value": "false"},
            {"name": "AGAIN_SECRET", "value": "hunter2"},
            {"name": "OTHER_SECRET", "value": "$(DB_PASSWORD)"},
        ]});
        let redacted = Redactor::default().object(&container);
        assert_eq!(
            redacted,
            json!({"env": [
                {"name": "DB_PASSWORD", "value": "<redacted 1>"},
                {"name": "LOG_LEVEL", "value": "info"},
                {"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "shop-token", "key": "token"}}},
                {"name": "KEYCLOAK_URL", "value": "https://id.example.com"},
                {"name": "DEBUG_TOKENS", "value": "false"},
                {"name": "AGAIN_SECRET", "value": "<redacted 1>"},
                {"name": "OTHER_SECRET", "value": "$(DB_PASSWORD)"},
            ]})
        );
    }

    #[test]
    fn files_are_judged_by_their_names_and_by_what_is_in_them() {
        let map = json!({
            "data": {"tls.key": "abc", "app.toml": "port = 80\npassword = \"hunter2\"\n"},
            "binaryData": {"store": "AAEC"},
            "metadata": {"annotations": {"team/api-key": "abc", "note": "see https://u:p@example.com/"}},
        });
        let redacted = Redactor::default().object(&map);
        assert_eq!(redacted["data"]["tls.key"], "<redacted 3>", "numbered in order of keys");
        assert_eq!(redacted["data"]["app.toml"], "port = 80\npassword = \"<redacted 2>\"\n");
        assert_eq!(redacted["binaryData"]["store"], "<redacted 1>");
        assert_eq!(redacted["metadata"]["annotations"]["team/api-key"], "<redacted 3>");
        assert_eq!(redacted["metadata"]["annotations"]["note"], "see https://u:<redacted 4>@example.com/");
    }

    #[test]
    fn nothing_of_a_secret_is_shown() {
        let secret = json!({"kind": "Secret", "data": {"user": "c2hvcA=="}, "stringData": {"host": "db"}});
        let redacted = Redactor::default().object(&secret);
        assert_eq!(
            redacted,
            json!({"kind": "Secret", "data": {"user": "<redacted 1>"}, "stringData": {"host": "<redacted 2>"}})
        );
    }

    #[test]
    fn fields_of_kubernetes_that_only_name_something_stay() {
        let spec = json!({
            "volumes": [{"name": "tls", "secret": {"secretName": "shop-tls", "items": [{"key": "tls.key", "path": "k"}]}}],
            "topologySpreadConstraints": [{"topologyKey": "kubernetes.io/hostname"}],
            "tolerations": [{"key": "dedicated", "value": "x", "operator": "Equal"}],
            "automountServiceAccountToken": false,
            "tls": [{"secretName": "shop-tls"}],
            "imagePullSecrets": [{"name": "registry"}],
        });
        assert_eq!(Redactor::default().object(&spec), spec);
    }

    #[test]
    fn arguments_are_judged_too() {
        let args = json!({"args": ["--db-password", "hunter2", "--token=abc", "--port", "80", "-v"]});
        let redacted = Redactor::default().object(&args);
        assert_eq!(
            redacted["args"],
            json!(["--db-password", "<redacted 1>", "--token=<redacted 2>", "--port", "80", "-v"])
        );
    }

    #[test]
    fn a_value_that_changes_gets_another_mark_and_one_that_does_not_keeps_its() {
        let mut redactor = Redactor::default();
        let map = |password: &str| json!({"data": {"a.env": format!("TOKEN=abc\nPASSWORD={password}\n")}});
        let (before, after) = (redactor.object(&map("one")), redactor.object(&map("two")));
        assert_eq!(before["data"]["a.env"], "TOKEN=<redacted 1>\nPASSWORD=<redacted 2>\n");
        assert_eq!(after["data"]["a.env"], "TOKEN=<redacted 1>\nPASSWORD=<redacted 3>\n");
    }

    #[test]
    fn what_is_redacted_twice_stays_as_it_is() {
        let mut redactor = Redactor::default();
        let once = redactor.text("password: hunter2\nurl: https://u:p@example.com\n");
        assert_eq!(redactor.text(&once), once);
    }
}
