//! Over HTTP and HTTPS, with credentials and with a private authority.

use std::fs;
use std::time::{Duration, Instant};

use base64::Engine;
use tempfile::TempDir;

use crate::source::{Source, SourceSettings};

use super::repository::{Followed, Origin, settings, text};
use super::server::{Answer, Authority, Server, self_signed};

/// A server for `origin`, and settings that find and believe it.
struct Forge {
    origin: Origin,
    server: Server,
    auth: TempDir,
    settings: SourceSettings,
}

impl Forge {
    fn new(authority: &Authority, name: &str) -> Self {
        Self::with(&authority.pem, authority.tls(name))
    }

    fn with(pem: &str, tls: std::sync::Arc<rustls::ServerConfig>) -> Self {
        let origin = Origin::with_shop();
        let server = Server::start(origin.path(), Some(tls));
        let auth = TempDir::new().unwrap();
        fs::write(auth.path().join("ca.crt"), pem).unwrap();
        let mut settings = settings(&format!("https://localhost:{}/.git", server.port));
        settings.auth_dir = Some(auth.path().to_owned());
        Self { origin, server, auth, settings }
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.auth.path().join(name), text).unwrap();
    }

    fn followed(&self) -> Followed {
        Followed::new(self.settings.clone())
    }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

#[tokio::test]
async fn a_private_authority_is_believed_and_an_unmoved_tip_costs_one_request() {
    let forge = Forge::new(&Authority::new(), "localhost");
    let followed = forge.followed();
    assert_eq!(text(&followed.changed().await, "apps/shop.yaml"), "kind: PortfolioApp\n");
    let (requests, fetches) = (forge.server.requests(), forge.server.fetches());
    assert!(fetches > 0);
    assert!(followed.unchanged().await);
    assert_eq!((forge.server.requests(), forge.server.fetches()), (requests + 1, fetches));
    forge.origin.write("apps/cart.yaml", "");
    forge.origin.commit("Add the cart");
    assert_eq!(followed.changed().await.tree.entries.len(), 2);
    assert!(forge.server.fetches() > fetches);
}

#[tokio::test]
async fn another_authority_is_not_believed() {
    let forge = Forge::new(&Authority::new(), "localhost");
    forge.file("ca.crt", &Authority::new().pem);
    let error = forge.followed().error().await;
    assert_eq!(error.reason(), "CertificateUntrusted", "{error:?}");
    assert!(error.to_string().contains("no certificate in `ca.crt` has signed it"), "{error}");
    assert_eq!(forge.server.requests(), 0, "nothing is sent to a server that is not believed");
}

#[tokio::test]
async fn without_ca_crt_a_private_authority_is_not_believed() {
    let forge = Forge::new(&Authority::new(), "localhost");
    // One source that believes the authority must not vouch for it to another.
    forge.followed().changed().await;
    let requests = forge.server.requests();
    fs::remove_file(forge.auth.path().join("ca.crt")).unwrap();
    let error = forge.followed().error().await;
    assert_eq!(error.reason(), "CertificateUntrusted", "{error:?}");
    assert!(error.to_string().contains("`ca.crt` of `auth.dir`"), "{error}");
    assert_eq!(forge.server.requests(), requests);
}

#[tokio::test]
async fn a_certificate_for_another_name_or_time_is_not_believed() {
    let authority = Authority::new();
    for name in ["elsewhere.example.com", "expired"] {
        let error = Forge::new(&authority, name).followed().error().await;
        assert_eq!(error.reason(), "CertificateUntrusted", "{name}: {error:?}");
    }
}

#[tokio::test]
async fn a_self_signed_certificate_is_believed_when_it_is_ca_crt_itself() {
    let (pem, tls) = self_signed();
    let forge = Forge::with(&pem, tls);
    forge.followed().changed().await;
    forge.file("ca.crt", &self_signed().0);
    assert_eq!(forge.followed().error().await.reason(), "CertificateUntrusted");
}

#[tokio::test]
async fn a_password_lets_in_and_is_read_anew_at_each_poll() {
    let forge = Forge::new(&Authority::new(), "localhost");
    forge.server.demand(&basic("robot", "s3cret-one"));
    forge.file("username", "robot\n");
    forge.file("password", "s3cret-one\n");
    let followed = forge.followed();
    followed.changed().await;
    forge.server.demand(&basic("robot", "s3cret-two"));
    let error = followed.error().await;
    assert_eq!(error.reason(), "AuthenticationFailed", "{error:?}");
    assert!(error.to_string().contains("refuses user `robot`"), "{error}");
    assert!(!format!("{error:?}{error}").contains("s3cret"), "{error:?}");
    forge.file("password", "s3cret-two");
    assert!(followed.unchanged().await);
}

