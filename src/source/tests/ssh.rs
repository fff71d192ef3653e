//! Over ssh, against OpenSSH's own server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use tempfile::TempDir;
use xtask::sshd::{Sshd, keygen};

use crate::source::{Source, SourceError, SourceSettings};

use super::repository::{Followed, Origin, settings, text};

/// A server for `origin`, and settings that find it, believe it and are let in.
pub(super) struct Forge {
    pub(super) origin: Origin,
    pub(super) server: Sshd,
    pub(super) auth: TempDir,
    pub(super) settings: SourceSettings,
    _folder: TempDir,
}

impl Forge {
    /// With host keys of these types, the first of which is known.
    pub(super) fn new(types: &[&str]) -> Self {
        let (origin, folder, auth) = (Origin::with_shop(), TempDir::new().unwrap(), TempDir::new().unwrap());
        let server = Sshd::start(folder.path(), types).unwrap();
        let mut settings = settings(&server.url(&origin.path().join(".git")));
        settings.auth_dir = Some(auth.path().to_owned());
        let forge = Self { origin, server, auth, settings, _folder: folder };
        forge.identity(&["-t", "ed25519", "-N", ""]);
        forge.file("known_hosts", &forge.server.known_host(0).unwrap());
        forge
    }

    pub(super) fn file(&self, name: &str, text: &str) {
        fs::write(self.auth.path().join(name), text).unwrap();
    }

    /// Makes a new key and has the server let it in; gives its fingerprint.
    fn identity(&self, arguments: &[&str]) -> String {
        let public = self.stranger(arguments);
        self.server.authorize(&[&public]).unwrap();
        fingerprint(&public)
    }

    /// Makes a new key that the server does not know; gives the public one.
    fn stranger(&self, arguments: &[&str]) -> String {
        let file = self.auth.path().join("identity");
        fs::remove_file(&file).ok();
        let public = keygen(&file, arguments).unwrap();
        fs::remove_file(file.with_extension("pub")).unwrap();
        public
    }

    fn followed(&self) -> Followed {
        Followed::new(self.settings.clone())
    }

    async fn error(&self) -> SourceError {
        self.followed().error().await
    }
}

/// A key of nobody: its number has 31 bytes in the place of 32.
const SHORT: &str = concat!(
    "-----BEGIN OPENSSH ",
    "PRIVATE KEY-----\n",
    "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS\n",
    "1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQSQ1PZwXaSQMOwp6b5v3LGnD8FXT1wq\n",
    "RCIekNdpec/UP1atdub5yKV1ENIt+cbGqjeENrYa8yFbpoxwgd7z7CmDAAAAoJs39iKbN/\n",
    "YiAAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJDU9nBdpJAw7Cnp\n",
    "vm/csacPwVdPXCpEIh6Q12l5z9Q/Vq125vnIpXUQ0i35xsaqN4Q2thrzIVumjHCB3vPsKY\n",
    "MAAAAfH+FWcuUEm5RV6uQxckvkl3kU7Uvr4PM9kcCFDOz90wAAAAR0ZXN0AQIDBAU=\n",
    "-----END OPENSSH PRIVATE KEY-----\n",
);

fn fingerprint(public: &str) -> String {
    public.parse::<ssh_key::PublicKey>().unwrap().fingerprint(ssh_key::HashAlg::Sha256).to_string()
}

fn presented(forge: &Forge, index: usize) -> String {
    let line = forge.server.known_host(index).unwrap();
    fingerprint(line.split_once(' ').unwrap().1)
}

#[tokio::test]
async fn a_key_lets_in_and_a_push_is_followed() {
    let forge = Forge::new(&["ed25519"]);
    let followed = forge.followed();
    assert_eq!(text(&followed.changed().await, "apps/shop.yaml"), "kind: PortfolioApp\n");
    assert!(followed.unchanged().await);
    forge.origin.write("apps/cart.yaml", "");
    forge.origin.commit("Add the cart");
    assert_eq!(followed.changed().await.tree.entries.len(), 2);
}

