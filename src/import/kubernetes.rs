//! The objects of the input into documents, group by group, and what becomes of those that make no app.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Options;
use super::app::{ConfigMaps, Draft, draft};
use super::compare::display;
use super::group::{Group, Grouped, group, template};
use super::json::{list, map, number, text};
use super::manifest::Manifest;
use super::report::{Fate, Finding, Imported};
use super::settle::settle;
use crate::document::{DriftSpec, IgnoredField, Json};
use crate::object::FIELD_MANAGER;

pub(super) fn import(manifests: &[Manifest], options: &Options, imported: &mut Imported) {
    let Grouped { groups, mut rest } = group(manifests);
    let config_maps: ConfigMaps<'_> = manifests
        .iter()
        // What holds a secret is in no document. It stays in the cluster, where pods find it by its name.
        .filter(|manifest| manifest.is("", "ConfigMap") && manifest.withheld.is_empty())
        .map(|manifest| ((manifest.namespace.as_str(), manifest.name.as_str()), manifest))
        .collect();
    // `ConfigMap`s that some document says in its own words, by namespace and name.
    let mut folded: BTreeSet<(String, String)> = BTreeSet::new();
    // Those that stand among the `objects` of one as they are.
    let mut standing: BTreeSet<(String, String)> = BTreeSet::new();
    for group in &groups {
        if let Err(message) = can_be_an_app(group.workload) {
            imported.findings.push(unfit(group.workload, message));
            rest.extend(members(group));
            continue;
        }
        let Some(mut draft) = draft(group, &config_maps) else { continue };
        let namespace = group.workload.namespace.as_str();
        let names = draft.said.config_map.iter().map(|(old, _)| old).chain(&draft.said.followed);
        folded.extend(names.map(|name| (namespace.to_owned(), name.clone())));
        draft.spec.objects.extend(group.further.iter().map(|manifest| Json(manifest.content())));
        leave_scaling(group, &mut draft);
        know(group, &mut draft);
        match settle(group, draft, &config_maps, &mut standing, &mut rest, options) {
            Ok(app) => imported.apps.push(app),
            Err(diagnostic) => {
                let message = format!("no document can be made of it: {}", diagnostic.message);
                imported.findings.push(unfit(group.workload, &message));
                rest.extend(members(group));
            }
        }
    }
    for manifest in rest {
        let of = (manifest.namespace.clone(), manifest.name.clone());
        if manifest.kind != "ConfigMap" || !(folded.contains(&of) || standing.contains(&of)) {
            imported.findings.push(left(manifest, manifests));
        }
    }
}

fn unfit(manifest: &Manifest, message: &str) -> Finding {
    Finding::new(Fate::Unfit, manifest.reference(), message).at(manifest.place())
}

/// Why a workload cannot be an app, whatever its fields say.
fn can_be_an_app(workload: &Manifest) -> Result<(), &'static str> {
    if workload.said.pointer("/spec/selector/matchExpressions").is_some() {
        return Err(
            "its selector has matchExpressions, which an app's cannot have and Kubernetes never changes: make an \
                    app of another name, move the traffic over, then delete it",
        );
    }
    if workload.kind == "StatefulSet" && number(&workload.said, "/spec/replicas").unwrap_or(1) > 1 {
        return Err(
            "pods with a name and a volume each are no app: leave it to an operator, or to `kubectl apply`",
        );
    }
    match template(workload).map(|template| list(template, "/spec/containers").len()) {
        Some(1..) => Ok(()),
        Some(0) | None => Err("it has no container"),
    }
}

/// The objects of a group besides its workload.
fn members<'m>(group: &Group<'m>) -> Vec<&'m Manifest> {
    let slots = [group.service, group.ingress, group.autoscaler, group.budget, group.policy, group.account];
    let lists = group.claims.iter().chain(&group.jobs).chain(&group.further).copied();
    slots.into_iter().flatten().chain(lists).collect()
}

/// An autoscaler of another name stays among the `objects`, and the number of pods is its own.
fn leave_scaling(group: &Group<'_>, draft: &mut Draft) {
    if group.further.iter().any(|manifest| manifest.is("autoscaling", "HorizontalPodAutoscaler")) {
        let ignored = IgnoredField { target: "Deployment".to_owned(), path: "/spec/replicas".to_owned() };
        draft.spec.drift = Some(DriftSpec { ignore: vec![ignored], ..DriftSpec::default() });
    }
}

