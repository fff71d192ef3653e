//! One service of a compose file. Keys that other files of this module map are taken there; what is left at the end is
//! told, each with what to do about it.

use serde_json::{Value as Json, json};

use super::fields::Fields;
use super::{Scope, command, deploy, environment, files, health, ports, volumes};
use crate::document::{self, Patch, PatchOperation, PatchOperator, Pull, PullPolicy, Security};
use crate::import::app::Draft;
use crate::import::yaml::{Entry, Node};

/// What a container of Docker's may do that drops to another user or listens on a low port.
/// Source: <https://docs.docker.com/engine/containers/run/#runtime-privilege-and-linux-capabilities>.
const USUAL: [&str; 7] = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"];
/// The pods' main container.
const CONTAINER: &str = "/spec/template/spec/containers/0";

/// Keys without a counterpart, and what to do about them.
const WITHOUT: &[(&str, &str)] = &[
    ("container_name", "pods have names of their own; others reach the app by the name of its Service"),
    ("devices", "devices of a node take a device plugin"),
    ("dns", "the cluster has DNS of its own"),
    ("init", "put an init into the image, such as tini"),
    ("labels", "labels of containers mean nothing here; those of all objects are `metadata.labels`"),
    ("links", "services reach each other by their names"),
    ("logging", "Kubernetes keeps what is written to stdout and stderr"),
    ("network_mode", "pods have a network of their own"),
    ("privileged", "pods are not privileged; if it must be, say so by a patch"),
    ("security_opt", "the pods run with the seccomp profile of the runtime"),
    ("shm_size", "mount an emptyDir with `medium: Memory` at /dev/shm by a patch"),
    ("stop_signal", "set it in the image (STOPSIGNAL)"),
    ("sysctls", "write them by a patch: `securityContext: {sysctls: …}`"),
    ("ulimits", "limits of the container runtime apply"),
    ("volumes_from", "write the volumes out"),
];

/// Maps a service; false if it makes no app.
pub(super) fn service(scope: &mut Scope<'_>, entry: &Entry, draft: &mut Draft) -> bool {
    let name = entry.key.as_str();
    let mut fields = Fields::new(&entry.value);
    for (key, message) in [
        ("extends", "import what `docker compose config` prints: it has what is extended in it"),
        (
            "profiles",
            "is started only with a profile, so it is left out; import what `docker compose --profile … config` prints",
        ),
        ("provider", "is not a container"),
    ] {
        if let Some(entry) = fields.take(key) {
            scope.unfit(name, key, entry, message);
            return false;
        }
    }
    image(scope, name, entry, &mut fields, draft);
    command::command(scope, name, &mut fields, draft);
    deploy::deploy(scope, name, &mut fields, draft);
    ports::ports(scope, name, &mut fields, draft);
    environment::environment(scope, name, &mut fields, draft);
    environment::secret(scope, entry, draft);
    health::health(scope, name, &mut fields, draft);
    volumes::volumes(scope, name, &mut fields, draft);
    files::configs(scope, name, &mut fields, draft);
    files::secrets(scope, name, &mut fields, draft);
    security(scope, name, &mut fields, draft);
    pods(scope, name, &mut fields, draft);
    networks(scope, name, &mut fields);
    for key in ["depends_on", "attach"] {
        fields.take(key);
    }
    // By that name others reach it all the same.
    if entry.value.get("container_name").and_then(Node::text) == Some(&draft.id.name) {
        fields.take("container_name");
    }
    for entry in fields.rest() {
        let message = WITHOUT.iter().find(|(key, _)| *key == entry.key).map(|(_, message)| *message);
        let message = message.unwrap_or("it has no counterpart; see what it did, and write that by hand");
        scope.unfit(name, &entry.key, entry, message);
    }
    true
}

fn image(scope: &mut Scope<'_>, name: &str, entry: &Entry, fields: &mut Fields<'_>, draft: &mut Draft) {
    let build = fields.take("build");
    let image = fields.take("image").and_then(|image| image.value.text()).map(super::variables::follow);
    draft.spec.image = match image {
        Some(image) if !image.text.is_empty() && image.unset.is_empty() => image.text,
        _ => {
            let placeholder = format!("{}:1.0.0", draft.id.name);
            let message = format!(
                "its image is not known: push it to a registry, and write its name in the place of `{placeholder}`"
            );
            scope.unfit(
                name,
                if build.is_some() { "build" } else { "image" },
                build.unwrap_or(entry),
                &message,
            );
            placeholder
        }
    };
    if let Some(entry) = fields.take("pull_policy") {
        let policy = match entry.value.text() {
            Some("always") => PullPolicy::Always,
            Some("never") => PullPolicy::Never,
            Some("missing" | "if_not_present") => PullPolicy::IfNotPresent,
            Some(_) | None => {
                return scope.unfit(
                    name,
                    "pull_policy",
                    entry,
                    "write `pull: {policy: Always}`, or leave it out",
                );
            }
        };
        draft.spec.pull = (policy != PullPolicy::IfNotPresent).then(|| Pull { policy, ..Pull::default() });
    }
}

