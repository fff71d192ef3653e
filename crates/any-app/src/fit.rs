//! [`fit`]: takes back what does not go together, and turns numbers into the names of what they refer to. The rules are
//! those that the product gives for documents; each is a function.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

type Spec = Map<String, Value>;

pub(crate) fn fit(mut spec: Spec) -> Spec {
    one_number_of_pods(&mut spec);
    one_writer(&mut spec);
    room_for_an_eviction(&mut spec);
    distinct_ports(&mut spec);
    nothing_without_a_port(&mut spec);
    probes(&mut spec);
    peers(&mut spec);
    distinct_variables(&mut spec);
    requests_below_limits(&mut spec);
    distinct_prefixes(&mut spec);
    distinct_folders(&mut spec);
    volumes_of_jobs(&mut spec);
    backup(&mut spec);
    root_has_no_user(&mut spec);
    spec
}

fn map<'a>(spec: &'a mut Spec, field: &str) -> Option<&'a mut Spec> {
    spec.get_mut(field)?.as_object_mut()
}

fn one_number_of_pods(spec: &mut Spec) {
    let Some(scaling) = map(spec, "autoscaling") else { return };
    let most = scaling.get("max").and_then(Value::as_u64).unwrap_or(1);
    if scaling.get("min").and_then(Value::as_u64).is_some_and(|min| min > most) {
        scaling.remove("min");
    }
    spec.remove("replicas");
}

fn one_writer(spec: &mut Spec) {
    let single = |volume: &Value| {
        matches!(volume["accessMode"].as_str(), None | Some("ReadWriteOnce" | "ReadWriteOncePod"))
    };
    if map(spec, "storage").is_some_and(|storage| storage.values().any(single)) {
        spec.remove("autoscaling");
        let pods = spec.get("replicas").and_then(Value::as_u64).unwrap_or(1);
        spec.insert("replicas".to_owned(), pods.min(1).into());
    }
}

fn room_for_an_eviction(spec: &mut Spec) {
    let replicas = spec.get("replicas").and_then(Value::as_u64).unwrap_or(2);
    let pods = spec.get("autoscaling").map_or(replicas, |scaling| {
        let most = scaling["max"].as_u64().unwrap_or(1);
        scaling["min"].as_u64().unwrap_or(most.min(2))
    });
    let stays = |least: &Value| match (least.as_u64(), least.as_str()) {
        (Some(count), _) => count,
        (None, share) => {
            let share = share.and_then(|share| share.trim_end_matches('%').parse::<u64>().ok());
            (pods * share.unwrap_or(100)).div_ceil(100)
        }
    };
    let stuck = spec.get("disruption").and_then(|disruption| disruption.get("minAvailable")).map(stays);
    if pods > 0 && stuck.is_some_and(|stays| stays >= pods) {
        spec.remove("disruption");
    }
}

/// Name, number, protocol; the main one first.
fn declared(spec: &Spec) -> Vec<(String, u64, String)> {
    let short =
        spec.get("port").and_then(Value::as_u64).map(|port| ("http".to_owned(), port, "TCP".to_owned()));
    let named = spec.get("ports").and_then(Value::as_object).into_iter().flatten().map(|(name, port)| {
        let number = port.as_u64().or_else(|| port["port"].as_u64()).unwrap_or_default();
        (name.clone(), number, port["protocol"].as_str().unwrap_or("TCP").to_owned())
    });
    let mut ports: Vec<_> = short.into_iter().chain(named).collect();
    ports.sort_by_key(|(name, ..)| (name != "http", name.clone()));
    ports
}

/// Of two ports with the same number, in the pod or on the Service, the first stays.
fn distinct_ports(spec: &mut Spec) {
    if spec.contains_key("port")
        && let Some(ports) = map(spec, "ports")
    {
        ports.remove("http");
    }
    let ports = declared(spec);
    let asked = spec.get("service").and_then(|service| service["port"].as_u64());
    let mut inside = BTreeSet::new();
    let mut offered = BTreeSet::new();
    for (at, (name, number, protocol)) in ports.iter().enumerate() {
        let standard = if name == "http" { 80 } else { *number };
        let outside = if at == 0 { asked.unwrap_or(standard) } else { *number };
        let is_new = inside.insert((*number, protocol)) && offered.insert((outside, protocol));
        if let (false, Some(ports)) = (is_new, map(spec, "ports")) {
            ports.remove(name);
        }
    }
    if let Some(service) = map(spec, "service")
        && service.get("headless") == Some(&Value::Bool(true))
        && service.get("type").is_some_and(|kind| kind != "ClusterIP")
    {
        service.remove("type");
    }
}

fn nothing_without_a_port(spec: &mut Spec) {
    let ports = declared(spec);
    if ports.is_empty() {
        spec.remove("service");
        if let Some(patches) = spec.get_mut("patches").and_then(Value::as_array_mut) {
            patches.retain(|patch| patch["target"] != "Service/{app}");
        }
    }
    if ports.first().is_none_or(|(.., protocol)| protocol != "TCP") {
        spec.remove("ingress");
    }
}

/// A check over the network is of a TCP port, by name or by number; without one it is a command. Two alike are one.
fn probes(spec: &mut Spec) {
    let ports: Vec<_> = declared(spec).into_iter().filter(|(.., protocol)| protocol == "TCP").collect();
    let Some(probes) = map(spec, "probes") else { return };
    for probe in probes.values_mut().filter_map(Value::as_object_mut) {
        if ports.is_empty() && !probe.contains_key("command") {
            *probe = Spec::from_iter([("command".to_owned(), json!(["/bin/check"]))]);
        }
        if probe.contains_key("command") {
            probe.remove("port");
        }
        if let Some(port) = probe.get_mut("port") {
            *port = reference(&ports, port);
        }
    }
    if probes.get("live").is_some() && probes.get("live") == probes.get("ready") {
        probes.remove("live");
    }
}

