//! One conversation with the remote: which commit does the reference name now, and, only if the clone does not
//! have it, its full history.
//!
//! libgit2's `download` lists the references first and asks for a pack only when a wanted object is missing. So
//! the same tip costs what `ls-remote` costs, on one connection, and custom headers go with all of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use git2::{
    AutotagOption, CertificateCheckStatus, Cred, CredentialType, ErrorCode, FetchOptions, ObjectType, Oid,
    ProxyOptions, RemoteCallbacks, RemoteRedirect, Repository,
};
use secrecy::ExposeSecret;

use crate::source::SourceError;
use crate::source::credentials::{Credentials, Login};
use crate::source::error::nearest;
use crate::source::settings::Reference;
use crate::source::ssh::SshAddress;

use super::failure::{Failure, Seen};

/// Our own reference to what was fetched last: what the next negotiation starts from.
const TIP: &str = "refs/portfolio/tip";

/// When to stop.
pub(super) struct Limits<'a> {
    /// Set by a caller that no longer wants the answer.
    pub(super) cancelled: &'a AtomicBool,
    /// When the poll began.
    pub(super) began: Instant,
    /// How long it may take.
    pub(super) allowed: Duration,
}

impl Limits<'_> {
    fn go_on(&self, seen: &Seen) -> bool {
        if self.cancelled.load(Ordering::Relaxed) {
            seen.cancelled.set(true);
        }
        if self.began.elapsed() >= self.allowed {
            seen.late.set(true);
        }
        !seen.cancelled.get() && !seen.late.get()
    }
}

/// What is asked of whom.
pub(super) struct Request<'a> {
    pub(super) url: &'a str,
    /// The same, taken apart, if it is ssh.
    pub(super) ssh: Option<&'a SshAddress>,
    pub(super) reference: &'a Reference,
    pub(super) credentials: &'a Credentials,
    pub(super) limits: Limits<'a>,
}

/// The commit that the reference names now; afterwards it is in `repository`, with all of its history.
pub(super) fn tip(repository: &Repository, request: &Request<'_>) -> Result<Oid, Failure> {
    match request.reference {
        Reference::Branch(name) => {
            let full = format!("refs/heads/{name}");
            let heads = download(repository, request, &[&full])?;
            let Some(id) = find(&heads, &full) else {
                let names = nearest(name, short_names(&heads, "refs/heads/"));
                return Err(SourceError::BranchMissing {
                    url: request.url.into(),
                    branch: name.clone(),
                    names,
                }
                .into());
            };
            keep(repository, id, request)
        }
        Reference::Tag(name) => {
            let full = format!("refs/tags/{name}");
            let heads = download(repository, request, &[&full])?;
            let Some(id) = find(&heads, &full) else {
                let names = nearest(name, short_names(&heads, "refs/tags/"));
                return Err(
                    SourceError::TagMissing { url: request.url.into(), tag: name.clone(), names }.into()
                );
            };
            keep(repository, id, request)
        }
        Reference::Commit(commit) => {
            let id = Oid::from_str(commit.as_str()).map_err(Failure::Broken)?;
            if !repository.odb().map_err(Failure::Broken)?.exists(id) {
                one_commit(repository, request, id)?;
            }
            keep(repository, id, request)
        }
    }
}

/// Not every server gives out a commit by its id; then everything is fetched, once, and it is looked for there.
fn one_commit(repository: &Repository, request: &Request<'_>, id: Oid) -> Result<(), Failure> {
    let exact = download(repository, request, &[&id.to_string()]);
    let has =
        |repository: &Repository| repository.odb().is_ok_and(|odb| odb.refresh().is_ok() && odb.exists(id));
    match exact {
        Ok(_) if has(repository) => return Ok(()),
        Err(Failure::Source(
            error @ (SourceError::AuthenticationFailed { .. }
            | SourceError::CertificateUntrusted { .. }
            | SourceError::CredentialsUnreadable { .. }
            | SourceError::HostKeyUnknown { .. }
            | SourceError::HostKeyChanged { .. }
            | SourceError::HostKeyRevoked { .. }
            | SourceError::TimedOut { .. }
            | SourceError::Cancelled { .. }),
        )) => return Err(error.into()),
        Ok(_) | Err(_) => {}
    }
    download(repository, request, &["refs/heads/*:refs/all/heads/*", "refs/tags/*:refs/all/tags/*"])?;
    if has(repository) {
        return Ok(());
    }
    let detail = "no branch or tag of the repository contains it; check the id".to_owned();
    Err(SourceError::CommitMissing { url: request.url.into(), commit: id.to_string(), detail }.into())
}

