//! Files that compose mounts one by one: configs, secrets, files beside the compose file. A document mounts its files in
//! a folder of their own; a patch mounts each where it was.

use serde_json::json;

use super::Scope;
use super::environment;
use super::fields::Fields;
use crate::document::{Json, Patch, PatchOperation, PatchOperator, SecretMount};
use crate::import::app::Draft;
use crate::import::report::Fate;
use crate::import::yaml::{Entry, Node};
use crate::redact;

/// Where compose mounts secrets.
const SECRETS: &str = "/run/secrets";
/// The most bytes of a file that is copied into a document.
const MOST_BYTES: usize = 256 * 1024;

/// Paths of files beside the compose file that a service refers to.
pub(super) fn referred(service: &Node) -> Vec<String> {
    let env_files = service.get("env_file").map(environment::paths).unwrap_or_default();
    let volumes = service.get("volumes").map(Node::items).unwrap_or_default();
    let binds = volumes.iter().filter_map(|volume| match volume.get("source") {
        Some(source) => source.text(),
        None => volume.text()?.split(':').next(),
    });
    let relative = binds.filter(|source| source.starts_with('.')).map(str::to_owned);
    env_files.into_iter().chain(relative).collect()
}

pub(super) fn configs(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let Some(entry) = fields.take("configs") else { return };
    for item in entry.value.items() {
        let mut fields = Fields::new(item);
        let name = item.text().or_else(|| fields.take("source").and_then(|source| source.value.text()));
        let Some(name) = name else { continue };
        let target = fields.take("target").and_then(|target| target.value.text());
        let target = target.map_or_else(|| format!("/{name}"), |target| absolute(target, "/"));
        for entry in fields.rest() {
            scope.unfit(
                service,
                &format!("configs.{}", entry.key),
                entry,
                "files of configuration are readable for all",
            );
        }
        let config = scope.configs.iter().find(|config| config.key == name).map(|config| &config.value);
        let path = config.and_then(|config| config.get("file")).and_then(Node::text);
        let inline = config.and_then(|config| config.get("content")).and_then(Node::text);
        let text = path.and_then(|path| scope.beside(path)).map(str::to_owned);
        let text = text.or_else(|| inline.map(|content| super::variables::follow(content).text));
        if let Some(text) = text {
            mount(scope, service, entry, (path.unwrap_or(name), &target), &text, draft);
        } else {
            let message = format!("the content of `{name}` is not here: write it into `config`");
            scope.unfit(service, "configs", entry, &message);
        }
    }
}

fn absolute(path: &str, folder: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", folder.trim_end_matches('/')) }
}

/// A file of configuration at its own place.
pub(super) fn mount(
    scope: &mut Scope<'_>,
    service: &str,
    entry: &Entry,
    (source, target): (&str, &str),
    text: &str,
    draft: &mut Draft,
) {
    let file = target.rsplit('/').next().unwrap_or(target).to_owned();
    if redact::is_secret(&file, text) {
        let line = redact::line_of_secret(text).map(|line| format!(", in line {line}")).unwrap_or_default();
        let message = format!(
            "`{source}` holds what looks like a secret{line}, so it is not copied: make a Secret of it and name it in \
             `secretFiles`, or take what is secret out of it"
        );
        return scope.unfit(service, &entry.key, entry, &message);
    }
    let is_key = !file.is_empty()
        && !file.starts_with("..")
        && file.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    let is_other = draft.spec.config.get(&file).is_some_and(|known| known != text);
    if !is_key || is_other || text.len() > MOST_BYTES {
        let message =
            format!("`{source}` cannot be a file of `config`: put it into the image, or mount it by a patch");
        return scope.unfit(service, &entry.key, entry, &message);
    }
    draft.spec.config.insert(file.clone(), text.to_owned());
    let value = json!({"name": "config", "mountPath": target, "subPath": file, "readOnly": true});
    let add = PatchOperation {
        op: PatchOperator::Add,
        path: "/spec/template/spec/containers/0/volumeMounts/-".to_owned(),
        from: None,
        value: Some(Json(value)),
    };
    draft.spec.patches.push(Patch { target: "Deployment".to_owned(), merge: None, json: vec![add] });
    let message = format!("`{source}` is `config.{file}`, mounted at {target} by a patch");
    let finding = scope.found(Fate::Folded, service, "", entry, &message);
    scope.findings.push(finding);
}

/// Files of secrets: one Secret for all of a service, each key a file in one folder.
pub(super) fn secrets(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let Some(entry) = fields.take("secrets") else { return };
    let secret = format!("{}-files", draft.id.name);
    let mut arguments = Vec::new();
    for item in entry.value.items() {
        let mut fields = Fields::new(item);
        let name = item.text().or_else(|| fields.take("source").and_then(|source| source.value.text()));
        let Some(name) = name else { continue };
        let target = fields.take("target").and_then(|target| target.value.text()).unwrap_or(name);
        for entry in fields.rest() {
            scope.unfit(
                service,
                &format!("secrets.{}", entry.key),
                entry,
                "files of Secrets are readable for the app",
            );
        }
        let target = absolute(target, SECRETS);
        let Some(key) = target.strip_prefix(&format!("{SECRETS}/")).filter(|key| !key.contains('/')) else {
            let message = format!("`{name}` is mounted outside {SECRETS}: write it into `secretFiles`");
            scope.unfit(service, "secrets", entry, &message);
            continue;
        };
        let known = scope.secrets.iter().find(|secret| secret.key == name).map(|secret| &secret.value);
        let file = known.and_then(|secret| secret.get("file")).and_then(Node::text).unwrap_or("…");
        arguments.push(format!("--from-file={key}={file}"));
    }
    if arguments.is_empty() {
        return;
    }
    let message = format!(
        "secrets are not copied: `kubectl create secret generic {secret} --namespace {} {}` makes the Secret that the \
         document names",
        scope.namespace,
        arguments.join(" ")
    );
    scope.unfit(service, "secrets", entry, &message);
    let files = SecretMount { secret, path: SECRETS.to_owned(), optional: false };
    draft.spec.secret_files.insert("files".to_owned(), files);
}
