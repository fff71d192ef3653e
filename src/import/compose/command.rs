//! Entrypoint, command, working folder: what runs in the container.

use super::Scope;
use super::fields::Fields;
use super::words::split;
use crate::document::SecretKey;
use crate::import::app::Draft;
use crate::import::withhold::ARGUMENT;
use crate::import::yaml::{Entry, Value};
use crate::redact::Redactor;

pub(super) fn command(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let mut redactor = Redactor::referring(ARGUMENT);
    // A container's entrypoint is Kubernetes' command, and its command are the arguments.
    if let Some(entry) = fields.take("entrypoint") {
        draft.spec.command = words(scope, service, entry);
        hold_back(scope, service, entry, &mut draft.spec.command, &mut redactor);
        if draft.spec.command.is_empty() {
            scope.unfit(service, "entrypoint", entry, "an empty entrypoint cannot be said: write `command`");
        }
    }
    if let Some(entry) = fields.take("command") {
        draft.spec.args = words(scope, service, entry);
        hold_back(scope, service, entry, &mut draft.spec.args, &mut redactor);
    }
    for key in redactor.references() {
        let secret = SecretKey { secret: draft.id.name.clone(), key: key.clone(), optional: false };
        draft.spec.secrets.insert(key, secret);
    }
}

/// Puts references to variables in the place of what looks like a secret: Kubernetes follows them in both lists.
fn hold_back(
    scope: &mut Scope<'_>,
    service: &str,
    entry: &Entry,
    words: &mut Vec<String>,
    redactor: &mut Redactor,
) {
    let held = redactor.arguments(words);
    if held != *words {
        let message = format!(
            "holds what looks like a secret, so it is not copied: `$({ARGUMENT}_…)` stands in its place; put the value into \
             the Secret that `secrets` of the document names for it"
        );
        scope.unfit(service, &entry.key, entry, &message);
        *words = held;
    }
}

/// A list, or one text that is divided as a shell would.
pub(super) fn words(scope: &mut Scope<'_>, service: &str, entry: &Entry) -> Vec<String> {
    let path = entry.key.clone();
    let found = match &entry.value.value {
        Value::Seq(items) => items.iter().map(|item| scope.text(service, &path, entry, item)).collect(),
        Value::Scalar { .. } => scope.text(service, &path, entry, &entry.value).and_then(|text| split(&text)),
        Value::Map(_) => None,
    };
    if found.is_none() {
        scope.unfit(service, &path, entry, "cannot be read as a command: write it as a list");
    }
    // Kubernetes follows `$(NAME)`, compose does not.
    found.unwrap_or_default().into_iter().map(|word: String| word.replace("$(", "$$(")).collect()
}