/// The port that a number stands for: an even one by name.
fn reference(ports: &[(String, u64, String)], number: &Value) -> Value {
    let at = usize::try_from(number.as_u64().unwrap_or_default()).unwrap_or_default();
    match ports.get(at / 2 % ports.len().max(1)) {
        Some((name, ..)) if at.is_multiple_of(2) => name.as_str().into(),
        Some((_, number, _)) => (*number).into(),
        None => Value::Null,
    }
}

fn peers(spec: &mut Spec) {
    let ports = declared(spec);
    let from = map(spec, "network").and_then(|network| network.get_mut("from")?.as_array_mut());
    for peer in from.into_iter().flatten().filter_map(Value::as_object_mut) {
        if ports.is_empty() {
            peer.remove("ports");
        }
        for port in peer.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
            // Half of them are written in full.
            let is_full = port.as_u64().is_some_and(|number| number > 3);
            let other = ports.iter().find(|(_, _, protocol)| protocol != "TCP").or(ports.last());
            *port = match other.filter(|_| is_full) {
                Some((_, number, protocol)) => json!({"port": number, "protocol": protocol}),
                None => reference(&ports, port),
            };
        }
    }
}

fn distinct_variables(spec: &mut Spec) {
    let distinct = |spec: &mut Spec| {
        let names: Vec<String> =
            map(spec, "env").map(|env| env.keys().cloned().collect()).unwrap_or_default();
        if let Some(secrets) = map(spec, "secrets") {
            secrets.retain(|name, _| !names.contains(name));
        }
    };
    distinct(spec);
    if let Some(backup) = map(spec, "backup") {
        distinct(backup);
    }
}

fn requests_below_limits(spec: &mut Spec) {
    let jobs = spec.get_mut("jobs").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, job) in jobs {
        order(job.get_mut("resources"));
    }
    order(spec.get_mut("backup").and_then(|backup| backup.get_mut("resources")));
    order(spec.get_mut("resources"));
}

fn order(resources: Option<&mut Value>) {
    let Some(resources) = resources else { return };
    let requests = resources.get("requests").cloned().unwrap_or_default();
    if let Some(limits) = resources.get_mut("limits").and_then(Value::as_object_mut) {
        limits
            .retain(|name, limit| requests.get(name).is_none_or(|request| amount(request) <= amount(limit)));
    }
}

/// Near enough to compare two quantities of the generator's own forms.
fn amount(quantity: &Value) -> f64 {
    let text = quantity.as_str().map_or_else(|| quantity.to_string(), str::to_owned);
    let split = text.find(|char: char| !(char.is_ascii_digit() || char == '.')).unwrap_or(text.len());
    let (number, suffix) = text.split_at(split);
    let factor = match suffix {
        "m" => 1e-3,
        "M" | "e6" => 1e6,
        "G" | "E9" => 1e9,
        "Mi" => f64::from(1 << 20),
        "Gi" => f64::from(1 << 30),
        _ => 1.0,
    };
    number.parse::<f64>().unwrap_or_default() * factor
}

fn distinct_prefixes(spec: &mut Spec) {
    let hosts = map(spec, "ingress").and_then(|ingress| ingress.get_mut("hosts")?.as_array_mut());
    let Some(hosts) = hosts else { return };
    let mut seen = BTreeSet::new();
    hosts.retain_mut(|host| {
        let name = host["host"].as_str().unwrap_or_default().to_owned();
        let Some(paths) =
            host.get_mut("paths").and_then(Value::as_array_mut).filter(|paths| !paths.is_empty())
        else {
            return seen.insert((name, "/".to_owned()));
        };
        paths.retain(|path| seen.insert((name.clone(), path.as_str().unwrap_or_default().to_owned())));
        !paths.is_empty()
    });
}

fn distinct_folders(spec: &mut Spec) {
    let mut seen = BTreeSet::new();
    if let Some(scratch) = map(spec, "scratch") {
        scratch.retain(|path, _| seen.insert(path.trim_end_matches('/').to_owned()));
    }
}

fn volumes_of_jobs(spec: &mut Spec) {
    let storage = spec.get("storage").and_then(Value::as_object).into_iter().flatten();
    let shared = storage.filter(|(_, volume)| volume["accessMode"] != "ReadWriteOncePod");
    let shared: Vec<String> = shared.map(|(name, _)| name.clone()).collect();
    let name_them = |run: &mut Value| {
        let Some(volumes) = run.get_mut("volumes") else { return };
        let numbers = volumes.as_array().into_iter().flatten().filter_map(Value::as_u64);
        let names: BTreeSet<&String> =
            numbers.filter_map(|number| shared.get(usize::try_from(number).ok()?)).collect();
        *volumes = json!(names);
    };
    map(spec, "jobs").into_iter().flat_map(Map::values_mut).for_each(name_them);
    spec.get_mut("backup").into_iter().for_each(name_them);
}

fn backup(spec: &mut Spec) {
    if let Some(backup) = map(spec, "backup").filter(|backup| !backup.contains_key("schedule")) {
        backup.insert("onDelete".to_owned(), true.into());
    }
}

fn root_has_no_user(spec: &mut Spec) {
    if let Some(security) =
        map(spec, "security").filter(|security| security.get("root") == Some(&Value::Bool(true)))
    {
        security.remove("user");
    }
}
