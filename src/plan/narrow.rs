//! What narrows only once a new version is healthy: ports, and who may reach whom. Until then Service and network
//! policy hold the union of old and new, since pods of the version before still serve, and clients still ask, on the old
//! ports, and still need whom they reach.
//!
//! Which documents are compared is on record (the last good one and the target), so the union is the same each
//! time it is asked for.

use serde_json::Value;

use super::desired::change;
use crate::object::{Kind, Object, ObjectRef};

/// Adds to the new objects what the old ones let through besides; the objects that got wider.
pub(super) fn widen(new: &mut [Object], old: &[Object]) -> Vec<ObjectRef> {
    let mut wide = Vec::new();
    for object in new {
        let before = old.iter().find(|before| before.reference == object.reference);
        let Some(before) = before.filter(|before| before.hash != object.hash) else { continue };
        let hash = object.hash.clone();
        match object.reference.kind {
            Kind::Service => change(object, |content| service(content, &before.content)),
            Kind::NetworkPolicy => change(object, |content| policy(content, &before.content)),
            Kind::ServiceAccount
            | Kind::ConfigMap
            | Kind::PersistentVolumeClaim
            | Kind::PodDisruptionBudget
            | Kind::Job
            | Kind::Deployment
            | Kind::HorizontalPodAutoscaler
            | Kind::Ingress
            | Kind::CronJob
            | Kind::Other(_) => {}
        }
        if object.hash != hash {
            wide.push(object.reference.clone());
        }
    }
    wide
}

/// A Service has a port of a name, and a number of a protocol, only once: the new one wins.
fn service(new: &mut Value, old: &Value) {
    let old = list(old, "/spec/ports");
    let Some(ports) = new.pointer_mut("/spec/ports").and_then(Value::as_array_mut) else { return };
    for port in old {
        let taken = ports
            .iter()
            .any(|known| text(known, "name") == text(port, "name") || number(known) == number(port));
        if !taken {
            ports.push(port.clone());
        }
    }
}

/// Rules add up: an old rule that is for the same peers lends its ports, any other comes along whole.
fn policy(new: &mut Value, old: &Value) {
    let Some(spec) = new.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        let mut rules = spec.get(direction).and_then(Value::as_array).cloned().unwrap_or_default();
        for rule in list(old, &format!("/spec/{direction}")) {
            match rules.iter_mut().find(|known| known.get(peers) == rule.get(peers)) {
                Some(known) => lend_ports(known, rule),
                None => rules.push(rule.clone()),
            }
        }
        if !rules.is_empty() {
            spec.insert(direction.to_owned(), Value::Array(rules));
        }
    }
}

/// A rule without ports is for all of them.
fn lend_ports(rule: &mut Value, old: &Value) {
    let Some(old) = old.get("ports").and_then(Value::as_array) else {
        if let Some(rule) = rule.as_object_mut() {
            rule.remove("ports");
        }
        return;
    };
    let Some(ports) = rule.get_mut("ports").and_then(Value::as_array_mut) else { return };
    for port in old {
        if !ports.contains(port) {
            ports.push(port.clone());
        }
    }
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    value.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}

/// Number and protocol.
fn number(port: &Value) -> (Option<u64>, Option<&str>) {
    (port.get("port").and_then(Value::as_u64), text(port, "protocol"))
}