#[tokio::test]
async fn a_bearer_token_lets_in() {
    let forge = Forge::new(&Authority::new(), "localhost");
    forge.server.demand("Bearer t0ken");
    forge.file("bearer", "t0ken\n");
    let followed = forge.followed();
    followed.changed().await;
    assert!(followed.unchanged().await);
    forge.file("bearer", "stale");
    let error = followed.error().await;
    assert_eq!(error.reason(), "AuthenticationFailed", "{error:?}");
    assert!(!format!("{error:?}{error}").contains("stale"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_wants_credentials_says_what_to_do() {
    let forge = Forge::new(&Authority::new(), "localhost");
    forge.server.demand("Bearer t0ken");
    let error = forge.followed().error().await;
    assert_eq!(error.reason(), "AuthenticationFailed", "{error:?}");
    assert!(error.to_string().contains("the server asks for credentials"), "{error}");
}

#[tokio::test]
async fn credentials_do_not_follow_a_redirect_to_another_host() {
    let forge = Forge::new(&Authority::new(), "localhost");
    let other = Server::start(forge.origin.path(), None);
    forge.server.answer(Answer::Redirect(format!("http://127.0.0.1:{}", other.port)));
    for (name, text) in [("bearer", "t0ken"), ("password", "s3cret")] {
        forge.file(name, text);
        let error = forge.followed().error().await;
        assert_eq!(error.reason(), "Unreachable", "{error:?}");
        fs::remove_file(forge.auth.path().join(name)).unwrap();
    }
    assert_eq!((other.requests(), other.authorizations().len()), (0, 0));
}

#[tokio::test]
async fn plain_http_works_and_a_missing_repository_is_named() {
    let origin = Origin::with_shop();
    let server = Server::start(origin.path(), None);
    let base = format!("http://127.0.0.1:{}", server.port);
    Followed::new(settings(&format!("{base}/.git"))).changed().await;
    let error = Followed::new(settings(&format!("{base}/nope.git"))).error().await;
    assert_eq!(error.reason(), "RepositoryMissing", "{error:?}");
}

#[tokio::test]
async fn half_a_pack_changes_nothing() {
    let forge = Forge::new(&Authority::new(), "localhost");
    let followed = forge.followed();
    followed.changed().await;
    forge.origin.write("apps/cart.yaml", "");
    forge.origin.commit("Add the cart");
    forge.server.answer(Answer::CutPacks);
    let error = followed.error().await;
    assert!(["Unreachable", "CloneFailed"].contains(&error.reason()), "{error:?}");
    forge.server.answer(Answer::Serve);
    assert_eq!(followed.changed().await.tree.entries.len(), 2);
}

#[tokio::test]
async fn a_server_that_stays_silent_is_given_up() {
    let origin = Origin::with_shop();
    let server = Server::start(origin.path(), None);
    server.answer(Answer::Silent);
    let followed = Followed::new(settings(&format!("http://127.0.0.1:{}/.git", server.port)));
    let began = Instant::now();
    let error = followed.error().await;
    assert_eq!(error.reason(), "TimedOut", "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_deadline_ends_a_poll() {
    let origin = Origin::with_shop();
    let mut settings = settings(&origin.url());
    settings.deadline = Duration::ZERO;
    assert_eq!(Followed::new(settings).error().await.reason(), "TimedOut");
}

#[tokio::test]
async fn wrong_credential_files_are_named() {
    let forge = Forge::new(&Authority::new(), "localhost");
    forge.file("username", "robot");
    let error = forge.followed().error().await;
    assert_eq!(error.reason(), "CredentialsUnreadable");
    assert!(error.to_string().contains("`password` is not"), "{error}");
    forge.file("password", "x");
    forge.file("bearer", "y");
    assert!(forge.followed().error().await.to_string().contains("has both"));
    forge.file("ca.crt", "rubbish");
    fs::remove_file(forge.auth.path().join("bearer")).unwrap();
    assert!(forge.followed().error().await.to_string().contains("`ca.crt`"));
    let mut settings = forge.settings.clone();
    settings.auth_dir = Some("/no/such/dir".into());
    let cache = TempDir::new().unwrap();
    let error = Source::new(settings, cache.path(), None).poll().await.unwrap_err();
    assert!(error.to_string().contains("/no/such/dir: is not a directory"), "{error}");
}