#[tokio::test]
async fn a_key_of_every_type_and_form_lets_in() {
    let forge = Forge::new(&["ed25519"]);
    for (arguments, passphrase) in [
        (["-t", "ecdsa", "-m", "RFC4716", "-N", ""], None),
        (["-t", "rsa", "-m", "RFC4716", "-N", ""], None),
        (["-t", "ed25519", "-a", "4", "-N", "open sesame"], Some("open sesame")),
        (["-t", "rsa", "-m", "PEM", "-N", ""], None),
        (["-t", "ecdsa", "-m", "PEM", "-N", ""], None),
        (["-t", "rsa", "-m", "PKCS8", "-N", ""], None),
        (["-t", "rsa", "-m", "PEM", "-N", "open sesame"], Some("open sesame")),
        (["-t", "rsa", "-m", "PKCS8", "-N", "open sesame"], Some("open sesame")),
    ] {
        forge.identity(&arguments);
        forge.file("passphrase", &passphrase.map(|text| format!("{text}\n")).unwrap_or_default());
        let polled = forge.followed().source.poll().await;
        assert!(polled.is_ok(), "{arguments:?}: {polled:?}");
    }
}

#[tokio::test]
async fn a_key_whose_number_is_short_lets_in_too() {
    let forge = Forge::new(&["ed25519"]);
    forge.file("identity", SHORT);
    let file = forge.auth.path().join("identity");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let public = Command::new("ssh-keygen").arg("-yf").arg(&file).output().unwrap().stdout;
    forge.server.authorize(&[std::str::from_utf8(&public).unwrap()]).unwrap();
    forge.followed().changed().await;
    let garbled = SHORT.replace("MAAAAfH", "MAAA//H");
    assert_ne!(garbled, SHORT);
    forge.file("identity", &garbled);
    let error = forge.error().await;
    assert_eq!(error.reason(), "CredentialsUnreadable", "{error:?}");
}

#[tokio::test]
async fn the_server_is_asked_for_the_type_of_key_that_is_known() {
    let types = ["ed25519", "ecdsa", "rsa"];
    let forge = Forge::new(&types);
    for (index, kind) in types.iter().enumerate() {
        forge.file("known_hosts", &forge.server.known_host(index).unwrap());
        let polled = forge.followed().source.poll().await;
        assert!(polled.is_ok(), "{kind}: {polled:?}");
    }
}

#[tokio::test]
async fn a_server_that_nobody_knows_is_sent_nothing() {
    let forge = Forge::new(&["ed25519"]);
    forge.file("known_hosts", "# nobody\n");
    let error = forge.error().await;
    assert_eq!(error.reason(), "HostKeyUnknown", "{error:?}");
    for wanted in
        [presented(&forge, 0), format!("ssh-keyscan -t ed25519 -p {} 127.0.0.1", forge.server.port())]
    {
        assert!(error.to_string().contains(&wanted), "{error}");
    }
    assert!(!forge.server.log().contains("publickey"), "{}", forge.server.log());
}

#[tokio::test]
async fn a_server_without_the_known_type_of_key_is_named_with_what_it_has() {
    let forge = Forge::new(&["ed25519"]);
    let line = forge.server.known_host(0).unwrap();
    let (host, _) = line.split_once(' ').unwrap();
    let other = keygen(&forge.auth.path().join("other"), &["-t", "ecdsa", "-N", ""]).unwrap();
    forge.file("known_hosts", &format!("{host} {other}\n"));
    let error = forge.error().await;
    assert_eq!(error.reason(), "HostKeyUnknown", "{error:?}");
    for wanted in ["known_hosts:1 has only ecdsa-sha2-nistp256", "ssh-ed25519 key", &presented(&forge, 0)] {
        assert!(error.to_string().contains(wanted), "{wanted}: {error}");
    }
}

