//! Fields that the API server does not let change, or changes only for show: found before anything is applied, each with
//! what to do. One set of rules over rendered objects, for the plan and for `diff`.
//!
//! Source: Kubernetes API validation of Deployment (`spec.selector`), `PersistentVolumeClaim` (`spec`, but for a growing
//! `resources.requests.storage`) and Service (`spec.clusterIP`).

use std::collections::BTreeMap;

use serde_json::Value;

use super::desired::claim_size;
use super::target;
use crate::document::{App, Document, Quantity, Validated};
use crate::object::{Kind, Object, ObjectRef, Owner};
use crate::record::Record;
use crate::render::{RendererVersion, render};

/// The objects, by reference, that cannot become what the document says, given what is held now; each with why.
pub fn refusals(record: &Record, new: &Validated<App>, owner: &Owner) -> BTreeMap<ObjectRef, String> {
    let Some(held) = target::held(record) else { return BTreeMap::new() };
    let Document::App(old) = held.document else { return BTreeMap::new() };
    let old = render(&old, owner, held.renderer);
    let new = render(new, owner, RendererVersion::CURRENT);
    let before = |after: &Object| {
        let known = after.reference.in_any_version();
        old.iter().find(|before| before.reference.in_any_version() == known)
    };
    new.iter().filter_map(|after| Some((after.reference.clone(), refusal(before(after)?, after)?))).collect()
}

/// Why an object cannot become the other one, if so.
pub fn refusal(before: &Object, after: &Object) -> Option<String> {
    match after.reference.kind {
        Kind::Deployment => selector(before, after),
        Kind::PersistentVolumeClaim => claim(before, after),
        Kind::Service => service(before, after),
        Kind::ServiceAccount
        | Kind::ConfigMap
        | Kind::NetworkPolicy
        | Kind::PodDisruptionBudget
        | Kind::Job
        | Kind::HorizontalPodAutoscaler
        | Kind::Ingress
        | Kind::CronJob
        | Kind::Other(_) => None,
    }
}

fn differs(before: &Object, after: &Object, pointer: &str) -> bool {
    before.content.pointer(pointer) != after.content.pointer(pointer)
}

fn selector(before: &Object, after: &Object) -> Option<String> {
    differs(before, after, "/spec/selector").then(|| {
        format!(
            "spec.selector of {} cannot change once applied: Kubernetes keeps a Deployment's selector for life. Put the \
             old selector back, or give the app a new name",
            after.reference
        )
    })
}

fn claim(before: &Object, after: &Object) -> Option<String> {
    let (object, another) = (&after.reference, "or add a volume of another name and move the data");
    let size = |object: &Object| claim_size(object)?.parse::<Quantity>().ok();
    if let (Some(old), Some(new)) = (size(before), size(after))
        && new < old
    {
        return Some(format!(
            "the size of {object} cannot shrink from {old} to {new}: put {old} back, {another}"
        ));
    }
    let immutable = [("/spec/storageClassName", "class"), ("/spec/accessModes", "accessMode")];
    let changed = immutable.iter().find(|(pointer, _)| differs(before, after, pointer));
    changed.map(|(_, field)| {
        format!(
            "the {field} of {object} cannot change once the volume exists: put the old value back, {another}"
        )
    })
}

/// The address of a Service is given to it once. That it is to have none is refused by the API server, and that it is to
/// have one again is taken and not done: a field that is left out stays as it is.
fn service(before: &Object, after: &Object) -> Option<String> {
    let text = |object: &'_ Object, pointer: &str| {
        object.content.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned)
    };
    // What has no address of its own in the cluster gets one, and gives it back.
    if [before, after].iter().any(|object| text(object, "/spec/type").as_deref() == Some("ExternalName")) {
        return None;
    }
    let (old, new) = (text(before, "/spec/clusterIP"), text(after, "/spec/clusterIP"));
    let is_headless = |address: &Option<String>| address.as_deref() == Some("None");
    let what = match (is_headless(&old), is_headless(&new)) {
        (false, true) => "become headless",
        (true, false) => "cease to be headless",
        (false, false) if old.is_some() && new.is_some() && old != new => "get another clusterIP",
        (false, false) | (true, true) => return None,
    };
    Some(format!(
        "{} cannot {what} once it exists: Kubernetes keeps spec.clusterIP of a Service for life. Put the old value back, \
         write a further Service into `objects`, or give the app a new name",
        after.reference
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service_of(spec: &Value) -> Object {
        let content =
            json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec});
        Object::new(ObjectRef::new(Kind::Service, "shop", "web"), content)
    }

    #[test]
    fn a_service_keeps_its_address_for_life() {
        let (plain, headless) =
            (json!({"type": "ClusterIP"}), json!({"type": "ClusterIP", "clusterIP": "None"}));
        let (one, other) = (json!({"clusterIP": "10.0.0.5"}), json!({"clusterIP": "10.0.0.6"}));
        let external = json!({"type": "ExternalName", "externalName": "example.com"});
        for (before, after, expected) in [
            (&plain, &plain, None),
            (&headless, &headless, None),
            (&plain, &headless, Some("become headless")),
            (&one, &headless, Some("become headless")),
            (&headless, &plain, Some("cease to be headless")),
            (&headless, &one, Some("cease to be headless")),
            (&one, &other, Some("get another clusterIP")),
            // The server knows whether it is the one that the Service has.
            (&plain, &one, None),
            (&one, &plain, None),
            (&external, &headless, None),
            (&headless, &external, None),
        ] {
            let refused = refusal(&service_of(before), &service_of(after));
            let said = expected.is_none_or(|words| refused.as_ref().is_some_and(|said| said.contains(words)));
            assert!(said && refused.is_some() == expected.is_some(), "{before} {after}: {refused:?}");
        }
    }
}
