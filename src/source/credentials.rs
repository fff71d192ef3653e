//! Credentials out of the files of a mounted Secret: `username` + `password`, or `bearer`, and `ca.crt`.
//!
//! Read anew at each poll, because they rotate. Held as secrets: they have no `Debug` and go nowhere but to
//! libgit2.

use std::io::ErrorKind;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::SourceError;
use super::trust::Trust;

/// What is presented to the server, and what is believed of it.
#[derive(Default)]
pub(super) struct Credentials {
    pub(super) login: Login,
    pub(super) trust: Trust,
}

/// How we say who we are.
#[derive(Default)]
pub(super) enum Login {
    /// Not at all.
    #[default]
    Anonymous,
    /// HTTP basic authentication.
    Password { username: String, password: SecretString },
    /// `Authorization: Bearer`.
    Bearer(SecretString),
}

impl Login {
    /// The header that goes with every request, if there is one.
    pub(super) fn header(&self) -> Option<SecretString> {
        match self {
            Self::Bearer(token) => Some(format!("Authorization: Bearer {}", token.expose_secret()).into()),
            Self::Anonymous | Self::Password { .. } => None,
        }
    }

    /// Whether there is anything that must not reach another host.
    pub(super) fn is_secret(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }
}

impl Credentials {
    /// Reads the directory; no directory configured means anonymous and the machine's certificates.
    pub(super) fn read(dir: Option<&Path>) -> Result<Self, SourceError> {
        let Some(dir) = dir else { return Ok(Self::default()) };
        let wrong =
            |detail: String| SourceError::CredentialsUnreadable { dir: dir.display().to_string(), detail };
        if !dir.is_dir() {
            return Err(wrong("is not a directory: mount the Secret there".into()));
        }
        let username = text(dir, "username").map_err(wrong)?;
        let password = text(dir, "password").map_err(wrong)?;
        let bearer = text(dir, "bearer").map_err(wrong)?;
        let login = match (username, password, bearer) {
            (None, None, None) => Login::Anonymous,
            (None, None, Some(token)) => {
                let plain = |token: &str| token.bytes().all(|byte| byte.is_ascii_graphic());
                if !plain(token.expose_secret()) || token.expose_secret().is_empty() {
                    return Err(wrong("`bearer` must be one line of printable characters".into()));
                }
                Login::Bearer(token)
            }
            // Forges take any user name beside a token.
            (username, Some(password), None) => Login::Password {
                username: username.map_or_else(|| "git".to_owned(), |name| name.expose_secret().to_owned()),
                password,
            },
            (Some(_), None, None) => return Err(wrong("`username` is there but `password` is not".into())),
            (_, _, Some(_)) => {
                return Err(wrong("has both `bearer` and `username`/`password`: remove one".into()));
            }
        };
        let trust = match bytes(dir, "ca.crt").map_err(wrong)? {
            None => Trust::default(),
            Some(pem) => Trust::from_pem(&pem).map_err(|detail| wrong(format!("`ca.crt`: {detail}")))?,
        };
        Ok(Self { login, trust })
    }
}

fn bytes(dir: &Path, name: &str) -> Result<Option<Vec<u8>>, String> {
    match std::fs::read(dir.join(name)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("`{name}`: {error}")),
    }
}

/// A file's text without the newline that editors and `echo` leave at its end.
fn text(dir: &Path, name: &str) -> Result<Option<SecretString>, String> {
    let Some(bytes) = bytes(dir, name)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| format!("`{name}` is not UTF-8"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.contains('\0') {
        Err(format!("`{name}` has a NUL byte"))
    } else {
        Ok(Some(text.to_owned().into()))
    }
}
