//! Fields that a type does not have: misspelt, in the wrong place, or not built yet.

use crate::document::diagnostic::{all_of, did_you_mean, shown};
use crate::document::{Code, Diagnostic, Span};

/// Names from Kubernetes and elsewhere that people try, and what is written here instead.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("AppSpec", "enabled", "it belongs into an overlay: `environments: {dev: {enabled: false}}`"),
    ("AppSpec", "volumes", "a persistent volume is `storage`, a writable folder is `scratch`"),
    ("AppSpec", "volumeMounts", "a persistent volume is `storage`, a writable folder is `scratch`"),
    ("AppSpec", "livenessProbe", "write `probes: {live: {path: /health}}`"),
    ("AppSpec", "readinessProbe", "write `probes: {ready: {path: /ready}}`"),
    ("AppSpec", "startupProbe", "write `probes: {startup: {path: /health}}`"),
    ("AppSpec", "securityContext", "write `security`"),
    ("AppSpec", "strategy", "write `rollout`"),
    ("AppSpec", "cmd", "write `command`"),
    ("AppSpec", "entrypoint", "write `command`"),
    ("AppSpec", "environment", "write `env` for variables; overlays are `environments`"),
    ("AppSpec", "envFrom", "write each variable: `secrets: {DB_URL: {secret: shop-db, key: url}}`"),
    ("AppSpec", "serviceAccountName", "each app has a ServiceAccount of its own name"),
    ("AppSpec", "namespace", "it belongs into `metadata`"),
    ("AppSpec", "labels", "labels of all objects belong into `metadata`, those of pods are `podLabels`"),
    (
        "AppSpec",
        "annotations",
        "those of all objects belong into `metadata`, those of pods are `podAnnotations`",
    ),
    ("AppSpec", "ready", "indent it, so that it is below `probes`"),
    ("AppSpec", "live", "indent it, so that it is below `probes`"),
    ("AppSpec", "startup", "indent it, so that it is below `probes`"),
    ("AppSpec", "host", "indent it, so that it is below `ingress`"),
    ("AppSpec", "requests", "indent it, so that it is below `resources`"),
    ("AppSpec", "limits", "indent it, so that it is below `resources`"),
    ("AppSpec", "containers", "write the fields of the container into `spec` itself"),
    ("AppSpec", "template", "write the fields of the container into `spec` itself"),
    ("Probe", "httpGet", "write `path: /health`"),
    ("Probe", "periodSeconds", "write `period: 10s`"),
    ("Probe", "timeoutSeconds", "write `timeout: 1s`"),
    ("Probe", "failureThreshold", "write `failures: 3`"),
    ("SecretKey", "name", "the name of the Secret is `secret`"),
];

/// What a required field may look like.
pub(super) fn missing(field: &str) -> Option<String> {
    let example = match field {
        "image" => "registry.example.com/app:1.0.0",
        "mountPath" => "/data",
        "size" => "10Gi",
        "host" => "shop.example.com",
        "port" => "8080",
        "secret" => "shop-db",
        "key" => "password",
        _ => return None,
    };
    Some(format!("write it, such as `{field}: {example}`"))
}

/// The diagnostic for a field that the type `owner` does not have.
pub(in crate::document) fn field(owner: &str, field: &str, fields: &[&str], span: Span) -> Diagnostic {
    let name = shown(field);
    let elsewhere = ELSEWHERE.iter().find(|(of, theirs, _)| *of == owner && *theirs == field);
    let help = elsewhere
        .map(|(.., ours)| (*ours).to_owned())
        .or_else(|| did_you_mean(field, fields.iter().copied()))
        .or_else(|| {
            (fields.len() <= 10).then(|| format!("the fields are {}", all_of(fields.iter().copied())))
        });
    Diagnostic::error(Code::UnknownField, span, format!("unknown field `{name}`")).maybe_help(help)
}
