//! [`pod_security`]: which of the Pod Security Standards a pod keeps, and what keeps it from more.
//!
//! Source: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>, and k8s.io/pod-security-admission
//! `policy` for what each version of them says. A test asks a real API server about the same pods.

mod baseline;
mod restricted;

use std::fmt;

use serde_json::Value;

/// The newest version of the standards that is known: that of Kubernetes 1.37.
const NEWEST: u16 = 37;

/// A Pod Security Standard, the strictest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Anything goes.
    Privileged,
    /// Without the known ways to gain privileges.
    Baseline,
    /// Hardened after the present practice.
    Restricted,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Privileged => "privileged",
            Level::Baseline => "baseline",
            Level::Restricted => "restricted",
        })
    }
}

/// Something that a standard does not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The standard that does not allow it; the stricter one does not either.
    pub level: Level,
    /// The name of the check, as the API server has it: `hostNamespaces`.
    pub rule: &'static str,
    /// JSON pointer of the field, or of where it should be.
    pub pointer: String,
    /// What is so, and what would be right.
    pub message: String,
}

/// The strictest standard that a pod keeps, with what is against a stricter one. It is given as a pod or a pod
/// template: a map with `spec`, and `metadata` if it has annotations.
pub fn pod_security(pod: &Value) -> (Level, Vec<Violation>) {
    pod_security_in(pod, NEWEST)
}

/// As [`pod_security`], after the standards of this minor version, from 1.31 on.
pub fn pod_security_in(pod: &Value, minor: u16) -> (Level, Vec<Violation>) {
    let mut review = Review { pod, minor, level: Level::Baseline, violations: Vec::new() };
    review.baseline();
    review.level = Level::Restricted;
    review.restricted();
    let level = match review.violations.iter().map(|violation| violation.level).min() {
        Some(Level::Baseline | Level::Privileged) => Level::Privileged,
        Some(Level::Restricted) => Level::Baseline,
        None => Level::Restricted,
    };
    (level, review.violations)
}

/// A pod under examination.
struct Review<'p> {
    pod: &'p Value,
    minor: u16,
    /// The standard whose checks are made.
    level: Level,
    violations: Vec<Violation>,
}

/// What a security context says of a field.
struct Said<'p> {
    who: String,
    pointer: String,
    value: &'p Value,
}

/// A container of any kind.
struct Container<'p> {
    value: &'p Value,
    pointer: String,
}

impl Container<'_> {
    fn name(&self) -> &str {
        self.value.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// A field of it that is there and not null.
    fn get(&self, pointer: &str) -> Option<&Value> {
        self.value.pointer(pointer).filter(|value| !value.is_null())
    }
}

impl<'p> Review<'p> {
    fn violation(&mut self, rule: &'static str, pointer: impl Into<String>, message: impl Into<String>) {
        self.violations.push(Violation {
            level: self.level,
            rule,
            pointer: pointer.into(),
            message: message.into(),
        });
    }

    /// A field of the pod that is there and not null.
    fn get(&self, pointer: &str) -> Option<&'p Value> {
        self.pod.pointer(pointer).filter(|value| !value.is_null())
    }

    fn is_true(&self, pointer: &str) -> bool {
        self.get(pointer) == Some(&Value::Bool(true))
    }

    fn containers(&self) -> Vec<Container<'p>> {
        let mut containers = Vec::new();
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            let pointer = format!("/spec/{list}");
            let items = self.get(&pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            let items = items.iter().enumerate();
            containers
                .extend(items.map(|(at, value)| Container { value, pointer: format!("{pointer}/{at}") }));
        }
        containers
    }

    fn volumes(&self) -> &'p [Value] {
        self.get("/spec/volumes").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// What the security contexts say of a field, where they do: the pod's, then the containers'.
    fn contexts(&self, field: &str) -> Vec<Said<'p>> {
        let pointer = format!("/spec/securityContext/{field}");
        let of_pod = self.get(&pointer).map(|value| Said { who: "the pod".to_owned(), pointer, value });
        of_pod.into_iter().chain(self.container_contexts(field)).collect()
    }

    /// As [`contexts`](Self::contexts), of a field that the pod does not have.
    fn container_contexts(&self, field: &str) -> Vec<Said<'p>> {
        let inner = format!("/securityContext/{field}");
        let said = |container: Container<'p>| {
            let value = container.value.pointer(&inner).filter(|value| !value.is_null())?;
            let who = format!("the container `{}`", container.name());
            Some(Said { who, pointer: container.pointer + &inner, value })
        };
        self.containers().into_iter().filter_map(said).collect()
    }

    /// In a user namespace of its own root is nobody outside.
    fn has_user_namespace(&self) -> bool {
        self.minor >= 35 && self.get("/spec/hostUsers") == Some(&Value::Bool(false))
    }

    fn is_windows(&self) -> bool {
        self.get("/spec/os/name").and_then(Value::as_str) == Some("windows")
    }
}

#[cfg(test)]
mod tests;
