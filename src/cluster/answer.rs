//! What an answer of the API server means: a `Status` (or a bare body) in, a [`ClusterError`] out.
//!
//! Pure, so that each case is a row of a table test; the real server's words are checked in `tests/suite`.
//! Status reasons and causes: <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/>.

use std::time::Duration;

use kube::core::Status;
use kube::core::response::StatusDetails;

use super::{ClusterError, FieldConflict};

/// An answer that is not a success.
pub(super) struct Refusal<'a> {
    /// What was asked about.
    pub(super) target: &'a str,
    /// HTTP status.
    pub(super) code: u16,
    /// The header `Retry-After`, in seconds.
    pub(super) retry_after: Option<u64>,
    /// A `Status` in JSON, or any text.
    pub(super) body: &'a [u8],
}

impl Refusal<'_> {
    pub(super) fn meaning(&self) -> ClusterError {
        let mut status = serde_json::from_slice::<Status>(self.body).unwrap_or_else(|_| Status {
            message: String::from_utf8_lossy(self.body).trim().chars().take(500).collect(),
            ..Status::default()
        });
        status.code = self.code;
        if let Some(seconds) = self.retry_after {
            let details = status.details.get_or_insert_with(no_details);
            details.retry_after_seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
        }
        meaning(self.target, status)
    }
}

/// The meaning of a `Status` that is no success.
pub(super) fn meaning(target: &str, status: Status) -> ClusterError {
    let target = target.to_owned();
    let Status { code, message, reason, details, .. } = status;
    let details = details.unwrap_or_else(no_details);
    let has_cause = |reason: &str| details.causes.iter().any(|cause| cause.reason == reason);
    let retry_after =
        (details.retry_after_seconds > 0).then(|| Duration::from_secs(details.retry_after_seconds.into()));
    if message.contains("denied the request") || message.contains("denied request:") {
        return ClusterError::Denied { target, message };
    }
    match code {
        // A live object has another uid than the one that was applied.
        422 if details.causes.iter().any(|cause| cause.field == "metadata.uid") => {
            ClusterError::ResourceVersionConflict { target, message }
        }
        400 | 422 => ClusterError::Invalid { fields: fields(&details, &message), target, message },
        401 => ClusterError::Unauthorized { target, message },
        403 if has_cause("NamespaceTerminating") => {
            let namespace = terminating_namespace(&message).to_owned();
            ClusterError::NamespaceTerminating { target, namespace }
        }
        403 if message.contains("exceeded quota") || message.contains("failed quota") => {
            ClusterError::Quota { target, message }
        }
        // The authorizer names the user and the verb; every other 403 comes from an admission plugin.
        403 if message.contains("User \"") && message.contains("\" cannot ") => {
            ClusterError::Forbidden { target, message }
        }
        403 => ClusterError::Denied { target, message },
        404 if details.kind == "namespaces" => {
            ClusterError::NamespaceMissing { target, namespace: details.name }
        }
        404 if reason == "NotFound" && !details.name.is_empty() => ClusterError::NotFound { target },
        // No object is named: the API itself is missing, or this is no API server. It must not read as "gone".
        404 => ClusterError::NotServed { target, message },
        409 if has_cause("FieldManagerConflict") => {
            ClusterError::Conflict { target, conflicts: conflicts(&details) }
        }
        409 if reason == "AlreadyExists" => ClusterError::AlreadyExists { target },
        // The quota's own usage record was written by somebody else at the same time: nothing was stored.
        409 if message.contains("resourcequotas") => {
            ClusterError::Throttled { target, retry_after: Some(retry_after.unwrap_or(Duration::ZERO)) }
        }
        409 => ClusterError::ResourceVersionConflict { target, message },
        410 => ClusterError::Expired { target, message },
        // In an ERROR event of a watch that has lost its place, the code may be missing.
        _ if reason == "Expired" || reason == "Gone" => ClusterError::Expired { target, message },
        // Server-side apply answers what it cannot type with a 500.
        500 if message.contains("failed to create typed patch object") => {
            ClusterError::Invalid { fields: fields(&details, &message), target, message }
        }
        429 => ClusterError::Throttled { target, retry_after },
        500.. => ClusterError::Server { target, code, message, retry_after },
        _ => ClusterError::Other { target, message: format!("unexpected answer {code}: {message}") },
    }
}

