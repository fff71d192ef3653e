//! Kubernetes written out: what is taken as it is, and changes of what is rendered.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// JSON as it was written, null included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Json(pub Value);

impl JsonSchema for Json {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Json".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"description": "As in Kubernetes."})
    }
}

/// A change of rendered objects: exactly one of `merge`, `json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Patch {
    /// Which objects: a kind, or `Kind/name`.
    #[schemars(extend("examples" = ["Deployment", "Ingress/shop"]))]
    pub target: String,
    /// What is merged onto them (RFC 7396); lists are replaced as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merge: Option<Json>,
    /// Operations on them, one after the other (RFC 6902).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub json: Vec<PatchOperation>,
}

/// One operation of a JSON patch (RFC 6902).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PatchOperation {
    /// What to do.
    pub op: PatchOperator,
    /// Where: a JSON pointer (RFC 6901), such as `/spec/template/spec/hostAliases`.
    #[schemars(extend("examples" = ["/spec/template/spec/hostAliases"]))]
    pub path: String,
    /// From where, of `move` and `copy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The value, of `add`, `replace` and `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Json>,
}

/// What an operation of a JSON patch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PatchOperator {
    /// Adds a field, or an item of a list before the one that is named; `-` for the end.
    Add,
    /// Takes away what is there.
    Remove,
    /// Puts a value in the place of what is there.
    Replace,
    /// Takes a value away from `from`.
    Move,
    /// Takes a value over from `from`.
    Copy,
    /// Fails unless the value is there.
    Test,
}