/// What the container may do. Where compose says nothing, that is what Docker lets it do, unless it is to be hardened.
fn security(scope: &mut Scope<'_>, name: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let user = fields.take("user");
    let read_only = fields.take("read_only").and_then(|entry| entry.value.text()) == Some("true");
    let added = texts(fields.take("cap_add"));
    let dropped = texts(fields.take("cap_drop"));
    let ids = user.and_then(|entry| {
        let text = scope.text(name, "user", entry, &entry.value)?;
        let (user, group) =
            text.split_once(':').map_or((text.as_str(), None), |(user, group)| (user, Some(group)));
        let is_root = user == "root";
        let ids = (if is_root { Some(0) } else { user.parse::<u32>().ok() }, group.map(str::parse::<u32>));
        match ids {
            (Some(user), None) => Some((user, None)),
            (Some(user), Some(Ok(group))) => Some((user, Some(group))),
            _ => {
                scope.unfit(
                    name,
                    "user",
                    entry,
                    "only numbers can be said: look it up in the image, and write `security: {user: …}`",
                );
                None
            }
        }
    });
    let is_root = ids.is_some_and(|(user, _)| user == 0);
    let all = dropped.iter().any(|capability| capability.eq_ignore_ascii_case("all"));
    let bare = |capability: &String| capability.to_ascii_uppercase().trim_start_matches("CAP_").to_owned();
    let dropped: Vec<String> = dropped.iter().map(bare).collect();
    let mut capabilities: Vec<String> = added.iter().map(bare).collect();
    let unsaid = ids.is_none() && !scope.options.harden;
    if (unsaid || is_root) && !all && !scope.options.harden {
        let usual = USUAL.iter().map(|capability| (*capability).to_owned());
        let missing: Vec<String> =
            usual.filter(|one| !capabilities.contains(one) && !dropped.contains(one)).collect();
        capabilities.extend(missing);
    }
    capabilities.sort();
    let security = Security {
        user: ids.map(|(user, _)| user).filter(|user| *user != 0),
        group: ids.and_then(|(_, group)| group),
        root: unsaid || is_root,
        read_only: (!read_only && !scope.options.harden).then_some(false),
        capabilities,
    };
    if unsaid {
        let message = "runs as the user of its image, with a root file system that can be written to, as Docker has it; take \
                       `security` away to see whether it runs hardened";
        scope.findings.push(
            crate::import::report::Finding::new(crate::import::report::Fate::Note, name, message)
                .path("security"),
        );
    }
    draft.spec.security = (security != Security::default()).then_some(security);
}

fn texts(entry: Option<&Entry>) -> Vec<String> {
    let items = entry.map(|entry| entry.value.items()).unwrap_or_default();
    items.iter().filter_map(Node::text).map(str::to_owned).collect()
}

