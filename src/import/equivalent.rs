//! Both sides of the comparison in the same words: what an object of the input says once the document's words are put
//! in the place of its own, and what a rendered object says once names that mean a number are numbers.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::app::{Said, is_reserved, rename_mounts};
use super::defaults;
use super::group::Group;
use super::json::{list, number, text};
use super::manifest::Manifest;
use crate::render::names;

/// Where a `CronJob` names its container, and what the document's bear.
pub(super) const JOB_NAME: &str = "/spec/jobTemplate/spec/template/spec/containers/0/name";
pub(super) const JOB: &str = "job";

/// An object of the input, as rendering shall give it back.
pub(super) struct Wanted<'m> {
    pub(super) kind: &'static str,
    /// Its name when rendered.
    pub(super) name: String,
    pub(super) content: Value,
    pub(super) origin: &'m Manifest,
}

/// The objects of an app, as rendering shall give them back.
pub(super) fn wanted<'m>(
    group: &Group<'m>,
    said: &Said,
    config_map: Option<&'m Manifest>,
) -> Vec<Wanted<'m>> {
    let name = &group.workload.name;
    let old_pods = group.workload.said.pointer("/spec/template").cloned().unwrap_or_default();
    let one = |kind: &'static str, name: &str, origin: &'m Manifest, content: Value| Wanted {
        kind,
        name: name.to_owned(),
        content: same(kind, content, &old_pods, &Value::Null),
        origin,
    };
    let services = group.service.map_or(Value::Null, |service| service.said.clone());
    let mut wanted = vec![one("Deployment", name, group.workload, deployment(group.workload, said))];
    let own = [
        ("Service", group.service),
        ("HorizontalPodAutoscaler", group.autoscaler),
        ("PodDisruptionBudget", group.budget),
        ("NetworkPolicy", group.policy),
    ];
    for (kind, manifest) in own {
        wanted.extend(manifest.map(|manifest| one(kind, name, manifest, manifest.said.clone())));
    }
    wanted.extend(group.ingress.map(|manifest| Wanted {
        content: same("Ingress", manifest.said.clone(), &old_pods, &services),
        ..one("Ingress", name, manifest, Value::Null)
    }));
    for (kind, manifests) in [("PersistentVolumeClaim", &group.claims), ("CronJob", &group.jobs)] {
        wanted.extend(
            manifests.iter().map(|manifest| one(kind, &manifest.name, manifest, manifest.said.clone())),
        );
    }
    wanted.extend(
        group.account.map(|manifest| one("ServiceAccount", &manifest.name, manifest, manifest.said.clone())),
    );
    if let (Some(manifest), Some((_, renamed))) = (config_map, &said.config_map) {
        wanted.push(one("ConfigMap", renamed, manifest, manifest.said.clone()));
    }
    wanted
}

/// An object that is not among those of the group.
pub(super) fn one<'m>(kind: &'static str, name: &str, origin: &'m Manifest, group: &Group<'m>) -> Wanted<'m> {
    let content = same(kind, origin.said.clone(), &old_pods(group), &Value::Null);
    Wanted { kind, name: name.to_owned(), content, origin }
}

/// What a rendered object says. `wanted` are the pods that run now; `service` is the rendered Service.
pub(super) fn actual(kind: &str, content: &Value, said: &Said, old_pods: &Value, service: &Value) -> Value {
    let mut content = content.clone();
    defaults::strip(kind, &mut content, false);
    let mut content = same(kind, content, old_pods, service);
    if kind == "Deployment"
        && let Some(pod) = content.pointer_mut("/spec/template/spec")
    {
        if let Some(name) = pod.pointer_mut("/containers/0/name") {
            *name = json!(names::CONTAINER);
        }
        // A patch may have given volumes their old names back.
        let has = |name: &str| list(pod, "/volumes").iter().any(|volume| text(volume, "/name") == Some(name));
        let back = said.volumes.iter().filter(|(old, new)| !has(new) && has(old));
        let back = back.map(|(old, new)| (old.clone(), new.clone())).collect();
        rename(pod, &back);
    }
    content
}

