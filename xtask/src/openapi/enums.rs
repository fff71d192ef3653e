//! The values that a text may have, out of the Go code that the API server's own documents are made of:
//!
//! ```text
//! func schema_k8sio_api_core_v1_Container(ref …) … {
//!     "imagePullPolicy": {
//!             Enum: []interface{}{"Always", "IfNotPresent", "Never"},
//! ```
//!
//! It is generated code, so its indentation can be relied on; the test against a running server compares the
//! outcome.

use std::collections::{BTreeMap, BTreeSet};

/// Values by the short name of a type and the name of a field. Of a list they are those of its items.
pub(super) type Enums = BTreeMap<(String, String), BTreeSet<String>>;

pub(super) fn read(go: &str) -> Enums {
    let mut enums = Enums::new();
    let (mut of, mut field) = (None, None);
    for line in go.lines() {
        if let Some(rest) = line.strip_prefix("func schema_") {
            of = rest.split('(').next().and_then(type_name);
            field = None;
        } else if let Some(name) =
            line.strip_prefix("\t\t\t\t\t\"").and_then(|rest| rest.strip_suffix("\": {"))
        {
            field = Some(name.to_owned());
        } else if let (Some(of), Some(field), Some(values)) = (&of, &field, values(line)) {
            enums.insert((of.clone(), field.clone()), values);
        }
    }
    enums
}

/// `core.v1.Container` of `k8sio_api_core_v1_Container`; nothing of types of no published API.
fn type_name(function: &str) -> Option<String> {
    let rest = function.strip_prefix("k8sio_api_").or_else(|| function.strip_prefix("pkg_apis_"))?;
    let mut parts = rest.splitn(3, '_');
    Some(format!("{}.{}.{}", parts.next()?, parts.next()?, parts.next()?))
}

fn values(line: &str) -> Option<BTreeSet<String>> {
    let list = line.trim_start().strip_prefix("Enum:")?.trim_start();
    let list = list.strip_prefix("[]interface{}{")?.strip_suffix("},")?;
    Some(list.split(", ").map(|value| value.trim_matches('"').to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GO: &str = "\
func schema_k8sio_api_core_v1_Container(ref common.ReferenceCallback) common.OpenAPIDefinition {
\t\t\t\t\t\"imagePullPolicy\": {
\t\t\t\t\t\tSchemaProps: spec.SchemaProps{
\t\t\t\t\t\t\tEnum:        []interface{}{\"Always\", \"IfNotPresent\", \"Never\"},
\t\t\t\t\t\"name\": {
func schema_k8sio_api_core_v1_PersistentVolumeClaimSpec(ref common.ReferenceCallback) common.OpenAPIDefinition {
\t\t\t\t\t\"accessModes\": {
\t\t\t\t\t\t\tItems: &spec.SchemaOrArray{
\t\t\t\t\t\t\t\t\t\tEnum:    []interface{}{\"ReadOnlyMany\"},
func schema_k8sio_kubelet_config_v1_Thing(ref common.ReferenceCallback) common.OpenAPIDefinition {
";

    #[test]
    fn values_belong_to_the_field_above_them() {
        let enums = read(GO);
        let of = |name: &str, field: &str| {
            let values = enums.get(&(name.to_owned(), field.to_owned()))?;
            Some(values.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(of("core.v1.Container", "imagePullPolicy"), Some(vec!["Always", "IfNotPresent", "Never"]));
        assert_eq!(of("core.v1.PersistentVolumeClaimSpec", "accessModes"), Some(vec!["ReadOnlyMany"]));
        assert_eq!(enums.len(), 2);
    }
}