/// What only a patch can say.
fn pods(scope: &mut Scope<'_>, name: &str, fields: &mut Fields<'_>, draft: &mut Draft) {
    let mut operations: Vec<(String, Json)> = Vec::new();
    if let Some(entry) = fields.take("working_dir")
        && let Some(folder) = scope.text(name, "working_dir", entry, &entry.value)
    {
        operations.push((format!("{CONTAINER}/workingDir"), json!(folder)));
    }
    for (key, field) in [("tty", "tty"), ("stdin_open", "stdin")] {
        if fields.take(key).and_then(|entry| entry.value.text()) == Some("true") {
            operations.push((format!("{CONTAINER}/{field}"), json!(true)));
        }
    }
    let operation = |(path, value)| PatchOperation {
        op: PatchOperator::Add,
        path,
        from: None,
        value: Some(document::Json(value)),
    };
    let json: Vec<PatchOperation> = operations.into_iter().map(operation).collect();
    let mut pod = serde_json::Map::new();
    if let Some(entry) = fields.take("hostname")
        && let Some(hostname) = scope.text(name, "hostname", entry, &entry.value)
    {
        pod.insert("hostname".to_owned(), json!(hostname));
    }
    if let Some(entry) = fields.take("extra_hosts") {
        let aliases = hosts(scope, name, entry);
        if !aliases.is_empty() {
            pod.insert("hostAliases".to_owned(), Json::Array(aliases));
        }
    }
    if let Some(entry) = fields.take("group_add") {
        let groups: Option<Vec<u32>> =
            entry.value.items().iter().map(|item| item.text()?.parse().ok()).collect();
        match groups {
            Some(groups) => {
                pod.insert("securityContext".to_owned(), json!({"supplementalGroups": groups}));
            }
            None => scope.unfit(name, "group_add", entry, "only numbers can be said"),
        }
    }
    if let Some(entry) = fields.take("platform") {
        match entry.value.text().and_then(|platform| platform.strip_prefix("linux/")) {
            Some(arch @ ("amd64" | "arm64")) => {
                let placement = draft.spec.placement.get_or_insert_default();
                placement.node_selector.insert("kubernetes.io/arch".to_owned(), arch.to_owned());
            }
            Some(_) | None => scope.unfit(
                name,
                "platform",
                entry,
                "write `placement: {nodeSelector: {kubernetes.io/arch: …}}`",
            ),
        }
    }
    if !pod.is_empty() {
        let merge = Some(document::Json(json!({"spec": {"template": {"spec": pod}}})));
        draft.spec.patches.push(Patch { target: "Deployment".to_owned(), merge, json: Vec::new() });
    }
    if !json.is_empty() {
        draft.spec.patches.push(Patch { target: "Deployment".to_owned(), merge: None, json });
    }
}

/// `extra_hosts`, as a list of `name=address` or `name:address`, or as a map.
fn hosts(scope: &mut Scope<'_>, service: &str, entry: &Entry) -> Vec<Json> {
    let mut pairs: Vec<(String, String)> = Vec::new();
    for item in entry.value.items().iter().filter_map(Node::text) {
        if let Some((name, address)) = item.split_once('=').or_else(|| item.split_once(':')) {
            pairs.push((name.to_owned(), address.to_owned()));
        }
    }
    for host in entry.value.entries() {
        pairs.extend(host.value.text().map(|address| (host.key.clone(), address.to_owned())));
    }
    let mut aliases: Vec<(String, Vec<String>)> = Vec::new();
    for (name, address) in pairs {
        if address.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_err() {
            let message = format!("`{address}` is no address that a pod could reach");
            scope.unfit(service, "extra_hosts", entry, &message);
            continue;
        }
        match aliases.iter_mut().find(|(known, _)| *known == address) {
            Some((_, names)) => names.push(name),
            None => aliases.push((address, vec![name])),
        }
    }
    aliases.into_iter().map(|(ip, hostnames)| json!({"ip": ip, "hostnames": hostnames})).collect()
}

/// Networks keep services apart in compose; in a namespace everybody reaches the declared ports unless `network` says
/// otherwise.
fn networks(scope: &mut Scope<'_>, name: &str, fields: &mut Fields<'_>) {
    let Some(entry) = fields.take("networks") else { return };
    scope.note(
        name,
        "networks",
        entry,
        "others in the cluster reach its declared ports, unless `network: {from: …}` names who may",
    );
    for network in entry.value.entries() {
        for entry in network.value.entries().iter().filter(|entry| !entry.key.starts_with("x-")) {
            let message = match entry.key.as_str() {
                "aliases" => {
                    "others reach it by the name of its Service alone: use that, or write Services under `objects`"
                }
                _ => "it has no counterpart",
            };
            scope.unfit(name, &format!("networks.{}.{}", network.key, entry.key), entry, message);
        }
    }
}

/// The services that this one waits for, each with its condition.
pub(super) fn dependencies(service: &Node) -> Vec<(String, &Entry, Option<String>)> {
    let Some(entry) = service.entries().iter().find(|entry| entry.key == "depends_on") else {
        return Vec::new();
    };
    let listed = entry.value.items().iter().filter_map(|item| Some((item.text()?.to_owned(), entry, None)));
    let mapped = entry.value.entries().iter().map(|on| {
        let condition = on.value.get("condition").and_then(Node::text).map(str::to_owned);
        (on.key.clone(), on, condition)
    });
    listed.chain(mapped).collect()
}