/// Names of the `ConfigMap`s that pods refer to.
pub(super) fn config_map_names<'v>(value: &'v Value, names: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                if matches!(key.as_str(), "configMap" | "configMapRef" | "configMapKeyRef") {
                    names.extend(text(value, "/name"));
                }
                config_map_names(value, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| config_map_names(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a person should know of an app before it is adopted.
fn know(group: &Group<'_>, draft: &mut Draft) {
    let (name, namespace) = (draft.id.name.clone(), draft.id.namespace.clone());
    if group.workload.kind == "StatefulSet" {
        let message = format!(
            "becomes a Deployment: before the push, `kubectl scale statefulset {name} --namespace {namespace} \
             --replicas=0`, so that two never use its volumes; once the app is Ready, delete it. The pod has another name \
             than `{name}-0`; the claims of that one stay, mounted by their names"
        );
        draft.findings.push(unfit(group.workload, &message));
    }
    if let Some(budget) = group.budget.filter(|budget| budget.name != name) {
        let message = format!(
            "says what PodDisruptionBudget/{name} of the app says; pods under two budgets are never evicted, so delete it \
             when the app is adopted: `kubectl delete pdb {} --namespace {namespace}`",
            budget.name
        );
        draft.findings.push(unfit(budget, &message));
    }
    if let Some(policy) = group.policy.filter(|policy| policy.name != name) {
        let message = format!(
            "says what NetworkPolicy/{name} of the app says; both together let through the same, so it can go at any time"
        );
        draft.findings.push(Finding::new(Fate::Note, policy.reference(), message).at(policy.place()));
    }
    for manifest in members(group).into_iter().chain([group.workload]) {
        draft.findings.extend(manifest.held_back());
        draft.findings.extend(manager(manifest));
        draft.findings.extend(owned(manifest));
    }
}

/// Who else keeps an object as it is.
fn manager(manifest: &Manifest) -> Option<Finding> {
    let annotations = map(&manifest.said, "/metadata/annotations");
    let labels = map(&manifest.said, "/metadata/labels");
    let message = if let Some(release) = annotations.get("meta.helm.sh/release-name") {
        format!(
            "belongs to the Helm release `{release}`: once it is adopted, no `helm upgrade` and no `helm uninstall`, which would \
             delete it; `kubectl delete secret --namespace {} --selector owner=helm,name={release}` makes Helm forget it",
            annotations.get("meta.helm.sh/release-namespace").unwrap_or(&manifest.namespace)
        )
    } else if let Some(name) = labels.get("kustomize.toolkit.fluxcd.io/name") {
        format!(
            "is kept by Flux: suspend the Kustomization `{name}` before the app is adopted, or both will take turns"
        )
    } else if annotations.contains_key("argocd.argoproj.io/tracking-id")
        || labels.contains_key("argocd.argoproj.io/instance")
    {
        "is kept by Argo CD: switch off its automatic sync before the app is adopted, or both will take turns"
            .to_owned()
    } else {
        return None;
    };
    Some(Finding::new(Fate::Note, manifest.reference(), message).at(manifest.place()))
}

/// Labels that portfolio sets from now on.
fn owned(manifest: &Manifest) -> Option<Finding> {
    let labels = map(&manifest.said, "/metadata/labels");
    let is_ours = labels.get("app.kubernetes.io/managed-by").is_some_and(|manager| manager == FIELD_MANAGER);
    let own: Vec<String> = labels
        .into_iter()
        .filter(|(key, _)| key.starts_with("app.kubernetes.io/") && !is_ours)
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let finding = Finding::new(Fate::Owned, manifest.reference(), own.join(", "));
    (!own.is_empty()).then(|| finding.path("metadata.labels").at(manifest.place()))
}

/// What becomes of an object that is in no document.
fn left(manifest: &Manifest, all: &[Manifest]) -> Finding {
    if let Some(controller) = manifest.controller() {
        let message = format!("made by {controller}, which makes it again");
        return Finding::new(Fate::Note, manifest.reference(), message).at(manifest.place());
    }
    let of_service = |name: &str| all.iter().any(|other| other.kind == "Service" && other.name == name);
    let message = match manifest.kind.as_str() {
        "Secret" => {
            "a Secret never goes into git: it stays in the cluster, and documents name it; where it is not there yet, make it \
             by hand or by an operator"
        }
        "ConfigMap" if !manifest.withheld.is_empty() => {
            let held: Vec<String> =
                manifest.withheld.iter().map(|withheld| display(&withheld.path)).collect();
            let message = format!(
                "{} looks like a secret, so it is in no document: it stays in the cluster, and pods find it by its name; put \
                 what is secret into a Secret, and name that in `secrets` or `secretFiles`",
                held.join(", ")
            );
            return unfit(manifest, &message);
        }
        "Endpoints" if of_service(&manifest.name) => {
            return note(manifest, "made by its Service, which makes it again");
        }
        "ConfigMap" if manifest.name == "kube-root-ca.crt" => {
            return note(manifest, "made by the cluster, which makes it again");
        }
        "ServiceAccount" if manifest.name == "default" => {
            return note(manifest, "made by the cluster, which makes it again");
        }
        "PortfolioApp" | "DatabaseMigration" => "is a document already: keep it as it is",
        "Namespace" => "is made by `createNamespaces: true` in the daemon's configuration, or by hand",
        "DaemonSet" => "an app has a number of pods, not one on each node: it stays as it is",
        "Job" => "what runs once is a DatabaseMigration with `command`: it stays as it is",
        "CronJob" => {
            "runs beside no app of the input: as one of an app's `jobs` it is called `<app>-<job>`; else it can be one of an app's \
             `objects`"
        }
        "Pod" | "ReplicaSet" => "nothing keeps it alive: make a Deployment of it, and import that",
        "ClusterRole" | "ClusterRoleBinding" | "Role" | "RoleBinding" => {
            "rights are given by hand, so that who may push documents cannot give rights to himself"
        }
        "CustomResourceDefinition"
        | "PersistentVolume"
        | "StorageClass"
        | "PriorityClass"
        | "IngressClass" => "belongs to the cluster, not to an app: it stays as it is",
        "PersistentVolumeClaim" => "no app of the input mounts it: it stays as it is",
        _ => "belongs to no app of the input: it stays as it is, or stands among the `objects` of one",
    };
    unfit(manifest, message)
}

fn note(manifest: &Manifest, message: &str) -> Finding {
    Finding::new(Fate::Note, manifest.reference(), message).at(manifest.place())
}
