//! Variables: of the file itself in both forms, and of the files that it names. What looks like a secret is not copied
//! into a document, which goes into git; the document names a Secret in its place.

use super::Scope;
use super::fields::Fields;
use super::variables;
use crate::document::{Scalar, SecretKey};
use crate::import::app::Draft;
use crate::import::report::Fate;
use crate::import::yaml::{Entry, Node, Value};
use crate::redact;

pub(super) fn environment(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    // What the file says itself wins over what is in the files it names.
    if let Some(entry) = fields.take("env_file") {
        env_files(scope, service, entry, draft);
    }
    let Some(entry) = fields.take("environment") else { return };
    for variable in entry.value.entries() {
        let value = variable.value.text().map(variables::follow);
        if value.is_none() && !variable.value.is_null() {
            scope.unfit(service, &format!("environment.{}", variable.key), variable, "its value is no text");
            continue;
        }
        set(scope, service, draft, &variable.key, value, (variable, "environment"));
    }
    for item in entry.value.items() {
        let Some(text) = item.text() else { continue };
        let (name, value) = text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)));
        let place = Entry { key: name.to_owned(), span: item.span, value: nothing(item) };
        set(scope, service, draft, name, value.map(variables::follow), (&place, "environment"));
    }
}

/// How to make the Secret that the document names in the place of values.
pub(super) fn secret(scope: &mut Scope<'_>, service: &Entry, draft: &Draft) {
    if draft.spec.secrets.is_empty() {
        return;
    }
    let keys: Vec<String> = draft.spec.secrets.keys().map(|key| format!(" --from-literal={key}=…")).collect();
    let message = format!(
        "needs a Secret before the push: `kubectl create secret generic {} --namespace {}{}`",
        draft.id.name,
        scope.namespace,
        keys.concat()
    );
    scope.unfit(&service.key, "", service, &message);
}

fn nothing(item: &Node) -> Node {
    Node { value: Value::Seq(Vec::new()), span: item.span }
}

fn set(
    scope: &mut Scope<'_>,
    service: &str,
    draft: &mut Draft,
    name: &str,
    value: Option<variables::Followed>,
    (entry, from): (&Entry, &str),
) {
    let path = format!("{from}.{name}");
    draft.spec.env.remove(name);
    draft.spec.secrets.remove(name);
    let text = value.as_ref().map(|value| value.text.as_str()).unwrap_or_default();
    if redact::is_secret(name, text) {
        let app = draft.id.name.clone();
        let message = format!("looks like a secret, so its value is not copied; it is that of Secret/{app}");
        let finding = scope.found(Fate::Folded, service, &path, entry, &message);
        scope.findings.push(finding);
        draft
            .spec
            .secrets
            .insert(name.to_owned(), SecretKey { secret: app, key: name.to_owned(), optional: false });
        return;
    }
    match value {
        Some(value) if value.unset.is_empty() => {
            // Kubernetes follows `$(NAME)`, compose does not.
            draft.spec.env.insert(name.to_owned(), Scalar(value.text.replace("$(", "$$(")));
        }
        Some(value) => {
            let names: Vec<String> = value.unset.iter().map(|name| format!("`${{{name}}}`")).collect();
            let message = format!("{} has no value here: write `env: {{{name}: …}}`", names.join(", "));
            scope.unfit(service, &path, entry, &message);
        }
        None => {
            let message = format!("takes its value from whoever starts it: write `env: {{{name}: …}}`");
            scope.unfit(service, &path, entry, &message);
        }
    }
}

/// `env_file`: a path, a list of paths, or of maps.
fn env_files(scope: &mut Scope<'_>, service: &str, entry: &Entry, draft: &mut Draft) {
    for path in paths(&entry.value) {
        let Some(text) = scope.beside(&path) else {
            let message =
                format!("`{path}` is not there: write its variables into `env`, and secrets into `secrets`");
            scope.unfit(service, "env_file", entry, &message);
            continue;
        };
        let finding = scope.found(Fate::Folded, service, "env_file", entry, &format!("`{path}` is in `env`"));
        scope.findings.push(finding);
        for (name, value) in dotenv(text) {
            set(scope, service, draft, &name, Some(value), (entry, &path));
        }
    }
}

/// The paths that `env_file` names.
pub(super) fn paths(node: &Node) -> Vec<String> {
    let one = |node: &Node| node.get("path").unwrap_or(node).text().map(str::to_owned);
    match &node.value {
        Value::Seq(items) => items.iter().filter_map(one).collect(),
        Value::Scalar { .. } | Value::Map(_) => one(node).into_iter().collect(),
    }
}

/// The variables of an env file. Single quotes keep a value as it is.
/// Source: <https://docs.docker.com/compose/how-tos/environment-variables/variable-interpolation/#env-file-syntax>.
fn dotenv(text: &str) -> Vec<(String, variables::Followed)> {
    let line = |line: &str| {
        let line = line.trim();
        let line = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = line.split_once('=')?;
        let (name, value) = (name.trim(), value.trim());
        if name.is_empty() || name.starts_with('#') {
            return None;
        }
        let value = if let Some(inside) = value.strip_prefix('\'') {
            let text = inside.split('\'').next().unwrap_or(inside).to_owned();
            variables::Followed { text, unset: Vec::new() }
        } else if let Some(inside) = value.strip_prefix('"') {
            variables::follow(&double_quoted(inside))
        } else {
            variables::follow(value.split(" #").next().unwrap_or(value).trim_end())
        };
        Some((name.to_owned(), value))
    };
    text.lines().filter_map(line).collect()
}

fn double_quoted(inside: &str) -> String {
    let mut text = String::new();
    let mut chars = inside.chars();
    while let Some(char) = chars.next() {
        match char {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('r') => text.push('\r'),
                Some('t') => text.push('\t'),
                Some(char @ ('"' | '\\')) => text.push(char),
                Some(char) => text.extend(['\\', char]),
                None => text.push('\\'),
            },
            char => text.push(char),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_env_file_is_read_as_compose_reads_it() {
        let text = "# remark\nA=1\nexport B = two words # remark\nC='a # $X'\nD=\"a\\n\\\"b\\\"\"\nE=${F:-f}\nnonsense\n=x\nG=\n";
        let found: Vec<_> = dotenv(text).into_iter().map(|(name, value)| (name, value.text)).collect();
        let expected =
            [("A", "1"), ("B", "two words"), ("C", "a # $X"), ("D", "a\n\"b\""), ("E", "f"), ("G", "")];
        assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
