//! Credentials out of the files of a mounted Secret: `username` + `password`, or `bearer`, and `ca.crt`; for ssh
//! `identity`, with `passphrase` if it has one, and `known_hosts`. What the URL's scheme has no use for is not read.
//!
//! Read anew at each poll, because they rotate. Held as secrets: they have no `Debug` and go nowhere but to
//! libgit2.

use std::io::ErrorKind;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::SourceError;
use super::settings::{Location, SourceSettings};
use super::ssh::{Identity, KnownHosts};
use super::trust::Trust;

/// What is presented to the server, and what is believed of it.
#[derive(Default)]
pub(super) struct Credentials {
    pub(super) login: Login,
    pub(super) trust: Trust,
    pub(super) known_hosts: KnownHosts,
    /// Where all of it was read; empty if nowhere.
    dir: String,
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
    /// The key of an ssh user.
    Key(Identity),
}

impl Login {
    /// The header that goes with every request, if there is one.
    pub(super) fn header(&self) -> Option<SecretString> {
        match self {
            Self::Bearer(token) => Some(format!("Authorization: Bearer {}", token.expose_secret()).into()),
            Self::Anonymous | Self::Password { .. } | Self::Key(_) => None,
        }
    }

    /// Whether there is anything that must not reach another host.
    pub(super) fn is_secret(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }
}

const NO_KEY: &str = "ssh needs a key: set `auth.dir` to a directory with the files `identity` (private key) and \
                      `known_hosts`";

impl Credentials {
    /// Reads what the source's scheme needs; for all but ssh, no directory configured means anonymous and the
    /// machine's certificates.
    pub(super) fn read(settings: &SourceSettings) -> Result<Self, SourceError> {
        let ssh = matches!(settings.location, Location::Ssh(_));
        let Some(dir) = settings.auth_dir.as_deref() else {
            if !ssh {
                return Ok(Self::default());
            }
            let (url, detail) = (settings.location.to_string(), NO_KEY.to_owned());
            return Err(SourceError::AuthenticationFailed { url, detail });
        };
        let read = if !dir.is_dir() {
            Err("is not a directory: mount the Secret there".into())
        } else if ssh {
            Self::for_ssh(dir)
        } else {
            Self::for_http(dir)
        };
        let dir = dir.display().to_string();
        match read {
            Ok(read) => Ok(Self { dir, ..read }),
            Err(detail) => Err(SourceError::CredentialsUnreadable { dir, detail }),
        }
    }

    /// The error for a file that only its use shows to be wrong.
    pub(super) fn unreadable(&self, detail: String) -> SourceError {
        SourceError::CredentialsUnreadable { dir: self.dir.clone(), detail }
    }

    fn for_ssh(dir: &Path) -> Result<Self, String> {
        let missing = |name: &str, what: &str| format!("`{name}` is missing, and ssh needs it: {what}");
        let identity = text(dir, "identity")?.ok_or_else(|| {
            missing("identity", "put the private key there, whose public key the server knows")
        })?;
        let hosts = text(dir, "known_hosts")?.ok_or_else(|| {
            missing(
                "known_hosts",
                "`ssh-keyscan host` writes it; compare it with what the server's operator publishes",
            )
        })?;
        let known_hosts = KnownHosts::parse(hosts.expose_secret())?;
        let login = Login::Key(Identity::parse(identity, text(dir, "passphrase")?)?);
        Ok(Self { login, known_hosts, ..Self::default() })
    }

    fn for_http(dir: &Path) -> Result<Self, String> {
        let username = text(dir, "username")?;
        let password = text(dir, "password")?;
        let bearer = text(dir, "bearer")?;
        let login = match (username, password, bearer) {
            (None, None, None) => Login::Anonymous,
            (None, None, Some(token)) => {
                let plain = |token: &str| token.bytes().all(|byte| byte.is_ascii_graphic());
                if !plain(token.expose_secret()) || token.expose_secret().is_empty() {
                    return Err("`bearer` must be one line of printable characters".into());
                }
                Login::Bearer(token)
            }
            // Forges take any user name beside a token.
            (username, Some(password), None) => Login::Password {
                username: username.map_or_else(|| "git".to_owned(), |name| name.expose_secret().to_owned()),
                password,
            },
            (Some(_), None, None) => return Err("`username` is there but `password` is not".into()),
            (_, _, Some(_)) => {
                return Err("has both `bearer` and `username`/`password`: remove one".into());
            }
        };
        let trust = match bytes(dir, "ca.crt")? {
            None => Trust::default(),
            Some(pem) => Trust::from_pem(&pem).map_err(|detail| format!("`ca.crt`: {detail}"))?,
        };
        Ok(Self { login, trust, ..Self::default() })
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
