//! `ServiceAccount`: one per app, so that rights given to one are given to no other; no token is mounted unless asked.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::subject::Subject;
use crate::document::AppSpec;
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Object {
    let own = subject.spec.service_account.as_ref().map(|account| account.annotations.clone());
    let account = ServiceAccount {
        metadata: subject.meta_with(subject.account(), own.unwrap_or_default()),
        automount_service_account_token: Some(has_token(subject.spec)),
        ..ServiceAccount::default()
    };
    subject.object(Kind::ServiceAccount, account)
}

/// Whether the pods get a token for the Kubernetes API.
pub(super) fn has_token(spec: &AppSpec) -> bool {
    spec.service_account.as_ref().is_some_and(|account| account.token)
}
