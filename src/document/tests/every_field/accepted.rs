//! What looks like a mistake and is none.

use super::walk::Field;
use crate::document::DocumentKind;

/// Values of fields that are accepted, and why.
#[derive(Debug)]
pub(super) struct Accepted {
    /// Ends of the paths of fields, after the kind of document.
    fields: &'static [&'static str],
    /// What is written.
    values: &'static [&'static str],
    reason: &'static str,
}

/// The entry of the list, with its reason.
pub(super) fn is_accepted(kind: DocumentKind, field: &Field, written: &str) -> Option<(usize, &'static str)> {
    let field = format!("{kind}.{field}");
    let is_of = |accepted: &Accepted| {
        accepted.fields.iter().any(|end| field.ends_with(end)) && accepted.values.contains(&written)
    };
    let at = ACCEPTED.iter().position(is_of)?;
    Some((at, ACCEPTED[at].reason))
}

const ANY_TEXT: &[&str] = &["\"\"", "\" \"", "\"a\\nb\"", "300 letters"];

/// Everything that is accepted.
pub(super) const ACCEPTED: &[Accepted] = &[
    Accepted {
        fields: &["args[]", "command[]", "env.*", "nnotations.*", "config.*", ".restart"],
        values: ANY_TEXT,
        reason: "any text is good",
    },
    Accepted { fields: &["spec.allow[].rule"], values: ANY_TEXT, reason: "no rule is known yet" },
    Accepted {
        fields: &["reason", "migrations[].sql", "migrations[].rollback"],
        values: &["\"a\\nb\"", "300 letters"],
        reason: "any words, any statements",
    },
    Accepted {
        fields: &["labels.*", "podLabels.*", "nodeSelector.*", "tolerations[].value"],
        values: &["\"\""],
        reason: "labels and taints may have no value",
    },
    Accepted {
        fields: &[
            "nnotations",
            "labels",
            "podLabels",
            ".env",
            ".secrets",
            ".config",
            ".secretFiles",
            ".storage",
            ".scratch",
            ".jobs",
            ".ports",
            ".nodeSelector",
            ".selector",
            ".environments",
            ".resources",
            ".limits",
            ".requests",
            ".deletion",
            ".drift",
            ".network",
            ".placement",
            ".probes",
            ".pull",
            ".rollout",
            ".security",
            ".service",
            ".runner",
            ".contract",
            "Migration.spec.backup",
            ".serviceAccount",
            ".environments.*",
            ".merge",
        ],
        values: &["{}"],
        reason: "nothing is set, so all is as by default",
    },
    Accepted {
        fields: &[
            ".args",
            ".command",
            ".volumes",
            ".dependsOn",
            ".ignore",
            ".paths",
            ".initContainers",
            ".sidecars",
            "App.spec.migrations",
            ".except",
            ".ports",
            ".objects",
            ".allow",
            ".patches",
            ".spread",
            ".tolerations",
            ".secrets",
            ".capabilities",
        ],
        values: &["[]"],
        reason: "nothing is listed",
    },
    Accepted { fields: &["network.from", "network.to"], values: &["[]"], reason: "nobody" },
    Accepted {
        fields: &[".args", ".command", ".json", ".patches"],
        values: &["an item twice"],
        reason: "to do or say the same twice may be meant",
    },
    Accepted {
        fields: &[".ignore", ".from", ".to", ".except", ".ports", ".tolerations", ".capabilities", ".allow"],
        values: &["an item twice"],
        reason: "the second changes nothing, and Kubernetes takes it",
    },
    Accepted {
        fields: &[".replicas", ".history", ".retries", ".minAvailable", ".maxSurge", ".maxUnavailable"],
        values: &["0"],
        reason: "none",
    },
    Accepted { fields: &[".group"], values: &["0"], reason: "the group of root gives no rights of root" },
    Accepted {
        fields: &["deletion.grace", ".drain", "rollout.grace", ".minReady", "contract.after"],
        values: &["0s"],
        reason: "at once",
    },
    Accepted { fields: &[".statementTimeout"], values: &["0s"], reason: "any time" },
    Accepted {
        fields: &[".lockTimeout", ".statementTimeout"],
        values: &["300ms"],
        reason: "these have milliseconds",
    },
    Accepted {
        fields: &[".tolerationSeconds"],
        values: &["0", "-1", "2147483648", "4294967296"],
        reason: "Kubernetes counts these seconds in 64 bits, and takes less than none for none",
    },
    Accepted { fields: &[".cpu"], values: &["1.5", "2147483648"], reason: "any number of cores" },
    Accepted {
        fields: &[".memory", ".ephemeral-storage", ".scratch.*", ".size"],
        values: &["2147483648"],
        reason: "2Gi",
    },
    Accepted {
        fields: &["json[].value"],
        values: &["null", "thing", "[thing]", "{}"],
        reason: "any value may be what the object has",
    },
    Accepted {
        fields: &[".environments"],
        values: &["\"a b\": …"],
        reason: "environments are called as the daemon's configuration calls them",
    },
];