#[tokio::test]
async fn a_server_with_another_key_is_not_believed() {
    let forge = Forge::new(&["ed25519"]);
    let followed = forge.followed();
    followed.changed().await;
    let line = forge.server.known_host(0).unwrap();
    let (host, _) = line.split_once(' ').unwrap();
    let other = keygen(&forge.auth.path().join("other"), &["-t", "ed25519", "-N", ""]).unwrap();
    forge.file("known_hosts", &format!("{host} {other}\n"));
    let error = followed.error().await;
    assert_eq!(error.reason(), "HostKeyChanged", "{error:?}");
    for wanted in ["known_hosts:1", &fingerprint(&other), &presented(&forge, 0)] {
        assert!(error.to_string().contains(wanted), "{wanted}: {error}");
    }
    forge.file("known_hosts", &format!("{line}@revoked * {}", line.split_once(' ').unwrap().1));
    let error = followed.error().await;
    assert_eq!(error.reason(), "HostKeyRevoked", "{error:?}");
    forge.file("known_hosts", &line);
    assert!(followed.unchanged().await, "the file is read anew at each poll");
}

#[tokio::test]
async fn a_key_that_the_server_does_not_know_is_named() {
    let forge = Forge::new(&["ed25519"]);
    let stranger = forge.stranger(&["-t", "ed25519", "-N", ""]);
    let error = forge.error().await;
    assert_eq!(error.reason(), "AuthenticationFailed", "{error:?}");
    for wanted in
        [&format!("user `{}`", forge.server.user()), &format!("ssh-ed25519 {}", fingerprint(&stranger))]
    {
        assert!(error.to_string().contains(wanted), "{wanted}: {error}");
    }
    let key = fs::read_to_string(forge.auth.path().join("identity")).unwrap();
    let inside = key.lines().nth(3).unwrap();
    assert!(!format!("{error:?}{error}").contains(inside));
}

#[tokio::test]
async fn a_key_in_pem_that_cannot_be_opened_is_named() {
    let forge = Forge::new(&["ed25519"]);
    for form in ["PEM", "PKCS8"] {
        forge.identity(&["-t", "rsa", "-m", form, "-N", "open sesame"]);
        forge.file("passphrase", "hunter2");
        let error = forge.error().await;
        assert_eq!(error.reason(), "CredentialsUnreadable", "{error:?}");
        assert!(error.to_string().contains("`identity`"), "{error}");
        assert!(!format!("{error:?}{error}").contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_named() {
    let mut forge = Forge::new(&["ed25519"]);
    let missing = forge.origin.path().join("nope.git");
    forge.settings.location = forge.server.url(&missing).parse().unwrap();
    let error = forge.error().await;
    assert_eq!(error.reason(), "RepositoryMissing", "{error:?}");
    assert!(error.to_string().contains("nope.git"), "{error}");
}

#[tokio::test]
async fn a_server_that_is_away_is_unreachable() {
    let forge = Forge::new(&["ed25519"]);
    let Forge { origin: _origin, server, auth: _auth, mut settings, _folder } = forge;
    drop(server);
    let error = Followed::new(settings.clone()).error().await;
    assert_eq!(error.reason(), "Unreachable", "{error:?}");
    // The other form of address goes over ssh, too, and not into a folder of that name.
    settings.location = "git@no-such-host.invalid:team/apps.git".parse().unwrap();
    let error = Followed::new(settings).error().await;
    assert_eq!(error.reason(), "Unreachable", "{error:?}");
    assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
}

#[tokio::test]
async fn missing_and_wrong_files_are_named() {
    let forge = Forge::new(&["ed25519"]);
    // Those of https do not stand in for them, nor stand in the way.
    forge.file("username", "robot");
    forge.file("password", "hunter2");
    forge.file("bearer", "hunter2");
    forge.followed().changed().await;
    forge.file("known_hosts", "host ssh-ed25519 AAAA\n");
    let error = forge.error().await;
    assert_eq!(error.reason(), "CredentialsUnreadable", "{error:?}");
    assert!(error.to_string().contains("known_hosts:1: "), "{error}");
    fs::remove_file(forge.auth.path().join("known_hosts")).unwrap();
    assert!(forge.error().await.to_string().contains("`known_hosts` is missing"));
    fs::remove_file(forge.auth.path().join("identity")).unwrap();
    assert!(forge.error().await.to_string().contains("`identity` is missing"));
    let mut settings = forge.settings.clone();
    settings.auth_dir = None;
    let cache = TempDir::new().unwrap();
    let error = Source::new(settings, cache.path(), None).poll().await.unwrap_err();
    assert!(error.to_string().contains("set `auth.dir`"), "{error}");
}
