//! How a field is called when talking to people: `spec.template.spec.containers[name=app].env[name=B]`.

use serde_json::Value;

use super::fields::Step;

/// Where something is in an object.
pub(super) type FieldPath<'a> = Vec<Step<'a>>;

/// Fields whose keys people chose; those stand in brackets even when they look like a field's name.
const MAPS: [&str; 8] =
    ["labels", "annotations", "data", "binaryData", "matchLabels", "selector", "nodeSelector", "limits"];

/// The path as text.
pub(super) fn display(path: &[Step<'_>]) -> String {
    let mut text = String::with_capacity(64);
    let mut parent = "";
    for step in path {
        match step {
            Step::This => {}
            Step::Field(name) => {
                if MAPS.contains(&parent) && *name != "matchLabels" || !is_plain(name) {
                    text.extend(["[", name, "]"]);
                } else {
                    text.extend([if text.is_empty() { "" } else { "." }, name]);
                }
                parent = name;
            }
            Step::Key(keys) => {
                // `containerPort` tells a port; that it is TCP goes without saying.
                let pairs: Vec<_> = keys
                    .iter()
                    .filter(|(key, value)| keys.len() == 1 || *key != "protocol" || *value != "TCP")
                    .map(|(key, value)| format!("{key}={}", plain(value)))
                    .collect();
                text.extend(["[", &pairs.join(","), "]"]);
                parent = "";
            }
            Step::Item(value) => {
                text.extend(["[", &plain(value), "]"]);
                parent = "";
            }
            Step::Index(index) => {
                text.extend(["[", &index.to_string(), "]"]);
                parent = "";
            }
        }
    }
    text
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_people_write_it() {
        for (keys, expected) in [
            (&["f:spec", "f:replicas"][..], "spec.replicas"),
            (&["f:metadata", "f:labels", "f:team"], "metadata.labels[team]"),
            (&["f:metadata", "f:annotations", "f:a.io/b"], "metadata.annotations[a.io/b]"),
            (&["f:spec", "f:selector", "f:matchLabels", "f:app"], "spec.selector.matchLabels[app]"),
            (
                &["f:containers", r#"k:{"name":"app"}"#, "f:env", r#"k:{"name":"B"}"#],
                "containers[name=app].env[name=B]",
            ),
            (&["f:ports", r#"k:{"containerPort":80,"protocol":"TCP"}"#], "ports[containerPort=80]"),
            (&["f:finalizers", r#"v:"a/b""#], "finalizers[a/b]"),
        ] {
            let path: Vec<_> = keys.iter().map(|key| Step::parse(key)).collect();
            assert_eq!(display(&path), expected);
        }
    }
}
