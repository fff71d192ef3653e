//! `ServiceAccount`: one per app, so that rights given to one are given to no other; no token is mounted.

use k8s_openapi::api::core::v1::ServiceAccount;

use super::subject::Subject;
use crate::object::{Kind, Object};

pub(super) fn render(subject: &Subject<'_>) -> Object {
    let account = ServiceAccount {
        metadata: subject.meta(subject.name()),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    };
    subject.object(Kind::ServiceAccount, &account.metadata, &account)
}
