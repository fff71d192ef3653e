//! Requests and limits. What is not said has a default that fits what is said: no request above its limit, and
//! room on the disk for every scratch volume.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::api::resource;

use super::volumes;
use crate::document::{Amounts, AppSpec, Quantity, Resources};

const DEFAULT_CPU: Quantity = Quantity::from_millis(50);
const DEFAULT_MEMORY: Quantity = Quantity::from_bytes(64 << 20);
const DEFAULT_EPHEMERAL: Quantity = Quantity::from_bytes(64 << 20);

/// Of an app's container.
pub(super) fn requirements(spec: &AppSpec) -> ResourceRequirements {
    with_scratch(spec.resources.as_ref(), volumes::scratch_size(spec))
}

/// Of a container with so much scratch space.
pub(super) fn with_scratch(asked: Option<&Resources>, scratch: Quantity) -> ResourceRequirements {
    let none = Amounts::default();
    let requests = asked.and_then(|resources| resources.requests.as_ref()).unwrap_or(&none);
    let limits = asked.and_then(|resources| resources.limits.as_ref()).unwrap_or(&none);

    let cpu = request(requests.cpu, limits.cpu, DEFAULT_CPU);
    let memory = request(requests.memory, limits.memory, DEFAULT_MEMORY);
    let disk = request(requests.ephemeral_storage, limits.ephemeral_storage, DEFAULT_EPHEMERAL);
    let disk_limit = limits.ephemeral_storage.unwrap_or_else(|| disk.doubled().plus(scratch));
    ResourceRequirements {
        requests: Some(amounts([
            ("cpu", Some(cpu)),
            ("ephemeral-storage", Some(disk)),
            ("memory", Some(memory)),
        ])),
        // A cpu limit throttles an app that has idle cores beside it, so there is none unless asked for.
        limits: Some(amounts([
            ("cpu", limits.cpu),
            ("ephemeral-storage", Some(disk_limit)),
            ("memory", Some(limits.memory.unwrap_or_else(|| memory.doubled()))),
        ])),
        claims: None,
    }
}

fn request(asked: Option<Quantity>, limit: Option<Quantity>, default: Quantity) -> Quantity {
    asked.unwrap_or_else(|| limit.map_or(default, |limit| limit.min(default)))
}

fn amounts<const N: usize>(list: [(&str, Option<Quantity>); N]) -> BTreeMap<String, resource::Quantity> {
    list.into_iter()
        .filter_map(|(name, amount)| Some((name.to_owned(), resource::Quantity(amount?.to_string()))))
        .collect()
}