/// The pods that run now, which a Service meets until new ones have taken their place.
pub(super) fn old_pods(group: &Group<'_>) -> Value {
    group.workload.said.pointer("/spec/template").cloned().unwrap_or_default()
}

/// A workload as the Deployment of the app.
fn deployment(workload: &Manifest, said: &Said) -> Value {
    let mut content = workload.said.clone();
    if workload.kind == "StatefulSet" {
        from_stateful_set(&workload.name, &mut content);
    }
    // The autoscaler's number, as it was when somebody looked.
    if said.scaled {
        content.pointer_mut("/spec").and_then(Value::as_object_mut).map(|spec| spec.remove("replicas"));
    }
    if let Some(pod) = content.pointer_mut("/spec/template/spec") {
        pods(pod, said);
    }
    content
}

fn pods(pod: &mut Value, said: &Said) {
    if let Some(containers) = pod.get_mut("containers").and_then(Value::as_array_mut)
        && said.main.0 < containers.len()
    {
        let main = containers.remove(said.main.0);
        containers.insert(0, main);
    }
    if let Some(main) = pod.pointer_mut("/containers/0").and_then(Value::as_object_mut) {
        main.insert("name".to_owned(), json!(names::CONTAINER));
        if said.env_from {
            main.remove("envFrom");
            if !said.variables.is_empty() {
                main.insert("env".to_owned(), Value::Array(said.variables.clone()));
            }
        } else if main.contains_key("env") {
            main.insert("env".to_owned(), Value::Array(said.variables.clone()));
        }
    }
    for volume in pod.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        if let (Some((old, new)), Some(name)) = (&said.config_map, volume.pointer_mut("/configMap/name"))
            && name == old
        {
            *name = json!(new);
        }
    }
    rename(pod, &said.volumes);
}

/// Gives volumes other names, wherever they are mounted.
fn rename(pod: &mut Value, names: &BTreeMap<String, String>) {
    for field in ["containers", "initContainers"] {
        for container in pod.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            rename_mounts(container, names);
        }
    }
    for volume in pod.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        let renamed = text(volume, "/name").and_then(|name| names.get(name)).cloned();
        if let (Some(renamed), Some(name)) = (renamed, volume.get_mut("name")) {
            *name = json!(renamed);
        }
    }
}

/// The Deployment that a `StatefulSet` of one pod becomes: the claims of its templates are mounted by the names that they
/// have for its first pod.
fn from_stateful_set(name: &str, content: &mut Value) {
    let claims: Vec<Value> = list(content, "/spec/volumeClaimTemplates")
        .iter()
        .filter_map(|claim| text(claim, "/metadata/name"))
        .map(|claim| json!({"name": claim, "persistentVolumeClaim": {"claimName": format!("{claim}-{name}-0")}}))
        .collect();
    let Some(spec) = content.get_mut("spec").and_then(Value::as_object_mut) else { return };
    for field in [
        "volumeClaimTemplates",
        "serviceName",
        "updateStrategy",
        "podManagementPolicy",
        "ordinals",
        "persistentVolumeClaimRetentionPolicy",
    ] {
        spec.remove(field);
    }
    spec.insert("strategy".to_owned(), json!({"type": "Recreate"}));
    if let Some(pod) = spec.get_mut("template").and_then(|template| template.get_mut("spec"))
        && !claims.is_empty()
    {
        let volumes = pod.as_object_mut().map(|pod| pod.entry("volumes").or_insert_with(|| json!([])));
        if let Some(volumes) = volumes.and_then(Value::as_array_mut) {
            volumes.extend(claims);
        }
    }
}