fn conflicts(details: &StatusDetails) -> Vec<FieldConflict> {
    let mut conflicts: Vec<_> = details
        .causes
        .iter()
        .filter(|cause| cause.reason == "FieldManagerConflict")
        .map(|cause| FieldConflict {
            // conflict with "kubectl" using apps/v1 [at <time>]
            manager: cause.message.split('"').nth(1).unwrap_or(&cause.message).to_owned(),
            field: cause.field.clone(),
        })
        .collect();
    conflicts.sort();
    conflicts.dedup();
    conflicts
}

fn fields(details: &StatusDetails, message: &str) -> Vec<String> {
    let named = details.causes.iter().map(|cause| cause.field.clone()).filter(|field| !field.is_empty());
    // strict decoding error: unknown field "spec.replica", duplicate field "spec.paused"
    let strict =
        message.split("field \"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned);
    // .spec.replica: field not declared in schema
    let undeclared = message
        .split(": field not declared in schema")
        .filter_map(|before| before.rsplit([' ', '\n']).next())
        .filter(|field| field.starts_with('.'))
        .map(str::to_owned);
    let mut fields: Vec<_> = named.chain(strict).chain(undeclared).collect();
    fields.sort();
    fields.dedup();
    fields
}

/// `… unable to create new content in namespace shop because it is being terminated`
fn terminating_namespace(message: &str) -> &str {
    let after = message.rsplit_once("in namespace ").map_or("", |(_, after)| after);
    after.split(' ').next().unwrap_or_default()
}

fn no_details() -> StatusDetails {
    StatusDetails {
        name: String::new(),
        group: String::new(),
        kind: String::new(),
        uid: String::new(),
        causes: Vec::new(),
        retry_after_seconds: 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reason(code: u16, body: &str) -> &'static str {
        Refusal { target: "ConfigMap/shop/a", code, retry_after: None, body: body.as_bytes() }
            .meaning()
            .reason()
    }

    #[test]
    fn answers_that_are_no_status_are_read_by_their_code() {
        for (code, expected) in [
            (400, "Invalid"),
            (401, "Unauthorized"),
            (403, "AdmissionDenied"),
            (404, "ClusterError"),
            (409, "ObjectChanged"),
            (410, "WatchExpired"),
            (418, "ClusterError"),
            (429, "Throttled"),
            (502, "ServerError"),
            (504, "ServerError"),
        ] {
            assert_eq!(reason(code, "<html>a proxy's page</html>"), expected, "{code}");
        }
    }

    #[test]
    fn a_webhook_is_told_from_a_fault_whatever_its_code() {
        let denial = "admission webhook \"policy.example.com\" denied the request: no";
        for code in [400, 403, 409, 422, 500] {
            assert_eq!(reason(code, &json!({"message": denial}).to_string()), "AdmissionDenied", "{code}");
        }
        let broken = json!({"message": "Internal error occurred: failed calling webhook \"x\": timeout"});
        assert_eq!(reason(500, &broken.to_string()), "ServerError");
    }

    #[test]
    fn a_quota_that_two_writers_met_at_is_tried_again() {
        let body = json!({
            "reason": "Conflict",
            "message": "Operation cannot be fulfilled on resourcequotas \"few\": the object has been modified",
        });
        assert_eq!(reason(409, &body.to_string()), "Throttled");
    }

    #[test]
    fn strict_validation_names_every_field() {
        let message = "strict decoding error: unknown field \"spec.a\", duplicate field \"spec.b\"";
        assert_eq!(fields(&no_details(), message), ["spec.a", "spec.b"]);
    }
}
