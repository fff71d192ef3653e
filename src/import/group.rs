//! Which objects make an app: a workload, and what refers to it or is referred to by it, in its namespace.
//!
//! An app's objects bear its name, and a name cannot change without another object: what bears another one is the
//! app's, but not one that it can render.

use std::collections::BTreeMap;

use serde_json::Value;

use super::json::{list, map, text, texts};
use super::manifest::Manifest;

/// The objects of an app.
pub(super) struct Group<'m> {
    pub(super) workload: &'m Manifest,
    /// Labels of its pods.
    labels: BTreeMap<String, String>,
    pub(super) service: Option<&'m Manifest>,
    pub(super) ingress: Option<&'m Manifest>,
    pub(super) autoscaler: Option<&'m Manifest>,
    pub(super) budget: Option<&'m Manifest>,
    pub(super) policy: Option<&'m Manifest>,
    pub(super) account: Option<&'m Manifest>,
    pub(super) claims: Vec<&'m Manifest>,
    pub(super) jobs: Vec<&'m Manifest>,
    /// What belongs to the app and has no place of its own in it.
    pub(super) further: Vec<&'m Manifest>,
}

/// What belongs to what.
pub(super) struct Grouped<'m> {
    pub(super) groups: Vec<Group<'m>>,
    /// Objects that make no app and belong to none.
    pub(super) rest: Vec<&'m Manifest>,
}

/// The pod template of an object that runs pods.
pub(super) fn template(manifest: &Manifest) -> Option<&Value> {
    manifest.said.pointer(template_pointer(&manifest.kind))
}

/// Where an object of this kind has its pod template, if it has one.
pub(super) fn template_pointer(kind: &str) -> &'static str {
    if kind == "CronJob" { "/spec/jobTemplate/spec/template" } else { "/spec/template" }
}

/// Groups the objects. `ConfigMap`s are not divided: several apps may take over what one says.
pub(super) fn group(manifests: &[Manifest]) -> Grouped<'_> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut rest = Vec::new();
    let mut others = Vec::new();
    for manifest in manifests {
        match manifest.kind.as_str() {
            "Deployment" | "StatefulSet"
                if manifest.is("apps", &manifest.kind) && manifest.controller().is_none() =>
            {
                groups.push(Group {
                    workload: manifest,
                    labels: template(manifest).map(|pods| map(pods, "/metadata/labels")).unwrap_or_default(),
                    service: None,
                    ingress: None,
                    autoscaler: None,
                    budget: None,
                    policy: None,
                    account: None,
                    claims: Vec::new(),
                    jobs: Vec::new(),
                    further: Vec::new(),
                });
            }
            _ => others.push(manifest),
        }
    }
    // Services first: Ingresses are found through them.
    others.sort_by_key(|manifest| manifest.kind != "Service");
    for manifest in others {
        if !place(&mut groups, manifest) {
            rest.push(manifest);
        }
    }
    Grouped { groups, rest }
}

/// Puts an object into the group it belongs to.
fn place<'m>(groups: &mut [Group<'m>], manifest: &'m Manifest) -> bool {
    if manifest.controller().is_some() {
        return false;
    }
    let core = |kind| manifest.is("", kind);
    let found = if core("Service") {
        selected(
            groups,
            manifest,
            &Selector { labels: map(&manifest.said, "/spec/selector"), expressions: &[] },
        )
    } else if manifest.is("policy", "PodDisruptionBudget") {
        selected(groups, manifest, &Selector::new(&manifest.said, "/spec/selector"))
    } else if manifest.is("networking.k8s.io", "NetworkPolicy") {
        selected(groups, manifest, &Selector::new(&manifest.said, "/spec/podSelector"))
    } else if manifest.is("networking.k8s.io", "Ingress") {
        led_to(groups, manifest)
    } else if manifest.is("autoscaling", "HorizontalPodAutoscaler") {
        let is_target = |group: &Group<'_>| {
            text(&manifest.said, "/spec/scaleTargetRef/name") == Some(&group.workload.name)
                && text(&manifest.said, "/spec/scaleTargetRef/kind") == Some(&group.workload.kind)
        };
        find(groups, manifest, is_target)
    } else if core("ServiceAccount") {
        let runs_as = |group: &Group<'_>| account(group.workload) == Some(&manifest.name);
        let own = find(groups, manifest, |group| runs_as(group) && group.workload.name == manifest.name);
        own.or_else(|| find(groups, manifest, runs_as))
    } else if core("PersistentVolumeClaim") {
        find(groups, manifest, |group| mounts_claim(group.workload, &manifest.name))
    } else if manifest.is("batch", "CronJob") {
        let stem = |group: &Group<'_>| {
            manifest.name.strip_prefix(&format!("{}-", group.workload.name)).map(str::len)
        };
        let mut groups: Vec<(usize, usize)> = groups
            .iter()
            .enumerate()
            .filter(|(_, group)| group.workload.namespace == manifest.namespace)
            .filter_map(|(at, group)| Some((stem(group)?, at)))
            .collect();
        // The longest name of an app leaves the shortest name of a job.
        groups.sort_unstable();
        groups.first().map(|(_, at)| *at)
    } else {
        None
    };
    let Some(group) = found.and_then(|at| groups.get_mut(at)) else { return false };
    let is_own = manifest.name == group.workload.name;
    let slot = match manifest.kind.as_str() {
        "Service" => &mut group.service,
        "Ingress" => &mut group.ingress,
        "HorizontalPodAutoscaler" => &mut group.autoscaler,
        // Those only restrict what others do, so that one of another name can stand for the app's own.
        "PodDisruptionBudget" => return taken(&mut group.budget, &mut group.further, manifest, is_own),
        "NetworkPolicy" => return taken(&mut group.policy, &mut group.further, manifest, is_own),
        "ServiceAccount" => return taken(&mut group.account, &mut group.further, manifest, is_own),
        "PersistentVolumeClaim" => {
            group.claims.push(manifest);
            return true;
        }
        _ => {
            group.jobs.push(manifest);
            return true;
        }
    };
    if is_own {
        *slot = Some(manifest);
    } else {
        group.further.push(manifest);
    }
    true
}

