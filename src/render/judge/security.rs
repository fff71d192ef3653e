//! The Pod Security Standard that an app's pods keep, once everything is rendered: own fields, sidecars, patches, objects.

use std::collections::BTreeMap;

use super::template;
use crate::document::{App, Code, Finding, Policy, Severity};
use crate::object::{Kind, Level, Object, Violation, pod_security};
use crate::render::objects;

/// Pods that are privileged are refused unless the configuration allows them; those that are not restricted are told of.
pub(super) fn review(app: &App, all: &[Object], policy: &Policy, findings: &mut Vec<Finding>) {
    let mut faults: BTreeMap<Vec<String>, Fault> = BTreeMap::new();
    for object in all {
        let Some(pod) = template(object) else { continue };
        let (level, violations) = pod_security(pod);
        // What keeps pods from the next standard, and nothing of the one after.
        let worst = |violation: &&Violation| match level {
            Level::Privileged => violation.level == Level::Baseline,
            Level::Baseline => violation.level == Level::Restricted,
            Level::Restricted => false,
        };
        for violation in violations.iter().filter(worst) {
            let (path, written) = culprit(app, object, violation);
            let fault = faults.entry(path).or_insert(Fault { level, written, messages: Vec::new() });
            fault.level = fault.level.min(level);
            // The pods of jobs say again what the app's say.
            if !fault.messages.contains(&violation.message) {
                fault.messages.push(violation.message.clone());
            }
        }
    }
    findings.extend(faults.into_iter().map(|(path, fault)| fault.finding(path, policy)));
}

/// What a field of the document does to the pods.
struct Fault {
    /// The standard that they keep.
    level: Level,
    /// It is written down as a loosening, and so no surprise.
    written: bool,
    messages: Vec<String>,
}

impl Fault {
    fn finding(self, path: Vec<String>, policy: &Policy) -> Finding {
        let why = self.messages.join("; ");
        if self.level == Level::Privileged && !policy.privileged {
            let message = format!("the configuration allows no privileged pods: {why}");
            let help =
                "remove it, or allow it by `allow.privileged` of the daemon, here with `--allow-privileged`";
            return Finding::error(Code::PrivilegedRefused, path, message, help);
        }
        let message = format!("the pods keep only the Pod Security Standard `{}`: {why}", self.level);
        let help = "a namespace that enforces a stricter one refuses these pods";
        let severity = if self.written { Severity::Note } else { Severity::Warning };
        Finding { severity, ..Finding::error(Code::PodSecurity, path, message, help) }
    }
}

/// Which field of the document made it so, and whether that field is there to loosen what is hardened.
fn culprit(app: &App, object: &Object, violation: &Violation) -> (Vec<String>, bool) {
    let spec = &app.spec;
    let path = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let at = |json| objects::reference(&app.id.namespace, json) == Some(object.reference.clone());
    if let Some(number) = spec.objects.iter().position(at) {
        return (path(&["objects", &number.to_string(), "metadata", "name"]), false);
    }
    let item = |list: &str| {
        let rest = violation.pointer.strip_prefix("/spec/")?.strip_prefix(list)?.strip_prefix('/')?;
        rest.split('/').next()?.parse::<usize>().ok()
    };
    let deployment = object.reference.kind == Kind::Deployment;
    if let Some(number) = item("initContainers").filter(|number| *number < spec.init_containers.len()) {
        return (path(&["initContainers", &number.to_string(), "name"]), false);
    }
    if let Some(number) =
        item("containers").filter(|number| deployment && *number > 0 && *number <= spec.sidecars.len())
    {
        return (path(&["sidecars", &(number - 1).to_string(), "name"]), false);
    }
    let last = spec.patches.iter().rposition(|patch| object.reference.is_meant_by(&patch.target));
    let field = match violation.rule {
        "capabilities_baseline" | "capabilities_restricted" => "capabilities",
        "runAsUser" => "user",
        _ => "root",
    };
    match (&spec.security, last) {
        (Some(_), None) => (path(&["security", field]), true),
        (_, Some(number)) => (path(&["patches", &number.to_string(), "target"]), false),
        (None, None) => (Vec::new(), false),
    }
}
