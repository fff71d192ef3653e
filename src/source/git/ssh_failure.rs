//! What went wrong over ssh, in words. libgit2 passes on what libssh2 or the server's program says; which of the
//! steps it was, our callbacks have seen.

use git2::{ErrorClass, ErrorCode};

use crate::source::SourceError;
use crate::source::credentials::Login;
use crate::source::ssh::{Distrust, SshAddress};

use super::failure::{Failure, Seen};
use super::fetch::Request;

/// As much of a server's own words as is repeated.
const MAX_CHARS: usize = 300;

/// `None` where there is nothing to say that is special to ssh.
pub(super) fn explain(error: &git2::Error, seen: &Seen, request: &Request<'_>) -> Option<Failure> {
    let Login::Key(identity) = &request.credentials.login else { return None };
    let (url, text) = (request.url.to_owned(), plain(error.message()));
    if let Some(distrust) = seen.host_key.take() {
        let error = match distrust {
            Distrust::Unknown(detail) => SourceError::HostKeyUnknown { url, detail },
            Distrust::Changed(detail) => SourceError::HostKeyChanged { url, detail },
            Distrust::Revoked(detail) => SourceError::HostKeyRevoked { url, detail },
        };
        return Some(error.into());
    }
    if text.contains("imed out") || text.contains("timeout expired") {
        let detail = "the server does not answer".to_owned();
        return Some(SourceError::TimedOut { url, waited: request.limits.began.elapsed(), detail }.into());
    }
    let user = request.ssh.map(SshAddress::user).unwrap_or_default();
    let asked = seen.asked_for_login.get();
    if asked > 1 {
        let detail = format!(
            "the server refuses the key {} for user `{user}`: give its public key access on the server, or correct \
             the user in the URL",
            identity.name()
        );
        return Some(SourceError::AuthenticationFailed { url, detail }.into());
    }
    if asked == 1 && !seen.offered_key.get() {
        let detail =
            format!("the server lets in user `{user}` by no key at all: correct the user in the URL");
        return Some(SourceError::AuthenticationFailed { url, detail }.into());
    }
    if text.contains("failed to authenticate SSH session") {
        return Some(request.credentials.unreadable(format!("`identity` cannot be used: {text}")).into());
    }
    // The program on the server ended, and this is what it wrote to standard error.
    if error.code() == ErrorCode::Eof {
        return Some(SourceError::RepositoryMissing { url, detail: text }.into());
    }
    if text.contains("exchange encryption keys") {
        return Some(Failure::NothingInCommon(SourceError::Unreachable { url, detail: text }));
    }
    (error.class() == ErrorClass::Ssh).then(|| SourceError::Unreachable { url, detail: text }.into())
}

/// One line, without what a terminal would obey.
fn plain(text: &str) -> String {
    let printable = text.chars().map(|char| if char.is_control() { ' ' } else { char });
    let words: String = printable.take(MAX_CHARS).collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_servers_words_are_one_short_line() {
        assert_eq!(plain("ERROR: Repository\r\n \x1b[31mnot found.\n\n"), "ERROR: Repository [31mnot found.");
        assert_eq!(plain(&"x".repeat(1000)).len(), 300);
    }
}
