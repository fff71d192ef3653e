use std::collections::BTreeSet;

use serde::Deserialize;

use super::*;

/// A pod, the standard it keeps, and the rules that keep it from more.
#[derive(Deserialize)]
struct Row {
    name: String,
    level: String,
    #[serde(default)]
    rules: Vec<String>,
    /// By the version that judges otherwise.
    #[serde(default)]
    before: std::collections::BTreeMap<u16, String>,
    pod: Value,
}

fn rows() -> Vec<Row> {
    serde_yaml::from_str(include_str!("../../../tests/fixtures/pods.yaml")).unwrap()
}

#[test]
fn each_rule_is_found_and_puts_the_pod_where_it_belongs() {
    let mut told = String::new();
    for Row { name, level, rules, before, pod } in rows() {
        let (found, violations) = pod_security(&pod);
        let broken: BTreeSet<&str> = violations.iter().map(|violation| violation.rule).collect();
        assert_eq!(
            (found.to_string(), broken),
            (level, rules.iter().map(String::as_str).collect()),
            "{name}"
        );
        for (minor, level) in before {
            assert_eq!(pod_security_in(&pod, minor - 1).0.to_string(), level, "{name} before 1.{minor}");
        }
        for Violation { level, rule, pointer, message } in violations {
            told.push_str(&format!("{name}: {level} {rule} {pointer}\n  {message}\n"));
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn every_check_of_the_standards_has_a_pod_that_breaks_it() {
    let broken: BTreeSet<String> = rows().into_iter().flat_map(|row| row.rules).collect();
    let checks = [
        "allowPrivilegeEscalation",
        "appArmorProfile",
        "capabilities_baseline",
        "capabilities_restricted",
        "hostNamespaces",
        "hostPathVolumes",
        "hostPorts",
        "hostProbesAndHostLifecycle",
        "privileged",
        "procMount",
        "procMount_restricted",
        "restrictedVolumes",
        "runAsNonRoot",
        "runAsUser",
        "seLinuxOptions",
        "seccompProfile_baseline",
        "seccompProfile_restricted",
        "sysctls",
        "windowsHostProcess",
    ];
    assert_eq!(broken, checks.into_iter().map(str::to_owned).collect());
}

#[test]
fn the_pointer_of_what_is_there_leads_to_it() {
    for Row { name, pod, .. } in rows() {
        for violation in pod_security(&pod).1 {
            let is_there = pod.pointer(&violation.pointer).is_some();
            let is_to_be_written = violation.message.contains("write `");
            assert!(is_there || is_to_be_written, "{name}: {violation:?}");
        }
    }
}