/// Names that mean a number become that number, and what portfolio sets on every object is left out.
fn same(kind: &str, mut content: Value, old_pods: &Value, service: &Value) -> Value {
    if let Value::Object(fields) = &mut content {
        fields.remove("apiVersion");
        fields.remove("kind");
    }
    if let Some(Value::Object(metadata)) = content.get_mut("metadata") {
        metadata.remove("name");
        metadata.remove("namespace");
    }
    for field in ["labels", "annotations"] {
        let pointer = format!("/metadata/{field}");
        if let Some(entries) = content.pointer_mut(&pointer).and_then(Value::as_object_mut) {
            entries.retain(|key, _| !is_reserved(key));
            let is_empty = entries.is_empty();
            if let Some(Value::Object(metadata)) = content.get_mut("metadata").filter(|_| is_empty) {
                metadata.remove(field);
            }
        }
    }
    match kind {
        "Deployment" => {
            if let Some(pod) = content.pointer_mut("/spec/template/spec") {
                probes(pod);
                read_only(pod);
            }
        }
        "Service" => target_ports(&mut content, old_pods),
        "Ingress" => backend_ports(&mut content, service),
        "CronJob" => {
            if let Some(name) = content.pointer_mut(JOB_NAME) {
                *name = json!(JOB);
            }
        }
        _ => {}
    }
    content
}

/// Probes are of the pod that has them, so that a port's name is as good as its number.
fn probes(pod: &mut Value) {
    for container in pod.get_mut("containers").and_then(Value::as_array_mut).into_iter().flatten() {
        let ports: Vec<Value> = list(container, "/ports").to_vec();
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            for handler in ["httpGet", "tcpSocket"] {
                let found = container.pointer_mut(&format!("/{probe}/{handler}/port"));
                if let Some(port) = found {
                    resolve(port, &ports, "containerPort");
                }
            }
        }
    }
}

/// Volumes that nobody can write to are mounted read-only, whether that is said or not.
fn read_only(pod: &mut Value) {
    let is_read_only = |volume: &&Value| {
        ["configMap", "secret", "projected", "downwardAPI"].iter().any(|source| volume.get(source).is_some())
    };
    let volumes = list(pod, "/volumes").iter().filter(is_read_only);
    let names: Vec<String> = volumes.filter_map(|volume| text(volume, "/name")).map(str::to_owned).collect();
    for field in ["containers", "initContainers"] {
        for container in pod.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            let mounts = container.get_mut("volumeMounts").and_then(Value::as_array_mut);
            for mount in mounts.into_iter().flatten().filter_map(Value::as_object_mut) {
                let name = mount.get("name").and_then(Value::as_str);
                if name.is_some_and(|name| names.iter().any(|known| known == name)) {
                    mount.remove("readOnly");
                }
            }
        }
    }
}

/// What a Service leads to, as a number where the pods that run now have a port of that name. Where they have not, the
/// name would leave the Service without pods until new ones are there, so it is not the same.
fn target_ports(service: &mut Value, old_pods: &Value) {
    let containers = list(old_pods, "/spec/containers").iter();
    let ports: Vec<Value> = containers.flat_map(|container| list(container, "/ports")).cloned().collect();
    for port in service.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(target) = port.get_mut("targetPort") {
            resolve(target, &ports, "containerPort");
        }
        if let Some(fields) = port.as_object_mut()
            && fields.get("targetPort").is_some_and(|target| Some(target) == fields.get("port"))
        {
            fields.remove("targetPort");
        }
    }
}

fn backend_ports(ingress: &mut Value, service: &Value) {
    let ports = list(service, "/spec/ports").to_vec();
    let name = text(service, "/metadata/name").map(str::to_owned);
    for rule in ingress.pointer_mut("/spec/rules").and_then(Value::as_array_mut).into_iter().flatten() {
        for path in rule.pointer_mut("/http/paths").and_then(Value::as_array_mut).into_iter().flatten() {
            let is_own = text(path, "/backend/service/name").map(str::to_owned) == name;
            let found = path.pointer("/backend/service/port/name").and_then(Value::as_str);
            let number = found.filter(|_| is_own).and_then(|found| {
                let port = ports.iter().find(|port| text(port, "/name") == Some(found))?;
                number::<u16>(port, "/port")
            });
            if let (Some(number), Some(port)) = (number, path.pointer_mut("/backend/service/port")) {
                *port = json!({"number": number});
            }
        }
    }
}

fn resolve(port: &mut Value, ports: &[Value], field: &str) {
    let found = port.as_str().and_then(|name| ports.iter().find(|port| text(port, "/name") == Some(name)));
    if let Some(number) = found.and_then(|port| port.get(field)) {
        *port = number.clone();
    }
}