/// Peels what was fetched to its commit and remembers it.
fn keep(repository: &Repository, id: Oid, request: &Request<'_>) -> Result<Oid, Failure> {
    let object = repository.find_object(id, None).map_err(Failure::Broken)?;
    let Ok(commit) = object.peel(ObjectType::Commit) else {
        let detail = format!("{} does not lead to a commit", request.reference);
        return Err(
            SourceError::CommitMissing { url: request.url.into(), commit: id.to_string(), detail }.into()
        );
    };
    repository.reference(TIP, commit.id(), true, "fetched").map_err(Failure::Broken)?;
    Ok(commit.id())
}

type Heads = Vec<(String, Oid)>;

fn find(heads: &Heads, name: &str) -> Option<Oid> {
    heads.iter().find(|(head, _)| head == name).map(|(_, id)| *id)
}

fn short_names(heads: &Heads, prefix: &str) -> Vec<String> {
    heads
        .iter()
        .filter_map(|(name, _)| name.strip_prefix(prefix))
        .filter(|name| !name.ends_with("^{}"))
        .map(str::to_owned)
        .collect()
}

/// Lists the remote's references and fetches what `wanted` names and the clone lacks.
fn download(repository: &Repository, request: &Request<'_>, wanted: &[&str]) -> Result<Heads, Failure> {
    let seen = Seen::default();
    if !request.limits.go_on(&seen) {
        return Err(seen.failure(None, request));
    }
    let header = request.credentials.login.header();
    let mut options = FetchOptions::new();
    if let Some(header) = &header {
        options.custom_headers(&[header.expose_secret()]);
    }
    let mut proxy = ProxyOptions::new();
    proxy.auto();
    options
        .remote_callbacks(callbacks(request, &seen))
        .proxy_options(proxy)
        .download_tags(AutotagOption::None)
        .follow_redirects(if request.credentials.login.is_secret() {
            RemoteRedirect::None
        } else {
            RemoteRedirect::Initial
        });
    let outcome = repository.remote_anonymous(request.url).and_then(|mut remote| {
        remote.download(wanted, Some(&mut options))?;
        let heads = remote.list()?.iter().map(|head| (head.name().to_owned(), head.oid())).collect();
        // What the server says after the last byte cannot make the answer wrong.
        remote.disconnect().ok();
        Ok(heads)
    });
    outcome.map_err(|error| seen.failure(Some(error), request))
}

fn callbacks<'a>(request: &'a Request<'a>, seen: &'a Seen) -> RemoteCallbacks<'a> {
    let mut callbacks = RemoteCallbacks::new();
    callbacks.transfer_progress(move |_| request.limits.go_on(seen));
    callbacks.sideband_progress(move |_| request.limits.go_on(seen));
    callbacks.credentials(move |_url, user, allowed| {
        let asked = seen.asked_for_login.replace(seen.asked_for_login.get() + 1);
        match &request.credentials.login {
            // libgit2 asks again after each rejection, for ever.
            Login::Password { username, password }
                if asked == 0 && allowed.contains(CredentialType::USER_PASS_PLAINTEXT) =>
            {
                Cred::userpass_plaintext(username, password.expose_secret())
            }
            Login::Key(identity) if asked == 0 && allowed.contains(CredentialType::SSH_MEMORY) => {
                seen.offered_key.set(true);
                identity.credential(user.unwrap_or_default())
            }
            Login::Password { .. } | Login::Bearer(_) | Login::Key(_) | Login::Anonymous => {
                Err(refused("no further credentials", ErrorCode::Auth))
            }
        }
    });
    callbacks.certificate_check(move |certificate, host| {
        if let Some(address) = request.ssh {
            let key = certificate.as_hostkey().and_then(|certificate| certificate.hostkey());
            return match request.credentials.known_hosts.judge(address, key.unwrap_or_default()) {
                Ok(()) => Ok(CertificateCheckStatus::CertificateOk),
                Err(distrust) => {
                    seen.host_key.replace(Some(distrust));
                    Err(refused("the host key is not believed", ErrorCode::Certificate))
                }
            };
        }
        let Some(x509) = certificate.as_x509() else {
            return Ok(CertificateCheckStatus::CertificatePassthrough);
        };
        match request.credentials.trust.judge(x509.data(), host) {
            None => Ok(CertificateCheckStatus::CertificatePassthrough),
            Some(Ok(())) => Ok(CertificateCheckStatus::CertificateOk),
            Some(Err(why)) => {
                let refused = refused(&why, ErrorCode::Certificate);
                seen.certificate.replace(Some(why));
                Err(refused)
            }
        }
    });
    callbacks
}

fn refused(why: &str, code: ErrorCode) -> git2::Error {
    let mut error = git2::Error::from_str(why);
    error.set_code(code);
    error
}
