//! The file `known_hosts` of `auth.dir`, and the judgement of a server's key by it (sshd(8), the section on
//! its format). Strict: a key that does not stand in the file is not believed.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use sha2::{Digest as _, Sha256};
use ssh_key::HashAlg;
use ssh_key::known_hosts::{Entry, Marker};

use super::address::SshAddress;
use super::pattern;

/// Whose keys are believed; by default nobody's.
#[derive(Default)]
pub(in crate::source) struct KnownHosts {
    lines: Vec<Line>,
}

struct Line {
    number: usize,
    entry: Entry,
    /// The key as servers send it (RFC 4253, 6.6).
    key: Vec<u8>,
}

impl Line {
    fn kind(&self) -> String {
        self.entry.public_key().algorithm().as_str().to_owned()
    }

    fn fingerprint(&self) -> String {
        self.entry.public_key().fingerprint(HashAlg::Sha256).to_string()
    }
}

/// Why a server's key is not believed; says what to do.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::source) enum Distrust {
    /// No line of the file has a key of this type for the server.
    Unknown(String),
    /// The file has another one of this type.
    Changed(String),
    /// The file says that nobody must believe it.
    Revoked(String),
}

impl KnownHosts {
    /// Reads the file. One line that cannot be read makes all of it wrong: it may be the one that revokes a key.
    pub(in crate::source) fn parse(text: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            if fields.first().is_none_or(|first| first.starts_with('#')) {
                continue;
            }
            let wrong = |error: ssh_key::Error| {
                format!(
                    "known_hosts:{number}: is not `host keytype key`: {error}; `ssh-keyscan host` writes such lines"
                )
            };
            let entry: Entry = fields.join(" ").parse().map_err(wrong)?;
            let key = entry.public_key().to_bytes().map_err(wrong)?;
            lines.push(Line { number, entry, key });
        }
        Ok(Self { lines })
    }

    /// Whether `presented` (RFC 4253, 6.6) is the key of the server at `address`.
    pub(in crate::source) fn judge(&self, address: &SshAddress, presented: &[u8]) -> Result<(), Distrust> {
        let name = address.host_name();
        let about = self.about(&name);
        let (kind, fingerprint) = (key_type(presented), fingerprint(presented));
        let marked = |wanted: Option<&Marker>| {
            about.iter().copied().filter(move |line| line.entry.marker() == wanted).collect::<Vec<_>>()
        };
        let (revoked, authorities, keys) =
            (marked(Some(&Marker::Revoked)), marked(Some(&Marker::CertAuthority)), marked(None));
        if let Some(line) = revoked.iter().find(|line| line.key == presented) {
            return Err(Distrust::Revoked(format!(
                "known_hosts:{} revokes the {kind} key {fingerprint} that the server presents; its operator must \
                 give it another one",
                line.number
            )));
        }
        if keys.iter().any(|line| line.key == presented) {
            return Ok(());
        }
        if let Some(line) = keys.iter().find(|line| line.kind() == kind) {
            return Err(Distrust::Changed(format!(
                "known_hosts:{} expects the {kind} key {} for `{name}`, the server presents {fingerprint}; somebody \
                 may be in between, or the server has a new key: ask its operator, and replace the line only if \
                 they confirm it",
                line.number,
                line.fingerprint()
            )));
        }
        let add = format!(
            "compare the fingerprint with what its operator publishes, then `ssh-keyscan{} {} >> known_hosts`",
            scan_type(&kind),
            address.keyscan()
        );
        let presents = format!("the server presents the {kind} key {fingerprint}");
        Err(Distrust::Unknown(if !keys.is_empty() {
            let kinds: BTreeSet<String> = keys.iter().map(|line| line.kind()).collect();
            let kinds = kinds.into_iter().collect::<Vec<_>>().join(", ");
            let numbers = numbers(&keys);
            format!("{presents}, known_hosts:{numbers} has only {kinds} for `{name}`; {add}")
        } else if !authorities.is_empty() {
            let numbers = numbers(&authorities);
            format!(
                "{presents}, known_hosts:{numbers} has only @cert-authority for `{name}`, and host certificates are \
                 not supported; {add}"
            )
        } else {
            format!("{presents}, `known_hosts` of `auth.dir` has no line for `{name}`; {add}")
        }))
    }

    /// Lines that ask the server at `address` for a type of key that [`judge`](Self::judge) can believe.
    pub(in crate::source) fn believed(&self, address: &SshAddress) -> Vec<String> {
        let name = address.host_name();
        let about = self.about(&name);
        let revoked = |key: &[u8]| {
            about.iter().any(|line| line.entry.marker() == Some(&Marker::Revoked) && line.key == key)
        };
        let plain = about.iter().filter(|line| line.entry.marker().is_none() && !revoked(&line.key));
        plain
            .filter_map(|line| Some(format!("{name} {}", line.entry.public_key().to_openssh().ok()?)))
            .collect()
    }

    fn about(&self, name: &str) -> Vec<&Line> {
        self.lines.iter().filter(|line| pattern::covers(line.entry.host_patterns(), name)).collect()
    }
}

fn numbers(lines: &[&Line]) -> String {
    lines.iter().map(|line| line.number.to_string()).collect::<Vec<_>>().join(",")
}

/// The name that a key begins with: a length of four bytes, and the name. Also of types that we cannot read.
fn key_type(key: &[u8]) -> String {
    let name = key.split_first_chunk::<4>().and_then(|(length, rest)| {
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        std::str::from_utf8(rest.get(..length)?).ok()
    });
    let plain = |name: &&str| name.len() <= 64 && name.bytes().all(|byte| byte.is_ascii_graphic());
    name.filter(plain).unwrap_or("unknown").to_owned()
}

fn fingerprint(key: &[u8]) -> String {
    format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::digest(key)))
}

/// The option of ssh-keyscan(1) that asks for a key of this type.
fn scan_type(kind: &str) -> &'static str {
    match kind {
        "ssh-ed25519" => " -t ed25519",
        "ssh-rsa" => " -t rsa",
        name if name.starts_with("ecdsa-") => " -t ecdsa",
        _ => "",
    }
}
