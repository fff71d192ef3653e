//! From what libgit2 says to what a person can act on.
//!
//! libgit2's errors carry a class and a text; what our callbacks have seen meanwhile says more, and comes first.

use std::cell::{Cell, RefCell};

use git2::{ErrorClass, ErrorCode};

use crate::source::SourceError;
use crate::source::credentials::Login;
use crate::source::ssh::Distrust;

use super::fetch::Request;
use super::ssh_failure;

/// Why a poll ended early.
pub(super) enum Failure {
    /// For the user.
    Source(SourceError),
    /// The clone seems broken: make it again, once.
    Broken(git2::Error),
    /// The ssh server has no type of key that is known of it: ask for any, once, to tell which one it has.
    NothingInCommon(SourceError),
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::Source(error)
    }
}

/// What the callbacks of one conversation have seen.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) late: Cell<bool>,
    pub(super) cancelled: Cell<bool>,
    pub(super) asked_for_login: Cell<u32>,
    pub(super) certificate: RefCell<Option<String>>,
    pub(super) host_key: RefCell<Option<Distrust>>,
    pub(super) offered_key: Cell<bool>,
}

impl Seen {
    /// The reason why the conversation failed.
    pub(super) fn failure(&self, error: Option<git2::Error>, request: &Request<'_>) -> Failure {
        let url = request.url.to_owned();
        let text = error.as_ref().map(|error| error.message().to_owned()).unwrap_or_default();
        if self.cancelled.get() {
            return SourceError::Cancelled { url }.into();
        }
        if self.late.get() {
            let detail =
                "the transfer was still going on; a smaller repository or a nearer mirror helps".into();
            return SourceError::TimedOut { url, waited: request.limits.began.elapsed(), detail }.into();
        }
        if let Some(detail) = self.certificate.take() {
            return SourceError::CertificateUntrusted { url, detail }.into();
        }
        let Some(error) = error else { return SourceError::Cancelled { url }.into() };
        if let Some(explained) = ssh_failure::explain(&error, self, request) {
            return explained;
        }
        if is_certificate(&error) {
            let detail = format!("{text}; put the authority's certificate into `ca.crt` of `auth.dir`");
            return SourceError::CertificateUntrusted { url, detail }.into();
        }
        if let Some(detail) = login_refused(&error, self.asked_for_login.get(), &request.credentials.login) {
            return SourceError::AuthenticationFailed { url, detail }.into();
        }
        if error.code() == ErrorCode::Timeout || text.contains("timed out") {
            return SourceError::TimedOut { url, waited: request.limits.began.elapsed(), detail: text }
                .into();
        }
        if error.code() == ErrorCode::Owner {
            let detail = "it belongs to another user; give it to the user that runs this".to_owned();
            return SourceError::RepositoryMissing { url, detail }.into();
        }
        if is_missing(&error) {
            return SourceError::RepositoryMissing { url, detail: text }.into();
        }
        match error.class() {
            ErrorClass::Net | ErrorClass::Http | ErrorClass::Ssl | ErrorClass::Os | ErrorClass::Callback => {
                SourceError::Unreachable { url, detail: text }.into()
            }
            _other => Failure::Broken(error),
        }
    }
}

fn is_certificate(error: &git2::Error) -> bool {
    error.code() == ErrorCode::Certificate
        || (error.class() == ErrorClass::Ssl && error.message().contains("certificate"))
}

fn login_refused(error: &git2::Error, asked: u32, login: &Login) -> Option<String> {
    let text = error.message();
    let forbidden = text.contains("status code: 403");
    let refused = asked > 0
        || error.code() == ErrorCode::Auth
        || text.contains("status code: 401")
        || text.contains("authentication");
    if forbidden {
        return Some("the server answers 403: these credentials may not read this repository".into());
    }
    if !refused {
        return None;
    }
    Some(match login {
        Login::Anonymous => {
            "the server asks for credentials: put `username` and `password`, or `bearer`, into \
                             files of a directory and name it in `auth.dir`"
                .into()
        }
        Login::Password { username, .. } => {
            format!("the server refuses user `{username}` with the password of `auth.dir`: renew the token")
        }
        Login::Bearer(_) => "the server refuses the token in `bearer` of `auth.dir`: renew it".into(),
        Login::Key(_) => "the server refuses the key in `identity` of `auth.dir`".into(),
    })
}

fn is_missing(error: &git2::Error) -> bool {
    let text = error.message();
    error.code() == ErrorCode::NotFound
        || [
            "status code: 404",
            "invalid content-type",
            "no content-type",
            "not exported",
            "failed to resolve path",
            "could not find repository",
            "repository not found",
        ]
        .iter()
        .any(|sign| text.contains(sign))
}
