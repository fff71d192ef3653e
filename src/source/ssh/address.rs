//! Where an ssh repository is: `ssh://[user@]host[:port]/path`, or `[user@]host:path` as scp and git write it.
//!
//! The second form is kept: its path is relative to the user's home, which a URL cannot say to every server.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::source::settings::SettingError;

/// Whom forges expect.
const DEFAULT_USER: &str = "git";
const DEFAULT_PORT: u16 = 22;

/// The address of a repository over ssh. Its `Display` is what libgit2 takes; it never holds a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SshAddress {
    /// As it stands in the URL: `%40` for `@`.
    user: String,
    /// Lower case; IPv6 without brackets.
    host: String,
    port: u16,
    path: Path,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Path {
    /// Of a URL: begins with `/`.
    Url(String),
    /// After the colon.
    Scp(String),
}

impl SshAddress {
    /// Whether `text` has the form `[user@]host:path`, as opposed to `./a:b` or `/a:b`.
    pub(in crate::source) fn looks_like_scp(text: &str) -> bool {
        text.split_once(':').is_some_and(|(host, _)| !host.is_empty() && !host.contains('/'))
    }

    /// Who logs in.
    pub(in crate::source) fn user(&self) -> &str {
        &self.user
    }

    /// The name of the server in a `known_hosts` file (sshd(8)): `host`, or `[host]:port` for another port than
    /// 22.
    pub(in crate::source) fn host_name(&self) -> String {
        match self.port {
            DEFAULT_PORT => self.host.clone(),
            port => format!("[{}]:{port}", self.host),
        }
    }

    /// The arguments by which `ssh-keyscan` asks this server.
    pub(in crate::source) fn keyscan(&self) -> String {
        match self.port {
            DEFAULT_PORT => self.host.clone(),
            port => format!("-p {port} {}", self.host),
        }
    }

    fn from_scp(text: &str) -> Result<Self, SettingError> {
        let wrong = |problem: &str| Err(SettingError(problem.into()));
        let whole_form = "write it as `ssh://user@host:port/path`";
        if text.starts_with('[') || text.contains("@[") {
            return wrong(whole_form);
        }
        let Some((login, path)) = text.split_once(':') else { return wrong(whole_form) };
        // `user:password@host:path`
        if path.split('/').next().is_some_and(|first| first.contains('@')) {
            return wrong("holds credentials: put the key into the file `identity` of `auth.dir`");
        }
        let (user, host) = login.rsplit_once('@').unwrap_or((DEFAULT_USER, login));
        if user.contains('@') || user.contains('%') {
            return wrong(whole_form);
        }
        Self::new(user, host, DEFAULT_PORT, Path::Scp(path.to_owned()))
    }

    fn from_url(text: &str) -> Result<Self, SettingError> {
        // The text is not repeated: a URL that does not parse may still hold a password.
        let url = Url::parse(text).map_err(|error| SettingError(format!("is not a URL: {error}")))?;
        let wrong = |problem: &str| Err(SettingError(problem.into()));
        if url.password().is_some() {
            return wrong("holds a password: put the key into the file `identity` of `auth.dir`");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("has a query or fragment, which no git server reads");
        }
        if url.path().contains('%') {
            return wrong("has a path with characters that a URL cannot hold: write `user@host:path`");
        }
        let user = if url.username().is_empty() { DEFAULT_USER } else { url.username() };
        let host = url.host_str().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        Self::new(user, bare, url.port().unwrap_or(DEFAULT_PORT), Path::Url(url.path().to_owned()))
    }

    fn new(user: &str, host: &str, port: u16, path: Path) -> Result<Self, SettingError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
        if host.is_empty() || host.starts_with('-') || !host.bytes().all(plain) {
            return Err(SettingError("has no host name that ssh knows".into()));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+@%".contains(&byte);
        if user.is_empty() || user.starts_with('-') || !user.bytes().all(plain) {
            return Err(SettingError("has a user name that no ssh server knows".into()));
        }
        if port == 0 {
            return Err(SettingError("has port 0".into()));
        }
        let (Path::Url(text) | Path::Scp(text)) = &path;
        if text.is_empty() || text == "/" {
            return Err(SettingError("names no repository: write its path after the host".into()));
        }
        // It would be an option of git-upload-pack(1).
        if text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(SettingError("has a path that cannot be sent to a server".into()));
        }
        Ok(Self { user: user.to_owned(), host: host.to_ascii_lowercase(), port, path })
    }
}

impl FromStr for SshAddress {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if text.contains("://") { Self::from_url(text) } else { Self::from_scp(text) }
    }
}

impl fmt::Display for SshAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, host, port, path } = self;
        match path {
            Path::Scp(path) => write!(f, "{user}@{host}:{path}"),
            Path::Url(path) => {
                let (open, close) = if host.contains(':') { ("[", "]") } else { ("", "") };
                write!(f, "ssh://{user}@{open}{host}{close}")?;
                if *port != DEFAULT_PORT {
                    write!(f, ":{port}")?;
                }
                f.write_str(path)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SshAddress;

    #[test]
    fn both_forms_are_read_and_written() {
        for (text, written, name) in [
            (
                "ssh://git@Git.Example.com/team/apps.git",
                "ssh://git@git.example.com/team/apps.git",
                "git.example.com",
            ),
            ("ssh://host/apps", "ssh://git@host/apps", "host"),
            ("ssh://ann@host:22/apps", "ssh://ann@host/apps", "host"),
            ("ssh://host:2222/~ann/apps", "ssh://git@host:2222/~ann/apps", "[host]:2222"),
            ("ssh://me%40corp@host/apps", "ssh://me%40corp@host/apps", "host"),
            ("ssh://git@[2001:DB8::1]:22/apps", "ssh://git@[2001:db8::1]/apps", "2001:db8::1"),
            ("ssh://git@[::1]:2222/apps", "ssh://git@[::1]:2222/apps", "[::1]:2222"),
            ("git@host:team/apps.git", "git@host:team/apps.git", "host"),
            ("host:apps", "git@host:apps", "host"),
            ("git@HOST:/srv/apps", "git@host:/srv/apps", "host"),
            ("git@host:~ann/b:c", "git@host:~ann/b:c", "host"),
        ] {
            let address: SshAddress = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (address.to_string().as_str(), address.host_name().as_str()),
                (written, name),
                "{text}"
            );
            assert_eq!(written.parse::<SshAddress>().unwrap(), address);
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused_without_showing_a_password() {
        for (text, wanted) in [
            ("ssh://ann:hunter2@host/apps", "holds a password"),
            ("ssh://:hunter2@host/apps", "holds a password"),
            ("ann:hunter2@host:apps", "holds credentials"),
            ("ssh://ann:hunter2@ho st/apps", "is not a URL"),
            ("ssh://host", "names no repository"),
            ("ssh://host/", "names no repository"),
            ("git@host:", "names no repository"),
            ("ssh:///apps", "no host name"),
            ("ssh://-oProxyCommand=x/apps", "no host name"),
            ("git@-oProxyCommand=x:apps", "no host name"),
            ("git@host:-apps", "cannot be sent"),
            ("ssh://-x@host/apps", "user name"),
            ("ssh://host:0/apps", "port 0"),
            ("ssh://host:99999/apps", "is not a URL"),
            ("ssh://host/apps?x=hunter2", "query"),
            ("ssh://host/a b", "write `user@host:path`"),
            ("git@[::1]:apps", "write it as `ssh://"),
            ("[git@host:2222]:apps", "write it as `ssh://"),
        ] {
            let error = text.parse::<SshAddress>().unwrap_err().to_string();
            assert!(error.contains(wanted), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
