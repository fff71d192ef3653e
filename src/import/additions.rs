//! What portfolio adds to what was written: which of it changes how something behaves, and which does not.

use serde_json::Value;

use super::compare::Step;

/// Fields that change nothing for what runs: they name, describe, or wish. `[]` stands for any item of a list, `*` for
/// any field.
const HARMLESS: &[(&str, &[&str])] = &[
    (
        "Deployment",
        &[
            "spec.revisionHistoryLimit",
            "spec.progressDeadlineSeconds",
            "spec.strategy.rollingUpdate.maxUnavailable",
            "spec.strategy.rollingUpdate.maxSurge",
            "spec.template.metadata.labels.*",
            "spec.template.spec.topologySpreadConstraints",
            "spec.template.spec.topologySpreadConstraints[]",
            "spec.template.spec.affinity",
            "spec.template.spec.affinity.podAntiAffinity",
            "spec.template.spec.containers[].terminationMessagePolicy",
            "spec.template.spec.containers[].ports[]",
            "spec.template.spec.containers[].ports[].name",
        ],
    ),
    ("Service", &["spec.ports[].name"]),
    ("PodDisruptionBudget", &["spec.unhealthyPodEvictionPolicy"]),
    ("ConfigMap", &["immutable"]),
    ("CronJob", &["spec.jobTemplate.spec.template.metadata.labels.*", "spec.jobTemplate.metadata"]),
];

/// Whether a field that portfolio adds changes nothing for what runs.
pub(super) fn is_harmless(kind: &str, path: &[Step], value: &Value) -> bool {
    // That no pod goes before another has come is harmless; that all go first is not.
    if let [Step::Field(spec), Step::Field(strategy)] = path
        && (kind, spec.as_str(), strategy.as_str()) == ("Deployment", "spec", "strategy")
    {
        return value.get("type").is_none();
    }
    if matches!(path, [Step::Field(metadata), Step::Field(field), ..] if metadata == "metadata" && matches!(field.as_str(), "labels" | "annotations"))
        || matches!(path, [Step::Field(metadata)] if metadata == "metadata")
    {
        return true;
    }
    let patterns = HARMLESS.iter().filter(|(of, _)| *of == kind).flat_map(|(_, patterns)| *patterns);
    patterns.into_iter().any(|pattern| matches(pattern, path))
}

/// Whether a field stands where there can be only one of several, so that it must go if another one is there.
pub(super) fn is_alternative(kind: &str, path: &[Step]) -> bool {
    let Some((_, parents)) = path.split_last() else { return false };
    match parents {
        [.., Step::Field(list), Step::Item { .. }] => matches!(list.as_str(), "volumes" | "env"),
        [.., Step::Field(field)] => {
            matches!(
                field.as_str(),
                "strategy" | "startupProbe" | "readinessProbe" | "livenessProbe" | "preStop" | "postStart"
            ) || kind == "PodDisruptionBudget" && field == "spec"
        }
        _ => false,
    }
}

fn matches(pattern: &str, path: &[Step]) -> bool {
    let mut steps = path.iter();
    for part in pattern.split('.') {
        let (name, is_list) = part.strip_suffix("[]").map_or((part, false), |name| (name, true));
        match steps.next() {
            Some(Step::Field(field)) if name == "*" || field == name => {}
            Some(_) | None => return false,
        }
        if is_list && !matches!(steps.next(), Some(Step::Item { .. })) {
            return false;
        }
    }
    steps.next().is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::compare::{Change, compare, display};

    #[test]
    fn names_and_wishes_are_harmless_and_restrictions_are_not() {
        let actual = json!({"metadata": {"labels": {"a": "b"}}, "spec": {"strategy": {"rollingUpdate": {"maxUnavailable": 0}}, "template": {
            "metadata": {"labels": {"app.kubernetes.io/name": "web"}},
            "spec": {"affinity": {}, "securityContext": {}, "containers": [{"name": "app", "lifecycle": {},
                "terminationMessagePolicy": "x", "ports": [{"containerPort": 80, "name": "http"}]}]}}}});
        let wanted = json!({"metadata": {"labels": {}}, "spec": {"template": {"metadata": {"labels": {}},
            "spec": {"containers": [{"name": "app", "ports": [{"containerPort": 80}]}]}}}});
        let found = compare(&wanted, &actual);
        let harmful: Vec<String> = found
            .iter()
            .filter(|one| match &one.change {
                Change::Extra(value) => !is_harmless("Deployment", &one.path, value),
                Change::Missing(_) | Change::Other { .. } => false,
            })
            .map(|one| display(&one.path))
            .collect();
        assert_eq!(
            harmful,
            ["spec.template.spec.containers[name=app].lifecycle", "spec.template.spec.securityContext"]
        );
    }
}
