//! [`judge`]: what is wrong with an app that shows only once it is rendered. Its findings are diagnostics of the document,
//! so nothing of this is found by the API server first.

mod registries;
mod security;

use std::collections::BTreeMap;

use serde_json::Value;

use super::patch::{self, Failure, Problem};
use super::subject::Subject;
use super::{objects, sorted};
use crate::document::{
    AllowedKind, App, BuiltInKind, Code, Finding, Json, Patch, Policy, Reserved, Severity, built_in_kind,
    check_value, set_by_cluster,
};
use crate::object::{Object, Owner};

/// Looks at an app whose own fields are good.
pub fn judge(app: &App, policy: &Policy) -> Vec<Finding> {
    let spec = &app.spec;
    let mut findings = Vec::new();
    registries::review(app, policy, &mut findings);
    let containers = spec.sidecars.len() + spec.init_containers.len();
    let ignored = spec.drift.as_ref().map_or(&[][..], |drift| &drift.ignore);
    let parts = spec.objects.len() + spec.patches.len() + containers + ignored.len();
    if parts == 0 && spec.security.is_none() {
        // The common case: the fields say it all, and their pods are restricted.
        return findings;
    }
    // Whose it is makes no difference here.
    let owner = Owner { namespace: "portfolio-system".to_owned(), source: "main".to_owned() };
    let subject = Subject::new(app, &owner);
    let mut all = super::own_objects(&subject);
    written(&subject, policy, &mut all, &mut findings);
    let before: Vec<String> = all.iter().map(|object| object.hash.clone()).collect();
    let failures = patch::apply(&mut all, &spec.patches);
    findings.extend(failures.into_iter().map(failed));
    for (object, _) in all.iter().zip(before).filter(|(object, before)| object.hash != *before) {
        patched(object, &spec.patches, &mut findings);
    }
    for (number, field) in ignored.iter().enumerate() {
        findings.extend(no_target(&["drift", "ignore"], number, &field.target, &all));
    }
    security::review(app, &all, policy, &mut findings);
    registries::review_objects(app, &all, policy, &mut findings);
    findings
}

/// A field that is ignored in no object.
fn no_target(list: &[&str], number: usize, target: &str, all: &[Object]) -> Option<Finding> {
    if all.iter().any(|object| object.reference.is_meant_by(target)) {
        return None;
    }
    let path = list.iter().map(|part| (*part).to_owned()).chain([number.to_string(), "target".to_owned()]);
    let there: Vec<String> = all.iter().map(patch::name).collect();
    let help = format!("there are {}", there.join(", "));
    let message = "no object of the app is meant by this target, so nothing is ignored";
    let mut finding = Finding::error(Code::PatchFails, path.collect(), message, help);
    // The app runs all the same, and what one environment lacks another may have.
    finding.severity = Severity::Warning;
    Some(finding)
}

/// What patches made of an object must still be one.
fn patched(object: &Object, patches: &[Patch], findings: &mut Vec<Finding>) {
    let kind = object.reference.kind;
    let Some(known) = built_in_kind(&kind.api_version(), kind.name()).and_then(BuiltInKind::type_name) else {
        return;
    };
    // Which of several patches it was cannot be told; the last one had the last word.
    let last =
        patches.iter().rposition(|patch| object.reference.is_meant_by(&patch.target)).unwrap_or_default();
    let mut problems = check_value(known, &object.content);
    // The document is judged by what is kept.
    problems.sort_by_key(|(_, problem)| problem.severity);
    for (pointer, problem) in problems.into_iter().take(MOST_PROBLEMS) {
        let mut finding = Finding::error(
            problem.code,
            vec!["patches".to_owned(), last.to_string(), "target".to_owned()],
            format!("after the patch, {} at `{pointer}`: {}", object.reference, problem.message),
            problem.help.unwrap_or_else(|| "`portfolio render` shows the object".to_owned()),
        );
        finding.severity = problem.severity;
        findings.push(finding);
    }
}

/// As many problems of one patched object as still help.
const MOST_PROBLEMS: usize = 10;

