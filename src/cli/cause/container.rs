//! What a container's state says: why it waits, how it ended.

use serde_json::Value;

use super::text;
use crate::record::RunReport;
use crate::render::JOB_CONTAINER;

/// The state of one container of a pod, init containers first.
#[derive(Clone, Copy)]
pub(super) struct State<'v>(&'v Value);

/// Why a container does not run.
pub(super) struct Failure {
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// The containers of a pod in the order in which they start.
pub(super) fn states(pod: &Value) -> impl Iterator<Item = State<'_>> {
    ["/status/initContainerStatuses", "/status/containerStatuses"]
        .into_iter()
        .filter_map(|pointer| pod.pointer(pointer).and_then(Value::as_array))
        .flatten()
        .map(State)
}

impl<'v> State<'v> {
    fn name(self) -> &'v str {
        text(self.0, "/name")
    }

    /// The kubelet has not come to start it.
    pub(super) fn is_being_created(self) -> bool {
        matches!(text(self.0, "/state/waiting/reason"), "ContainerCreating" | "PodInitializing")
    }

    /// Why it does not run now.
    pub(super) fn failure(self, pod: &Value) -> Option<Failure> {
        let waiting = text(self.0, "/state/waiting/reason");
        let said = text(self.0, "/state/waiting/message");
        let failure = |hint: Option<String>| {
            let message = if said.is_empty() { waiting.to_owned() } else { said.to_owned() };
            Some(Failure {
                reason: waiting.to_owned(),
                message: format!("container {}: {message}", self.name()),
                hint,
            })
        };
        match waiting {
            "ImagePullBackOff" | "ErrImagePull" | "ErrImageNeverPull" | "InvalidImageName"
            | "ImageInspectError" => {
                let image = text(self.0, "/image");
                failure(Some(format!("is `{image}` the right image and tag, and may the node pull it?")))
            }
            "CreateContainerConfigError" => failure(missing_object(said)),
            "CreateContainerError" | "RunContainerError" | "StartError" => {
                failure(Some("look at `spec.command`, `spec.args` and `spec.security`".to_owned()))
            }
            "CrashLoopBackOff" => self.ended(pod, "/lastState/terminated").or_else(|| failure(None)),
            _ => self.ended(pod, "/state/terminated"),
        }
    }

    /// How it ended before it was started again.
    pub(super) fn last_failure(self, pod: &Value) -> Option<Failure> {
        self.ended(pod, "/lastState/terminated")
    }

    /// How it ended, when it ended badly.
    fn ended(self, pod: &Value, pointer: &str) -> Option<Failure> {
        let ended = self.0.pointer(pointer).filter(|ended| !ended.is_null())?;
        let code = ended.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
        let reason = text(ended, "/reason");
        if code == 0 && reason != "OOMKilled" {
            // Ending well is failing too for what should run for ever, but only once it is started over and over.
            let looping = text(self.0, "/state/waiting/reason") == "CrashLoopBackOff";
            return looping.then(|| Failure {
                reason: "Completed".to_owned(),
                message: format!("container {} ends by itself with code 0, again and again", self.name()),
                hint: Some("an app's command must not end; a task that ends is not an app".to_owned()),
            });
        }
        let (namespace, name) = (text(pod, "/metadata/namespace"), text(pod, "/metadata/name"));
        let restarts = self.0.get("restartCount").and_then(Value::as_i64).unwrap_or_default();
        let times = match restarts {
            0 => String::new(),
            1 => ", started again once".to_owned(),
            _ => format!(", started again {restarts} times"),
        };
        let previous = if restarts > 0 { " --previous" } else { "" };
        let logs = format!("kubectl -n {namespace} logs {name} -c {}{previous}", self.name());
        let said = last_words(text(ended, "/message"));
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        if reason == "OOMKilled" {
            let limit = self.memory_limit(pod).map_or_else(String::new, |limit| format!(" of {limit}"));
            return Some(Failure {
                reason: reason.to_owned(),
                message: format!("container {} used more memory than its limit{limit}{times}", self.name()),
                hint: Some(format!("raise `{}.limits.memory`, or find what uses it", self.resources_field())),
            });
        }
        let meaning = match code {
            126 => " (the command cannot be executed)",
            127 => " (the command was not found)",
            137 => " (killed)",
            139 => " (segmentation fault)",
            143 => " (terminated)",
            _ => "",
        };
        let reason = match text(self.0, "/state/waiting/reason") {
            "" => "Error".to_owned(),
            waiting => waiting.to_owned(),
        };
        let message = format!("container {} ended with code {code}{meaning}{times}{said}", self.name());
        Some(Failure { reason, message, hint: Some(format!("its whole log: `{logs}`")) })
    }

    /// Where the document says what the container may use.
    fn resources_field(self) -> &'static str {
        if self.name() == JOB_CONTAINER { "spec.runner.resources" } else { "spec.resources" }
    }

    fn memory_limit(self, pod: &'v Value) -> Option<&'v str> {
        let containers = ["/spec/containers", "/spec/initContainers"];
        let mut all = containers.into_iter().filter_map(|pointer| pod.pointer(pointer)?.as_array()).flatten();
        let container = all.find(|container| text(container, "/name") == self.name())?;
        container.pointer("/resources/limits/memory").and_then(Value::as_str)
    }
}

/// The end of a long log says more than its beginning.
fn last_words(message: &str) -> String {
    const MOST_LINES: usize = 5;
    // The runner of migrations says it for programs, too.
    if let Ok(report) = serde_json::from_str::<RunReport>(message)
        && !report.message.is_empty()
    {
        return report.message;
    }
    let lines: Vec<&str> = message.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.split_at(lines.len().saturating_sub(MOST_LINES)).1.join("\n  ")
}

/// What to do about a Secret, `ConfigMap` or key that a message of the kubelet misses: `secret "shop-db" not
/// found`, `couldn't find key url in Secret shop/shop-db`.
pub(super) fn missing_object(message: &str) -> Option<String> {
    let lower = message.to_lowercase();
    let kind = if lower.contains("secret") {
        "Secret"
    } else if lower.contains("configmap") {
        "ConfigMap"
    } else {
        return None;
    };
    if lower.contains("couldn't find key") {
        return Some(format!("add the key to the {kind}, or correct the key in the document"));
    }
    let name = message.rsplit("not found").nth(1)?.rsplit('"').nth(1)?;
    Some(format!("create the {kind} `{name}`, or correct its name in the document"))
}
