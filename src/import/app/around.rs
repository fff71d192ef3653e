//! What stands around the pods: labels of all objects, the autoscaler, the disruption budget, the Ingress.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::ports::own_annotations;
use super::{Draft, Source};
use crate::document::{Autoscaling, Disruption, IngressHost, IngressSpec, IntOrPercent};
use crate::import::json::{list, map, number, scalar, text};
use crate::import::manifest::Manifest;

/// Whether a label or annotation says whose an object is, or was: portfolio sets those itself.
pub(in crate::import) fn is_reserved(key: &str) -> bool {
    ["portfolio.dev/", "app.kubernetes.io/", "meta.helm.sh/"].iter().any(|prefix| key.starts_with(prefix))
}

/// Labels and annotations that every object of the app has are the document's.
pub(super) fn metadata(source: &Source<'_>, draft: &mut Draft) {
    let group = source.group;
    let optional = [group.service, group.ingress, group.autoscaler, group.budget, group.policy];
    let objects: Vec<&Manifest> = optional.into_iter().flatten().chain([group.workload]).collect();
    let common = |field: &str| {
        let pointer = format!("/metadata/{field}");
        let all: Vec<BTreeMap<String, String>> =
            objects.iter().map(|object| map(&object.said, &pointer)).collect();
        let mut common = all.first().cloned().unwrap_or_default();
        common.retain(|key, value| !is_reserved(key) && all.iter().all(|map| map.get(key) == Some(value)));
        common
    };
    draft.labels = common("labels");
    draft.annotations = common("annotations");
}

pub(super) fn scaling(source: &Source<'_>, draft: &mut Draft) {
    if let Some(scaler) = source.group.autoscaler {
        draft.spec.autoscaling = autoscaling(&scaler.said);
        draft.said.scaled = draft.spec.autoscaling.is_some();
        if draft.spec.autoscaling.is_none() {
            draft.spec.replicas = number(&source.group.workload.said, "/spec/replicas");
        }
    }
    if let Some(budget) = source.group.budget {
        let share = |field: &str| budget.said.pointer(&format!("/spec/{field}")).and_then(scalar);
        let parsed = |field: &str| share(field).and_then(|text| text.parse::<IntOrPercent>().ok());
        let disruption =
            Disruption { max_unavailable: parsed("maxUnavailable"), min_available: parsed("minAvailable") };
        let own = Disruption { max_unavailable: Some(IntOrPercent::Int(1)), min_available: None };
        let is_said = disruption != Disruption::default() && disruption != own;
        draft.spec.disruption = is_said.then_some(disruption);
    }
}

fn autoscaling(said: &Value) -> Option<Autoscaling> {
    let max: u32 = number(said, "/spec/maxReplicas")?;
    let min: u32 = number(said, "/spec/minReplicas").unwrap_or(1);
    let mut scaling = Autoscaling { min: (min != max.min(2)).then_some(min), max, cpu: None, memory: None };
    for metric in list(said, "/spec/metrics") {
        let resource = metric.get("resource").or_else(|| metric.get("containerResource"));
        let percent = resource.and_then(|resource| number(resource, "/target/averageUtilization"));
        match resource.and_then(|resource| text(resource, "/name")) {
            Some("cpu") => scaling.cpu = percent,
            Some("memory") => scaling.memory = percent,
            Some(_) | None => {}
        }
    }
    if scaling.memory.is_none() {
        scaling.cpu = scaling.cpu.filter(|cpu| *cpu != 80);
    }
    Some(scaling)
}

pub(super) fn ingress(source: &Source<'_>, draft: &mut Draft) {
    let Some(ingress) = source.group.ingress else { return };
    let said = &ingress.said;
    let hosts: Option<Vec<IngressHost>> = list(said, "/spec/rules").iter().map(host).collect();
    let Some(hosts) = hosts.filter(|hosts| !hosts.is_empty()) else { return };
    let has_port = draft.spec.port.is_some() || !draft.spec.ports.is_empty();
    if !has_port {
        return;
    }
    let secrets: BTreeSet<&str> =
        list(said, "/spec/tls").iter().filter_map(|tls| text(tls, "/secretName")).collect();
    let mut annotations = own_annotations(said);
    annotations.retain(|key, _| !draft.annotations.contains_key(key));
    let mut spec = IngressSpec {
        class_name: text(said, "/spec/ingressClassName").map(str::to_owned),
        tls: secrets.first().filter(|_| secrets.len() == 1).map(|secret| (*secret).to_owned()),
        annotations,
        ..IngressSpec::default()
    };
    match hosts.as_slice() {
        [only] if only.paths.len() <= 1 => {
            spec.host = Some(only.host.clone());
            spec.path = only.paths.first().cloned();
        }
        _ => spec.hosts = hosts,
    }
    draft.spec.ingress = Some(spec);
}

/// A host with its paths; without the paths where they are what portfolio has by itself.
fn host(rule: &Value) -> Option<IngressHost> {
    let paths: Option<Vec<String>> =
        list(rule, "/http/paths").iter().map(|path| text(path, "/path").map(str::to_owned)).collect();
    let paths = paths?;
    Some(IngressHost {
        host: text(rule, "/host")?.to_owned(),
        paths: if paths == ["/"] { Vec::new() } else { paths },
    })
}
