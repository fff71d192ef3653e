//! Images come only from where the configuration lets them, whatever field, patch or object names them.

use serde_json::Value;

use super::template;
use crate::document::{App, Code, Finding, Policy, RegistryRefusal};
use crate::object::Object;
use crate::render::objects;

/// The images of the app's own fields.
pub(super) fn review(app: &App, policy: &Policy, findings: &mut Vec<Finding>) {
    if policy.registries.is_empty() {
        return;
    }
    let spec = &app.spec;
    let mut refuse = |path: &[&str], image: &str| {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        findings.extend(refusal(policy, path, image));
    };
    refuse(&["image"], &spec.image);
    for (name, job) in &spec.jobs {
        if let Some(image) = &job.image {
            refuse(&["jobs", name, "image"], image);
        }
    }
    if let Some(image) = spec.backup.as_ref().and_then(|backup| backup.image.as_ref()) {
        refuse(&["backup", "image"], image);
    }
    for (field, containers) in [("sidecars", &spec.sidecars), ("initContainers", &spec.init_containers)] {
        for (number, container) in containers.iter().enumerate() {
            if let Some(image) = container.0.get("image").and_then(Value::as_str) {
                refuse(&[field, &number.to_string(), "image"], image);
            }
        }
    }
}

/// The images of everything that is rendered, where patches or written objects could name others.
pub(super) fn review_objects(app: &App, all: &[Object], policy: &Policy, findings: &mut Vec<Finding>) {
    if policy.registries.is_empty() {
        return;
    }
    for object in all {
        let at = |json| objects::reference(&app.id.namespace, json) == Some(object.reference.clone());
        let last = app.spec.patches.iter().rposition(|patch| object.reference.is_meant_by(&patch.target));
        let path = match (app.spec.objects.iter().position(at), last) {
            (Some(number), _) => ["objects", &number.to_string()].map(str::to_owned).to_vec(),
            (None, Some(number)) => ["patches", &number.to_string(), "target"].map(str::to_owned).to_vec(),
            // It is as the fields say, and those were looked at.
            (None, None) => continue,
        };
        for image in template(object).into_iter().flat_map(images) {
            let known = findings.iter().any(|known| {
                known.code == Code::RegistryRefused && known.message.contains(&format!("`{image}`"))
            });
            if !known {
                findings.extend(refusal(policy, path.clone(), image));
            }
        }
    }
}

fn refusal(policy: &Policy, path: Vec<String>, image: &str) -> Option<Finding> {
    let RegistryRefusal { message, help } = policy.refuses_image(image)?;
    Some(Finding::error(Code::RegistryRefused, path, message, help))
}

/// The images of a pod or pod template: those that are run, and those that are mounted as volumes.
fn images(pod: &Value) -> impl Iterator<Item = &str> {
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    let containers = lists.into_iter().filter_map(|list| pod.get("spec")?.get(list)?.as_array());
    let run = containers.flatten().filter_map(|container| container.get("image")?.as_str());
    let volumes = pod.pointer("/spec/volumes").and_then(Value::as_array);
    let mounted =
        volumes.into_iter().flatten().filter_map(|volume| volume.pointer("/image/reference")?.as_str());
    run.chain(mounted)
}