/// The objects of `objects`, as far as they can be.
fn written(subject: &Subject<'_>, policy: &Policy, all: &mut Vec<Object>, findings: &mut Vec<Finding>) {
    let mut first: BTreeMap<_, Option<usize>> =
        all.iter().map(|object| (object.reference.in_any_version(), None)).collect();
    for (number, json) in subject.spec.objects.iter().enumerate() {
        let mut path = vec!["objects".to_owned(), number.to_string()];
        if let Some((field, message, help)) = problem(json, &subject.app.id.namespace) {
            path.extend(field.iter().map(|part| (*part).to_owned()));
            findings.push(Finding::error(Code::InvalidObject, path, message, help));
            continue;
        }
        let text = |key: &str| json.0.get(key).and_then(Value::as_str).unwrap_or_default();
        // Before the kind is taken for one: words that nobody allowed are not kept.
        if !policy.allows_kind(text("apiVersion"), text("kind")) {
            let allowed = AllowedKind::of(text("apiVersion"), text("kind"));
            path.push("kind".to_owned());
            let message = format!("the configuration does not allow objects of the kind {allowed}");
            let help =
                format!("add `{allowed}` to `allow.kinds` of the daemon, here with `--allow-kind {allowed}`");
            findings.push(Finding::error(Code::KindRefused, path, message, help));
            continue;
        }
        let Some(object) = objects::object(subject, json) else { continue };
        match first.insert(object.reference.in_any_version(), Some(number)) {
            None => all.push(object),
            Some(other) => {
                let with = match other {
                    Some(other) => format!("object {} of the list", other + 1),
                    None => "what the app's own fields make".to_owned(),
                };
                let message = format!("{} is there twice: it is {with} as well", object.reference);
                findings.push(Finding::error(
                    Code::ObjectCollision,
                    path,
                    message,
                    "rename or remove it; what the app's fields make is changed by `patches`",
                ));
            }
        }
    }
    *all = sorted(std::mem::take(all));
}

type Wrong = (&'static [&'static str], String, &'static str);

/// What keeps this from being an object of the document.
fn problem(Json(written): &Json, namespace: &str) -> Option<Wrong> {
    let text = |pointer: &str| written.pointer(pointer).and_then(Value::as_str);
    for (pointer, path) in [
        ("/apiVersion", &["apiVersion"] as &[_]),
        ("/kind", &["kind"]),
        ("/metadata/name", &["metadata", "name"]),
    ] {
        if text(pointer).is_none_or(str::is_empty) {
            let message = format!("an object needs `{}`", path.join("."));
            return Some((path, message, "write the object as `kubectl apply` would take it"));
        }
    }
    if let Some(own) = text("/metadata/namespace").filter(|own| *own != namespace) {
        return Some((
            &["metadata", "namespace"],
            format!("the object is in the namespace `{own}`, its document in `{namespace}`"),
            "an app's objects are in its own namespace; leave `namespace` out",
        ));
    }
    if let Some(path) = set_by_cluster(written) {
        let message = format!("`{}` is not written by people", path.join("."));
        return Some((path, message, "remove it; the cluster sets it"));
    }
    match (text("/apiVersion")?, text("/kind")?) {
        ("apps/v1", "Deployment") => Some((
            &["kind"],
            "a further Deployment is an app of its own".to_owned(),
            "write a PortfolioApp for it, so that it is judged and rolled back by itself",
        )),
        ("batch/v1", "Job") => Some((
            &["kind"],
            "a Job runs once, and an app's objects are kept as they are".to_owned(),
            "use `jobs` for commands on a schedule, or a DatabaseMigration for what runs once",
        )),
        (_, _) => None,
    }
}

fn failed(failure: Failure) -> Finding {
    let mut path = vec!["patches".to_owned(), failure.patch.to_string()];
    match failure.problem {
        Problem::NoTarget(there) => {
            path.push("target".to_owned());
            let help = format!("there are {}", there.join(", "));
            Finding::error(Code::PatchFails, path, "no object of the app is meant by this target", help)
        }
        Problem::Refused { object, message } => {
            if let Some(operation) = failure.operation {
                path.extend(["json".to_owned(), operation.to_string(), "path".to_owned()]);
            }
            let message = format!("the patch cannot be applied to {object}: {message}");
            Finding::error(
                Code::PatchFails,
                path,
                message,
                "`portfolio render` without the patch shows the object",
            )
        }
        Problem::Reserved { object, field, why } => {
            let why = match why {
                Reserved::Identity | Reserved::Mark => "by which it is known",
                Reserved::Cluster => "which the cluster sets",
            };
            Finding::error(
                Code::PatchIdentity,
                [path, vec!["target".to_owned()]].concat(),
                format!("the patch changes `{field}` of {object}, {why}"),
                "a patch changes the content of an object; leave this field as it is",
            )
        }
        Problem::Unselected { object, label } => Finding::error(
            Code::PatchIdentity,
            [path, vec!["target".to_owned()]].concat(),
            format!(
                "the patch takes the label `{label}` from the pods of {object}, which selects them by it"
            ),
            "leave this label as it is; others can be added beside it",
        ),
    }
}

/// The pod template of an object that makes pods; a Pod itself.
fn template(object: &Object) -> Option<&Value> {
    let content = &object.content;
    match object.reference.kind.name() {
        "Pod" => Some(content),
        "PodTemplate" => content.get("template"),
        "CronJob" => content.pointer("/spec/jobTemplate/spec/template"),
        "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet" | "ReplicationController" | "Job" => {
            content.pointer("/spec/template")
        }
        _ => None,
    }
}
