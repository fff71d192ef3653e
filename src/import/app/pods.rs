//! The workload and what its pods have besides containers: how many there are, how new ones come, where they run.

use serde_json::Value;

use super::ports::own_annotations;
use super::{Draft, Source};
use crate::document::{
    Duration, IntOrPercent, Placement, Pull, Rollout, ServiceAccountSpec, Spread, TaintEffect, Toleration,
    TolerationOperator,
};
use crate::import::json::{list, map, number, scalar, text};

/// What portfolio adds to the labels of pods by itself.
const OWN: &str = "app.kubernetes.io/";
/// What portfolio and Kubernetes have when nothing is said.
const GRACE: u64 = 30;
const ZONE: &str = "topology.kubernetes.io/zone";
const NODE: &str = "kubernetes.io/hostname";

/// Replicas, selector, rollout.
pub(super) fn workload(source: &Source<'_>, draft: &mut Draft) {
    let said = &source.group.workload.said;
    if source.group.autoscaler.is_none() {
        let replicas = number(said, "/spec/replicas").unwrap_or(1);
        draft.spec.replicas = (replicas != 2).then_some(replicas);
    }
    let selector = map(said, "/spec/selector/matchLabels");
    if selector != own_selector(source.name()) {
        draft.spec.selector = selector;
    }
    let share = |pointer: &str| {
        said.pointer(pointer).and_then(scalar).and_then(|text| text.parse::<IntOrPercent>().ok())
    };
    let seconds = |pointer: &str| number(said, pointer).map(Duration::from_secs);
    let rollout = Rollout {
        deadline: seconds("/spec/progressDeadlineSeconds"),
        max_surge: share("/spec/strategy/rollingUpdate/maxSurge"),
        max_unavailable: share("/spec/strategy/rollingUpdate/maxUnavailable")
            .filter(|share| *share != IntOrPercent::Int(0)),
        min_ready: seconds("/spec/minReadySeconds"),
        rollback: None,
        ..times(source)
    };
    draft.spec.rollout = (rollout != Rollout::default()).then_some(rollout);
}

/// The selector of an app that says nothing, which then need not be written.
fn own_selector(name: &str) -> std::collections::BTreeMap<String, String> {
    [("name", name), ("instance", name), ("component", "app")]
        .map(|(key, value)| (format!("{OWN}{key}"), value.to_owned()))
        .into()
}

/// Grace and drain, where the pods sleep before they stop.
fn times(source: &Source<'_>) -> Rollout {
    let spec = source.template.get("spec").unwrap_or(&Value::Null);
    let whole: u64 = number(spec, "/terminationGracePeriodSeconds").unwrap_or(GRACE);
    let hook = source.main.pointer("/lifecycle/preStop");
    let sleep: Option<u64> = hook.and_then(|hook| number(hook, "/sleep/seconds"));
    match sleep {
        Some(drain) if drain > 0 && whole >= drain => Rollout {
            grace: Some(whole - drain).filter(|grace| *grace != GRACE).map(Duration::from_secs),
            drain: Some(drain).filter(|drain| *drain != 5).map(Duration::from_secs),
            ..Rollout::default()
        },
        Some(_) | None if whole != GRACE => Rollout {
            grace: Some(Duration::from_secs(whole)),
            drain: Some(Duration::from_secs(0)),
            ..Rollout::default()
        },
        Some(_) | None => Rollout::default(),
    }
}

/// Labels, account, placement, pulling.
pub(super) fn pods(source: &Source<'_>, draft: &mut Draft) {
    let template = source.template;
    let spec = template.get("spec").unwrap_or(&Value::Null);
    let labels = map(template, "/metadata/labels");
    let is_free = |key: &String| !key.starts_with(OWN) && !draft.spec.selector.contains_key(key);
    draft.spec.pod_labels = labels.into_iter().filter(|(key, _)| is_free(key)).collect();
    let mut annotations = map(template, "/metadata/annotations");
    if let Some(restart) = annotations.remove(crate::render::ANNOTATION_RESTART) {
        draft.spec.restart = Some(crate::document::Scalar(restart));
    }
    draft.spec.pod_annotations = annotations;
    draft.spec.service_account = account(source, spec, draft);
    let placement = Placement {
        node_selector: map(spec, "/nodeSelector"),
        tolerations: list(spec, "/tolerations")
            .iter()
            .map(toleration)
            .collect::<Option<_>>()
            .unwrap_or_default(),
        spread: spread(spec),
        priority_class: text(spec, "/priorityClassName").map(str::to_owned),
    };
    draft.spec.placement = (placement != Placement::default()).then_some(placement);
    let secrets = list(spec, "/imagePullSecrets").iter().filter_map(|secret| text(secret, "/name"));
    let pull = Pull {
        policy: super::container::pull_policy(source.main),
        secrets: secrets.map(str::to_owned).collect(),
    };
    draft.spec.pull = (pull != Pull::default()).then_some(pull);
}

fn account(source: &Source<'_>, spec: &Value, draft: &Draft) -> Option<ServiceAccountSpec> {
    let name = text(spec, "/serviceAccountName")?;
    let object = source.group.account;
    let mut annotations = object.map(|object| own_annotations(&object.said)).unwrap_or_default();
    annotations.retain(|key, _| !draft.annotations.contains_key(key));
    let mounts =
        |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_bool).unwrap_or(true);
    let of_account = object.is_none_or(|object| mounts(&object.said, "/automountServiceAccountToken"));
    let asked = spec.get("automountServiceAccountToken").and_then(Value::as_bool);
    let account = ServiceAccountSpec {
        name: Some(name.to_owned()).filter(|name| name != source.name()),
        annotations,
        token: asked.unwrap_or(of_account),
    };
    (account != ServiceAccountSpec::default()).then_some(account)
}

fn toleration(value: &Value) -> Option<Toleration> {
    let own = |key: &str| text(value, key).map(str::to_owned);
    Some(Toleration {
        key: own("/key"),
        operator: match text(value, "/operator") {
            None => TolerationOperator::Equal,
            Some("Exists") => TolerationOperator::Exists,
            Some(_) => return None,
        },
        value: own("/value"),
        effect: match text(value, "/effect") {
            None => None,
            Some("NoSchedule") => Some(TaintEffect::NoSchedule),
            Some("PreferNoSchedule") => Some(TaintEffect::PreferNoSchedule),
            Some("NoExecute") => Some(TaintEffect::NoExecute),
            Some(_) => return None,
        },
        toleration_seconds: number(value, "/tolerationSeconds"),
    })
}

/// Over what the pods are spread, where they are spread as portfolio does it but not over zones and nodes.
fn spread(spec: &Value) -> Option<Vec<Spread>> {
    let constraints = list(spec, "/topologySpreadConstraints");
    let soft = |constraint: &Value| text(constraint, "/whenUnsatisfiable") == Some("ScheduleAnyway");
    if constraints.is_empty() || !constraints.iter().all(soft) {
        return None;
    }
    let over = constraints.iter().map(|constraint| match text(constraint, "/topologyKey") {
        Some(ZONE) => Some(Spread::Zone),
        Some(NODE) => Some(Spread::Node),
        Some(_) | None => None,
    });
    over.collect::<Option<Vec<_>>>().filter(|over| *over != [Spread::Zone, Spread::Node])
}
