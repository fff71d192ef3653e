//! Our own key: the file `identity` of `auth.dir`, in OpenSSH's form or in PEM, and `passphrase` when it has one.
//!
//! It is opened before anything is sent, so that a wrong file is told as such and not as a refusal of the server.
//! OpenSSL alone knows the old PEM forms; of those only the frame is looked at here.

use git2::Cred;
use secrecy::{ExposeSecret, SecretString};
use ssh_key::{HashAlg, LineEnding, PrivateKey};

/// A private key that libgit2 can use.
pub(in crate::source) struct Identity {
    /// The text of the key.
    key: SecretString,
    /// What opens it, if that is left to libgit2.
    passphrase: Option<SecretString>,
    /// Type and fingerprint of the public key, where they are known.
    name: Option<String>,
}

impl Identity {
    /// Reads the text of `identity`.
    pub(in crate::source) fn parse(
        key: SecretString,
        passphrase: Option<SecretString>,
    ) -> Result<Self, String> {
        let text = key.expose_secret();
        match label(text) {
            Some("OPENSSH") => from_openssh(key, passphrase),
            Some("RSA" | "EC" | "DSA" | "" | "ENCRYPTED") => {
                // RFC 1421 headers, or PKCS #8.
                let closed = text.contains("ENCRYPTED");
                if closed && passphrase.is_none() {
                    return Err(NEEDS_PASSPHRASE.into());
                }
                Ok(Self { key, passphrase: passphrase.filter(|_| closed), name: None })
            }
            Some(_) | None => Err(what_else(text)),
        }
    }

    /// The key as libgit2 takes it.
    pub(in crate::source) fn credential(&self, user: &str) -> Result<Cred, git2::Error> {
        let passphrase = self.passphrase.as_ref().map(ExposeSecret::expose_secret);
        Cred::ssh_key_from_memory(user, None, self.key.expose_secret(), passphrase)
    }

    /// What a server's operator knows the key by.
    pub(in crate::source) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or("in `identity`")
    }
}

const NEEDS_PASSPHRASE: &str =
    "`identity` is encrypted: put what opens it into the file `passphrase`, or take a key without one";

/// Opens the key. What the parser cannot read although it is whole goes to libssh2 as it is: ssh-key 0.6 fails at
/// one ECDSA key of some hundred, whose number happens to be short (RustCrypto/SSH#350).
fn from_openssh(text: SecretString, passphrase: Option<SecretString>) -> Result<Identity, String> {
    let whole = text.expose_secret().trim_end().ends_with("-----END OPENSSH PRIVATE KEY-----");
    let key = match PrivateKey::from_openssh(text.expose_secret()) {
        Ok(key) => key,
        Err(ssh_key::Error::Encoding(_)) if whole => {
            return Ok(Identity { key: text, passphrase, name: None });
        }
        // The errors of the parser speak of its insides.
        Err(_) => {
            return Err(
                "`identity` is not whole: copy the private key again, with its first and last line".into()
            );
        }
    };
    let name = Some(format!("{} {}", key.algorithm().as_str(), key.fingerprint(HashAlg::Sha256)));
    if !key.is_encrypted() {
        return Ok(Identity { key: text, passphrase: None, name });
    }
    let passphrase = passphrase.ok_or(NEEDS_PASSPHRASE)?;
    match key.decrypt(passphrase.expose_secret()).and_then(|opened| opened.to_openssh(LineEnding::LF)) {
        Ok(opened) => Ok(Identity { key: SecretString::from(opened.as_str()), passphrase: None, name }),
        Err(ssh_key::Error::Encoding(_)) => Ok(Identity { key: text, passphrase: Some(passphrase), name }),
        Err(_) => Err("`passphrase` does not open `identity`: correct it".into()),
    }
}

/// What stands in the first line before `PRIVATE KEY`.
fn label(text: &str) -> Option<&str> {
    let line = text.trim_start().lines().next()?;
    let label = line.strip_prefix("-----BEGIN ")?.trim_end().strip_suffix("PRIVATE KEY-----")?;
    Some(label.trim_end())
}

fn what_else(text: &str) -> String {
    let is = if text.starts_with("PuTTY-") {
        "is a key of PuTTY: `puttygen key.ppk -O private-openssh -o identity` writes one that can be used"
    } else if text.starts_with("ssh-") || text.starts_with("ecdsa-") {
        "is a public key: put the private one there, the file without `.pub`"
    } else {
        "is not a private key: it begins with `-----BEGIN OPENSSH PRIVATE KEY-----`, or `RSA` or `EC` in place of \
         `OPENSSH`"
    };
    format!("`identity` {is}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;
    use xtask::sshd::keygen;

    use super::Identity;

    fn parse(key: &str, passphrase: Option<&str>) -> Result<Identity, String> {
        Identity::parse(key.into(), passphrase.map(Into::into))
    }

    /// A private key as ssh-keygen makes it, and its public key.
    fn made(arguments: &[&str]) -> (String, String) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("identity");
        let public = keygen(&file, arguments).unwrap();
        (fs::read_to_string(file).unwrap(), public)
    }

    #[test]
    fn a_key_is_opened_and_named_by_its_fingerprint() {
        for kind in ["ed25519", "rsa"] {
            let (key, public) = made(&["-t", kind, "-N", ""]);
            let public: ssh_key::PublicKey = public.parse().unwrap();
            let name =
                format!("{} {}", public.algorithm().as_str(), public.fingerprint(ssh_key::HashAlg::Sha256));
            for key in [key.as_str(), key.trim_end(), &key.replace('\n', "\r\n")] {
                let identity = parse(key, None).unwrap();
                assert_eq!(identity.name(), name);
                identity.credential("git").unwrap();
                // A passphrase that is not needed does no harm.
                parse(key, Some("unused")).unwrap();
            }
        }
    }

    #[test]
    fn a_passphrase_opens_a_key_of_any_cipher() {
        for cipher in ["aes256-ctr", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"] {
            let (key, _) = made(&["-t", "ed25519", "-N", "open sesame", "-a", "4", "-Z", cipher]);
            let identity = parse(&key, Some("open sesame")).unwrap();
            assert!(identity.name().starts_with("ssh-ed25519 SHA256:"), "{cipher}");
            assert!(identity.passphrase.is_none(), "it is open already");
        }
    }

    #[test]
    fn what_is_wrong_with_the_file_is_said() {
        let (closed, _) = made(&["-t", "ed25519", "-N", "open sesame", "-a", "4"]);
        let (plain, public) = made(&["-t", "ed25519", "-N", ""]);
        let closed_pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
        for (key, passphrase, wanted) in [
            (closed.as_str(), None, "put what opens it into the file `passphrase`"),
            (&closed, Some("hunter2"), "`passphrase` does not open `identity`"),
            (closed_pem, None, "put what opens it into the file `passphrase`"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", None, "put what opens it into the file `passphrase`"),
            (&plain[..120], None, "is not whole"),
            (&plain.replacen("b3BlbnNzaC1rZXkt", "B3BlbnNzaC1rZXkt", 1), None, "is not whole"),
            (&public, None, "is a public key"),
            ("PuTTY-User-Key-File-3: ssh-ed25519", None, "is a key of PuTTY"),
            ("-----BEGIN CERTIFICATE-----", None, "is not a private key"),
            ("", None, "is not a private key"),
            ("hunter2", None, "is not a private key"),
        ] {
            let error = parse(key, passphrase).err().unwrap_or_else(|| panic!("{key}"));
            assert!(error.contains(wanted), "{key}: {error}");
            assert!(!error.contains("hunter2") && !error.contains("AAA"), "{error}");
        }
    }
}