/// Puts an object into a slot. Of several, the one that bears the app's name has it, else the first.
fn taken<'m>(
    slot: &mut Option<&'m Manifest>,
    further: &mut Vec<&'m Manifest>,
    manifest: &'m Manifest,
    is_own: bool,
) -> bool {
    match slot {
        Some(_) if !is_own => further.push(manifest),
        Some(_) | None => further.extend(slot.replace(manifest)),
    }
    true
}

fn find(groups: &[Group<'_>], manifest: &Manifest, is_it: impl Fn(&Group<'_>) -> bool) -> Option<usize> {
    groups.iter().position(|group| group.workload.namespace == manifest.namespace && is_it(group))
}

/// A label selector (<https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>).
struct Selector<'v> {
    labels: BTreeMap<String, String>,
    expressions: &'v [Value],
}

impl<'v> Selector<'v> {
    fn new(value: &'v Value, pointer: &str) -> Self {
        Self {
            labels: map(value, &format!("{pointer}/matchLabels")),
            expressions: list(value, &format!("{pointer}/matchExpressions")),
        }
    }

    fn selects(&self, labels: &BTreeMap<String, String>) -> bool {
        let by_labels = self.labels.iter().all(|(key, value)| labels.get(key) == Some(value));
        let by_expressions = self.expressions.iter().all(|expression| {
            let found = text(expression, "/key").and_then(|key| labels.get(key));
            let is_one = || found.is_some_and(|found| texts(expression, "/values").contains(found));
            match text(expression, "/operator") {
                Some("In") => is_one(),
                Some("NotIn") => !is_one(),
                Some("Exists") => found.is_some(),
                Some("DoesNotExist") => found.is_none(),
                Some(_) | None => false,
            }
        });
        by_labels && by_expressions
    }
}

/// The one group whose pods a selector selects; of several, the one of the same name.
fn selected(groups: &[Group<'_>], manifest: &Manifest, selector: &Selector<'_>) -> Option<usize> {
    // What selects everything belongs to the namespace.
    if selector.labels.is_empty() && selector.expressions.is_empty() {
        return None;
    }
    let selects = |group: &Group<'_>| selector.selects(&group.labels);
    let own = find(groups, manifest, |group| selects(group) && group.workload.name == manifest.name);
    own.or_else(|| {
        let mut all = groups
            .iter()
            .enumerate()
            .filter(|(_, group)| group.workload.namespace == manifest.namespace && selects(group));
        all.next().map(|(at, _)| at).filter(|_| all.next().is_none())
    })
}

/// The group that an Ingress leads to; of several, the one of its name, else the first.
fn led_to(groups: &[Group<'_>], manifest: &Manifest) -> Option<usize> {
    let services = backends(&manifest.said);
    let serves = |group: &Group<'_>| {
        let own = group.service.into_iter().chain(group.further.iter().copied());
        own.filter(|service| service.kind == "Service")
            .any(|service| services.contains(&service.name.as_str()))
    };
    let own = find(groups, manifest, |group| serves(group) && group.workload.name == manifest.name);
    own.or_else(|| find(groups, manifest, serves))
}

/// The names of the Services that an Ingress leads to.
pub(super) fn backends(ingress: &Value) -> Vec<&str> {
    let rules = list(ingress, "/spec/rules").iter();
    let paths = rules.flat_map(|rule| list(rule, "/http/paths"));
    let backends =
        paths.filter_map(|path| path.get("backend")).chain(ingress.pointer("/spec/defaultBackend"));
    backends
        .filter_map(|backend| text(backend, "/service/name").or_else(|| text(backend, "/serviceName")))
        .collect()
}

/// The account that a workload's pods run as, unless it is the namespace's default.
pub(super) fn account(workload: &Manifest) -> Option<&str> {
    template(workload).and_then(|template| text(template, "/spec/serviceAccountName"))
}

fn mounts_claim(workload: &Manifest, claim: &str) -> bool {
    let volumes = template(workload).map_or(&[][..], |template| list(template, "/spec/volumes"));
    volumes.iter().any(|volume| text(volume, "/persistentVolumeClaim/claimName") == Some(claim))
}
