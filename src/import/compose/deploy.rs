//! How many, how much, how long: `deploy` and the older keys that say the same.

use super::Scope;
use super::fields::Fields;
use super::units::{bytes, seconds};
use crate::document::{Amounts, Quantity, Resources, Rollout};
use crate::import::app::Draft;
use crate::import::yaml::Entry;

/// What an app gets whose compose file sets no limit: room for most, and a number to look at.
const MEMORY_REQUEST: i64 = 256 << 20;
const MEMORY_LIMIT: i64 = 1 << 30;
const DISK_LIMIT: i64 = 2 << 30;

pub(super) fn deploy(scope: &mut Scope<'_>, service: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let mut replicas = count(scope, service, "scale", fields.take("scale"));
    let mut requests = Amounts {
        memory: size(scope, service, "mem_reservation", fields.take("mem_reservation")),
        ..Amounts::default()
    };
    let mut limits = Amounts {
        memory: size(scope, service, "mem_limit", fields.take("mem_limit")),
        cpu: cores(scope, service, "cpus", fields.take("cpus")),
        ephemeral_storage: None,
    };
    if let Some(entry) = fields.take("deploy") {
        let mut deploy = Fields::new(&entry.value);
        replicas = count(scope, service, "deploy.replicas", deploy.take("replicas")).or(replicas);
        if let Some(entry) = deploy.take("mode").filter(|entry| entry.value.text() != Some("replicated")) {
            let message = "an app has a number of pods, not one on each node: write a DaemonSet by hand";
            scope.unfit(service, "deploy.mode", entry, message);
        }
        if let Some(entry) = deploy.take("resources") {
            let mut resources = Fields::new(&entry.value);
            for (group, amounts) in [("limits", &mut limits), ("reservations", &mut requests)] {
                let Some(entry) = resources.take(group) else { continue };
                let mut fields = Fields::new(&entry.value);
                let path = |key: &str| format!("deploy.resources.{group}.{key}");
                amounts.cpu = cores(scope, service, &path("cpus"), fields.take("cpus")).or(amounts.cpu);
                amounts.memory =
                    size(scope, service, &path("memory"), fields.take("memory")).or(amounts.memory);
                left(scope, service, &format!("deploy.resources.{group}"), fields);
            }
            left(scope, service, "deploy.resources", resources);
        }
        if let Some(entry) = deploy.take("restart_policy") {
            let mut policy = Fields::new(&entry.value);
            let condition = policy.take("condition").and_then(|condition| condition.value.text());
            restart(scope, service, "deploy.restart_policy", entry, condition.unwrap_or("any"));
            left(scope, service, "deploy.restart_policy", policy);
        }
        left(scope, service, "deploy", deploy);
    }
    if let Some(entry) = fields.take("restart") {
        restart(scope, service, "restart", entry, entry.value.text().unwrap_or_default());
    }
    if let Some(entry) = fields.take("stop_grace_period") {
        match entry.value.text().and_then(seconds) {
            Some(grace) => draft.spec.rollout = Some(Rollout { grace: Some(grace), ..Rollout::default() }),
            None => scope.unfit(
                service,
                "stop_grace_period",
                entry,
                "is no time such as `30s`: write `rollout: {grace: 30s}`",
            ),
        }
    }
    let replicas = replicas.unwrap_or(1);
    draft.spec.replicas = (replicas != 2).then_some(replicas);
    draft.spec.resources = resources(scope, service, requests, limits);
}

fn resources(
    scope: &mut Scope<'_>,
    service: &str,
    mut requests: Amounts,
    mut limits: Amounts,
) -> Option<Resources> {
    if limits.memory.is_none() && !scope.options.harden {
        let least = Quantity::from_bytes(MEMORY_LIMIT);
        let limit = requests.memory.map_or(least, |request| request.doubled().max(least));
        requests.memory = requests.memory.or(Some(Quantity::from_bytes(MEMORY_REQUEST)));
        limits.memory = Some(limit);
        limits.ephemeral_storage = Some(Quantity::from_bytes(DISK_LIMIT));
        let message =
            format!("compose sets no limit of memory; {limit} is a guess: see what it uses, and write that");
        scope.findings.push(
            crate::import::report::Finding::new(crate::import::report::Fate::Note, service, message)
                .path("resources"),
        );
    } else if let (Some(request), Some(limit)) = (requests.memory, limits.memory)
        && request > limit
    {
        requests.memory = Some(limit);
    }
    let some = |amounts: Amounts| (amounts != Amounts::default()).then_some(amounts);
    let resources = Resources { requests: some(requests), limits: some(limits) };
    (resources != Resources::default()).then_some(resources)
}

fn count(scope: &mut Scope<'_>, service: &str, path: &str, entry: Option<&Entry>) -> Option<u32> {
    let entry = entry?;
    let count = scope.text(service, path, entry, &entry.value).and_then(|text| text.parse().ok());
    if count.is_none() {
        scope.unfit(service, path, entry, "is no number: write `replicas`");
    }
    count
}

fn size(scope: &mut Scope<'_>, service: &str, path: &str, entry: Option<&Entry>) -> Option<Quantity> {
    let entry = entry?;
    let size = scope.text(service, path, entry, &entry.value).and_then(|text| bytes(&text));
    if size.is_none() {
        scope.unfit(service, path, entry, "is no size such as `512m`: write `resources`");
    }
    size
}

fn cores(scope: &mut Scope<'_>, service: &str, path: &str, entry: Option<&Entry>) -> Option<Quantity> {
    let entry = entry?;
    let cores = scope.text(service, path, entry, &entry.value).and_then(|text| text.parse::<Quantity>().ok());
    if cores.is_none() {
        scope.unfit(service, path, entry, "is no number of cores such as `0.5`: write `resources`");
    }
    cores.filter(|cores| cores.is_positive())
}

fn restart(scope: &mut Scope<'_>, service: &str, path: &str, entry: &Entry, condition: &str) {
    match condition {
        "always" | "unless-stopped" | "any" => {}
        condition if condition.starts_with("on-failure") => {
            scope.note(service, path, entry, "an app's pods are started again whatever they ended with");
        }
        _ => {
            let message = "an app's pods are always started again: what runs once is a DatabaseMigration with `command`, \
                           what runs on a schedule is one of `jobs`";
            scope.unfit(service, path, entry, message);
        }
    }
}

fn left(scope: &mut Scope<'_>, service: &str, path: &str, fields: Fields<'_>) {
    for entry in fields.rest() {
        let message = match entry.key.as_str() {
            "update_config" | "rollback_config" => "see `rollout` for how new versions come and bad ones go",
            "placement" => "see `placement` for the nodes that the pods run on",
            "labels" => "labels of a service mean nothing here; those of all objects are `metadata.labels`",
            "delay" | "max_attempts" | "window" => {
                "Kubernetes waits longer and longer between attempts, and never gives up"
            }
            "endpoint_mode" => {
                "a Service has one address; `service: {headless: true}` gives those of the pods"
            }
            _ => "it has no counterpart",
        };
        scope.unfit(service, &format!("{path}.{}", entry.key), entry, message);
    }
}
