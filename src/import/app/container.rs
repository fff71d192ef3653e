//! The app's container: image, entrypoint, resources, what it may do. Other containers stand in the document as they
//! are.

use serde_json::Value;

use super::{Draft, Source};
use crate::document::{Amounts, Json, PullPolicy, Quantity, Resources, Security};
use crate::import::defaults::is_pulled_always;
use crate::import::json::{amount, list, number, text, texts};

pub(super) fn container(source: &Source<'_>, draft: &mut Draft) {
    let main = source.main;
    text(main, "/image").unwrap_or_default().clone_into(&mut draft.spec.image);
    draft.spec.command = texts(main, "/command");
    draft.spec.args = texts(main, "/args");
    draft.spec.resources = resources(main);
    draft.spec.security = security(source);
    let others = |pointer: &str| {
        let containers = list(source.template, pointer).iter();
        containers
            .filter(|container| !std::ptr::eq(*container, main))
            .map(|container| Json(container.clone()))
            .collect()
    };
    draft.spec.sidecars = others("/spec/containers");
    draft.spec.init_containers = others("/spec/initContainers");
}

/// When the image is pulled, if not as portfolio does it.
pub(super) fn pull_policy(container: &Value) -> PullPolicy {
    match text(container, "/imagePullPolicy") {
        Some("Always") => PullPolicy::Always,
        Some("Never") => PullPolicy::Never,
        None if is_pulled_always(text(container, "/image").unwrap_or_default()) => PullPolicy::Always,
        Some(_) | None => PullPolicy::IfNotPresent,
    }
}

/// Requests and limits as far as they are said and not what portfolio has by itself.
pub(super) fn resources(container: &Value) -> Option<Resources> {
    let amounts = |group: &str| {
        let of = |name: &str| amount(container, &format!("/resources/{group}/{name}"));
        Amounts { cpu: of("cpu"), memory: of("memory"), ephemeral_storage: of("ephemeral-storage") }
    };
    let mut requests = amounts("requests");
    let limits = amounts("limits");
    // A request that is not there is the limit.
    let or_limit = |request: Option<Quantity>, limit: Option<Quantity>| request.or(limit);
    requests = Amounts {
        cpu: or_limit(requests.cpu, limits.cpu),
        memory: or_limit(requests.memory, limits.memory),
        ephemeral_storage: or_limit(requests.ephemeral_storage, limits.ephemeral_storage),
    };
    let some = |amounts: Amounts| (amounts != Amounts::default()).then_some(amounts);
    let resources = Resources { requests: some(requests), limits: some(limits) };
    (resources != Resources::default()).then_some(resources)
}

fn security(source: &Source<'_>) -> Option<Security> {
    let pod = source.template.pointer("/spec/securityContext").unwrap_or(&Value::Null);
    let own = source.main.pointer("/securityContext").unwrap_or(&Value::Null);
    let id = |field: &str| number(own, field).or_else(|| number(pod, field));
    let user: Option<u32> = id("/runAsUser");
    let flag = |value: &Value, field: &str| value.get(field).and_then(Value::as_bool);
    let not_root = flag(own, "runAsNonRoot").or_else(|| flag(pod, "runAsNonRoot"));
    let read_only = flag(own, "readOnlyRootFilesystem");
    let says_nothing = pod.is_null() && own.is_null();
    let security = Security {
        user: user.filter(|user| *user != DEFAULT_ID),
        group: id("/runAsGroup").or_else(|| number(pod, "/fsGroup")).filter(|group| *group != DEFAULT_ID),
        root: !says_nothing && not_root != Some(true) && user.is_none_or(|user| user == 0),
        read_only: (!says_nothing && read_only != Some(true)).then_some(false),
        capabilities: texts(own, "/capabilities/add"),
    };
    (security != Security::default()).then_some(security)
}

/// Of an app that says nothing.
const DEFAULT_ID: u32 = 10_001;
