//! Where the two sides differ on purpose, each with its reason: what we refuse and the server would take, and what it warns
//! of without cause.

use portfolio::document::Code;
use serde_json::Value;

/// A refusal of ours that the server does not share.
pub struct Exception {
    /// By which rule.
    pub code: Code,
    /// Of which fields: how their names begin.
    pub fields: &'static [&'static str],
    /// Of which values.
    pub values: fn(&Value) -> bool,
    /// Why.
    #[allow(dead_code, reason = "for whoever reads the list")]
    pub why: &'static str,
}

/// Of every value.
const fn any(_: &Value) -> bool {
    true
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn is_long(value: &Value) -> bool {
    text(value).len() > 63
}

fn is_empty(value: &Value) -> bool {
    text(value).is_empty()
}

pub const EXCEPTIONS: [Exception; 32] = [
    Exception {
        code: Code::InvalidAnnotation,
        fields: &["metadata.annotations size", "ingress.annotations size"],
        values: |value| text(value).len() > 250_000,
        why: "room is kept for the annotations that portfolio sets itself, whose length differs by source and document",
    },
    Exception {
        code: Code::InvalidNumber,
        fields: &["replicas", "autoscaling.", "jobs history", "jobs retries", "probes failures"],
        values: |value| value.as_u64().is_some_and(|number| number > i32::MAX.unsigned_abs().into()),
        why: "more than Kubernetes counts to; what is shown to the server is cut to its most, which nobody wrote",
    },
    // Names.
    Exception {
        code: Code::InvalidName,
        fields: &["metadata.name"],
        values: |value| text(value).starts_with(|char: char| char.is_ascii_digit()),
        why: "the names of Services begin with a letter in most supported versions of Kubernetes",
    },
    Exception {
        code: Code::ReservedKey,
        fields: &["metadata.", "podLabels", "podAnnotations", "service.", "ingress.", "serviceAccount."],
        values: any,
        why: "we set these labels and annotations ourselves",
    },
    Exception {
        code: Code::InvalidEnvName,
        fields: &["env name", "jobs env name", "secrets name"],
        values: any,
        why: "no shell can use such a name, and Kubernetes before 1.32 refuses it",
    },
    Exception {
        code: Code::InvalidReference,
        fields: &["secrets secret", "secretFiles secret", "pull.secrets"],
        values: any,
        why: "no Secret can have such a name, so the pods would never start",
    },
    Exception {
        code: Code::InvalidReference,
        fields: &["network.from app", "network.from namespace"],
        values: any,
        why: "neither an app nor a namespace can have such a name, so the peer would be nobody",
    },
    Exception {
        code: Code::InvalidReference,
        fields: &["jobs name", "storage name", "secretFiles name"],
        values: |value| text(value).starts_with('-') || is_long(value),
        why: "a name of ours is a label by itself, though what it becomes a part of is what Kubernetes sees",
    },
    Exception {
        code: Code::DerivedNameTooLong,
        fields: &["storage name"],
        values: any,
        why: "names of objects become labels too",
    },
    Exception {
        code: Code::InvalidReference,
        fields: &["ingress.tls", "placement.priorityClass", "storage class"],
        values: is_empty,
        why: "an empty name says nothing here, or what few mean: a patch says it in so many words",
    },
    Exception {
        code: Code::InvalidLabel,
        fields: &["selector value"],
        values: is_empty,
        why: "a selector for a label without a value is a slip",
    },
    Exception {
        code: Code::UnknownValue,
        fields: &["placement.tolerations effect", "placement.tolerations operator"],
        values: is_empty,
        why: "what is not meant is left out",
    },
    // Images and commands.
    Exception {
        code: Code::InvalidImage,
        fields: &["image", "jobs image"],
        values: any,
        why: "no container runtime could pull it",
    },
    Exception {
        code: Code::InvalidCapability,
        fields: &["security.capabilities"],
        values: any,
        why: "the runtime would refuse it, or give all of them",
    },
    Exception {
        code: Code::RootConflict,
        fields: &["security.user"],
        values: any,
        why: "the kubelet would not start it, or the document contradicts itself",
    },
    // Addresses.
    Exception {
        code: Code::InvalidHost,
        fields: &["ingress.host"],
        values: |value| is_empty(value) || is_long(value),
        why: "an Ingress without a host takes the traffic of everybody; DNS has no longer labels",
    },
    Exception {
        code: Code::InvalidUrlPath,
        fields: &["ingress.", "probes path"],
        values: any,
        why: "no request has such a path",
    },
    Exception {
        code: Code::InvalidPort,
        fields: &["network.to port"],
        values: any,
        why: "the names of others' ports are not known here",
    },
    // Files.
    Exception {
        code: Code::InvalidMountPath,
        fields: &["configPath", "scratch path", "storage mountPath", "secretFiles path"],
        values: any,
        why: "the container would not start, or would see the volume elsewhere than the document says",
    },
    // Amounts.
    Exception {
        code: Code::NotPositive,
        fields: &["resources.", "scratch size"],
        values: any,
        why: "nothing runs with nothing",
    },
    Exception {
        code: Code::InvalidValue,
        fields: &["resources.", "storage size"],
        values: |value| {
            let text = text(value);
            let exa = text.strip_suffix('E').and_then(|count| count.parse::<f64>().ok());
            text.starts_with('+')
                || text.contains('-')
                || text.len() > 18
                || text == "1e99"
                || exa.is_some_and(|exa| exa > 9.2)
        },
        why: "people write no signs, and there is no such amount of anything",
    },
    Exception {
        code: Code::InvalidScaling,
        fields: &["autoscaling.cpu", "autoscaling.memory"],
        values: any,
        why: "nothing uses a hundred times its request for long",
    },
    Exception {
        code: Code::InvalidValue,
        fields: &["disruption.", "rollout.max"],
        values: |value| value.as_u64().is_some_and(|count| count > 65_535),
        why: "no app has so many pods",
    },
    Exception {
        code: Code::InvalidValue,
        fields: &["rollout.maxSurge"],
        values: |value| text(value).ends_with('%'),
        why: "twice as many pods at the most",
    },
    Exception {
        code: Code::DisruptionStuck,
        fields: &["disruption."],
        values: any,
        why: "no node with such a pod could ever be emptied",
    },
    // Times.
    Exception {
        code: Code::NotPositive,
        fields: &["jobs deadline", "backup deadline", "rollout.deadline"],
        values: any,
        why: "it would fail before it begins",
    },
    Exception {
        code: Code::NotPositive,
        fields: &["probes period", "probes timeout"],
        values: any,
        why: "the server takes it for its default",
    },
    Exception {
        code: Code::DeadlineTooShort,
        fields: &["rollout.minReady"],
        values: any,
        why: "no pod would count in time",
    },
    Exception {
        code: Code::InvalidSchedule,
        fields: &["jobs schedule", "backup schedule"],
        values: |value| text(value).starts_with('@'),
        why: "one way to write it: five fields",
    },
    Exception {
        code: Code::InvalidSchedule,
        fields: &["jobs schedule", "backup schedule"],
        values: |value| matches!(text(value), "0 0 30 2 *" | "0 0 31 4 *"),
        why: "it never fires",
    },
    Exception {
        code: Code::InvalidSchedule,
        fields: &["jobs schedule", "backup schedule"],
        values: |value| {
            let odd = |item: &str| item.is_empty() || item.starts_with(['+', '*', '?']) && item.contains('-');
            text(value)
                .split_whitespace()
                .flat_map(|field| field.split(','))
                .any(|item| odd(item) || item == "+1")
        },
        why: "the server's parser overlooks what is left out, and what stands after a star",
    },
    Exception {
        code: Code::InvalidTimeZone,
        fields: &["jobs timeZone"],
        values: any,
        why: "files of a zone database that are no names of zones",
    },
];

/// What the server says without cause of what it takes.
pub struct FalseAlarm {
    pub complaint: &'static str,
    pub fields: &'static [&'static str],
    #[allow(dead_code, reason = "for whoever reads the list")]
    pub why: &'static str,
}

pub const FALSE_ALARMS: [FalseAlarm; 1] = [FalseAlarm {
    complaint: "fractional byte value",
    fields: &["resources.", "scratch size", "storage size"],
    why: "it counts thousandths in 64 bits, which eight pebibytes of whole bytes do not fit into",
}];
