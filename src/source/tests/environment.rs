//! What the environment of the process does to a poll, and what it must not. Each test runs itself once more as
//! a process of its own, because variables belong to a process.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;

use super::repository::{Followed, Origin, settings};
use super::server::{Authority, Server};
use super::ssh::Forge;

const URL: &str = "TEST_URL";
const AUTH: &str = "TEST_AUTH";

/// Polls `url` in a process with these variables; says how it went.
fn poll_in_process(url: &str, auth: Option<&TempDir>, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "source::tests::environment::poll_and_print", "--ignored", "--nocapture"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"] {
        command.env_remove(name).env_remove(name.to_lowercase());
    }
    command.env(URL, url).envs(variables.iter().copied());
    if let Some(auth) = auth {
        command.env(AUTH, auth.path());
    }
    let output = command.output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
#[ignore = "run by the other tests, in a process of its own"]
async fn poll_and_print() {
    let mut settings = settings(&std::env::var(URL).unwrap());
    settings.auth_dir = std::env::var_os(AUTH).map(Into::into);
    match Followed::new(settings).source.poll().await {
        Ok(_) => println!("polled"),
        Err(error) => println!("failed: {} {error}", error.reason()),
    }
}

/// An HTTP proxy that knows `CONNECT` (RFC 9110, 9.3.6) and counts.
fn proxy() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            counting.fetch_add(1, Ordering::SeqCst);
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && client.read_exact(&mut byte).is_ok() {
                head.push(byte[0]);
            }
            let head = String::from_utf8(head).unwrap();
            let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
            let Some(port) = target.and_then(|target| target.rsplit(':').next()) else { continue };
            let mut server = TcpStream::connect(("127.0.0.1", port.parse::<u16>().unwrap())).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut to));
            std::thread::spawn(move || std::io::copy(&mut server, &mut client));
        }
    });
    (port, count)
}

#[test]
fn a_proxy_is_obeyed_and_so_is_its_exception() {
    let authority = Authority::new();
    let origin = Origin::with_shop();
    let server = Server::start(origin.path(), Some(authority.tls("localhost")));
    let auth = TempDir::new().unwrap();
    std::fs::write(auth.path().join("ca.crt"), &authority.pem).unwrap();
    let (port, count) = proxy();
    let proxy = format!("http://127.0.0.1:{port}");
    let url = format!("https://localhost:{}/.git", server.port);
    let said = poll_in_process(&url, Some(&auth), &[("HTTPS_PROXY", &proxy)]);
    assert!(said.contains("polled"), "{said}");
    let through = count.load(Ordering::SeqCst);
    assert!(through > 0);
    let said = poll_in_process(&url, Some(&auth), &[("HTTPS_PROXY", &proxy), ("NO_PROXY", "localhost")]);
    assert!(said.contains("polled"), "{said}");
    assert_eq!(count.load(Ordering::SeqCst), through);
    // Not tried: a certificate that is refused behind a proxy. libgit2 1.9.7 then closes the proxy's stream
    // before the TLS stream that lies on it (`http_client_connect`, `on_error`) and uses freed memory.
}

#[test]
fn the_known_hosts_of_the_user_neither_vouch_for_a_server_nor_against_it() {
    let forge = Forge::new(&["ed25519", "rsa"]);
    let (known, rsa) = (forge.server.known_host(0).unwrap(), forge.server.known_host(1).unwrap());
    let home = TempDir::new().unwrap();
    std::fs::create_dir(home.path().join(".ssh")).unwrap();
    let at_home = |text: &str| std::fs::write(home.path().join(".ssh/known_hosts"), text).unwrap();
    let poll = || {
        let variables = [("HOME", home.path().to_str().unwrap())];
        poll_in_process(&forge.settings.location.to_string(), Some(&forge.auth), &variables)
    };
    // Nor do they change the type of key that the server is asked for.
    for text in [rsa.as_str(), "rubbish\0\n", &format!("@revoked {known}")] {
        at_home(text);
        let said = poll();
        assert!(said.contains("polled"), "{text}: {said}");
    }
    at_home(&known);
    forge.file("known_hosts", "");
    let said = poll();
    assert!(said.contains("failed: HostKeyUnknown"), "{said}");
}

#[test]
fn the_git_configuration_of_the_machine_changes_nothing() {
    let origin = Origin::with_shop();
    let server = Server::start(origin.path(), None);
    let home = TempDir::new().unwrap();
    let elsewhere =
        "[url \"http://127.0.0.1:1/\"]\n\tinsteadOf = http://\n[http]\n\tproxy = http://127.0.0.1:1\n";
    std::fs::write(home.path().join(".gitconfig"), elsewhere).unwrap();
    let home = home.path().to_str().unwrap();
    let url = format!("http://127.0.0.1:{}/.git", server.port);
    let said = poll_in_process(&url, None, &[("HOME", home), ("XDG_CONFIG_HOME", home)]);
    assert!(said.contains("polled"), "{said}");
}
