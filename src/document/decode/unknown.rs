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

/// As many fields as still help when they are listed.
const MOST_LISTED: usize = 15;

/// What required fields may look like, of a type where others have a field of the same name.
const EXAMPLES: &[(Option<&str>, &str, &str)] = &[
    (Some("Metadata"), "name", "shop"),
    (Some("SecretMount"), "path", "/etc/tls"),
    (Some("IgnoredField"), "path", "/spec/replicas"),
    (Some("PatchOperation"), "path", "/spec/paused"),
    (Some("Database"), "host", "pg.data"),
    (Some("Database"), "name", "shop"),
    (Some("Login"), "name", "shop-db"),
    (Some("SecretFile"), "name", "pg-ca"),
    (Some("SecretFile"), "key", "ca.crt"),
    (Some("InlineMigration"), "name", "create_orders"),
    (None, "image", "registry.example.com/app:1.0.0"),
    (None, "mountPath", "/data"),
    (None, "size", "10Gi"),
    (None, "host", "shop.example.com"),
    (None, "port", "8080"),
    (None, "secret", "shop-db"),
    (None, "key", "password"),
    (None, "max", "10"),
    (None, "schedule", "\"0 3 * * *\""),
    (None, "allow", "[\"0 9 * * 1-5 for 8h\"]"),
    (None, "target", "Deployment"),
    (None, "op", "add"),
    (None, "secretRef", "{name: shop-db}"),
    (None, "version", "\"0001\""),
    (None, "sql", "ALTER TABLE orders ADD COLUMN total bigint"),
    (None, "command", "[alembic, upgrade, head]"),
    (None, "rule", "ban-drop-column"),
    (None, "reason", "nothing reads the column since 1.4"),
];

/// How a required field of the type `owner` may be written.
pub(super) fn missing(owner: Option<&str>, field: &str) -> Option<String> {
    let of = |wanted: Option<&str>| EXAMPLES.iter().find(|(of, name, _)| *of == wanted && *name == field);
    let (.., example) = owner.and_then(|owner| of(Some(owner))).or_else(|| of(None))?;
    Some(format!("{field}: {example}"))
}

/// The diagnostic for a field that the type `owner` does not have.
pub(in crate::document) fn field(owner: &str, field: &str, fields: &[&str], span: Span) -> Diagnostic {
    let name = shown(field);
    let elsewhere = ELSEWHERE.iter().find(|(of, theirs, _)| *of == owner && *theirs == field);
    let help = elsewhere
        .map(|(.., ours)| (*ours).to_owned())
        .or_else(|| did_you_mean(field, fields.iter().copied()))
        .or_else(|| match owner {
            "AppSpec" => Some("`portfolio explain app` lists the fields".to_owned()),
            _ if fields.len() <= MOST_LISTED => {
                Some(format!("the fields are {}", all_of(fields.iter().copied())))
            }
            _ => None,
        });
    Diagnostic::error(Code::UnknownField, span, format!("unknown field `{name}`")).maybe_help(help)
}
